package dev.doorbell.kernel.pci;

/** Which kinds of interrupts {@link PciDev#pciAllocIrqVectors} may use; or'ed together. */
public final class IrqTypes {
    public static final int PCI_IRQ_INTX = 1 << 0;
    public static final int PCI_IRQ_MSI = 1 << 1;
    public static final int PCI_IRQ_MSIX = 1 << 2;
    public static final int PCI_IRQ_ALL_TYPES = PCI_IRQ_INTX | PCI_IRQ_MSI | PCI_IRQ_MSIX;

    private IrqTypes() {}
}
