/**
 * The kernel's PCI core: devices found on the bus, drivers that match them, MMIO.
 *
 * <p>A PciDev belongs to the PCI core; its driver holds it between probe and remove.
 */
@NullMarked
package dev.doorbell.kernel.pci;

import org.jspecify.annotations.NullMarked;
