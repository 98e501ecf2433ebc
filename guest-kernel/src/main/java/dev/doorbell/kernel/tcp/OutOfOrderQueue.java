package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/**
 * Data ahead of a hole, in sequence order, without overlaps of more than parts. A sorted array, searched by halves: what
 * an attacker sends in the worst order costs a few comparisons and one move of references per segment. It is made with
 * the first segment and grows by doubling; its length is bounded by the receive buffer.
 */
final class OutOfOrderQueue {
    private static final int INITIAL = 16;
    private static final @Nullable SkBuff[] NONE = {};

    private @Nullable SkBuff[] sorted = NONE;
    private int start, count;

    boolean isEmpty() {
        return count == 0;
    }

    int count() {
        return count;
    }

    /** The {@code index}-th in sequence order, from 0. */
    SkBuff get(int index) {
        SkBuff skb = sorted[start + index];
        if (skb == null) {
            throw new IllegalStateException("out-of-order entry " + index + " of " + count + " is empty");
        }
        return skb;
    }

    @Nullable
    SkBuff first() {
        return count == 0 ? null : get(0);
    }

    @Nullable
    SkBuff last() {
        return count == 0 ? null : get(count - 1);
    }

    /** Index of the last one that begins at or before {@code seq}; -1: it belongs in front of all. */
    int floor(int seq) {
        int low = 0;
        int high = count - 1;
        if (high >= 0 && Seq.leq(get(high).cbSeq, seq)) {
            return high; // where new data usually belongs
        }
        while (low <= high) {
            int middle = low + high >>> 1;
            if (Seq.leq(get(middle).cbSeq, seq)) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }

    /** Inserts so that it becomes the {@code index}-th. */
    void insert(int index, SkBuff skb) {
        if (start > 0 && index < count / 2) {
            start--;
            System.arraycopy(sorted, start + 1, sorted, start, index);
        } else {
            makeRoomBehind();
            System.arraycopy(sorted, start + index, sorted, start + index + 1, count - index);
        }
        sorted[start + index] = skb;
        count++;
    }

    private void makeRoomBehind() {
        if (start + count < sorted.length) {
            return;
        }
        @Nullable SkBuff[] target = sorted;
        if (count > sorted.length / 2) {
            target = new SkBuff[sorted.length * 2];
        } else if (sorted.length == 0) {
            target = new SkBuff[INITIAL];
        }
        System.arraycopy(sorted, start, target, 0, count);
        for (int i = count; target == sorted && i < start + count; i++) {
            target[i] = null;
        }
        sorted = target;
        start = 0;
    }

    /** Takes one out; it is the caller's. */
    SkBuff remove(int index) {
        SkBuff skb = get(index);
        if (index < count / 2) {
            System.arraycopy(sorted, start, sorted, start + 1, index);
            sorted[start] = null;
            start++;
        } else {
            System.arraycopy(sorted, start + index + 1, sorted, start + index, count - index - 1);
            sorted[start + count - 1] = null;
        }
        count--;
        if (count == 0) {
            start = 0;
        }
        return skb;
    }

    void clear() {
        for (int i = 0; i < count; i++) {
            get(i).free();
            sorted[start + i] = null;
        }
        count = 0;
        start = 0;
        if (sorted.length > INITIAL) {
            sorted = NONE;
        }
    }
}
