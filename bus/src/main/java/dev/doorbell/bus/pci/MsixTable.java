package dev.doorbell.bus.pci;

/**
 * MSI-X vectors and their pending bits as memory behind a BAR (PCI Local Bus 3.0 §6.8.2.6 ff.).
 *
 * <pre>
 *  entry, 16 bytes:  +0 address low   +4 address high   +8 data   +12 vector control (bit 0: mask)
 * </pre>
 *
 * <p>Owned by the {@link MsixCapability}; the function routes its BAR accesses here.
 */
public final class MsixTable {
    public static final int ENTRY_BYTES = 16;

    /** Called when a pending vector may be sent. */
    @FunctionalInterface
    public interface UnmaskListener {
        void unmasked(int vector);
    }

    private static final int CONTROL_MASK = 1;

    private final int size;
    private final int tableOffset;
    private final int pbaOffset;
    private final int[] entry;
    private final long[] pending;
    private boolean enabled;
    private boolean functionMasked;
    private UnmaskListener onUnmask = vector -> {};

    MsixTable(int size, int tableOffset, int pbaOffset) {
        this.size = size;
        this.tableOffset = tableOffset;
        this.pbaOffset = pbaOffset;
        entry = new int[4 * size];
        pending = new long[(size + 63) / 64];
        reset();
    }

    void reset() {
        for (int i = 0; i < entry.length; i++) {
            entry[i] = (i & 3) == 3 ? CONTROL_MASK : 0;
        }
        java.util.Arrays.fill(pending, 0);
    }

    void control(boolean enabled, boolean functionMasked) {
        this.enabled = enabled;
        this.functionMasked = functionMasked;
        for (int vector = 0; vector < size; vector++) {
            sendIfPending(vector);
        }
    }

    public int size() {
        return size;
    }

    /** A BAR read of 4 or 8 bytes, aligned; anything else, and every hole, reads 0. */
    public long read(long offset, int bytes) {
        if (bytes == 8 && (offset & 7) == 0) {
            return Integer.toUnsignedLong(dword(offset)) | (long) dword(offset + 4) << 32;
        }
        return bytes == 4 && (offset & 3) == 0 ? Integer.toUnsignedLong(dword(offset)) : 0;
    }

    /** A BAR write of 4 or 8 bytes, aligned; anything else, the pending bits and holes are dropped. */
    public void write(long offset, int bytes, long value) {
        if (bytes == 8 && (offset & 7) == 0) {
            dword(offset, (int) value);
            dword(offset + 4, (int) (value >>> 32));
        } else if (bytes == 4 && (offset & 3) == 0) {
            dword(offset, (int) value);
        }
    }

    private boolean inTable(long offset) {
        return offset >= tableOffset && offset < tableOffset + (long) ENTRY_BYTES * size;
    }

    private boolean inPba(long offset) {
        return offset >= pbaOffset && offset < pbaOffset + 8L * pending.length;
    }

    private int dword(long offset) {
        if (inTable(offset)) {
            return entry[(int) (offset - tableOffset) >>> 2];
        }
        if (inPba(offset)) {
            int at = (int) (offset - pbaOffset);
            return (int) (pending[at >>> 3] >>> 8 * (at & 4));
        }
        return 0;
    }

    private void dword(long offset, int value) {
        if (!inTable(offset)) {
            return;
        }
        int at = (int) (offset - tableOffset) >>> 2;
        switch (at & 3) {
            case 0 -> entry[at] = value & ~0x3;
            case 3 -> entry[at] = value & CONTROL_MASK;
            default -> entry[at] = value;
        }
        if ((at & 3) == 3) {
            sendIfPending(at >>> 2);
        }
    }

    private void sendIfPending(int vector) {
        if (isPending(vector) && enabled && !isMasked(vector)) {
            pending(vector, false);
            onUnmask.unmasked(vector);
        }
    }

    /** Who sends a vector that was pending once nothing masks it; its pending bit is already clear. */
    public void onUnmask(UnmaskListener listener) {
        onUnmask = listener;
    }

    public boolean isEnabled() {
        return enabled;
    }

    /** Masked by its own bit or by the function mask. */
    public boolean isMasked(int vector) {
        return functionMasked || (entry[4 * vector + 3] & CONTROL_MASK) != 0;
    }

    public boolean isPending(int vector) {
        return (pending[vector >>> 6] >>> vector & 1) != 0;
    }

    /** The pending bits of vectors 0 to 63, that of vector 0 lowest. */
    public long pendingBits() {
        return pending[0];
    }

    /** Sets or clears a pending bit. */
    public void pending(int vector, boolean isPending) {
        if (isPending) {
            pending[vector >>> 6] |= 1L << vector;
        } else {
            pending[vector >>> 6] &= ~(1L << vector);
        }
    }

    public long address(int vector) {
        return Integer.toUnsignedLong(entry[4 * vector]) | (long) entry[4 * vector + 1] << 32;
    }

    public int data(int vector) {
        return entry[4 * vector + 2];
    }
}
