package dev.doorbell.kernel.skb;

import org.jspecify.annotations.Nullable;

/** A list of SkBuffs linked through themselves, sk_buff_head. A buffer is on at most one queue. */
public final class SkbQueue {
    private @Nullable SkBuff first;
    private @Nullable SkBuff last;
    private int length;

    /** Buffers on the queue. */
    public int length() {
        return length;
    }

    public boolean isEmpty() {
        return first == null;
    }

    /** The first buffer, which stays; walk on with {@link SkBuff#next}. */
    public @Nullable SkBuff peek() {
        return first;
    }

    public @Nullable SkBuff peekTail() {
        return last;
    }

    public void addTail(SkBuff skb) {
        insert(skb, last, null);
    }

    public void addHead(SkBuff skb) {
        insert(skb, null, first);
    }

    public void addAfter(SkBuff there, SkBuff skb) {
        insert(skb, there, there.next);
    }

    public void addBefore(SkBuff there, SkBuff skb) {
        insert(skb, there.previous, there);
    }

    /** Takes the first buffer off. */
    public @Nullable SkBuff poll() {
        SkBuff skb = first;
        if (skb != null) {
            unlink(skb);
        }
        return skb;
    }

    /** Takes the last buffer off. */
    public @Nullable SkBuff pollTail() {
        SkBuff skb = last;
        if (skb != null) {
            unlink(skb);
        }
        return skb;
    }

    /** Takes a buffer of this queue off it. */
    public void unlink(SkBuff skb) {
        SkBuff before = skb.previous;
        SkBuff after = skb.next;
        if (before == null) {
            first = after;
        } else {
            before.next = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.previous = before;
        }
        skb.next = null;
        skb.previous = null;
        length--;
    }

    /** Moves everything to the end of {@code target}. */
    public void moveTo(SkbQueue target) {
        for (SkBuff skb = poll(); skb != null; skb = poll()) {
            target.addTail(skb);
        }
    }

    /** Frees everything. */
    public void purge() {
        for (SkBuff skb = poll(); skb != null; skb = poll()) {
            skb.free();
        }
    }

    /** Drops everything for {@code reason}. */
    public void purge(DropReason reason) {
        for (SkBuff skb = poll(); skb != null; skb = poll()) {
            skb.drop(reason);
        }
    }

    private void insert(SkBuff skb, @Nullable SkBuff before, @Nullable SkBuff after) {
        skb.previous = before;
        skb.next = after;
        if (before == null) {
            first = skb;
        } else {
            before.next = skb;
        }
        if (after == null) {
            last = skb;
        } else {
            after.previous = skb;
        }
        length++;
    }
}
