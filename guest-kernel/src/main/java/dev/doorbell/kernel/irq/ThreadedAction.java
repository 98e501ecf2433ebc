package dev.doorbell.kernel.irq;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.Work;

/** The threaded half of an interrupt handler: runs in task context, where it may sleep. */
final class ThreadedAction {
    private final Runnable body;
    private final Work work;
    private Runnable onDone = () -> {};
    private boolean active;

    ThreadedAction(KernelContext kernel, String name, Runnable body) {
        this.body = body;
        work = new Work(kernel.workqueue(), "irq/" + name, this::run);
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

    /** @return true when it was woken and has not finished: then nobody will be told that it has */
    boolean cancel() {
        boolean wasActive = active;
        active = false;
        work.cancel();
        return wasActive;
    }
}
