package dev.doorbell.kernel.netdev;

import dev.doorbell.bus.time.World;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.probe.KernelProbe;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.time.Jiffies;
import dev.doorbell.kernel.time.KernelTimer;
import org.jspecify.annotations.Nullable;

/**
 * The transmit queue of a device, netdev_queue with its qdisc: queueing, bulk dequeue, stop and wake, byte queue limits
 * and the watchdog. Sending is never nested: a packet that is sent from within the driver waits for the outer run.
 */
public final class TxQueue {
    /** NET_XMIT_DROP, NET_XMIT_CN: results of {@link NetDevice#devQueueXmit}. */
    public static final int NET_XMIT_DROP = 1, NET_XMIT_CN = 2;
    /** net.core.dev_weight: packets per qdisc run. */
    private static final int QUOTA = 64;

    private static final long STALL_NS = 10_000_000;
    /** How deep stacked devices without a queue may nest, XMIT_RECURSION_LIMIT. */
    private static final int RECURSION_LIMIT = 8;

    private final NetDevice dev;
    private final NetCore net;
    private final Bql bql = new Bql();
    private final KernelTimer watchdog;
    private final KernelTimer retry;
    private final @Nullable KernelProbe probe;
    private final Runnable stall = this::stall;
    private @Nullable Qdisc qdisc;
    /** Packets that the driver did not take, linked by next: they go first. */
    private @Nullable SkBuff requeued;

    private boolean driverStopped;
    private boolean bqlStopped;
    private boolean active;
    private boolean running;
    private boolean more;
    private int depth;
    private int batch;
    private long transStartNs;
    private long timeouts;

    /** Belong to {@link NetTx}. */
    boolean scheduled;

    @Nullable
    TxQueue nextScheduled;

    TxQueue(NetDevice dev, NetCore net) {
        this.dev = dev;
        this.net = net;
        this.probe = net.kernel().probe();
        this.watchdog = new KernelTimer(net.kernel(), dev.name() + " tx watchdog", this::bark);
        this.retry = new KernelTimer(net.kernel(), dev.name() + " tx retry", this::run);
    }

    /**
     * net_xmit_errno.
     *
     * @param result of {@link NetDevice#devQueueXmit}
     * @return what a sender is told of it: 0 or a negated errno
     */
    public static int netXmitErrno(int result) {
        return result == NET_XMIT_CN ? 0 : result > 0 ? Errno.ENOBUFS.negated() : result;
    }

    // ---- set-up

    /** Chooses the qdisc: none for devices with a txQueueLen of 0. */
    void attachQdisc() {
        if (qdisc == null && dev.txQueueLen > 0) {
            qdisc = new PfifoFast(dev);
        }
    }

    /** Whether the qdisc wants TCP to pace itself. */
    public boolean asksForPacing() {
        Qdisc queue = qdisc;
        return queue != null && queue.asksForPacing();
    }

    /** Back to the device's own qdisc: tc qdisc del ... root. */
    public void setDefaultQdisc() {
        setQdisc(dev.txQueueLen > 0 ? new PfifoFast(dev) : null);
    }

    /** Replaces the qdisc; what waits in the old one is dropped. Null: noqueue. */
    public void setQdisc(@Nullable Qdisc replacement) {
        Qdisc old = qdisc;
        if (old != null) {
            old.reset();
        }
        qdisc = replacement;
    }

    void activate() {
        active = true;
        transStartNs = net.kernel().nowNs();
    }

    void deactivate() {
        active = false;
        purge();
        watchdog.delTimer();
        retry.delTimer();
    }

    /** The carrier is gone: what waits would only grow stale. */
    void purge() {
        Qdisc queue = qdisc;
        if (queue != null) {
            queue.reset();
        }
        SkBuff skb = requeued;
        requeued = null;
        while (skb != null) {
            SkBuff following = skb.next;
            skb.next = null;
            skb.drop(DropReason.QDISC_PURGED);
            skb = following;
        }
    }

    // ---- sending

    /** __dev_queue_xmit: takes over {@code skb}. @return 0, NET_XMIT_* or a negated errno */
    int xmit(SkBuff skb) {
        if (!active) {
            return drop(skb, DropReason.DEV_DOWN, -Errno.ENETDOWN.number());
        }
        if (!dev.netifCarrierOk()) {
            return drop(skb, DropReason.DEV_NO_CARRIER, NET_XMIT_CN);
        }
        Qdisc queue = qdisc;
        if (queue == null) {
            return xmitDirect(skb);
        }
        if (!running && requeued == null && queue.length() == 0 && queue.canBypass() && !isXmitStopped()) {
            return xmitBypass(skb);
        }
        if (!queue.enqueue(skb)) {
            return drop(skb, DropReason.QDISC_DROP, NET_XMIT_DROP);
        }
        run();
        return 0;
    }

