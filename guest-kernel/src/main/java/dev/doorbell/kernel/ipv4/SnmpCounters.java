package dev.doorbell.kernel.ipv4;

import java.util.LinkedHashMap;
import java.util.Map;

/** The protocol counters of one kernel, as {@code nstat} shows them. */
public final class SnmpCounters {
    private final long[] count = new long[Mib.values().length];

    public void count(Mib counter) {
        count[counter.ordinal()]++;
    }

    public void add(Mib counter, int amount) {
        count[counter.ordinal()] += amount;
    }

    public long get(Mib counter) {
        return count[counter.ordinal()];
    }

    /** Those that are not 0, by nstat's name ("IpInReceives"), in Linux's order. */
    public Map<String, Long> nonZero() {
        Map<String, Long> found = new LinkedHashMap<>();
        for (Mib counter : Mib.values()) {
            if (count[counter.ordinal()] != 0) {
                found.put(counter.group() + counter.text(), count[counter.ordinal()]);
            }
        }
        return found;
    }
}
