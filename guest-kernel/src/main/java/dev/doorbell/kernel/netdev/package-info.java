/**
 * NetDevice, NAPI, GRO, queueing disciplines, byte queue limits.
 *
 * <p>A device's state belongs to its driver; queue state to the stack.
 */
@NullMarked
package dev.doorbell.kernel.netdev;

import org.jspecify.annotations.NullMarked;
