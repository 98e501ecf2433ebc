package dev.doorbell.kernel.irq;

/** A driver's interrupt handler. */
@FunctionalInterface
public interface IrqHandler {
    /** Runs in hard IRQ context: finds out whether the device wants something, silences it, leaves the work for later. */
    IrqReturn handle();
}
