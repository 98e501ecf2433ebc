package dev.doorbell.kernel.netdev;

import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** A queueing discipline: decides which packet goes next. */
public interface Qdisc {
    /** Takes over {@code skb}. @return false when it is full: {@code skb} is still the caller's */
    boolean enqueue(SkBuff skb);

    /** The next packet, or null. */
    @Nullable
    SkBuff dequeue();

    /** Packets waiting. */
    int length();

    /** Drops everything. */
    void reset();
}
