/**
 * ARP, RFC 826, and the neighbour table.
 *
 * <p>The table belongs to the network stack of one kernel.
 */
@NullMarked
package dev.doorbell.kernel.arp;

import org.jspecify.annotations.NullMarked;
