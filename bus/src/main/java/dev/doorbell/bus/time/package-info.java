/**
 * Clock and scheduler: the only readers of the machine's clock, and the only owners of threads.
 *
 * <p>State belongs to the scheduler of one world; one world has one thread.
 */
@NullMarked
package dev.doorbell.bus.time;

import org.jspecify.annotations.NullMarked;
