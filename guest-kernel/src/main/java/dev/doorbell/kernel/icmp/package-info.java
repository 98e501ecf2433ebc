/**
 * ICMP, RFC 792 and 1122.
 *
 * <p>Stateless but for rate limits, which belong to the stack.
 */
@NullMarked
package dev.doorbell.kernel.icmp;

import org.jspecify.annotations.NullMarked;
