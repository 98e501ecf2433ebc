/**
 * ICMPv6, RFC 4443: errors and echo; the messages of Neighbour Discovery and MLD go on to their packages.
 *
 * <p>State belongs to the network stack of one kernel.
 */
@NullMarked
package dev.doorbell.kernel.icmpv6;

import org.jspecify.annotations.NullMarked;
