/**
 * BSD sockets: system calls, descriptors, poll, epoll, options.
 *
 * <p>A descriptor table belongs to one guest process.
 */
@NullMarked
package dev.doorbell.kernel.socket;

import org.jspecify.annotations.NullMarked;
