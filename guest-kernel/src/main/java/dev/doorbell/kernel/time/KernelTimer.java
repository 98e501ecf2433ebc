package dev.doorbell.kernel.time;

import dev.doorbell.bus.time.Event;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.probe.KernelProbe;
import org.jspecify.annotations.Nullable;

/** A timer, Linux's timer_list with nanosecond expiry: its function runs in softirq context. Re-arming allocates nothing. */
public final class KernelTimer {
    private final KernelContext kernel;
    private final Runnable function;
    private final Event event;
    private final String name;
    private final @Nullable KernelProbe probe;

    /** @param name for traces: "tcp retransmit" */
    public KernelTimer(KernelContext kernel, String name, Runnable function) {
        this.kernel = kernel;
        this.function = function;
        this.event = kernel.world().event(name, this::expire);
        this.name = name;
        this.probe = kernel.probe();
        if (probe != null) {
            probe.timerMade(this, name);
        }
    }

    /**
     * (Re)arms for {@code atNs}; a time in the past means as soon as possible.
     *
     * @return true when it was pending
     */
    public boolean modTimer(long atNs) {
        boolean pending = event.isScheduled();
        event.at(atNs);
        if (!pending) {
            kernel.timerArmed(1);
        }
        if (probe != null) {
            probe.timerArmed(this, name);
        }
        return pending;
    }

    /** (Re)arms for {@code delayNs} from now. */
    public boolean modTimerAfter(long delayNs) {
        return modTimer(kernel.nowNs() + delayNs);
    }

    /**
     * Disarms.
     *
     * @return true when it was pending
     */
    public boolean delTimer() {
        if (!event.isScheduled()) {
            return false;
        }
        event.cancel();
        kernel.timerArmed(-1);
        if (probe != null) {
            probe.timerDone(this);
        }
        return true;
    }

    /** As in traces. */
    public String name() {
        return name;
    }

    public boolean isPending() {
        return event.isScheduled();
    }

    /** When it expires; meaningless unless {@link #isPending()}. */
    public long expiresNs() {
        return event.timeNs();
    }

    private void expire() {
        kernel.timerArmed(-1);
        if (probe == null) {
            kernel.cpu().runInSoftirq(function);
            return;
        }
        probe.timerDone(this);
        probe.taskBegins(name);
        try {
            kernel.cpu().runInSoftirq(function);
        } finally {
            probe.taskEnds(name);
        }
    }
}
