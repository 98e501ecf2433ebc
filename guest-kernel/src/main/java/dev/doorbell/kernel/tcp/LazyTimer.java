package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.time.KernelTimer;
import org.jspecify.annotations.Nullable;

/**
 * A timer that is moved far more often than it expires. Moving it later or stopping it only notes the deadline; the timer
 * underneath is left where it is, finds at its expiry that it is not due, and goes on to the deadline.
 */
final class LazyTimer {
    /** The deadline of a timer that is not set. */
    static final long OFF = Long.MAX_VALUE;

    private final KernelContext kernel;
    private final String name;
    private final Runnable function;
    private @Nullable KernelTimer timer;
    private long deadlineNs = OFF;

    LazyTimer(KernelContext kernel, String name, Runnable function) {
        this.kernel = kernel;
        this.name = name;
        this.function = function;
    }

    /** When it is due; {@link #OFF} when it is not set. */
    long deadlineNs() {
        return deadlineNs;
    }

    void set(long atNs) {
        deadlineNs = atNs;
        KernelTimer armed = timer;
        if (armed == null) {
            armed = new KernelTimer(kernel, name, this::expire);
            timer = armed;
        }
        if (!armed.isPending() || armed.expiresNs() > atNs) {
            armed.modTimer(atNs);
        }
    }

    void stop() {
        deadlineNs = OFF;
    }

    /** Stops and takes the timer underneath out of the schedule: the connection ends. */
    void destroy() {
        stop();
        if (timer != null) {
            timer.delTimer();
        }
    }

    private void expire() {
        if (deadlineNs == OFF) {
            return;
        }
        if (kernel.nowNs() < deadlineNs) {
            set(deadlineNs);
            return;
        }
        deadlineNs = OFF;
        function.run();
    }
}
