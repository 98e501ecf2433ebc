package dev.doorbell.bus.pci;

/**
 * One base address register: what it decodes, and where (PCI Local Bus 3.0 §6.2.5). The base lives in the configuration
 * space; this is the view of it.
 */
public final class Bar {
    /** What a BAR decodes. */
    public enum Kind {
        MEMORY_32,
        /** Occupies two registers. */
        MEMORY_64,
        IO,
        /** The expansion ROM, decoded only while its own enable bit is set too. */
        ROM
    }

    /** Index of the expansion ROM in {@link PciFunction#barRead}. */
    public static final int ROM_INDEX = 6;

    private static final int ROM_OFFSET = 0x30;

    private final ConfigSpace config;
    private final int index;
    private final Kind kind;
    private final long sizeBytes;

    Bar(ConfigSpace config, int index, Kind kind, long sizeBytes, boolean prefetchable) {
        long smallest = kind == Kind.IO ? 4 : kind == Kind.ROM ? 2048 : 16;
        long largest = kind == Kind.IO ? 256 : kind == Kind.MEMORY_64 ? 1L << 40 : 1L << 31;
        if (Long.bitCount(sizeBytes) != 1 || sizeBytes < smallest || sizeBytes > largest) {
            throw new IllegalArgumentException("BAR " + index + " of " + sizeBytes + " bytes: " + kind
                    + " takes a power of two from " + smallest + " to " + largest);
        }
        this.config = config;
        this.index = index;
        this.kind = kind;
        this.sizeBytes = sizeBytes;
        int offset = registerOffset();
        int lowMask = (int) -sizeBytes;
        switch (kind) {
            case IO -> {
                config.init32(offset, 1);
                config.writable32(offset, lowMask & ~0x3);
            }
            case ROM -> config.writable32(offset, lowMask & ~0x7FF | 1);
            case MEMORY_32 -> {
                config.init32(offset, prefetchable ? 0x8 : 0);
                config.writable32(offset, lowMask & ~0xF);
            }
            case MEMORY_64 -> {
                config.init32(offset, prefetchable ? 0xC : 0x4);
                config.writable32(offset, lowMask & ~0xF);
                config.writable32(offset + 4, (int) (-sizeBytes >>> 32));
            }
        }
    }

    /** 0 to 5, or {@link #ROM_INDEX}. */
    public int index() {
        return index;
    }

    public Kind kind() {
        return kind;
    }

    public long sizeBytes() {
        return sizeBytes;
    }

    public boolean isIo() {
        return kind == Kind.IO;
    }

    /** Where its register is in configuration space. */
    public int registerOffset() {
        return kind == Kind.ROM ? ROM_OFFSET : 0x10 + 4 * index;
    }

    /** The physical address, or I/O port, as programmed by the kernel; meaningful while {@link #isDecoded()}. */
    public long base() {
        int low = config.get32(registerOffset());
        return switch (kind) {
            case IO -> Integer.toUnsignedLong(low & ~0x3);
            case ROM -> Integer.toUnsignedLong(low & ~0x7FF);
            case MEMORY_32 -> Integer.toUnsignedLong(low & ~0xF);
            case MEMORY_64 -> Integer.toUnsignedLong(low & ~0xF) | (long) config.get32(registerOffset() + 4) << 32;
        };
    }

    /** True while the function answers in this window: decode enabled in Command, D0, and for the ROM its own bit. */
    public boolean isDecoded() {
        return switch (kind) {
            case IO -> config.ioDecoded();
            case ROM -> config.memoryDecoded() && (config.get32(ROM_OFFSET) & 1) != 0;
            default -> config.memoryDecoded();
        };
    }
}
