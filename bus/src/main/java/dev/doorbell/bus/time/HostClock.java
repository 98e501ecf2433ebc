package dev.doorbell.bus.time;

/**
 * The machine's monotonic clock, for whoever drives other programs and is part of no world: deadlines of waits, and how
 * long something took. Time 0 is when it was made.
 */
public final class HostClock implements Clock {
    private final long epoch = System.nanoTime();

    @Override
    public long nowNs() {
        return System.nanoTime() - epoch;
    }
}
