package dev.doorbell.device.i82574;

/**
 * What really happened on the receive side, next to the architected statistics: never cleared, never saturated, every
 * lost frame with its reason. {@code seen = delivered + all drops + frames still in the packet buffer}.
 */
final class TrueCounters {
    private static final RxDrop[] REASONS = RxDrop.values();

    private final long[] drops = new long[REASONS.length];
    long seen;
    long delivered;
    long deliveredOctets;
    long descriptorFetches;
    long descriptorsFetched;
    long writeBacks;
    long descriptorsWrittenBack;
    /** DMA accesses of the receive side that were not {@link dev.doorbell.bus.dma.DmaResult#OK}. */
    long refusals;

    void drop(RxDrop reason) {
        drops[reason.ordinal()]++;
    }

    long drops(RxDrop reason) {
        return drops[reason.ordinal()];
    }

    long allDrops() {
        long sum = 0;
        for (long count : drops) {
            sum += count;
        }
        return sum;
    }
}
