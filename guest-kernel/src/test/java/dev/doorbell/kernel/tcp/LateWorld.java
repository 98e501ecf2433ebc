package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.time.BatonThreads;
import dev.doorbell.bus.time.Event;
import dev.doorbell.bus.time.World;
import java.util.function.BooleanSupplier;

/** A world whose machine is busy: the events of one name happen {@link #lateNs} after their time. */
final class LateWorld implements World {
    private final World world;
    private final String name;
    long lateNs;

    LateWorld(World world, String name, long lateNs) {
        this.world = world;
        this.name = name;
        this.lateNs = lateNs;
    }

    @Override
    public Event event(String eventName, Runnable action) {
        boolean late = eventName.equals(name);
        return world.event(eventName, late ? () -> world.after(lateNs, "at last: " + name, action) : action);
    }

    @Override
    public long nowNs() {
        return world.nowNs();
    }

    @Override
    public boolean isInsideEvent() {
        return world.isInsideEvent();
    }

    @Override
    public void runFor(long durationNs) {
        world.runFor(durationNs);
    }

    @Override
    public boolean runUntil(BooleanSupplier condition, long limitNs) {
        return world.runUntil(condition, limitNs);
    }

    @Override
    public BatonThreads threads() {
        return world.threads();
    }

    @Override
    public void submit(String task, Runnable action) {
        world.submit(task, action);
    }

    @Override
    public <T, X extends Exception> T call(String task, Call<T, X> body) throws X {
        return world.call(task, body);
    }

    @Override
    public boolean isWorldThread() {
        return world.isWorldThread();
    }

    @Override
    public void close() {
        world.close();
    }
}
