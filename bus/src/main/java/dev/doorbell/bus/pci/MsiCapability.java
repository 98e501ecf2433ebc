package dev.doorbell.bus.pci;

/**
 * Message signalled interrupts, id 0x05 (PCI Local Bus 3.0 §6.8.1).
 *
 * <pre>
 *  +0  id, next     +2  message control     +4  address (low, then high when 64-bit)     then data (16 bits),
 *  and with per-vector masking: mask bits (32), pending bits (32)
 * </pre>
 */
public final class MsiCapability extends Capability {
    private static final int CONTROL = 2;
    private static final int ADDRESS = 4;
    private static final int ENABLE = 1;
    private static final int ADDRESS_64 = 1 << 7;
    private static final int MASKING = 1 << 8;

    private final int vectors;
    private final boolean address64;
    private final boolean masking;
    private Runnable onUnmask = () -> {};

    /** @param vectors 1, 2, 4, 8, 16 or 32 */
    public MsiCapability(int vectors, boolean address64, boolean perVectorMasking) {
        super(0x05, false, 10 + (address64 ? 4 : 0) + (perVectorMasking ? 10 : 0));
        if (Integer.bitCount(vectors) != 1 || vectors > 32) {
            throw new IllegalArgumentException("MSI with " + vectors + " vectors: 1, 2, 4, 8, 16 or 32");
        }
        this.vectors = vectors;
        this.address64 = address64;
        this.masking = perVectorMasking;
    }

    @Override
    protected void layout() {
        int multiple = Integer.numberOfTrailingZeros(vectors);
        config().init16(base() + CONTROL, multiple << 1 | (address64 ? ADDRESS_64 : 0) | (masking ? MASKING : 0));
        config().writable16(base() + CONTROL, ENABLE | (multiple == 0 ? 0 : 0x7 << 4));
        config().writable32(base() + ADDRESS, ~0x3);
        if (address64) {
            config().writable32(base() + ADDRESS + 4, -1);
        }
        config().writable16(base() + data(), 0xFFFF);
        if (masking) {
            config().writable32(base() + maskBits(), (int) ((1L << vectors) - 1));
        }
    }

    @Override
    protected void written(int at, int count) {
        onUnmask.run();
    }

    /** Called after software wrote the structure: the owner sends what is pending and no longer masked. */
    public void onUnmask(Runnable action) {
        onUnmask = action;
    }

    public boolean isEnabled() {
        return (get16(CONTROL) & ENABLE) != 0;
    }

    /** Vectors that software granted: at most those the function asked for. */
    public int enabledVectors() {
        return Math.min(vectors, 1 << (get16(CONTROL) >>> 4 & 0x7));
    }

    public int vectors() {
        return vectors;
    }

    public long address() {
        long low = Integer.toUnsignedLong(get32(ADDRESS));
        return address64 ? low | (long) get32(ADDRESS + 4) << 32 : low;
    }

    /** Message data of a vector: its number replaces the low bits that software granted. */
    public int data(int vector) {
        return get16(data()) & -enabledVectors() | vector & enabledVectors() - 1;
    }

    public boolean isMasked(int vector) {
        return masking && (get32(maskBits()) >>> vector & 1) != 0;
    }

    public boolean isPending(int vector) {
        return masking && (get32(maskBits() + 4) >>> vector & 1) != 0;
    }

    /** Sets or clears a pending bit; without per-vector masking there is none. */
    public void pending(int vector, boolean pending) {
        if (masking) {
            int bits = get32(maskBits() + 4);
            config().set32(base() + maskBits() + 4, pending ? bits | 1 << vector : bits & ~(1 << vector));
        }
    }

    private int data() {
        return address64 ? 12 : 8;
    }

    private int maskBits() {
        return data() + 4;
    }
}
