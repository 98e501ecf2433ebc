package dev.doorbell.kernel.irq;

/** How an interrupt is masked where it comes from: the MSI-X table, the MSI capability, the interrupt controller. */
public interface IrqChip {
    void mask();

    void unmask();
}
