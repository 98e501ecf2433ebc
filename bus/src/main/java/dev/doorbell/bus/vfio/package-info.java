/**
 * The vfio-user protocol, as server and client both need it: numbers, layouts, and the socket that carries messages
 * with descriptors.
 *
 * <p>A channel belongs to one end of one connection, and is used on its world's thread.
 */
@NullMarked
package dev.doorbell.bus.vfio;

import org.jspecify.annotations.NullMarked;
