package dev.doorbell.kernel.reassembly;

import dev.doorbell.kernel.skb.SkBuff;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The fragments of one datagram that have arrived: struct ipq. A map of eight-byte units says which are there, so a
 * fragment costs the same however many there are. Pooled by {@link Reassembler}.
 */
public final class FragmentQueue {
    /** What became of a fragment. */
    enum Result {
        STORED,
        /** All of it was there already. */
        DUPLICATE,
        /** Part of it was there already, or lengths disagree: the datagram is spoilt. */
        CONFLICT
    }

    private static final int UNITS = 65_536 / 8;

    long sourceHigh, sourceLow, destinationHigh, destinationLow;
    int protocol, identification;
    long expiresNs;
    int memoryBytes;
    /** Links: hash bucket; list by age. */
    @Nullable
    FragmentQueue nextInBucket;

    @Nullable
    FragmentQueue older, newer;

    private final long[] present = new long[UNITS / Long.SIZE];
    private @Nullable SkBuff first;
    private @Nullable SkBuff last;
    private boolean inOrder;
    private int unitsPresent;
    /** Payload bytes of the whole datagram; -1 until the last fragment came. */
    private int totalBytes;
    /** End of the fragment that reaches furthest. */
    private int highestEnd;

    void begin(
            long sourceHigh,
            long sourceLow,
            long destinationHigh,
            long destinationLow,
            int protocol,
            int identification,
            long expiresNs) {
        this.sourceHigh = sourceHigh;
        this.sourceLow = sourceLow;
        this.destinationHigh = destinationHigh;
        this.destinationLow = destinationLow;
        this.protocol = protocol;
        this.identification = identification;
        this.expiresNs = expiresNs;
        memoryBytes = 0;
        first = null;
        last = null;
        inOrder = true;
        unitsPresent = 0;
        totalBytes = -1;
        highestEnd = 0;
        Arrays.fill(present, 0);
    }

    boolean matches(long srcHigh, long srcLow, long dstHigh, long dstLow, int proto, int id) {
        return identification == id
                && sourceLow == srcLow
                && sourceHigh == srcHigh
                && destinationLow == dstLow
                && destinationHigh == dstHigh
                && protocol == proto;
    }

    /**
     * Takes a fragment in; on STORED {@code skb} belongs to the queue.
     *
     * @param offset of its payload, a multiple of 8
     * @param bytes of payload, more than 0; a multiple of 8 unless it is the final one
     */
    Result add(SkBuff skb, int offset, int bytes, boolean moreFragments) {
        int end = offset + bytes;
        int from = offset >>> 3;
        int to = end + 7 >>> 3;
        int there = countPresent(from, to);
        boolean endFits = moreFragments
                ? totalBytes < 0 || end <= totalBytes
                : totalBytes < 0 ? end >= highestEnd : end == totalBytes;
        if (!endFits) {
            return Result.CONFLICT;
        }
        if (there == to - from) {
            return Result.DUPLICATE;
        }
        if (there != 0) {
            return Result.CONFLICT;
        }
        if (!moreFragments) {
            totalBytes = end;
        }
        highestEnd = Math.max(highestEnd, end);
        mark(from, to);
        unitsPresent += to - from;
        append(skb, offset);
        return Result.STORED;
    }

    private void append(SkBuff skb, int offset) {
        skb.cbCount = offset;
        skb.next = null;
        if (last == null) {
            first = skb;
        } else {
            inOrder &= last.cbCount < offset;
            last.next = skb;
        }
        last = skb;
    }

    boolean isComplete() {
        return totalBytes >= 0 && unitsPresent == totalBytes + 7 >>> 3;
    }

    /** Payload bytes of the whole datagram; below 0 until the last fragment came. */
    public int totalBytes() {
        return totalBytes;
    }

    /** Hands out all fragments, linked by {@code next}, in order of offset. */
    @Nullable
    public SkBuff takeSorted() {
        SkBuff sorted = inOrder || first == null ? first : sort(first);
        first = null;
        last = null;
        return sorted;
    }

    /** The fragment with the transport header, when it has come. Stays here. */
    @Nullable
    SkBuff firstFragment() {
        for (SkBuff skb = first; skb != null; skb = skb.next) {
            if (skb.cbCount == 0) {
                return skb;
            }
        }
        return null;
    }

    /** Merge sort of the list by offset: no memory, and never quadratic however hostile the order. */
    private static SkBuff sort(SkBuff list) {
        SkBuff middle = list;
        for (SkBuff fast = list.next; fast != null && fast.next != null; fast = fast.next.next) {
            middle = middle.next == null ? middle : middle.next;
        }
        SkBuff second = middle.next;
        if (second == null) {
            return list;
        }
        middle.next = null;
        return merge(sort(list), sort(second));
    }

    private static SkBuff merge(SkBuff one, SkBuff two) {
        SkBuff a = one;
        SkBuff b = two;
        SkBuff head = a.cbCount <= b.cbCount ? a : b;
        SkBuff tail = null;
        while (a != null && b != null) {
            SkBuff lower;
            if (a.cbCount <= b.cbCount) {
                lower = a;
                a = a.next;
            } else {
                lower = b;
                b = b.next;
            }
            if (tail != null) {
                tail.next = lower;
            }
            tail = lower;
        }
        if (tail != null) {
            tail.next = a != null ? a : b;
        }
        return head;
    }

    private int countPresent(int from, int to) {
        int count = 0;
        for (int word = from >>> 6; word << 6 < to; word++) {
            count += Long.bitCount(present[word] & maskOf(word, from, to));
        }
        return count;
    }

    private void mark(int from, int to) {
        for (int word = from >>> 6; word << 6 < to; word++) {
            present[word] |= maskOf(word, from, to);
        }
    }

    /** The bits of one word of the map that lie in [from, to). */
    private static long maskOf(int word, int from, int to) {
        int base = word << 6;
        long mask = -1L;
        if (from > base) {
            mask &= -1L << from - base;
        }
        if (to < base + Long.SIZE) {
            mask &= (1L << to - base) - 1;
        }
        return mask;
    }
}
