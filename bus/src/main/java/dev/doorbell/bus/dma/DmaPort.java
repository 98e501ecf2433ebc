package dev.doorbell.bus.dma;

import dev.doorbell.bus.mem.GuestMemory;

/**
 * The seam between a device and memory: reads and writes at I/O virtual addresses, through the IOMMU.
 *
 * <p>Nothing here throws for what a guest did: every refusal is a {@link DmaResult}. An access that crosses pages is
 * checked page by page; on refusal of any page a write has no effect at all and a read fills all bytes with ones.
 * Writes of one function become visible in the order they were made.
 */
public interface DmaPort {
    /** Copies {@code bytes} from {@code iova} into {@code into} at {@code offset}. Non-posted: flushes earlier writes. */
    DmaResult read(long iova, GuestMemory into, long offset, int bytes);

    /** Copies {@code bytes} from {@code from} at {@code offset} to {@code iova}. Posted. */
    DmaResult write(long iova, GuestMemory from, long offset, int bytes);
}
