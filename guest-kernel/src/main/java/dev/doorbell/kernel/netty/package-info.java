/**
 * Guest sockets as a Netty transport.
 *
 * <p>A channel owns its guest socket.
 */
@NullMarked
package dev.doorbell.kernel.netty;

import org.jspecify.annotations.NullMarked;