    /** TCQ_F_CAN_BYPASS: the queue is empty, so the packet need not pass through it. */
    private int xmitBypass(SkBuff skb) {
        SkBuff list = net.validator().validate(skb, dev);
        if (list == null) {
            return NET_XMIT_DROP;
        }
        running = true;
        try {
            startXmit(list);
        } finally {
            running = false;
        }
        if (hasWaiting()) {
            run();
        }
        return 0;
    }

    /** noqueue: software devices. */
    private int xmitDirect(SkBuff skb) {
        if (depth >= RECURSION_LIMIT) {
            return drop(skb, DropReason.RECURSION_LIMIT, -Errno.ENETDOWN.number());
        }
        SkBuff list = net.validator().validate(skb, dev);
        if (list == null) {
            return NET_XMIT_DROP;
        }
        depth++;
        try {
            if (startXmit(list)) {
                return 0;
            }
        } finally {
            depth--;
        }
        SkBuff refused = requeued;
        requeued = null;
        while (refused != null) {
            SkBuff following = refused.next;
            refused.next = null;
            drop(refused, DropReason.NETDEV_TX_BUSY, 0);
            refused = following;
        }
        return -Errno.ENETDOWN.number();
    }

    /** __qdisc_run: sends until the queue is empty, the device stops, or the quota is used up. */
    void run() {
        if (running || !active) {
            return;
        }
        running = true;
        int quota = QUOTA;
        try {
            while (quota > 0) {
                SkBuff list = dequeue();
                if (list == null) {
                    return;
                }
                quota -= batch;
                if (!startXmit(list)) {
                    return;
                }
            }
        } finally {
            running = false;
        }
        if (hasWaiting()) {
            net.netTx().schedule(this);
        }
    }

    /** As many packets as byte limits allow, validated, linked by next; null: nothing to send now. */
    private @Nullable SkBuff dequeue() {
        Qdisc queue = qdisc;
        if (queue == null || isXmitStopped()) {
            return null;
        }
        batch = 1;
        SkBuff list = requeued;
        if (list != null) {
            requeued = null;
            return list;
        }
        SkBuff last = null;
        long limit = bql.available();
        for (SkBuff skb = queue.dequeue(); skb != null; skb = limit > 0 ? queue.dequeue() : null) {
            limit -= skb.length();
            SkBuff ready = net.validator().validate(skb, dev);
            if (ready == null) {
                continue;
            }
            if (last == null) {
                list = ready;
            } else {
                last.next = ready;
                batch++;
            }
            last = ready;
            while (last.next != null) {
                last = last.next;
            }
        }
        return list;
    }

    /** dev_hard_start_xmit. @return false when something was left over: it waits in {@link #requeued} */
    private boolean startXmit(SkBuff list) {
        SkBuff skb = list;
        while (skb != null) {
            SkBuff following = skb.next;
            skb.next = null;
            if (net.handlers().hasTaps()) {
                net.handlers().tap(skb, dev, true);
            }
            more = following != null;
            if (net.kernel().tracer().isOn()) {
                net.kernel().tracer().event(dev.name(), "ndo_start_xmit", NetCore.describe(skb));
            }
            if (hand(skb) == NetdevTx.BUSY) {
                more = false;
                skb.next = following;
                requeued = skb;
                if (!isXmitStopped() && qdisc != null) {
                    // Nothing will wake the queue; trying again at once would spin in virtual time.
                    retry.modTimerAfter(Jiffies.NS_PER_JIFFY);
                }
                return false;
            }
            transStartNs = net.kernel().nowNs();
            skb = following;
            if (skb != null && isXmitStopped()) {
                more = false;
                requeued = skb;
                return false;
            }
        }
        more = false;
        return true;
    }

    private NetdevTx hand(SkBuff skb) {
        if (probe == null) {
            return dev.ops().ndoStartXmit(skb, dev);
        }
        probe.xmitBegins(skb, dev.name());
        NetdevTx result = dev.ops().ndoStartXmit(skb, dev);
        probe.xmitEnds(skb, dev.name(), result == NetdevTx.BUSY);
        return result;
    }

