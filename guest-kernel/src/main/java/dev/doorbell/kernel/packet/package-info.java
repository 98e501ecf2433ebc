/**
 * Packet sockets, AF_PACKET: frames as they pass the device, both ways.
 *
 * <p>State belongs to one kernel, written on its world's thread.
 */
@NullMarked
package dev.doorbell.kernel.packet;

import org.jspecify.annotations.NullMarked;
