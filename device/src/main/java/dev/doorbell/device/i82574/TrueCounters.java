package dev.doorbell.device.i82574;

import java.util.SortedMap;
import java.util.TreeMap;

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

    /** By name, for reports: "rx.seen", "rx.delivered", "rx.drop.FIFO_FULL" … Allocates. */
    SortedMap<String, Long> byName() {
        SortedMap<String, Long> all = new TreeMap<>();
        all.put("rx.seen", seen);
        all.put("rx.delivered", delivered);
        all.put("rx.delivered.octets", deliveredOctets);
        all.put("rx.descriptor.fetches", descriptorFetches);
        all.put("rx.writebacks", writeBacks);
        all.put("rx.writebacks.descriptors", descriptorsWrittenBack);
        all.put("rx.dma.refused", refusals);
        for (RxDrop reason : REASONS) {
            all.put("rx.drop." + reason, drops(reason));
        }
        return all;
    }

    long allDrops() {
        long sum = 0;
        for (long count : drops) {
            sum += count;
        }
        return sum;
    }
}