    /** Another processor has this long before we go on: the card can send a whole ring. */
    private void stall() {
        World world = net.kernel().world();
        if (!net.kernel().cpu().inAtomic() && (world.threads().current() != null || !world.isInsideEvent())) {
            net.kernel().sleep(STALL_NS, "stalled processor");
        }
    }

    /** Bytes handed to the hardware and not completed. */
    long inFlight() {
        return bql.inFlight();
    }

    private int drop(SkBuff skb, DropReason reason, int result) {
        dev.stats.txDropped++;
        skb.drop(reason);
        return result;
    }

    private boolean hasWaiting() {
        Qdisc queue = qdisc;
        return requeued != null || queue != null && queue.length() != 0;
    }

    /** Packets in the qdisc; those the driver gave back are not counted. */
    public int waiting() {
        Qdisc queue = qdisc;
        return queue == null ? 0 : queue.length();
    }

    boolean xmitMore() {
        if (probe != null) {
            probe.doorbellWanted(dev.name(), !more);
        }
        return more;
    }

    // ---- stop and wake

    void start() {
        if (probe != null) {
            probe.queueStarts(dev.name());
        }
        driverStopped = false;
    }

    void stop() {
        if (probe != null) {
            probe.queueStops(dev.name(), stall);
        }
        driverStopped = true;
        if (probe != null) {
            probe.queueStopped(dev.name());
        }
        armWatchdog();
    }

    void wake() {
        if (probe != null) {
            probe.queueStarts(dev.name());
        }
        if (driverStopped) {
            driverStopped = false;
            net.netTx().schedule(this);
        }
    }

    boolean isStopped() {
        return driverStopped;
    }

    /** netif_xmit_stopped: by the driver or by byte limits. */
    boolean isXmitStopped() {
        return driverStopped || bqlStopped;
    }

    void sent(int bytes) {
        if (probe != null) {
            probe.queueSent(dev.name(), bytes, bql.inFlight());
        }
        bql.queued(bytes);
        if (bql.available() < 0) {
            bqlStopped = true;
            armWatchdog();
        }
    }

    boolean sent(int bytes, boolean moreFollows) {
        sent(bytes);
        boolean doorbell = !moreFollows || isXmitStopped();
        if (probe != null) {
            probe.doorbellWanted(dev.name(), doorbell);
        }
        return doorbell;
    }

    void completed(int packets, int bytes) {
        if (probe != null) {
            probe.queueCompleted(dev.name(), packets, bytes, bql.inFlight());
        }
        if (bytes == 0 || packets == 0) {
            return;
        }
        bql.completed(bytes, net.kernel().nowNs());
        if (bqlStopped && bql.available() >= 0) {
            bqlStopped = false;
            net.netTx().schedule(this);
        }
    }

    void resetBql() {
        if (probe != null) {
            probe.queueReset(dev.name(), bql.inFlight());
        }
        bqlStopped = false;
        bql.reset(net.kernel().nowNs());
    }

    public Bql bql() {
        return bql;
    }

    // ---- watchdog

    /** How often the watchdog has barked. */
    public long timeouts() {
        return timeouts;
    }

    void restartWatchdog() {
        transStartNs = net.kernel().nowNs();
        if (isXmitStopped()) {
            armWatchdog();
        }
    }

    /** Runs only while the queue stands still, and is left to expire when it is woken: stopping must stay cheap. */
    private void armWatchdog() {
        if (active && !watchdog.isPending()) {
            watchdog.modTimer(transStartNs + dev.watchdogTimeoNs);
        }
    }

    /** dev_watchdog. */
    private void bark() {
        if (!active || !isXmitStopped() || !dev.netifDevicePresent() || !dev.netifCarrierOk()) {
            return;
        }
        long nowNs = net.kernel().nowNs();
        if (nowNs - transStartNs < dev.watchdogTimeoNs) {
            watchdog.modTimer(transStartNs + dev.watchdogTimeoNs);
            return;
        }
        timeouts++;
        if (net.kernel().tracer().isOn()) {
            net.kernel().tracer().event(dev.name(), "tx.timeout", "queue stopped since " + transStartNs + " ns");
        }
        watchdog.modTimer(nowNs + dev.watchdogTimeoNs);
        dev.ops().ndoTxTimeout();
    }
}
