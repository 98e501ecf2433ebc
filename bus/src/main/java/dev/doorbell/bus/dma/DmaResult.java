package dev.doorbell.bus.dma;

/** What became of a DMA access. A device must look at it: a refused read delivered all ones, a refused write nothing. */
public enum DmaResult {
    OK,
    /** No translation for the address: the IOMMU (or the memory map) has logged a fault. */
    UNMAPPED,
    /** Mapped, but not for this direction. */
    PERMISSION,
    /** The function's Bus Master Enable bit is clear: nothing was issued. */
    BUS_MASTER_OFF,
    /** The target answered with poisoned data or aborted: own BAR, torn-down memory, injected fault. */
    POISONED;

    public boolean isOk() {
        return this == OK;
    }
}
