package dev.doorbell.bus.time;

import java.util.function.BooleanSupplier;

/**
 * The driver's seat of a world: a {@link Scheduler} together with the means to let its time pass. Whoever calls these
 * methods lends the world its thread.
 */
public interface World extends Scheduler {
    /** Runs all events up to and including {@code nowNs() + durationNs}, and leaves the clock there. */
    void runFor(long durationNs);

    /**
     * Runs until the condition holds, looking at it after each event.
     *
     * @return false when {@code limitNs} passed first (or, in virtual time, when nothing is left to happen)
     */
    boolean runUntil(BooleanSupplier condition, long limitNs);

    /** The coroutine threads of this world: guest programs that block. */
    BatonThreads threads();

    /** Hands a task from a foreign thread into the world: it runs as an event soon. Safe from any thread. */
    void submit(String name, Runnable task);

    /** True when called on the thread that currently runs this world (its driver's, or a baton thread's). */
    boolean isWorldThread();
}
