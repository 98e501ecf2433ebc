package dev.doorbell.kernel.dma;

/**
 * A driver broke a rule of the DMA API; what Linux's DMA-API debugging would print.
 *
 * @param device whose mapping it is about
 * @param iova as the driver gave it
 * @param text what was done, what had been mapped, by whom and when
 */
public record Violation(Kind kind, String device, long timeNs, long iova, String text) {
    /** Which rule. */
    public enum Kind {
        /** An unmap of what is not mapped, and never was. */
        UNMAP_UNKNOWN,
        DOUBLE_UNMAP,
        WRONG_SIZE,
        WRONG_DIRECTION,
        /** Mapped as a page and unmapped as a single buffer, or the other way round. */
        WRONG_FUNCTION,
        SYNC_UNKNOWN,
        SYNC_OUT_OF_RANGE,
        /** A buffer that is not memory, or is empty. */
        BAD_BUFFER,
        /** The driver let go of the device and left a mapping behind. */
        LEAK
    }

    /** Told about each violation as it happens. */
    @FunctionalInterface
    public interface Listener {
        void violation(Violation violation);
    }
}
