package dev.doorbell.bus.irq;

/**
 * The seam between a device and whoever takes its interrupts. The device names the vector; address, data, masks and
 * pending bits are the business of the other side, which knows the function's capabilities.
 */
public interface InterruptPort {
    /** Sets the level of the function's INTx pin; gated by Command.InterruptDisable on the other side. */
    void intx(boolean asserted);

    /** Sends MSI message {@code vector} (0-based). Dropped unless MSI and bus mastering are enabled. */
    void msi(int vector);

    /** Sends MSI-X message {@code vector}, or sets its pending bit while it is masked. Dropped unless enabled. */
    void msix(int vector);
}
