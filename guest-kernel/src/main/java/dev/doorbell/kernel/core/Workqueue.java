package dev.doorbell.kernel.core;

import dev.doorbell.bus.time.BatonThreads.BatonThread;
import dev.doorbell.bus.time.Event;
import dev.doorbell.kernel.probe.KernelProbe;
import org.jspecify.annotations.Nullable;

/**
 * Runs work items one after the other in task context, where sleeping is allowed: on a worker thread that lasts for as long
 * as there are items. So an idle kernel has no thread, and nothing on a stack.
 */
public final class Workqueue {
    private final KernelContext kernel;
    private final String name;
    private final WaitQueue idle;
    private final @Nullable KernelProbe probe;
    private @Nullable Work first;
    private @Nullable Work last;
    private @Nullable BatonThread worker;
    private @Nullable Work current;
    private boolean stopped;

    public Workqueue(KernelContext kernel, String name) {
        this.kernel = kernel;
        this.name = name;
        this.idle = new WaitQueue(kernel);
        this.probe = kernel.probe();
    }

    Event delayEvent(String workName, Work work) {
        return kernel.world().event(workName, () -> schedule(work));
    }

    void made(Work work) {
        if (probe != null) {
            probe.workMade(work, work.name);
        }
    }

    private void noteQueued(Work work) {
        if (probe != null) {
            probe.workQueued(work, work.name);
        }
    }

    /**
     * Queues an item.
     *
     * @return false when it was pending already, or the queue is shut down
     */
    public boolean schedule(Work work) {
        if (work.queued || stopped) {
            return false;
        }
        work.delay.cancel();
        work.queued = true;
        noteQueued(work);
        work.next = null;
        if (last == null) {
            first = work;
        } else {
            last.next = work;
        }
        last = work;
        if (worker == null) {
            worker = kernel.world().threads().start(name, this::loop);
        }
        return true;
    }

    /**
     * Queues an item {@code delayNs} from now.
     *
     * @return false when it was pending already: then nothing changes
     */
    public boolean scheduleDelayed(Work work, long delayNs) {
        if (work.isPending() || stopped) {
            return false;
        }
        work.delay.after(delayNs);
        noteQueued(work);
        return true;
    }

    /**
     * Takes an item out; when it runs, it finishes.
     *
     * @return true when it was pending
     */
    public boolean cancel(Work work) {
        boolean pending = work.isPending();
        work.delay.cancel();
        if (work.queued) {
            unlink(work);
        }
        if (pending && probe != null) {
            probe.workDone(work);
        }
        return pending;
    }

    /** Takes an item out and waits until it does not run. Task context, not from the item itself. */
    public boolean cancelSync(Work work, String caller) {
        kernel.cpu().mightSleep(caller);
        if (probe != null) {
            probe.workAwaited(work, work.name);
        }
        boolean pending = cancel(work);
        if (work.running && worker != kernel.world().threads().current()) {
            idle.waitUntil(() -> !work.running, WaitQueue.FOREVER, caller);
        }
        return pending;
    }

    /** Waits until everything queued so far has run. Task context. */
    public void flush(String caller) {
        idle.waitUntil(() -> first == null && current == null, WaitQueue.FOREVER, caller);
    }

    /** Takes no further items. */
    public void shutdown() {
        stopped = true;
    }

    /** Items queued and not yet begun. */
    public int pending() {
        int count = 0;
        for (Work work = first; work != null; work = work.next) {
            count++;
        }
        return count;
    }

    private void loop() {
        try {
            for (Work work = first; work != null; work = first) {
                run(work);
            }
        } finally {
            worker = null;
        }
    }

    private void run(Work work) {
        unlink(work);
        current = work;
        work.running = true;
        if (probe != null) {
            probe.workDone(work);
            probe.taskBegins(work.name);
        }
        try {
            kernel.cpu().runInTask(work.body);
        } finally {
            work.running = false;
            if (probe != null) {
                probe.taskEnds(work.name);
            }
            current = null;
            idle.wakeUp();
        }
    }

    private void unlink(Work gone) {
        Work before = null;
        for (Work work = first; work != null && work != gone; work = work.next) {
            before = work;
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
        gone.queued = false;
    }
}
