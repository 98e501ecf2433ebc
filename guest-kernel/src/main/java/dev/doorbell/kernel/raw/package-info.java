/**
 * Raw IPv4 sockets: whole datagrams of any protocol, and headers of one's own.
 *
 * <p>State belongs to one kernel, written on its world's thread.
 */
@NullMarked
package dev.doorbell.kernel.raw;

import org.jspecify.annotations.NullMarked;
