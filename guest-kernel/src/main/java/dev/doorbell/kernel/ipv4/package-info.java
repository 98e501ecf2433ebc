/**
 * IPv4: input, output, fragments, routes and addresses.
 *
 * <p>State belongs to the network stack of one kernel.
 */
@NullMarked
package dev.doorbell.kernel.ipv4;

import org.jspecify.annotations.NullMarked;
