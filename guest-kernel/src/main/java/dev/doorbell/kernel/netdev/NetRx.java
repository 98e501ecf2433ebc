package dev.doorbell.kernel.netdev;

import dev.doorbell.bus.time.Clock;
import dev.doorbell.kernel.irq.Softirq;
import dev.doorbell.kernel.irq.Softirqs;
import org.jspecify.annotations.Nullable;

/** The NET_RX softirq: polls the scheduled NAPIs in turn, at most {@link #BUDGET} packets per run, net_rx_action. */
final class NetRx {
    /** net.core.netdev_budget. */
    static final int BUDGET = 300;
    /** net.core.netdev_budget_usecs. */
    static final long TIME_LIMIT_NS = 2_000_000;

    private final Softirqs softirqs;
    private final Clock clock;
    private @Nullable Napi first;
    private @Nullable Napi last;
    private long squeezed;

    NetRx(Softirqs softirqs, Clock clock) {
        this.softirqs = softirqs;
        this.clock = clock;
        softirqs.open(Softirq.NET_RX, this::action);
    }

    void add(Napi napi) {
        append(napi);
        softirqs.raise(Softirq.NET_RX);
    }

    void remove(Napi gone) {
        Napi before = null;
        Napi napi = first;
        while (napi != null && napi != gone) {
            before = napi;
            napi = napi.next;
        }
        if (napi == null) {
            return;
        }
        if (before == null) {
            first = gone.next;
        } else {
            before.next = gone.next;
        }
        if (last == gone) {
            last = before;
        }
        gone.next = null;
    }

    /** time_squeeze of /proc/net/softnet_stat: runs that ended with work left. */
    long squeezed() {
        return squeezed;
    }

    private void append(Napi napi) {
        napi.next = null;
        if (last == null) {
            first = napi;
        } else {
            last.next = napi;
        }
        last = napi;
    }

    private void action() {
        long limitNs = clock.nowNs() + TIME_LIMIT_NS;
        int budget = BUDGET;
        while (first != null) {
            Napi napi = first;
            remove(napi);
            int weight = napi.weight();
            int work = napi.runPoll(weight);
            if (work > weight) {
                throw new IllegalStateException("NAPI of " + napi.name() + ": poll did " + work + " of " + weight);
            }
            budget -= Math.max(work, 1);
            if (napi.isScheduled()) {
                if (work >= weight) {
                    napi.gro().flushOlderThan(clock.nowNs());
                }
                append(napi);
            }
            if (budget <= 0 || clock.nowNs() >= limitNs) {
                break;
            }
        }
        if (first != null) {
            squeezed++;
            softirqs.raise(Softirq.NET_RX);
        }
    }
}
