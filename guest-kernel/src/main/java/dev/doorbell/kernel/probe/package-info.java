/**
 * Where a watcher looks at the guest kernel: observation points, and the points where an allocation may be refused.
 *
 * <p>A probe belongs to one kernel and is called on its world's thread. It must not change what the kernel does.
 */
@NullMarked
package dev.doorbell.kernel.probe;

import org.jspecify.annotations.NullMarked;
