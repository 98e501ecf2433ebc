package dev.doorbell.kernel.dma;

/** Watches what a driver does with the DMA API: a memory model, or a checker. Called when the call has had its effect. */
public interface DmaObserver {
    default void allocated(Coherent memory) {}

    /** Still readable; after this it is somebody else's. */
    default void freed(Coherent memory) {}

    /** @param function as Linux names it: "dma_map_single" */
    default void mapped(long iova, long gpa, long bytes, Direction direction, String function) {}

    default void unmapped(long iova, long bytes, Direction direction) {}

    default void syncedForCpu(long iova, long bytes, Direction direction) {}

    default void syncedForDevice(long iova, long bytes, Direction direction) {}
}
