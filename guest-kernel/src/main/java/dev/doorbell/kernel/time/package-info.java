/**
 * Jiffies and kernel timers on the world's scheduler.
 *
 * <p>A timer belongs to whoever set it up.
 */
@NullMarked
package dev.doorbell.kernel.time;

import org.jspecify.annotations.NullMarked;
