/**
 * TCP, RFC 9293: connections, segments, timers, congestion control.
 *
 * <p>A connection belongs to its socket until both are closed; tables to the stack.
 */
@NullMarked
package dev.doorbell.kernel.tcp;

import org.jspecify.annotations.NullMarked;
