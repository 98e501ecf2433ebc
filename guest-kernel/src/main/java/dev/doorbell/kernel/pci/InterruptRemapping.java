package dev.doorbell.kernel.pci;

import dev.doorbell.bus.iommu.Iommu;
import dev.doorbell.bus.irq.InterruptController;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.PageAllocator;

/** The kernel's interrupt remapping table in guest memory: which function may send which vector. */
final class InterruptRemapping {
    private final GuestMemory ram;
    private final long table;

    /** Switches the check on when there is an IOMMU. */
    InterruptRemapping(KernelContext kernel, Iommu iommu) {
        ram = kernel.ram();
        if (iommu.mode() == Iommu.Mode.OFF) {
            table = -1;
            return;
        }
        table = kernel.pages()
                .allocZeroedPages(
                        PageAllocator.orderOf((long) Iommu.INTERRUPT_ENTRY_BYTES * InterruptController.VECTORS));
        if (table < 0) {
            throw new IllegalStateException("no guest memory left for the interrupt remapping table");
        }
        iommu.interruptTable(table);
    }

    void allow(int requesterId, int vector) {
        if (table >= 0) {
            ram.writeLong(table + (long) Iommu.INTERRUPT_ENTRY_BYTES * vector, Iommu.interruptEntry(requesterId));
        }
    }

    void revoke(int vector) {
        if (table >= 0) {
            ram.writeLong(table + (long) Iommu.INTERRUPT_ENTRY_BYTES * vector, 0);
        }
    }
}
