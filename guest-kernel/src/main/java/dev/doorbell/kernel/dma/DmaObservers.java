package dev.doorbell.kernel.dma;

/** Two observers as one, told in order. */
record DmaObservers(DmaObserver first, DmaObserver second) implements DmaObserver {
    @Override
    public void allocated(Coherent memory) {
        first.allocated(memory);
        second.allocated(memory);
    }

    @Override
    public void freed(Coherent memory) {
        first.freed(memory);
        second.freed(memory);
    }

    @Override
    public void freedTwice(Coherent memory) {
        first.freedTwice(memory);
        second.freedTwice(memory);
    }

    @Override
    public void mappingErrorChecked(long iova) {
        first.mappingErrorChecked(iova);
        second.mappingErrorChecked(iova);
    }

    @Override
    public void violated(Violation violation) {
        first.violated(violation);
        second.violated(violation);
    }

    @Override
    public void mapped(long iova, long gpa, long bytes, Direction direction, String function) {
        first.mapped(iova, gpa, bytes, direction, function);
        second.mapped(iova, gpa, bytes, direction, function);
    }

    @Override
    public void unmapped(long iova, long bytes, Direction direction) {
        first.unmapped(iova, bytes, direction);
        second.unmapped(iova, bytes, direction);
    }

    @Override
    public void syncedForCpu(long iova, long bytes, Direction direction) {
        first.syncedForCpu(iova, bytes, direction);
        second.syncedForCpu(iova, bytes, direction);
    }

    @Override
    public void syncedForDevice(long iova, long bytes, Direction direction) {
        first.syncedForDevice(iova, bytes, direction);
        second.syncedForDevice(iova, bytes, direction);
    }
}
