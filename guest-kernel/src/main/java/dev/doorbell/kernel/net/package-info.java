/**
 * One kernel's network stack, assembled: loopback, ARP, IPv4, ICMP, UDP, raw and packet sockets.
 *
 * <p>State belongs to one kernel, written on its world's thread.
 */
@NullMarked
package dev.doorbell.kernel.net;

import org.jspecify.annotations.NullMarked;
