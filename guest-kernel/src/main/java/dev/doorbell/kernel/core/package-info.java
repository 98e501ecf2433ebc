/**
 * Boot, errno, execution contexts, wait queues, work queues, page allocator.
 *
 * <p>State belongs to one Kernel, written on its world's thread.
 */
@NullMarked
package dev.doorbell.kernel.core;

import org.jspecify.annotations.NullMarked;
