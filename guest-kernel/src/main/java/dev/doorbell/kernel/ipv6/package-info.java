/**
 * IPv6: input, extension headers, output, fragments, routes and addresses. Addresses are two longs, the first eight
 * octets in the high one.
 *
 * <p>State belongs to the network stack of one kernel.
 */
@NullMarked
package dev.doorbell.kernel.ipv6;

import org.jspecify.annotations.NullMarked;
