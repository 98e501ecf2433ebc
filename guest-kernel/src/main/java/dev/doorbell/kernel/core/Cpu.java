package dev.doorbell.kernel.core;

import dev.doorbell.kernel.probe.KernelProbe;
import org.jspecify.annotations.Nullable;

/**
 * The processor that this kernel runs on: which context the running code is in. Code that the kernel has not entered
 * (a guest program, the test's own thread) counts as task context.
 */
public final class Cpu {
    /** What the processor is doing, most restrictive last. */
    public enum Context {
        TASK,
        SOFTIRQ,
        HARDIRQ
    }

    private final @Nullable KernelProbe probe;
    private Context context = Context.TASK;
    private int preemptCount;
    private int irqsOff;

    /** Nobody watches. */
    public Cpu() {
        this(null);
    }

    /** @param probe told of calls that may not be made here; null: nobody */
    Cpu(@Nullable KernelProbe probe) {
        this.probe = probe;
    }

    /** Runs a hard interrupt handler: it may neither sleep nor take long. */
    public void runInHardIrq(Runnable body) {
        run(Context.HARDIRQ, body);
    }

    /** Runs softirq work: it may not sleep. */
    public void runInSoftirq(Runnable body) {
        run(Context.SOFTIRQ, body);
    }

    /** Runs process-context work, such as an item of a work queue. */
    public void runInTask(Runnable body) {
        run(Context.TASK, body);
    }

    private void run(Context entered, Runnable body) {
        Context interrupted = context;
        context = entered;
        try {
            body.run();
        } finally {
            context = interrupted;
        }
    }

    public Context context() {
        return context;
    }

    /** True where sleeping is forbidden: in an interrupt, in a softirq, under a spinlock. */
    public boolean inAtomic() {
        return context != Context.TASK || preemptCount != 0 || irqsOff != 0;
    }

    /** Enters a section that must not sleep, as under a spinlock; nests. */
    public void preemptDisable() {
        preemptCount++;
    }

    /** Leaves the section. */
    public void preemptEnable() {
        if (preemptCount == 0) {
            throw new IllegalStateException("preemptEnable without preemptDisable");
        }
        preemptCount--;
    }

    /** local_irq_save; nests. */
    public void irqDisable() {
        irqsOff++;
    }

    /** local_irq_restore. */
    public void irqEnable() {
        if (irqsOff == 0) {
            throw new IllegalStateException("irqEnable without irqDisable");
        }
        irqsOff--;
    }

    /** Under a spinlock, or in another section that nothing else on this processor may interrupt. */
    public boolean isLocked() {
        return preemptCount != 0 || irqsOff != 0;
    }

    /** irqs_disabled: in a hard interrupt, or between {@link #irqDisable} and {@link #irqEnable}. */
    public boolean irqsDisabled() {
        return context == Context.HARDIRQ || irqsOff != 0;
    }

    /** smp_mb: what was stored before is seen by other processors before anything that is loaded after. */
    public void smpMb() {
        if (probe != null) {
            probe.smpMb();
        }
    }

    /**
     * To be called by whatever may sleep, also when it happens not to.
     *
     * @param caller the function that wants to sleep, for the message
     * @throws IllegalStateException in atomic context
     */
    public void mightSleep(String caller) {
        if (inAtomic()) {
            if (probe != null) {
                probe.sleepsInAtomic(caller, context.name(), preemptCount);
            }
            throw new IllegalStateException("sleeping function called from invalid context: " + caller + " in "
                    + context + ", preempt count " + preemptCount);
        }
    }
}
