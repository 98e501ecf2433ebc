/**
 * Neighbours: hosts on a link whose MAC addresses are wanted, for ARP and for Neighbour Discovery alike; RFC 4861 §7.3.
 *
 * <p>State belongs to the table of one protocol in one kernel.
 */
@NullMarked
package dev.doorbell.kernel.neighbour;

import org.jspecify.annotations.NullMarked;
