package dev.doorbell.kernel.core;

import dev.doorbell.kernel.probe.KernelProbe;
import org.jspecify.annotations.Nullable;

/**
 * A lock for short sections that may not sleep, spinlock_t. There is one processor, so it is never waited for: whoever
 * finds it taken would wait for itself, which is reported. What it is for is to say so where Linux says it, and to be
 * checked: the context in which it is taken, the order of locks, sleeping under it.
 */
public final class SpinLock {
    private final KernelContext kernel;
    private final String name;
    private final @Nullable KernelProbe probe;
    private boolean held;
    private boolean irqsSaved;

    /** @param name for messages: "e1000e stats64_lock" */
    public SpinLock(KernelContext kernel, String name) {
        this.kernel = kernel;
        this.name = name;
        this.probe = kernel.probe();
    }

    /** spin_lock: not where an interrupt handler takes the same lock. */
    public void lock() {
        take();
    }

    /** spin_lock_irqsave. */
    public void lockIrqsave() {
        kernel.cpu().irqDisable();
        take();
        irqsSaved = true;
    }

    /** @return false: it is taken, nothing was done */
    public boolean tryLock() {
        if (held) {
            return false;
        }
        take();
        return true;
    }

    private void take() {
        if (probe != null) {
            probe.lockTaken(this, name, false, kernel.cpu().irqsDisabled(), held);
        }
        if (held) {
            throw new IllegalStateException("spin_lock(" + name + "): taken already, this would never return");
        }
        kernel.cpu().preemptDisable();
        held = true;
    }

    /** Undoes {@link #lock()} or {@link #lockIrqsave()}. */
    public void unlock() {
        if (!held) {
            throw new IllegalStateException("spin_unlock(" + name + "): not locked");
        }
        held = false;
        kernel.cpu().preemptEnable();
        if (irqsSaved) {
            irqsSaved = false;
            kernel.cpu().irqEnable();
        }
        if (probe != null) {
            probe.lockReleased(this, name);
        }
    }

    public boolean isHeld() {
        return held;
    }
}
