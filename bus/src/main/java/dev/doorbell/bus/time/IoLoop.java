package dev.doorbell.bus.time;

/**
 * What a world in real time waits on while it has nothing to do: the readiness of sockets, TAP devices and eventfds.
 * Handlers run on the thread that calls these methods, the world's, and count as events: they must not block.
 */
public interface IoLoop {
    /**
     * Handles whatever is ready, without waiting.
     *
     * @return true when there was something to handle
     */
    boolean pollNow();

    /**
     * Waits until something is ready, {@link #wakeup()} was called or {@code maxNs} passed. What brings input is handled
     * by the next {@link #pollNow()} only: before that the world reads the clock, which stood still while it slept.
     */
    void await(long maxNs);

    /** Called between two looks while the world polls instead of sleeping: lets whoever else wants this processor have it. */
    default void relax() {
        Thread.onSpinWait();
    }

    /** Ends the current {@link #await}, or the next one when none is going on. Safe from any thread. */
    void wakeup();

    /** A loop without any input or output: it only waits. */
    static IoLoop withoutIo() {
        return new ParkingIoLoop();
    }
}
