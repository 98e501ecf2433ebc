package dev.doorbell.device.i82574;

import dev.doorbell.bus.time.Event;
import dev.doorbell.bus.time.Scheduler;
import dev.doorbell.device.spi.Timing;
import java.util.SplittableRandom;

/**
 * When the card's internal steps happen. A step never runs inside the call that asked for it, so a doorbell returns
 * before the ring is looked at, and a frame that loops back arrives in an event of its own.
 */
final class StepTimer {
    /** The kinds of step, with their latency in {@link Timing#REALISTIC}. */
    enum Step {
        /** Doorbell to descriptors on chip: one PCI Express read round trip. */
        FETCH(900),
        /** Descriptors on chip to packet data on chip, or packet data to memory. */
        DATA(1_200),
        /** Packet complete to first bit on the wire. */
        SEND(400),
        /** Done with the buffer to status in memory. */
        WRITE_BACK(300),
        /** Status in memory to message sent. */
        INTERRUPT(200);

        private final long realisticNs;

        Step(long realisticNs) {
            this.realisticNs = realisticNs;
        }
    }

    /** Longest a hostile step takes: long against a driver's fast path, short against its timeouts. */
    private static final long HOSTILE_MAX_NS = 50_000;

    private final Scheduler scheduler;
    private final Timing timing;
    private final SplittableRandom random;

    StepTimer(Scheduler scheduler, Timing timing, SplittableRandom random) {
        this.scheduler = scheduler;
        this.timing = timing;
        this.random = random;
    }

    /** Each step comes as soon as the one before has returned: nothing is held back to be done together with more. */
    boolean isImmediate() {
        return timing == Timing.ZERO;
    }

    /** A reusable event for one step of one unit. */
    Event event(String name, Runnable action) {
        return scheduler.event(name, action);
    }

    /** Schedules {@code event} as the next step, unless it is scheduled already: then it stays where it is. */
    void next(Event event, Step step) {
        next(event, step, 1);
    }

    /** The same for a step that is done so many times, one after the other. */
    void next(Event event, Step step, int times) {
        if (event.isScheduled()) {
            return;
        }
        switch (timing) {
            case ZERO -> event.after(0);
            case REALISTIC -> event.after(step.realisticNs * times);
            // Half of the steps come at once: bursts and gaps find more than an even spread does.
            case HOSTILE -> event.after(random.nextBoolean() ? 0 : random.nextLong(HOSTILE_MAX_NS));
        }
    }
}
