/**
 * PCI Express functions: configuration space, capabilities, BARs, root complex, enumeration.
 *
 * <p>Configuration state belongs to the function; bus numbers and address windows to the root complex.
 */
@NullMarked
package dev.doorbell.bus.pci;

import org.jspecify.annotations.NullMarked;
