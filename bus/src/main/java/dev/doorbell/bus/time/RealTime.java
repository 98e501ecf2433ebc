package dev.doorbell.bus.time;

import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

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

    /** A wait that is over sooner was none: there was input already, and more may follow. */
    private static final long REAL_SLEEP_NS = 3_000;

    private final IoLoop loop;
    private final Polling polling;
    private final LongSupplier machineClock;
    private final long epoch;

    public RealTime(IoLoop loop) {
        this(loop, 0);
    }

    /**
     * @param spinNs how long to poll without sleeping after the last input, while that pays and nobody else wants the
     *     core: trades processor time for latency; {@link #SPIN_FOREVER} for pinned benchmarks
     */
    public RealTime(IoLoop loop, long spinNs) {
        this(loop, spinNs, System::nanoTime);
    }

    /** @param machineClock monotonic, ns since whenever; a test's own stands still while the test's thread does */
    RealTime(IoLoop loop, long spinNs, LongSupplier machineClock) {
        super(null);
        this.loop = loop;
        polling = new Polling(spinNs);
        this.machineClock = machineClock;
        epoch = machineClock.getAsLong();
    }

    @Override
    public long nowNs() {
        return isInsideEvent() ? super.nowNs() : readClock();
    }

    @Override
    public long freshNs() {
        return machineClock.getAsLong() - epoch;
    }

    @Override
    boolean runLoop(BooleanSupplier condition, long deadlineNs) {
        readClock();
        boolean slept = false;
        boolean drained = false; // what ended a sleep has been taken in: rather than ask in vain, sleep again
        for (; ; ) {
            if (runBurst(condition)) {
                return true;
            }
            boolean polled = !drained && poll();
            if (polled && condition.getAsBoolean()) {
                return true;
            }
            long now = readClock();
            if (now >= deadlineNs) {
                return false;
            }
            if (polled) {
                drained = slept;
                polling.input(now);
            } else if (hasReady()) {
                polling.interrupted();
            } else if (polling.goesOn(now)) {
                drained = false;
                loop.relax();
            } else {
                await(Math.min(deadlineNs, earliestFutureNs()) - now);
                slept = readClock() - now > REAL_SLEEP_NS;
                drained = false;
                if (condition.getAsBoolean()) {
                    return true;
                }
                continue;
            }
            slept = false;
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
        long now = Math.max(super.nowNs(), freshNs());
        clock(now);
        return now;
    }
}
