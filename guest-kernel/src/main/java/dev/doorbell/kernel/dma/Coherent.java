package dev.doorbell.kernel.dma;

/** Memory that CPU and device share: dma_alloc_coherent. Zeroed, page-aligned; freed once, by its owner. */
public final class Coherent {
    private final DmaDevice owner;
    private final long iova;
    private final long gpa;
    private final long bytes;
    private boolean freed;

    Coherent(DmaDevice owner, long iova, long gpa, long bytes) {
        this.owner = owner;
        this.iova = iova;
        this.gpa = gpa;
        this.bytes = bytes;
    }

    /** For the device. */
    public long iova() {
        return iova;
    }

    /** For the CPU. */
    public long gpa() {
        return gpa;
    }

    public long bytes() {
        return bytes;
    }

    /** dma_free_coherent. */
    public void free() {
        if (freed) {
            throw new IllegalStateException("dma_free_coherent(0x" + Long.toHexString(iova) + "): already free");
        }
        freed = true;
        owner.freeCoherent(this);
    }
}
