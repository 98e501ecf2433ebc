/**
 * The Intel 82574L: registers, receive and transmit engines, interrupts, statistics; wired in I82574.
 *
 * <p>All state belongs to one I82574 instance, written by its scheduler's events.
 */
@NullMarked
package dev.doorbell.device.i82574;

import org.jspecify.annotations.NullMarked;
