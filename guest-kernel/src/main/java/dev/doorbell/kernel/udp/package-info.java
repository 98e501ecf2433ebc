/**
 * UDP, RFC 768.
 *
 * <p>The port table belongs to the network stack; a socket to its owner.
 */
@NullMarked
package dev.doorbell.kernel.udp;

import org.jspecify.annotations.NullMarked;
