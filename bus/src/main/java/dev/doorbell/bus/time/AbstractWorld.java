package dev.doorbell.bus.time;

import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What both kinds of time share: a ring of events that are due and a heap of future ones.
 *
 * <p>Order holds because whenever the clock moves, everything that became due goes from the heap to the end of the ring
 * before anything else can be scheduled for the new instant.
 */
abstract class AbstractWorld implements World {
    static final BooleanSupplier NEVER = () -> false;

    private final ReadyRing ready = new ReadyRing();
    private final EventHeap future = new EventHeap();
    private final Baton baton = new Baton(this);
    private final ForeignCalls foreignCalls = new ForeignCalls(this);
    private final ConcurrentLinkedQueue<ScheduledEvent> submitted = new ConcurrentLinkedQueue<>();
    private final @Nullable SplittableRandom tieShuffle;

    private long now;
    private long sequence;
    private boolean inside;
    private boolean running;
    private volatile boolean closed;
    private long eventsRun;
    private volatile Thread owner = Thread.currentThread();
    /** Set by foreign threads after they filled {@link #submitted}: one plain look per event instead of a queue poll. */
    private volatile boolean hasSubmitted;

    AbstractWorld(@Nullable SplittableRandom tieShuffle) {
        this.tieShuffle = tieShuffle;
    }

    /** Runs until the condition holds (true) or the clock has reached {@code deadlineNs} (false). */
    abstract boolean runLoop(BooleanSupplier condition, long deadlineNs);

    /** Makes a sleeping world look at its queue of submitted tasks. Called from any thread. */
    abstract void wakeup();

    @Override
    public final Event event(String name, Runnable action) {
        return new ScheduledEvent(this, name, action);
    }

    @Override
    public long nowNs() {
        return now;
    }

    @Override
    public final boolean isInsideEvent() {
        return inside;
    }

    @Override
    public final boolean isWorldThread() {
        Thread thread = Thread.currentThread();
        return baton.isRunning() ? baton.isCurrent(thread) : thread == owner;
    }

    /**
     * The calling thread is the world's from now on: it may do what only the world's thread may, as any thread may that runs
     * it.
     *
     * @return false while another one runs it: it stays that one's
     */
    public final boolean adopt() {
        if (!running) {
            owner = Thread.currentThread();
        }
        return !running;
    }

    /** The thread that does the world's work just now, or did it last. For any thread. */
    public final Thread runner() {
        Thread member = baton.runner();
        return member == null ? owner : member;
    }

    @Override
    public final BatonThreads threads() {
        return baton;
    }

    @Override
    public final void submit(String name, Runnable task) {
        submitted.add(new ScheduledEvent(this, name, task));
        hasSubmitted = true;
        wakeup();
    }

    @Override
    public final <T, X extends Exception> T call(String name, Call<T, X> body) throws X {
        return foreignCalls.call(name, body);
    }

    @Override
    public void runFor(long durationNs) {
        if (durationNs < 0) {
            throw new IllegalArgumentException("duration " + durationNs + " ns: must not be negative");
        }
        runUntil(NEVER, durationNs);
    }

    @Override
    public final boolean runUntil(BooleanSupplier condition, long limitNs) {
        enter();
        try {
            return condition.getAsBoolean() || runLoop(condition, saturatedSum(nowNs(), limitNs));
        } finally {
            running = false;
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        enter();
        try {
            baton.killAll();
        } finally {
            running = false;
            closed = true; // before the queue is emptied: what is submitted from now on sees it
            foreignCalls.close();
            for (ScheduledEvent event = ready.take(); event != null; event = ready.take()) {
                ForeignCalls.refuse(event.action);
            }
            ready.clear();
            future.clear();
            for (ScheduledEvent event = submitted.poll(); event != null; event = submitted.poll()) {
                ForeignCalls.refuse(event.action);
            }
        }
    }

    /** Events whose action has run since the world began. */
    public final long eventsRun() {
        return eventsRun;
    }

    /** Events that are scheduled. */
    public final int eventsPending() {
        return ready.size() + future.size();
    }

    final void schedule(ScheduledEvent event, long timeNs) {
        if (timeNs <= now) {
            unschedule(event);
            event.timeNs = now;
            ready.add(event);
            return;
        }
        event.sequence = sequence++;
        if (event.where == ScheduledEvent.FUTURE) {
            event.timeNs = timeNs;
            future.moved(event);
            return;
        }
        unschedule(event);
        event.timeNs = timeNs;
        future.add(event);
    }

    final void scheduleAfter(ScheduledEvent event, long delayNs) {
        // Not via nowNs(): zero delay is the common case and needs no look at a real clock.
        schedule(event, delayNs <= 0 ? now : saturatedSum(nowNs(), delayNs));
    }

    final void unschedule(ScheduledEvent event) {
        if (event.where == ScheduledEvent.READY) {
            ready.remove(event);
        } else if (event.where == ScheduledEvent.FUTURE) {
            future.remove(event);
        }
    }

    /** Moves the clock, and what became due into the ring. */
    final void clock(long timeNs) {
        now = timeNs;
        while (future.earliestNs() <= timeNs) {
            ready.add(future.takeEarliest());
        }
    }

    final long earliestFutureNs() {
        return future.earliestNs();
    }

    final boolean hasReady() {
        return !ready.isEmpty();
    }

    final boolean isClosed() {
        return closed;
    }

    /** Runs the next event that is due; null when none is. */
    final @Nullable ScheduledEvent runNext() {
        if (hasSubmitted) {
            takeSubmitted();
        }
        if (tieShuffle != null) {
            ready.shuffleHead(tieShuffle);
        }
        ScheduledEvent event = ready.take();
        if (event == null) {
            return null;
        }
        eventsRun++;
        inside = true;
        try {
            event.action.run();
        } catch (EventException | BatonThreads.Killed e) {
            throw e;
        } catch (RuntimeException e) {
            throw new EventException(event.name(), now, e);
        } catch (Error e) {
            e.addSuppressed(new EventException(event.name(), now, e));
            throw e;
        } finally {
            inside = false;
        }
        return event;
    }

    /** Runs the oldest due event that matches, perhaps from inside another one. @return false when there is none */
    final boolean runMatching(Predicate<Event> which) {
        ScheduledEvent event = ready.take(which);
        if (event == null) {
            return false;
        }
        eventsRun++;
        boolean wasInside = inside;
        inside = true;
        try {
            event.action.run();
        } finally {
            inside = wasInside;
        }
        return true;
    }

    /** Marks code that runs on the world's thread between events, such as readiness handlers, as not allowed to block. */
    final void insideEvent(boolean nowInside) {
        inside = nowInside;
    }

    private void takeSubmitted() {
        hasSubmitted = false;
        for (ScheduledEvent event = submitted.poll(); event != null; event = submitted.poll()) {
            schedule(event, now);
        }
    }

    private void enter() {
        Thread thread = Thread.currentThread();
        if (closed) {
            throw new IllegalStateException("this world is closed");
        }
        if (baton.isRunning() && baton.isCurrent(thread)) {
            throw new IllegalStateException(
                    "baton thread \"" + thread.getName() + "\" cannot run the world: park instead");
        }
        if (running) {
            throw new IllegalStateException(
                    thread == owner
                            ? "the world cannot be run from inside one of its events"
                            : "the world is being run by thread \"" + owner.getName() + "\"");
        }
        owner = thread;
        running = true;
    }

    static long saturatedSum(long a, long b) {
        long sum = a + b;
        return b > 0 && sum < a ? Long.MAX_VALUE : sum;
    }
}
