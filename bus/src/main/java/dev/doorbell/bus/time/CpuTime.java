package dev.doorbell.bus.time;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.function.BooleanSupplier;

/**
 * A world on the processor time of the thread that runs it, always the same one: as {@link RealTime} on a machine of its
 * own, whatever else runs on this one. It does not wait for anything, least of all for input or output; while nothing is
 * due it computes, so that its time passes. Time 0 is when it was made.
 *
 * <p>For measurements of overload. A look at this clock is a system call.
 */
public final class CpuTime extends AbstractWorld {
    /** Events between two looks at the clock. */
    private static final int BURST = 64;

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final long epoch = threads.getCurrentThreadCpuTime();

    public CpuTime() {
        super(null);
    }

    /** Inside an event the clock stands still. */
    @Override
    public long nowNs() {
        return isInsideEvent() ? super.nowNs() : readClock();
    }

    @Override
    boolean runLoop(BooleanSupplier condition, long deadlineNs) {
        do {
            for (int i = 0; i < BURST && runNext() != null; i++) {
                if (condition.getAsBoolean()) {
                    return true;
                }
            }
        } while (readClock() < deadlineNs);
        return false;
    }

    /** Never sleeps. */
    @Override
    void wakeup() {}

    private long readClock() {
        long now = Math.max(super.nowNs(), threads.getCurrentThreadCpuTime() - epoch);
        clock(now);
        return now;
    }
}
