package dev.doorbell.kernel.netdev;

import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.probe.KernelProbe;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/**
 * A source of received packets that is polled once its interrupt has announced work, napi_struct. The interrupt handler
 * masks and schedules; the poll function, in softirq context, handles at most its budget and unmasks when done.
 */
public final class Napi {
    /** NAPI_POLL_WEIGHT: packets per poll. */
    public static final int NAPI_POLL_WEIGHT = 64;

    /** A driver's poll function. */
    @FunctionalInterface
    public interface Poll {
        /**
         * Handles at most {@code budget} packets; less than the budget only after {@link Napi#completeDone}.
         *
         * @return handled
         */
        int poll(int budget);
    }

    private final String name;
    private final NetRx netRx;
    private final Poll poll;
    private final int weight;
    private final Gro gro;
    private final Tracer tracer;
    private final KernelContext kernel;
    private final @Nullable KernelProbe probe;
    private boolean scheduled;
    private boolean missed;
    private boolean enabled;
    private boolean polling;
    private long polls;
    /** Poll list linkage; belongs to {@link NetRx}. */
    @Nullable
    Napi next;

    Napi(String name, NetCore net, Poll poll, int weight) {
        this.name = name;
        this.netRx = net.netRx();
        this.poll = poll;
        this.weight = weight;
        this.gro = new Gro(net);
        this.kernel = net.kernel();
        this.tracer = kernel.tracer();
        this.probe = kernel.probe();
    }

    /** Of the device it belongs to. */
    public String name() {
        return name;
    }

    public int weight() {
        return weight;
    }

    /** Linux's napi_schedule. From any context. @return false when it was scheduled already, or is disabled */
    public boolean schedule() {
        if (probe != null) {
            noteScheduled(false);
        }
        return add();
    }

    /** napi_schedule_irqoff: cheaper, for callers that have hard interrupts off, as a hard interrupt handler has. */
    public boolean scheduleIrqoff() {
        if (probe != null) {
            noteScheduled(true);
        }
        return add();
    }

    private void noteScheduled(boolean wantsIrqsOff) {
        KernelProbe watcher = probe;
        if (watcher != null) {
            watcher.napiScheduled(
                    this, name, enabled, wantsIrqsOff, kernel.cpu().irqsDisabled());
        }
    }

    private boolean add() {
        if (!enabled) {
            return false;
        }
        if (scheduled) {
            missed |= polling;
            return false;
        }
        scheduled = true;
        netRx.add(this);
        return true;
    }

    /** napi_schedule_prep: true when a schedule now would put it on the list. */
    public boolean schedulePrep() {
        return enabled && !scheduled;
    }

    /** Lets it be scheduled; before the driver unmasks its interrupt. Task context; once, until it is disabled. */
    public void enable() {
        if (probe != null) {
            probe.napiEnabled(this, name, enabled);
        }
        kernel.cpu().mightSleep("napi_enable");
        enabled = true;
    }

    /** Takes it off the poll list: after this, poll is not called any more. Task context; once, until it is enabled. */
    public void disable() {
        if (probe != null) {
            probe.napiDisabled(this, name, enabled);
        }
        kernel.cpu().mightSleep("napi_disable");
        enabled = false;
        missed = false;
        if (scheduled) {
            scheduled = false;
            netRx.remove(this);
        }
        gro.flush();
    }

    public boolean isEnabled() {
        return enabled;
    }

    public boolean isScheduled() {
        return scheduled;
    }

    /**
     * The poll function's last word when it did less than its budget.
     *
     * @return true: unmask the interrupt; false: something was scheduled meanwhile and it will be polled again
     */
    public boolean completeDone(int work) {
        if (probe != null) {
            probe.napiCompleted(this, name, work, scheduled);
        }
        gro.flush();
        if (missed) {
            missed = false;
            return false;
        }
        scheduled = false;
        return true;
    }

    /** Polls right now instead of waiting for the interrupt, as SO_BUSY_POLL. Task context. @return packets handled */
    public int busyPoll(int budget) {
        if (!enabled || scheduled) {
            return 0;
        }
        scheduled = true;
        int work = runPoll(Math.min(budget, weight));
        if (scheduled) {
            netRx.add(this);
        }
        return work;
    }

    /**
     * netpoll's way to a driver that cannot wait for its interrupt: a poll with a budget of 0, which completes what was sent
     * and leaves received packets alone. From any context.
     */
    public void netpoll() {
        if (enabled && !polling) {
            runPoll(0);
        }
    }

    /** Hands a received packet to GRO: merged, held or passed up. Takes over {@code skb}, on which eth_type_trans has run. */
    public void groReceive(SkBuff skb) {
        if (probe != null) {
            probe.skbReceived(skb, name);
        }
        if (tracer.isOn()) {
            tracer.event(name, "napi_gro_receive", NetCore.describe(skb));
        }
        gro.receive(skb);
    }

    /** How often poll has run. */
    public long polls() {
        return polls;
    }

    public Gro gro() {
        return gro;
    }

    /** One poll on behalf of the softirq. @return packets handled */
    int runPoll(int budget) {
        polls++;
        polling = true;
        if (probe != null) {
            probe.pollBegins(this, name, budget);
        }
        int done = -1;
        try {
            if (tracer.isOn()) {
                tracer.event(name, "napi.poll", "budget=" + budget);
            }
            int work = poll.poll(budget);
            done = work;
            if (tracer.isOn()) {
                tracer.event(name, "napi.done", "work=" + work + (scheduled ? " again" : " complete"));
            }
            return work;
        } finally {
            polling = false;
            if (probe != null) {
                probe.pollEnds(this, name, budget, done, scheduled);
            }
        }
    }
}
