package dev.doorbell.kernel.netdev;

import dev.doorbell.kernel.irq.Softirq;
import dev.doorbell.kernel.irq.Softirqs;
import org.jspecify.annotations.Nullable;

/** The NET_TX softirq: restarts queues that were woken or had more than one run's worth of packets. */
final class NetTx {
    private final Softirqs softirqs;
    private @Nullable TxQueue first;
    private @Nullable TxQueue last;

    NetTx(Softirqs softirqs) {
        this.softirqs = softirqs;
        softirqs.open(Softirq.NET_TX, this::action);
    }

    /** __netif_schedule: the queue's qdisc runs soon. */
    void schedule(TxQueue queue) {
        if (queue.scheduled) {
            return;
        }
        queue.scheduled = true;
        queue.nextScheduled = null;
        if (last == null) {
            first = queue;
        } else {
            last.nextScheduled = queue;
        }
        last = queue;
        softirqs.raise(Softirq.NET_TX);
    }

    /** What a queue schedules while it runs waits for the next softirq. */
    private void action() {
        TxQueue queue = first;
        first = null;
        last = null;
        while (queue != null) {
            TxQueue following = queue.nextScheduled;
            queue.nextScheduled = null;
            queue.scheduled = false;
            queue.run();
            queue = following;
        }
    }
}
