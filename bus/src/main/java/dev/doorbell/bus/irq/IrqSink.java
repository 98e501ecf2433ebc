package dev.doorbell.bus.irq;

/** The CPU's side of the interrupt controller. */
@FunctionalInterface
public interface IrqSink {
    /** Takes one interrupt; returning is the end of interrupt. Called as an event of its own, never nested. */
    void interrupt(int vector);
}
