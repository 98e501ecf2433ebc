/**
 * INTx, MSI and MSI-X from a function to the interrupt controller.
 *
 * <p>Mask and pending bits belong to the function's capability; delivered vectors to the controller.
 */
@NullMarked
package dev.doorbell.bus.irq;

import org.jspecify.annotations.NullMarked;
