package dev.doorbell.kernel.netdev;

import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;

/** The transmit queue of a device, netdev_queue: qdisc, stop and wake, byte queue limits, watchdog. */
public final class TxQueue {
    private final NetDevice dev;
    private final Bql bql = new Bql();
    private boolean stopped = true;
    private boolean more;

    TxQueue(NetDevice dev) {
        this.dev = dev;
    }

    void attachQdisc() {}

    void activate() {}

    void deactivate() {}

    void restartWatchdog() {}

    int xmit(SkBuff skb) {
        if (stopped || dev.ops().ndoStartXmit(skb, dev) == NetdevTx.BUSY) {
            skb.drop(DropReason.NETDEV_TX_BUSY);
            return 1;
        }
        return 0;
    }

    void start() {
        stopped = false;
    }

    void stop() {
        stopped = true;
    }

    void wake() {
        stopped = false;
    }

    boolean isStopped() {
        return stopped;
    }

    boolean xmitMore() {
        return more;
    }

    void sent(int bytes) {
        bql.queued(bytes);
    }

    boolean sent(int bytes, boolean moreFollows) {
        sent(bytes);
        return !moreFollows || stopped;
    }

    void completed(int packets, int bytes) {
        if (packets != 0) {
            bql.completed(bytes, dev.net().kernel().nowNs());
        }
    }

    void resetBql() {
        bql.reset(dev.net().kernel().nowNs());
    }

    public Bql bql() {
        return bql;
    }
}
