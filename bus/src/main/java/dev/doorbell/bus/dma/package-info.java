/**
 * The seam between a device and memory, and the order of posted writes.
 *
 * <p>Ports are stateless but for the queue of posted writes, which belongs to its function.
 */
@NullMarked
package dev.doorbell.bus.dma;

import org.jspecify.annotations.NullMarked;
