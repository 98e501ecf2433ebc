package dev.doorbell.kernel.pci;

import dev.doorbell.bus.irq.InterruptController;
import dev.doorbell.bus.pci.ConfigSpace;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.irq.IrqChip;
import dev.doorbell.kernel.irq.IrqTable;
import java.util.Arrays;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** The interrupt vectors of one function: picks MSI-X, MSI or INTx, and programs the capability. */
final class PciVectors {
    private static final int CAP_MSI = 0x05;
    private static final int CAP_MSIX = 0x11;
    private static final int MSI_ENABLE = 1;
    private static final int MSIX_ENABLE = 1 << 15;
    private static final int MSIX_FUNCTION_MASK = 1 << 14;
    private static final int MSIX_ENTRY_BYTES = 16;
    private static final int[] NONE = {};

    private final PciDev dev;
    private final IrqTable irqs;
    private final InterruptRemapping remapping;
    private int[] irq = NONE;
    private int type;
    private @Nullable Mmio msixTable;

    PciVectors(PciDev dev, IrqTable irqs, InterruptRemapping remapping) {
        this.dev = dev;
        this.irqs = irqs;
        this.remapping = remapping;
    }

    int allocate(int min, int max, int types) throws ErrnoException {
        if (min < 1 || max < min) {
            throw failed(min, max, Errno.EINVAL);
        }
        if (irq.length > 0) {
            throw failed(min, max, Errno.EBUSY);
        }
        if ((types & IrqTypes.PCI_IRQ_MSIX) != 0 && enableMsix(min, max)) {
            return irq.length;
        }
        if ((types & IrqTypes.PCI_IRQ_MSI) != 0 && min == 1 && enableMsi()) {
            return irq.length;
        }
        if ((types & IrqTypes.PCI_IRQ_INTX) != 0 && min == 1 && dev.readConfig8(ConfigSpace.INTERRUPT_PIN) != 0) {
            irq = new int[] {dev.readConfig8(ConfigSpace.INTERRUPT_LINE)};
            type = IrqTypes.PCI_IRQ_INTX;
            setIntxDisable(false);
            return 1;
        }
        throw failed(min, max, Errno.ENOSPC);
    }

    private ErrnoException failed(int min, int max, Errno errno) {
        return new ErrnoException("pci_alloc_irq_vectors(" + dev.name() + ", " + min + ", " + max + ")", errno);
    }

    private boolean enableMsix(int min, int max) {
        int capability = dev.pciFindCapability(CAP_MSIX);
        if (capability == 0) {
            return false;
        }
        int control = dev.readConfig16(capability + 2);
        int count = dev.grantedVectors(Math.min(max, (control & 0x7FF) + 1), IrqTypes.PCI_IRQ_MSIX);
        int table = dev.readConfig32(capability + 4);
        PciResource window = dev.resource(table & 0x7);
        if (count < min || window == null || !window.isAssigned()) {
            return false;
        }
        Mmio entries = dev.map(window);
        int tableOffset = table & ~0x7;
        int[] allocated = allocateMessages(count, vector -> new MsixChip(entries, tableOffset, vector));
        if (allocated.length < min) {
            releaseMessages(allocated);
            return false;
        }
        dev.writeConfig16(capability + 2, control | MSIX_ENABLE | MSIX_FUNCTION_MASK);
        for (int vector = 0; vector < allocated.length; vector++) {
            writeEntry(entries, tableOffset + MSIX_ENTRY_BYTES * vector, allocated[vector]);
        }
        setIntxDisable(true);
        dev.writeConfig16(capability + 2, control & ~MSIX_FUNCTION_MASK | MSIX_ENABLE);
        msixTable = entries;
        irq = allocated;
        type = IrqTypes.PCI_IRQ_MSIX;
        return true;
    }

    private boolean enableMsi() {
        int capability = dev.pciFindCapability(CAP_MSI);
        if (capability == 0 || dev.grantedVectors(1, IrqTypes.PCI_IRQ_MSI) == 0) {
            return false;
        }
        int[] allocated = allocateMessages(1, vector -> new MsiChip());
        if (allocated.length == 0) {
            return false;
        }
        int control = dev.readConfig16(capability + 2);
        writeMsi(capability, control, allocated[0]);
        setIntxDisable(true);
        dev.writeConfig16(capability + 2, control & ~(0x7 << 4) | MSI_ENABLE);
        irq = allocated;
        type = IrqTypes.PCI_IRQ_MSI;
        return true;
    }

