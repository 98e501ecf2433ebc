package dev.doorbell.kernel.dma;

import dev.doorbell.bus.iommu.IommuContext;

/** Which way a streaming mapping carries data, as seen from memory: enum dma_data_direction. */
public enum Direction {
    /** The device reads. */
    TO_DEVICE(IommuContext.READ),
    /** The device writes. */
    FROM_DEVICE(IommuContext.WRITE),
    BIDIRECTIONAL(IommuContext.READ | IommuContext.WRITE);

    private final long permissions;

    Direction(long permissions) {
        this.permissions = permissions;
    }

    /** R and W bits of the page tables. */
    long permissions() {
        return permissions;
    }

    boolean reachesDevice() {
        return this != FROM_DEVICE;
    }

    boolean reachesCpu() {
        return this != TO_DEVICE;
    }
}
