package dev.doorbell.kernel.core;

import dev.doorbell.bus.time.Event;
import org.jspecify.annotations.Nullable;

/** A work item, Linux's work_struct and delayed_work: made once, scheduled often; never queued twice at a time. */
public final class Work {
    final Runnable body;
    final Event delay;
    final String name;
    private final Workqueue queue;
    /** Queue linkage. */
    @Nullable
    Work next;

    boolean queued;
    boolean running;

    /** @param name for traces and messages: "e1000e reset" */
    public Work(Workqueue queue, String name, Runnable body) {
        this.body = body;
        this.queue = queue;
        this.delay = queue.delayEvent(name, this);
        this.name = name;
        queue.made(this);
    }

    /**
     * Queues it.
     *
     * @return false when it was pending already
     */
    public boolean schedule() {
        return queue.schedule(this);
    }

    /**
     * Queues it {@code delayNs} from now.
     *
     * @return false when it was pending already: then nothing changes
     */
    public boolean scheduleDelayed(long delayNs) {
        return queue.scheduleDelayed(this, delayNs);
    }

    /**
     * Takes it out of queue and timer; a running one finishes.
     *
     * @return true when it was pending
     */
    public boolean cancel() {
        return queue.cancel(this);
    }

    /** Queued, or waiting for its delay. */
    public boolean isPending() {
        return queued || delay.isScheduled();
    }

    public boolean isRunning() {
        return running;
    }
}
