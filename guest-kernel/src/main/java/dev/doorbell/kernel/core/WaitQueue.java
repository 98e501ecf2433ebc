package dev.doorbell.kernel.core;

import dev.doorbell.bus.time.BatonThreads.BatonThread;
import dev.doorbell.bus.time.Event;
import dev.doorbell.bus.time.World;
import dev.doorbell.kernel.probe.KernelProbe;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Where task code waits for a condition. How it waits depends on who calls: a baton thread parks; the world's own
 * top-level thread runs the world until the condition holds; inside an event or in atomic context waiting is a bug.
 */
public final class WaitQueue {
    /** A timeout that never comes. */
    public static final long FOREVER = Long.MAX_VALUE;

    private final KernelContext kernel;
    private @Nullable Waiter waiting;
    private @Nullable Waiter free;
    private int waiters;

    /** One sleeper. Kept for reuse: a blocking call per packet allocates nothing. */
    private static final class Waiter {
        final Event timeout;

        @Nullable
        BatonThread thread;

        @Nullable
        Waiter next;

        boolean expired;

        Waiter(World world) {
            timeout = world.event("wait timeout", this::expire);
        }

        private void expire() {
            expired = true;
            if (thread != null) {
                thread.unpark();
            }
        }
    }

    public WaitQueue(KernelContext kernel) {
        this.kernel = kernel;
    }

    /** Lets everybody who waits look at their condition again. From any context. */
    public void wakeUp() {
        for (Waiter waiter = waiting; waiter != null; waiter = waiter.next) {
            if (waiter.thread != null) {
                waiter.thread.unpark();
            }
        }
    }

    /** True when somebody would notice a {@link #wakeUp()}. */
    public boolean isActive() {
        return waiting != null || waiters != 0;
    }

    /**
     * Sleeps until the condition holds. Looks first, so it returns at once when it does.
     *
     * @param timeoutNs how long at most; {@link #FOREVER}; 0 only looks
     * @param caller the system call or function, for messages
     * @return whether the condition holds; false after the timeout, or when nothing is left to happen
     */
    public boolean waitUntil(BooleanSupplier condition, long timeoutNs, String caller) {
        World world = kernel.world();
        if (!world.isWorldThread()) {
            throw new IllegalStateException(caller + " from a foreign thread: hand it over with World.call");
        }
        kernel.cpu().mightSleep(caller);
        if (condition.getAsBoolean()) {
            return true;
        }
        if (timeoutNs <= 0) {
            return false;
        }
        KernelProbe probe = kernel.probe();
        if (probe != null) {
            probe.sleeps(caller);
        }
        BatonThread self = world.threads().current();
        if (self != null) {
            return park(self, condition, timeoutNs);
        }
        if (world.isInsideEvent()) {
            throw new IllegalStateException(caller + " would block inside an event");
        }
        waiters++;
        try {
            return world.runUntil(condition, timeoutNs);
        } finally {
            waiters--;
        }
    }

    private boolean park(BatonThread self, BooleanSupplier condition, long timeoutNs) {
        Waiter waiter = enqueue(self, timeoutNs);
        try {
            while (!condition.getAsBoolean()) {
                if (waiter.expired) {
                    return false;
                }
                self.park();
            }
            return true;
        } finally {
            dequeue(waiter);
        }
    }

    private Waiter enqueue(BatonThread self, long timeoutNs) {
        Waiter waiter = free;
        if (waiter == null) {
            waiter = new Waiter(kernel.world());
        } else {
            free = waiter.next;
        }
        waiter.thread = self;
        waiter.expired = false;
        waiter.next = waiting;
        waiting = waiter;
        if (timeoutNs != FOREVER) {
            waiter.timeout.after(timeoutNs);
        }
        return waiter;
    }

    private void dequeue(Waiter gone) {
        gone.timeout.cancel();
        gone.thread = null;
        if (waiting == gone) {
            waiting = gone.next;
        } else {
            for (Waiter waiter = waiting; waiter != null; waiter = waiter.next) {
                if (waiter.next == gone) {
                    waiter.next = gone.next;
                    break;
                }
            }
        }
        gone.next = free;
        free = gone;
    }
}
