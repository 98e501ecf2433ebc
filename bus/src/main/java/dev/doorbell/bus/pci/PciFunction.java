package dev.doorbell.bus.pci;

/**
 * The seam between a CPU (or a transport) and a device function.
 *
 * <p>Nothing a caller does through it throws: a bad access reads all ones or zero as the hardware would, and a bad
 * write is dropped. Values are little-endian numbers in the low bytes of the argument.
 */
public interface PciFunction {
    /** Reads 1, 2 or 4 bytes of configuration space, {@code offset} 0 to 4095. */
    int configRead(int offset, int bytes);

    void configWrite(int offset, int bytes, int value);

    /**
     * Reads 1, 2, 4 or 8 bytes of a BAR. The caller has checked that decoding is enabled.
     *
     * @param bar index 0 to 5, 6 for the expansion ROM
     */
    long barRead(int bar, long offset, int bytes);

    /** Writes to a BAR: a doorbell arrives here. Never runs a descriptor ring before it returns. */
    void barWrite(int bar, long offset, int bytes, long value);

    void reset(ResetReason reason);

    /** Stops all DMA and interrupts: nothing is sent after this returns, until the next reset. */
    void quiesce();

    /** The configuration space behind {@link #configRead}: BAR layout and capabilities, for exporters and the bus. */
    ConfigSpace config();

    /** 32-bit register read, the common case; same rules as {@link #barRead}. */
    default int mmioRead32(int bar, int offset) {
        return (int) barRead(bar, offset, 4);
    }

    default void mmioWrite32(int bar, int offset, int value) {
        barWrite(bar, offset, 4, value & 0xFFFF_FFFFL);
    }
}
