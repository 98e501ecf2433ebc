package dev.doorbell.kernel.dma;

/** Pieces of memory for one transfer, reused from transfer to transfer. */
public final class Scatterlist {
    private final long[] gpa;
    private final int[] bytes;
    private final long[] iova;
    private int count;

    public Scatterlist(int capacity) {
        gpa = new long[capacity];
        bytes = new int[capacity];
        iova = new long[capacity];
    }

    public Scatterlist clear() {
        count = 0;
        return this;
    }

    public Scatterlist add(long pieceGpa, int pieceBytes) {
        gpa[count] = pieceGpa;
        bytes[count] = pieceBytes;
        count++;
        return this;
    }

    public int count() {
        return count;
    }

    public long gpa(int index) {
        return gpa[index];
    }

    public int bytes(int index) {
        return bytes[index];
    }

    /** Valid while the list is mapped. */
    public long iova(int index) {
        return iova[index];
    }

    void iova(int index, long mapped) {
        iova[index] = mapped;
    }
}
