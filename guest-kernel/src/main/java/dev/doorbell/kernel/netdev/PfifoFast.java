package dev.doorbell.kernel.netdev;

import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbQueue;
import org.jspecify.annotations.Nullable;

/** Linux's default queueing discipline: three first-in first-out bands, a lower one always first. */
final class PfifoFast implements Qdisc {
    private static final int BANDS = 3;
    /** Band by TC_PRIO of the packet, tc-pfifo_fast(8). */
    private static final byte[] PRIO_TO_BAND = {1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};

    private final NetDevice dev;
    private final SkbQueue[] band = new SkbQueue[BANDS];
    private int length;

    /** Each band holds as many packets as the device's txQueueLen. */
    PfifoFast(NetDevice dev) {
        this.dev = dev;
        for (int i = 0; i < BANDS; i++) {
            band[i] = new SkbQueue();
        }
    }

    @Override
    public boolean enqueue(SkBuff skb) {
        SkbQueue queue = band[PRIO_TO_BAND[skb.priority & 0xF]];
        if (queue.length() >= dev.txQueueLen) {
            return false;
        }
        queue.addTail(skb);
        length++;
        return true;
    }

    @Override
    public @Nullable SkBuff dequeue() {
        if (length == 0) {
            return null;
        }
        SkBuff skb = band[0].poll();
        if (skb == null) {
            skb = band[1].poll();
        }
        if (skb == null) {
            skb = band[2].poll();
        }
        length--;
        return skb;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public void reset() {
        for (SkbQueue queue : band) {
            queue.purge(DropReason.QDISC_PURGED);
        }
        length = 0;
    }
}
