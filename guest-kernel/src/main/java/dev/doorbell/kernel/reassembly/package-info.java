/**
 * Fragments of datagrams on their way to becoming whole, of IPv4 and of IPv6.
 *
 * <p>State belongs to the network layer that derives from {@link dev.doorbell.kernel.reassembly.Reassembler}.
 */
@NullMarked
package dev.doorbell.kernel.reassembly;

import org.jspecify.annotations.NullMarked;
