package dev.doorbell.kernel.skb;

import java.util.EnumMap;
import java.util.Map;

/** How many packets this kernel has dropped, by reason. */
public final class DropCounters {
    private final long[] count = new long[DropReason.values().length];

    /** Counts one drop. */
    public void count(DropReason reason) {
        count[reason.ordinal()]++;
    }

    public long get(DropReason reason) {
        return count[reason.ordinal()];
    }

    /** All drops; packets that were {@link DropReason#CONSUMED} are not among them. */
    public long total() {
        long sum = 0;
        for (int i = 1; i < count.length; i++) {
            sum += count[i];
        }
        return sum;
    }

    /** The reasons that occurred, for reports. */
    public Map<DropReason, Long> nonZero() {
        Map<DropReason, Long> found = new EnumMap<>(DropReason.class);
        for (DropReason reason : DropReason.values()) {
            if (count[reason.ordinal()] != 0) {
                found.put(reason, count[reason.ordinal()]);
            }
        }
        return found;
    }
}
