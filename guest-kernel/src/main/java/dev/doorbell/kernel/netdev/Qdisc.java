package dev.doorbell.kernel.netdev;

import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** A queueing discipline: decides which packet goes next. */
public interface Qdisc {
    /** Whether TCP is to spread what it sends over the round trip: tc-fq(8). */
    default boolean asksForPacing() {
        return false;
    }

    /** Takes over {@code skb}. @return false when it is full: {@code skb} is still the caller's */
    boolean enqueue(SkBuff skb);

    /** TCQ_F_CAN_BYPASS: while it is empty, a packet may go to the driver without passing through it. */
    default boolean canBypass() {
        return true;
    }

    /** The next packet, or null. */
    @Nullable
    SkBuff dequeue();

    /** Packets waiting. */
    int length();

    /** Drops everything. */
    void reset();
}
