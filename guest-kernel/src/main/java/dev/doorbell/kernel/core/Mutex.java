package dev.doorbell.kernel.core;

import dev.doorbell.bus.time.BatonThreads.BatonThread;
import dev.doorbell.kernel.probe.KernelProbe;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A lock that its waiters sleep for, struct mutex: task context only. It belongs to the task that took it, which must not
 * take it again.
 */
public final class Mutex {
    private final KernelContext kernel;
    private final String name;
    private final WaitQueue free;
    private final @Nullable KernelProbe probe;
    private final BooleanSupplier tryTake = this::tryTake;
    private boolean held;
    /** Null while the world's own thread has it. */
    private @Nullable BatonThread owner;

    /** @param name for messages: "rtnl_mutex" */
    public Mutex(KernelContext kernel, String name) {
        this.kernel = kernel;
        this.name = name;
        this.free = new WaitQueue(kernel);
        this.probe = kernel.probe();
    }

    /** mutex_lock: sleeps until it is free. */
    public void lock() {
        boolean mine = isHeldByCaller();
        if (probe != null) {
            probe.lockTaken(this, name, true, kernel.cpu().irqsDisabled(), mine);
        }
        if (mine) {
            throw new IllegalStateException(
                    "mutex_lock(" + name + "): taken by the same task, this would never return");
        }
        if (!free.waitUntil(tryTake, WaitQueue.FOREVER, name)) {
            throw new IllegalStateException("mutex_lock(" + name + "): nobody is left who could unlock it");
        }
    }

    private boolean tryTake() {
        if (held) {
            return false;
        }
        held = true;
        owner = kernel.world().threads().current();
        return true;
    }

    public void unlock() {
        if (!held) {
            throw new IllegalStateException("mutex_unlock(" + name + "): not locked");
        }
        held = false;
        owner = null;
        if (probe != null) {
            probe.lockReleased(this, name);
        }
        free.wakeUp();
    }

    public boolean isHeld() {
        return held;
    }

    /** lockdep_is_held: by the task that asks. */
    public boolean isHeldByCaller() {
        return held && owner == kernel.world().threads().current();
    }
}
