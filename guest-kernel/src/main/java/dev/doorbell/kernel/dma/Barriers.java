package dev.doorbell.kernel.dma;

/** Listens to memory barriers: a memory model, or a checker. Without one they are free. */
public interface Barriers {
    /** Stores to coherent memory before it are visible to devices before stores after it. */
    void dmaWmb();

    /** Loads from coherent memory after it are not done before loads before it. */
    void dmaRmb();

    /** As {@link #dmaWmb}, and also against MMIO writes after it. */
    void wmb();

    /** After an MMIO read: loads after it are not early; what was posted before it has arrived. */
    void mmioRead();
}
