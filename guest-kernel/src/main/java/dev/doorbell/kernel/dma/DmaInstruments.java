package dev.doorbell.kernel.dma;

import org.jspecify.annotations.Nullable;

/**
 * What is put around a kernel's DMA to watch or to change how memory behaves. Each part may be absent; then that seam is
 * wired directly.
 */
public record DmaInstruments(
        @Nullable CoherentAccess access,
        @Nullable Barriers barriers,
        @Nullable DmaObserver observer) {
    public static final DmaInstruments NONE = new DmaInstruments(null, null, null);
}
