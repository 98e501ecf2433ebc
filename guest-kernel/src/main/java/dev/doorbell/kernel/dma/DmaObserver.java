package dev.doorbell.kernel.dma;

import org.jspecify.annotations.Nullable;

/** Watches what a driver does with the DMA API: a memory model, or a checker. Called when the call has had its effect. */
public interface DmaObserver {
    default void allocated(Coherent memory) {}

    /** Still readable; after this it is somebody else's. */
    default void freed(Coherent memory) {}

    /** dma_free_coherent of what is free already; about to fail. */
    default void freedTwice(Coherent memory) {}

    /** @param function as Linux names it: "dma_map_single" */
    default void mapped(long iova, long gpa, long bytes, Direction direction, String function) {}

    default void unmapped(long iova, long bytes, Direction direction) {}

    /** The driver looked whether a mapping had failed: dma_mapping_error. */
    default void mappingErrorChecked(long iova) {}

    /** A rule of the DMA API was broken; what was done has had no effect yet. */
    default void violated(Violation violation) {}

    default void syncedForCpu(long iova, long bytes, Direction direction) {}

    default void syncedForDevice(long iova, long bytes, Direction direction) {}

    /** One that tells two; or the other when one is null. */
    static DmaObserver both(@Nullable DmaObserver first, DmaObserver second) {
        return first == null ? second : new DmaObservers(first, second);
    }
}
