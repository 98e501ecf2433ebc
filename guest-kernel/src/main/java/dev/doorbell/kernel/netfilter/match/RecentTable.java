package dev.doorbell.kernel.netfilter.match;

import org.jspecify.annotations.Nullable;

/**
 * The addresses that {@code -m recent --name} remembers, with the times of their last packets. Room for a fixed number;
 * the one longest without a packet goes when another comes. All memory is taken when addresses are first seen, none
 * after that.
 */
final class RecentTable {
    /** As in Linux, where module parameters can change both. */
    static final int MAX_ENTRIES = 100, DEFAULT_STAMPS = 32;

    /** One address. */
    static final class Entry {
        private long high, low;
        private int hops;
        private long[] stamps = {};
        private int count, next;
        private @Nullable Entry younger, older;

        private boolean is(long wantedHigh, long wantedLow, int wantedHops) {
            return high == wantedHigh && low == wantedLow && (wantedHops == 0 || hops == 0 || hops == wantedHops);
        }

        /**
         * How many packets came at or after a time.
         *
         * @param enough no need to count further
         */
        int hitsSince(long timeNs, int enough) {
            int hits = 0;
            for (int i = 0; i < count && hits < enough; i++) {
                hits += stamps[i] >= timeNs ? 1 : 0;
            }
            return hits;
        }

        /** Packets that are remembered. */
        int hits() {
            return count;
        }

        private long lastNs() {
            return stamps[(next - 1 + stamps.length) % stamps.length];
        }
    }

    private final long maskHigh, maskLow;
    private int stampCount;
    private int size;
    private @Nullable Entry youngest, oldest;
    private @Nullable Entry free;

    /** @param maskHigh addresses are the same when they agree in these bits */
    RecentTable(long maskHigh, long maskLow, int stampCount) {
        this.maskHigh = maskHigh;
        this.maskLow = maskLow;
        this.stampCount = stampCount;
    }

    /** A rule needs more times per address: what was remembered is forgotten, as in Linux. */
    void atLeast(int stamps) {
        if (stamps > stampCount) {
            stampCount = stamps;
            youngest = oldest = free = null;
            size = 0;
        }
    }

    int size() {
        return size;
    }

    /** @param hops 0: whatever it was */
    @Nullable
    Entry find(long high, long low, int hops) {
        for (Entry e = youngest; e != null; e = e.older) {
            if (e.is(high & maskHigh, low & maskLow, hops)) {
                return e;
            }
        }
        return null;
    }

    void add(long high, long low, int hops, long nowNs) {
        Entry leaving = oldest;
        if (size >= MAX_ENTRIES && leaving != null) {
            remove(leaving);
        }
        Entry e = free;
        if (e == null) {
            e = new Entry();
            e.stamps = new long[stampCount];
        } else {
            free = e.older;
        }
        e.high = high & maskHigh;
        e.low = low & maskLow;
        e.hops = hops;
        e.stamps[0] = nowNs;
        e.count = 1;
        e.next = 1 % stampCount;
        size++;
        linkYoungest(e);
    }

    /** Another packet of it. */
    void touch(Entry e, int hops, long nowNs) {
        e.hops = hops;
        e.stamps[e.next++] = nowNs;
        e.count = Math.max(e.count, e.next);
        e.next %= stampCount;
        unlink(e);
        linkYoungest(e);
    }

    void remove(Entry e) {
        unlink(e);
        e.older = free;
        free = e;
        size--;
    }

    /**
     * The one longest without a packet goes, when its last one came before a time.
     *
     * @param kept not this one
     */
    void reap(long timeNs, @Nullable Entry kept) {
        Entry e = oldest;
        if (e != null && e != kept && e.lastNs() < timeNs) {
            remove(e);
        }
    }

    private void linkYoungest(Entry e) {
        e.younger = null;
        e.older = youngest;
        if (youngest != null) {
            youngest.younger = e;
        } else {
            oldest = e;
        }
        youngest = e;
    }

    private void unlink(Entry e) {
        if (e.younger != null) {
            e.younger.older = e.older;
        } else {
            youngest = e.older;
        }
        if (e.older != null) {
            e.older.younger = e.younger;
        } else {
            oldest = e.younger;
        }
        e.younger = e.older = null;
    }
}
