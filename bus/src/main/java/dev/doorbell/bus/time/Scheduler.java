package dev.doorbell.bus.time;

/**
 * The time of one world and everything that will happen in it. One world has one scheduler and one thread.
 *
 * <p>Order is (time, order of scheduling). Two implementations: {@link VirtualTime} jumps to the next event, so a run
 * repeats from its seed; {@link RealTime} waits for it inside a loop that the caller drives.
 */
public interface Scheduler extends Clock {
    /**
     * A reusable event, not yet scheduled. Scheduling it again and again allocates nothing: the form for everything
     * that happens per frame or per segment.
     *
     * @param name what happens, for traces: "82574L rx fetch"
     */
    Event event(String name, Runnable action);

    /** Schedules a one-shot event; a time in the past means now. Allocates: for set-up and rare things. */
    default Event at(long timeNs, String name, Runnable action) {
        Event event = event(name, action);
        event.at(timeNs);
        return event;
    }

    /** Schedules a one-shot event {@code delayNs} from now. Allocates. */
    default Event after(long delayNs, String name, Runnable action) {
        return at(nowNs() + delayNs, name, action);
    }

    /** True while an event's action runs on this world's thread: blocking is not allowed there. */
    boolean isInsideEvent();
}