    private int[] allocateMessages(int count, IntFunction<IrqChip> chips) {
        int[] allocated = new int[count];
        for (int i = 0; i < count; i++) {
            allocated[i] = irqs.allocateMessage(chips.apply(i));
            if (allocated[i] < 0) {
                return Arrays.copyOf(allocated, i);
            }
            remapping.allow(dev.bdf(), IrqTable.vectorOf(allocated[i]));
        }
        return allocated;
    }

    private void releaseMessages(int[] allocated) {
        for (int number : allocated) {
            remapping.revoke(IrqTable.vectorOf(number));
            irqs.releaseMessage(number);
        }
    }

    void free() {
        if (type == IrqTypes.PCI_IRQ_MSIX || type == IrqTypes.PCI_IRQ_MSI) {
            int capability = dev.pciFindCapability(type == IrqTypes.PCI_IRQ_MSIX ? CAP_MSIX : CAP_MSI);
            int enable = type == IrqTypes.PCI_IRQ_MSIX ? MSIX_ENABLE : MSI_ENABLE;
            if (capability != 0) {
                dev.writeConfig16(capability + 2, dev.readConfig16(capability + 2) & ~enable);
            }
            setIntxDisable(false);
            releaseMessages(irq);
        }
        irq = NONE;
        type = 0;
        msixTable = null;
    }

    /** Programs capability and table again, after a reset of the function wiped them. */
    void restore(int msiControl, int msixControl) {
        int msi = dev.pciFindCapability(CAP_MSI);
        if (type == IrqTypes.PCI_IRQ_MSI && msi != 0) {
            writeMsi(msi, msiControl, irq[0]);
            dev.writeConfig16(msi + 2, msiControl);
        }
        int msix = dev.pciFindCapability(CAP_MSIX);
        Mmio entries = msixTable;
        if (type == IrqTypes.PCI_IRQ_MSIX && msix != 0 && entries != null) {
            dev.writeConfig16(msix + 2, msixControl | MSIX_FUNCTION_MASK);
            int tableOffset = dev.readConfig32(msix + 4) & ~0x7;
            for (int vector = 0; vector < irq.length; vector++) {
                writeEntry(entries, tableOffset + MSIX_ENTRY_BYTES * vector, irq[vector]);
                if (irqs.depth(irq[vector]) == 0) {
                    entries.write32(tableOffset + MSIX_ENTRY_BYTES * vector + 12, 0);
                }
            }
            dev.writeConfig16(msix + 2, msixControl);
        }
    }

    /** Masked. */
    private static void writeEntry(Mmio entries, int at, int number) {
        entries.write32(at + 12, 1);
        entries.write32(at, (int) InterruptController.WINDOW_BASE);
        entries.write32(at + 4, 0);
        entries.write32(at + 8, IrqTable.vectorOf(number));
    }

    private void writeMsi(int capability, int control, int number) {
        boolean wide = (control & 1 << 7) != 0;
        dev.writeConfig32(capability + 4, (int) InterruptController.WINDOW_BASE);
        if (wide) {
            dev.writeConfig32(capability + 8, 0);
        }
        dev.writeConfig16(capability + (wide ? 12 : 8), IrqTable.vectorOf(number));
    }

    int count() {
        return irq.length;
    }

    /** Messages of their own that still have a handler; of a shared line it cannot be told. */
    boolean anyHandled() {
        for (int number : irq) {
            if (number >= IrqTable.FIRST_MESSAGE && irqs.isHandled(number)) {
                return true;
            }
        }
        return false;
    }

    int irq(int vector) {
        return vector >= 0 && vector < irq.length ? irq[vector] : Errno.EINVAL.negated();
    }

    int type() {
        return type;
    }

    private void setIntxDisable(boolean disable) {
        int command = dev.readConfig16(ConfigSpace.COMMAND);
        int bit = ConfigSpace.COMMAND_INTX_DISABLE;
        dev.writeConfig16(ConfigSpace.COMMAND, disable ? command | bit : command & ~bit);
    }

    /** Mask bit of one MSI-X vector. */
    private record MsixChip(Mmio entries, int tableOffset, int vector) implements IrqChip {
        @Override
        public void mask() {
            entries.write32(tableOffset + MSIX_ENTRY_BYTES * vector + 12, 1);
        }

        @Override
        public void unmask() {
            entries.write32(tableOffset + MSIX_ENTRY_BYTES * vector + 12, 0);
        }
    }

    /** MSI without per-vector masking cannot be masked: what comes while disabled is remembered and replayed. */
    private static final class MsiChip implements IrqChip {
        @Override
        public void mask() {}

        @Override
        public void unmask() {}
    }
}
