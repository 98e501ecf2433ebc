package dev.doorbell.kernel.dma;

/**
 * How the CPU sees memory that it shares with a device: a memory model stands here. Without one, accesses go straight to
 * RAM. Values are little-endian numbers in the low bytes.
 */
public interface CoherentAccess {
    /** @param bytes 2, 4 or 8 */
    long load(Coherent memory, long offset, int bytes);

    /** @param bytes 2, 4 or 8 */
    void store(Coherent memory, long offset, int bytes, long value);
}
