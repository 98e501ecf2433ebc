package dev.doorbell.bus.time;

/** The time of one world, in nanoseconds since the world began. */
@FunctionalInterface
public interface Clock {
    long nowNs();
}
