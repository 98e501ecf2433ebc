package dev.doorbell.bus.time;

/** The time of one world, in nanoseconds since the world began. */
@FunctionalInterface
public interface Clock {
    long nowNs();

    /**
     * The time as fresh as it can be had. In real time {@link #nowNs()} stands still during an event, and a burst of input
     * may take long on a loaded machine: what delays frames of the host by an exact time looks here.
     */
    default long freshNs() {
        return nowNs();
    }
}
