package dev.doorbell.kernel.time;

import dev.doorbell.bus.time.Event;
import dev.doorbell.kernel.core.KernelContext;

/** A timer, Linux's timer_list with nanosecond expiry: its function runs in softirq context. Re-arming allocates nothing. */
public final class KernelTimer {
    private final KernelContext kernel;
    private final Runnable function;
    private final Event event;

    /** @param name for traces: "tcp retransmit" */
    public KernelTimer(KernelContext kernel, String name, Runnable function) {
        this.kernel = kernel;
        this.function = function;
        this.event = kernel.world().event(name, this::expire);
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
        return true;
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
        kernel.cpu().runInSoftirq(function);
    }
}
