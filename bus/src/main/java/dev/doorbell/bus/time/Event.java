package dev.doorbell.bus.time;

/** Something that may happen once at a set time. Scheduling a scheduled event moves it; it may schedule itself anew. */
public abstract class Event {
    /** Schedules for {@code timeNs}, or now when that is past; behind everything already scheduled for that instant. */
    public abstract void at(long timeNs);

    /** Schedules {@code delayNs} from now; 0 means as soon as the current event has returned. */
    public abstract void after(long delayNs);

    /** Takes it out of the schedule; no effect when it is not scheduled. */
    public abstract void cancel();

    public abstract boolean isScheduled();

    /** When it is due; meaningless unless {@link #isScheduled()}. */
    public abstract long timeNs();

    public abstract String name();
}
