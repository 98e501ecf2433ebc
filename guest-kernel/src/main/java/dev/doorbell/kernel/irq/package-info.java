/**
 * IRQ descriptors, vectors and softirqs.
 *
 * <p>State belongs to the kernel's IRQ table.
 */
@NullMarked
package dev.doorbell.kernel.irq;

import org.jspecify.annotations.NullMarked;
