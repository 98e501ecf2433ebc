package dev.doorbell.kernel.netdev;

import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbQueue;
import org.jspecify.annotations.Nullable;

/**
 * First in, first out, up to a number of packets: tc-pfifo(8). With a limit of 0 nothing gets through. In place of tc-fq(8)
 * it has TCP pace itself, which is what that is used for; the flows share one queue all the same.
 */
public final class Pfifo implements Qdisc {
    private final SkbQueue queue = new SkbQueue();
    private final int limit;
    private final boolean paced;

    /** @param limit most packets waiting */
    public Pfifo(int limit) {
        this(limit, false);
    }

    /**
     * The same, or what stands for tc-fq(8).
     *
     * @param paced whether TCP paces what goes out here
     */
    public Pfifo(int limit, boolean paced) {
        this.limit = limit;
        this.paced = paced;
    }

    @Override
    public boolean asksForPacing() {
        return paced;
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
