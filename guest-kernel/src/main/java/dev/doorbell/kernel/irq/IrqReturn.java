package dev.doorbell.kernel.irq;

/** What an interrupt handler says. */
public enum IrqReturn {
    /** Not from my device. */
    NONE,
    HANDLED,
    /** Mine; run the threaded handler. */
    WAKE_THREAD
}
