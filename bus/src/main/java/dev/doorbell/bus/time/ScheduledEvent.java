package dev.doorbell.bus.time;

/** An {@link Event} and where the scheduler keeps it. */
final class ScheduledEvent extends Event {
    static final int NOWHERE = 0, READY = 1, FUTURE = 2;

    final Runnable action;
    private final AbstractWorld world;
    private final String name;

    /** {@link #NOWHERE}, in the {@link ReadyRing}, or in the {@link EventHeap}. */
    int where;
    /** Index in the structure that {@link #where} names; moved only by that structure. */
    int position;

    long timeNs;
    /** Order among events of the same instant. */
    long sequence;

    ScheduledEvent(AbstractWorld world, String name, Runnable action) {
        this.world = world;
        this.name = name;
        this.action = action;
    }

    @Override
    public void at(long timeNs) {
        world.schedule(this, timeNs);
    }

    @Override
    public void after(long delayNs) {
        world.scheduleAfter(this, delayNs);
    }

    @Override
    public void cancel() {
        world.unschedule(this);
    }

    @Override
    public boolean isScheduled() {
        return where != NOWHERE;
    }

    @Override
    public long timeNs() {
        return timeNs;
    }

    @Override
    public String name() {
        return name;
    }

    boolean isBefore(ScheduledEvent other) {
        return timeNs < other.timeNs || timeNs == other.timeNs && sequence < other.sequence;
    }

    @Override
    public String toString() {
        return name + (isScheduled() ? " at " + timeNs + " ns" : " (not scheduled)");
    }
}
