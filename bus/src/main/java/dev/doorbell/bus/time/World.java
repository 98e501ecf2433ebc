package dev.doorbell.bus.time;

import java.util.function.BooleanSupplier;

/**
 * The driver's seat of a world: a {@link Scheduler} together with the means to let its time pass. Whoever calls these
 * methods lends the world its thread: the thread that made it at first, later the one that ran it last.
 *
 * <p>Running it from inside one of its events, from one of its baton threads, or from two threads at once throws
 * {@link IllegalStateException}. An exception that an event lets escape ends the call with an {@link EventException}
 * that names the event; the world itself stays usable.
 */
public interface World extends Scheduler, AutoCloseable {
    /** Runs all events up to and including {@code nowNs() + durationNs}, and leaves the clock there. */
    void runFor(long durationNs);

    /**
     * Runs until the condition holds, looking at it first and after each event.
     *
     * @param limitNs the longest time this may take, from now on; {@link Long#MAX_VALUE} for no limit
     * @return false when {@code limitNs} passed first; in virtual time also at once when there is no limit and nothing is
     *     left to happen
     */
    boolean runUntil(BooleanSupplier condition, long limitNs);

    /** The coroutine threads of this world: guest programs that block. */
    BatonThreads threads();

    /** Hands a task from a foreign thread into the world: it runs as an event soon. Safe from any thread. */
    void submit(String name, Runnable task);

    /** What a foreign thread wants done in a world: returns a value, or fails with {@code X}. */
    @FunctionalInterface
    interface Call<T, X extends Exception> {
        T run() throws X;
    }

    /**
     * Runs {@code body} inside the world, as a guest program of its own that may block there, and waits for its result;
     * what it throws comes out here. For foreign threads of a world in real time: any number of them, at once. Somebody
     * must be running the world, or the caller waits until somebody does. Interrupting the caller does not end the call.
     *
     * @throws IllegalStateException on the world's own thread, and when the world is closed before the body has ended
     */
    <T, X extends Exception> T call(String name, Call<T, X> body) throws X;

    /** True when called on the thread that currently runs this world (its driver's, or a baton thread's). */
    boolean isWorldThread();

    /** Ends the baton threads and forgets everything scheduled. A closed world cannot be run; closing twice is harmless. */
    @Override
    void close();
}
