package dev.doorbell.kernel.dma;

import dev.doorbell.bus.mem.GuestMemory;

/**
 * Memory that CPU and device share: dma_alloc_coherent. Zeroed, page-aligned; freed once, by its owner.
 *
 * <p>A driver loads and stores through the accessors here, as with READ_ONCE and WRITE_ONCE: a memory model, when there is
 * one, stands behind them. Offsets are in bytes and aligned; values are little-endian.
 */
public final class Coherent {
    private final DmaDevice owner;
    private final long iova;
    private final long gpa;
    private final long bytes;
    private final GuestMemory ram;
    private boolean freed;

    Coherent(DmaDevice owner, GuestMemory ram, long iova, long gpa, long bytes) {
        this.owner = owner;
        this.ram = ram;
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

    public int readInt(long offset) {
        CoherentAccess model = owner.access();
        return model == null ? ram.readInt(gpa + offset) : (int) model.load(this, offset, 4);
    }

    public short readShort(long offset) {
        CoherentAccess model = owner.access();
        return model == null ? ram.readShort(gpa + offset) : (short) model.load(this, offset, 2);
    }

    public long readLong(long offset) {
        CoherentAccess model = owner.access();
        return model == null ? ram.readLong(gpa + offset) : model.load(this, offset, 8);
    }

    public void writeShort(long offset, int value) {
        CoherentAccess model = owner.access();
        if (model == null) {
            ram.writeShort(gpa + offset, value);
        } else {
            model.store(this, offset, 2, value & 0xFFFF);
        }
    }

    public void writeInt(long offset, int value) {
        CoherentAccess model = owner.access();
        if (model == null) {
            ram.writeInt(gpa + offset, value);
        } else {
            model.store(this, offset, 4, value & 0xFFFF_FFFFL);
        }
    }

    public void writeLong(long offset, long value) {
        CoherentAccess model = owner.access();
        if (model == null) {
            ram.writeLong(gpa + offset, value);
        } else {
            model.store(this, offset, 8, value);
        }
    }

    /** Zeroes all of it. */
    public void clear() {
        for (long offset = 0; offset + 8 <= bytes; offset += 8) {
            writeLong(offset, 0);
        }
    }

    /** dma_free_coherent. */
    public void free() {
        if (freed) {
            owner.coherentFreedTwice(this);
            throw new IllegalStateException("dma_free_coherent(0x" + Long.toHexString(iova) + "): already free");
        }
        freed = true;
        owner.freeCoherent(this);
    }
}
