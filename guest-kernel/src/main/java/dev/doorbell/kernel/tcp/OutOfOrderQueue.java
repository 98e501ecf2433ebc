package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/**
 * Data ahead of a hole, in sequence order, without overlaps of more than parts: doubly linked, searched from the end,
 * where new data usually belongs.
 */
final class OutOfOrderQueue {
    @Nullable
    SkBuff head;

    @Nullable
    SkBuff tail;

    private int count;

    boolean isEmpty() {
        return head == null;
    }

    int count() {
        return count;
    }

    /** The last buffer that begins at or before {@code seq}; null: it belongs in front of all. */
    @Nullable
    SkBuff floor(int seq) {
        SkBuff at = tail;
        while (at != null && Seq.gt(at.cbSeq, seq)) {
            at = at.previous;
        }
        return at;
    }

    /** Inserts behind {@code before}, null: in front. */
    void insertAfter(@Nullable SkBuff before, SkBuff skb) {
        SkBuff after = before == null ? head : before.next;
        skb.previous = before;
        skb.next = after;
        if (before == null) {
            head = skb;
        } else {
            before.next = skb;
        }
        if (after == null) {
            tail = skb;
        } else {
            after.previous = skb;
        }
        count++;
    }

    /** Takes it out; it is the caller's. */
    void remove(SkBuff skb) {
        if (skb.previous == null) {
            head = skb.next;
        } else {
            skb.previous.next = skb.next;
        }
        if (skb.next == null) {
            tail = skb.previous;
        } else {
            skb.next.previous = skb.previous;
        }
        skb.next = skb.previous = null;
        count--;
    }

    void clear() {
        while (head != null) {
            SkBuff skb = head;
            remove(skb);
            skb.free();
        }
    }
}
