package dev.doorbell.kernel.irq;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.Work;

/** The threaded half of an interrupt handler: runs in task context, where it may sleep. */
final class ThreadedAction {
    private final Work work;

    ThreadedAction(KernelContext kernel, String name, Runnable body) {
        work = new Work(kernel.workqueue(), "irq/" + name, body);
    }

    void wake() {
        work.schedule();
    }

    void cancel() {
        work.cancel();
    }
}
