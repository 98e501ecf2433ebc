package dev.doorbell.kernel.multicast;

import dev.doorbell.bus.wire.Ipv6Address;
import java.util.Arrays;

/**
 * Some source addresses of either family, each once, as two longs; in the order in which they were added. Immutable: it is
 * only made anew when a program or a router says something about a group.
 */
public final class SourceSet {
    public static final SourceSet EMPTY = new SourceSet(new long[0], new long[0]);

    private final long[] high, low;

    private SourceSet(long[] high, long[] low) {
        this.high = high;
        this.low = low;
    }

    public int size() {
        return low.length;
    }

    public boolean isEmpty() {
        return low.length == 0;
    }

    public long high(int index) {
        return high[index];
    }

    public long low(int index) {
        return low[index];
    }

    public boolean contains(long sourceHigh, long sourceLow) {
        for (int i = 0; i < low.length; i++) {
            if (low[i] == sourceLow && high[i] == sourceHigh) {
                return true;
            }
        }
        return false;
    }

    /** These and one more. */
    public SourceSet with(long sourceHigh, long sourceLow) {
        if (contains(sourceHigh, sourceLow)) {
            return this;
        }
        long[] newHigh = Arrays.copyOf(high, high.length + 1);
        long[] newLow = Arrays.copyOf(low, low.length + 1);
        newHigh[high.length] = sourceHigh;
        newLow[low.length] = sourceLow;
        return new SourceSet(newHigh, newLow);
    }

    /** These without one. */
    public SourceSet without(long sourceHigh, long sourceLow) {
        return minus(EMPTY.with(sourceHigh, sourceLow));
    }

    /** These and those. */
    public SourceSet plus(SourceSet others) {
        long[] newHigh = Arrays.copyOf(high, high.length + others.size());
        long[] newLow = Arrays.copyOf(low, low.length + others.size());
        int count = low.length;
        for (int i = 0; i < others.size(); i++) {
            if (!contains(others.high[i], others.low[i])) {
                newHigh[count] = others.high[i];
                newLow[count++] = others.low[i];
            }
        }
        return of(newHigh, newLow, count);
    }

    /** These that are not in {@code others}. */
    public SourceSet minus(SourceSet others) {
        return filtered(others, false);
    }

    /** These that are in {@code others} too. */
    public SourceSet and(SourceSet others) {
        return filtered(others, true);
    }

    private SourceSet filtered(SourceSet others, boolean common) {
        long[] newHigh = new long[high.length];
        long[] newLow = new long[low.length];
        int count = 0;
        for (int i = 0; i < low.length; i++) {
            if (others.contains(high[i], low[i]) == common) {
                newHigh[count] = high[i];
                newLow[count++] = low[i];
            }
        }
        return of(newHigh, newLow, count);
    }

    /** So many of these from {@code first} on. */
    public SourceSet part(int first, int count) {
        return new SourceSet(
                Arrays.copyOfRange(high, first, first + count), Arrays.copyOfRange(low, first, first + count));
    }

    private static SourceSet of(long[] high, long[] low, int count) {
        return count == 0 ? EMPTY : new SourceSet(Arrays.copyOf(high, count), Arrays.copyOf(low, count));
    }

    /** The same addresses, in whatever order. */
    @Override
    public boolean equals(Object other) {
        return other instanceof SourceSet set
                && set.size() == size()
                && minus(set).isEmpty();
    }

    @Override
    public int hashCode() {
        long hash = 0;
        for (int i = 0; i < low.length; i++) {
            hash += (high[i] * 31 + low[i]) * 0x9E37_79B9_7F4A_7C15L;
        }
        return Long.hashCode(hash);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("{");
        for (int i = 0; i < low.length; i++) {
            text.append(i == 0 ? "" : ", ").append(Ipv6Address.format(high[i], low[i]));
        }
        return text.append('}').toString();
    }
}
