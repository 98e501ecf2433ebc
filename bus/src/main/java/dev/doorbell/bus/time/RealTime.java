package dev.doorbell.bus.time;

import java.util.function.BooleanSupplier;

/**
 * A world on the machine's monotonic clock: events run when their time has come, and in between the world handles input
 * and output or sleeps. Time 0 is when it was made.
 *
 * <p>Inside an event the clock stands still; it is read anew before each burst of events. Everywhere else (a baton
 * thread, the caller's own code) {@link #nowNs()} reads the machine's clock.
 */
public final class RealTime extends AbstractWorld {
    /** For {@code spinNs}: never sleep. */
    public static final long SPIN_FOREVER = Long.MAX_VALUE;

    /** Events between two looks at the clock and at readiness: bounds the latency of input under load. */
    private static final int BURST = 64;

    private final IoLoop loop;
    private final long spinNs;
    private final long epoch = System.nanoTime();

    public RealTime(IoLoop loop) {
        this(loop, 0);
    }

    /**
     * @param spinNs how long to poll without sleeping after the last thing happened: trades a core for latency;
     *     {@link #SPIN_FOREVER} for pinned benchmarks
     */
    public RealTime(IoLoop loop, long spinNs) {
        super(null);
        if (spinNs < 0) {
            throw new IllegalArgumentException("spin " + spinNs + " ns: must not be negative");
        }
        this.loop = loop;
        this.spinNs = spinNs;
    }

    @Override
    public long nowNs() {
        return isInsideEvent() ? super.nowNs() : readClock();
    }

    @Override
    public long freshNs() {
        return System.nanoTime() - epoch;
    }

    @Override
    boolean runLoop(BooleanSupplier condition, long deadlineNs) {
        long busyUntil = saturatedSum(readClock(), spinNs);
        for (; ; ) {
            if (runBurst(condition)) {
                return true;
            }
            boolean polled = poll();
            if (polled && condition.getAsBoolean()) {
                return true;
            }
            long now = readClock();
            if (now >= deadlineNs) {
                return false;
            }
            if (polled || hasReady()) {
                busyUntil = saturatedSum(now, spinNs);
            } else if (now < busyUntil) {
                Thread.onSpinWait();
            } else {
                await(Math.min(deadlineNs, earliestFutureNs()) - now);
                readClock();
                if (condition.getAsBoolean()) {
                    return true;
                }
                busyUntil = saturatedSum(super.nowNs(), spinNs);
            }
        }
    }

    @Override
    void wakeup() {
        loop.wakeup();
    }

    private boolean runBurst(BooleanSupplier condition) {
        for (int i = 0; i < BURST && runNext() != null; i++) {
            if (condition.getAsBoolean()) {
                return true;
            }
        }
        return false;
    }

    private boolean poll() {
        insideEvent(true);
        try {
            return loop.pollNow();
        } finally {
            insideEvent(false);
        }
    }

    private void await(long maxNs) {
        if (maxNs <= 0) {
            return;
        }
        insideEvent(true);
        try {
            loop.await(maxNs);
        } finally {
            insideEvent(false);
        }
    }

    private long readClock() {
        long now = Math.max(super.nowNs(), System.nanoTime() - epoch);
        clock(now);
        return now;
    }
}
