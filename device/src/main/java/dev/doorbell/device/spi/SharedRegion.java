package dev.doorbell.device.spi;

/**
 * A part of a BAR, or all of it, that is plain memory without side effects: whoever drives the card from another process
 * may map it instead of asking for each access. Most registers are nothing of the kind.
 *
 * <p>A card offers one by implementing {@link Provider}. Offering any makes QEMU wait for every other register write of the
 * card, so it pays for frame buffers, not for network cards.
 */
public interface SharedRegion {
    /** Implemented by a function that has such memory. */
    interface Provider {
        /**
         * @param bar 0 to 5, 6 for the expansion ROM
         * @return null when nothing of this BAR may be mapped
         */
        @org.jspecify.annotations.Nullable
        SharedRegion sharedRegion(int bar);
    }

    /** The file that is this memory; it stays the card's. */
    int fd();

    /** Where the BAR's offset 0 is in the file; a multiple of 4096. */
    long fileOffset();

    /** Only the areas may be mapped, not the whole BAR. */
    boolean isSparse();

    /** How many there are, when it is sparse. */
    int areas();

    /** From the start of the BAR; a multiple of 4096. */
    long areaOffset(int area);

    /** A multiple of 4096. */
    long areaBytes(int area);
}
