/**
 * Checksum, segmentation and RSS as pure functions on frames.
 *
 * <p>Stateless but for reused views, which belong to the engine that creates them.
 */
@NullMarked
package dev.doorbell.device.offload;

import org.jspecify.annotations.NullMarked;
