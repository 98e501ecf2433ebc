package dev.doorbell.kernel.netdev;

import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbQueue;
import org.jspecify.annotations.Nullable;

/** First in, first out, up to a number of packets: tc-pfifo(8). With a limit of 0 nothing gets through. */
public final class Pfifo implements Qdisc {
    private final SkbQueue queue = new SkbQueue();
    private final int limit;

    /** @param limit most packets waiting */
    public Pfifo(int limit) {
        this.limit = limit;
    }

    @Override
    public boolean enqueue(SkBuff skb) {
        if (queue.length() >= limit) {
            return false;
        }
        queue.addTail(skb);
        return true;
    }

    @Override
    public boolean canBypass() {
        return limit > 0;
    }

    @Override
    public @Nullable SkBuff dequeue() {
        return queue.poll();
    }

    @Override
    public int length() {
        return queue.length();
    }

    @Override
    public void reset() {
        queue.purge(DropReason.QDISC_PURGED);
    }
}
