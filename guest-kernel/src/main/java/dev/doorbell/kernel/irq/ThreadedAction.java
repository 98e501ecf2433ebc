package dev.doorbell.kernel.irq;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.Work;
import dev.doorbell.kernel.core.Workqueue;

/** The threaded half of an interrupt handler: runs in task context, where it may sleep, on a thread of its own. */
final class ThreadedAction {
    private final Runnable body;
    private final Workqueue thread;
    private final Work work;
    private Runnable onDone = () -> {};
    private boolean active;

    ThreadedAction(KernelContext kernel, String name, Runnable body) {
        this.body = body;
        thread = new Workqueue(kernel, "irq/" + name);
        work = new Work(thread, "irq/" + name, this::run);
    }

    /** @param action runs after the body, unless {@link #cancel} came first */
    void onDone(Runnable action) {
        onDone = action;
    }

    void wake() {
        active = true;
        work.schedule();
    }

    private void run() {
        body.run();
        if (active && !work.isPending()) {
            active = false;
            onDone.run();
        }
    }

    boolean isRunning() {
        return work.isRunning();
    }

    /** @return true when it was woken and has not finished: then nobody will be told that it has */
    boolean cancel() {
        boolean wasActive = active;
        active = false;
        work.cancel();
        return wasActive;
    }

    /** Its handler was freed: the thread ends. */
    void end() {
        thread.shutdown();
    }
}
