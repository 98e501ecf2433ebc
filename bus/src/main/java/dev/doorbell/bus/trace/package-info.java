/**
 * Trace points: one line per event on the world's clock; free when off.
 *
 * <p>A tracer belongs to one world.
 */
@NullMarked
package dev.doorbell.bus.trace;

import org.jspecify.annotations.NullMarked;
