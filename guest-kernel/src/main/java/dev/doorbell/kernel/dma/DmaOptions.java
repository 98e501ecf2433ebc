package dev.doorbell.kernel.dma;

/** How a kernel handles DMA; the choices of a kernel command line. */
public record DmaOptions(Flush flush, Coherence coherence) {
    /** When an unmapped page becomes unreachable for the device: iommu.strict. */
    public enum Flush {
        /** Before the unmap returns. */
        STRICT,
        /** In batches: until then a cached translation still works. Linux's default. */
        DEFERRED
    }

    /** Whether CPU and device see the same bytes of a streaming mapping. */
    public enum Coherence {
        /** Yes, as on a PC. */
        COHERENT,
        /** No: the device gets a copy, which only sync, map and unmap carry over. A forgotten sync shows. */
        BOUNCE
    }

    public static final DmaOptions DEFAULT = new DmaOptions(Flush.DEFERRED, Coherence.COHERENT);
}
