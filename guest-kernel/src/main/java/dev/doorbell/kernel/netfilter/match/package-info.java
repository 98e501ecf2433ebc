/**
 * What rules ask about a packet, and how the options of each question are read and printed.
 *
 * <p>Matches belong to the rule that names them and hold no state but the token buckets of {@code limit}.
 */
@NullMarked
package dev.doorbell.kernel.netfilter.match;

import org.jspecify.annotations.NullMarked;
