package dev.doorbell.kernel.irq;

import dev.doorbell.bus.time.Event;
import dev.doorbell.kernel.core.KernelContext;

/**
 * Pending softirqs and their actions. They run in an event of their own, right after the event that raised them has
 * returned: on the way out of the hard interrupt, as seen from the rest of the world. An action that raises itself
 * again runs in a later event, as in ksoftirqd, so that neither device nor timer ever starves.
 *
 * <p>While a task wants the processor, softirqs are left to ksoftirqd, which takes turns with it: a pass, then the task's
 * time slice. Without that a flood of packets would keep a reader from its socket, however well the driver polls.
 */
public final class Softirqs {
    /** How long tasks run between two passes: sched_base_slice_ns, 0.7 ms and up with the number of processors. */
    public static final long TASK_SLICE_NS = 1_000_000;

    private static final Softirq[] VECTORS = Softirq.values();

    private final KernelContext kernel;
    private final Runnable[] actions = new Runnable[VECTORS.length];
    private final long[] runs = new long[VECTORS.length];
    private final Event event;
    private final Runnable servePending = this::servePending;
    private int pending;
    private int runnableTasks;
    private long heldOffUntilNs;
    private long lastPassNs = Long.MIN_VALUE / 2;

    public Softirqs(KernelContext kernel) {
        this.kernel = kernel;
        this.event = kernel.world().event("softirq", this::run);
        for (Softirq vector : VECTORS) {
            actions[vector.ordinal()] = () -> {};
        }
    }

    /** Linux's open_softirq: sets the action of one kind. */
    public void open(Softirq vector, Runnable action) {
        actions[vector.ordinal()] = action;
    }

    /** Marks the kind pending; it runs soon, once. From any context. */
    public void raise(Softirq vector) {
        pending |= 1 << vector.ordinal();
        if (!event.isScheduled()) {
            scheduleNextPass();
        }
    }

    private void scheduleNextPass() {
        if (runnableTasks == 0) {
            event.after(0);
        } else {
            event.at(lastPassNs + TASK_SLICE_NS);
        }
    }

    /** A task that computes, rather than waits, wants the processor from now on. To be followed by one {@link #taskSleeps}. */
    public void taskWakes() {
        runnableTasks++;
    }

    /** The task waits again: what softirqs are pending run at once when it was the last one. */
    public void taskSleeps() {
        if (runnableTasks == 0) {
            throw new IllegalStateException("no task was awake");
        }
        if (--runnableTasks == 0 && pending != 0) {
            event.after(0);
        }
    }

    /** How often the action of this kind has run. */
    public long runs(Softirq vector) {
        return runs[vector.ordinal()];
    }

    /** Something else has the processor: no pass begins before this time. For models of a slow machine. */
    public void holdOff(long untilNs) {
        heldOffUntilNs = Math.max(heldOffUntilNs, untilNs);
    }

    private void run() {
        if (kernel.nowNs() < heldOffUntilNs) {
            event.at(heldOffUntilNs);
            return;
        }
        kernel.cpu().runInSoftirq(servePending);
    }

    /** One pass: what is raised meanwhile waits for the next event. */
    private void servePending() {
        lastPassNs = kernel.nowNs();
        int served = pending;
        pending = 0;
        while (served != 0) {
            int vector = Integer.numberOfTrailingZeros(served);
            served &= served - 1;
            runs[vector]++;
            actions[vector].run();
        }
    }
}
