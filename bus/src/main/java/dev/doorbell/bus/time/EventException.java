package dev.doorbell.bus.time;

/** An event's action threw: a bug in the world, not something a guest did. The cause is what it threw. */
public final class EventException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String eventName;

    EventException(String eventName, long timeNs, Throwable cause) {
        super("event \"" + eventName + "\" at " + timeNs + " ns: " + cause, cause);
        this.eventName = eventName;
    }

    /** The event, or the baton thread, that failed. */
    public String eventName() {
        return eventName;
    }
}
