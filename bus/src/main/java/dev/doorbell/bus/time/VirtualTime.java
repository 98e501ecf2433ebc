package dev.doorbell.bus.time;

import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * A world whose clock jumps to the next event, starting at 0 ns. Two runs with the same seed and the same inputs are
 * the same, event for event.
 */
public final class VirtualTime extends AbstractWorld {
    /** Events at one instant after which the world is taken to be spinning: about a second of computing. */
    private static final long MAX_EVENTS_PER_INSTANT = 50_000_000;

    /** The last of them whose names are told. */
    private static final long NAMED = 1_000;

    private final long seed;

    /** @param seed where the randomness of the world's components is split from */
    public VirtualTime(long seed) {
        this(seed, false);
    }

    /** @param shuffleTies run events of the same instant in an order drawn from the seed, not in that of scheduling */
    public VirtualTime(long seed, boolean shuffleTies) {
        super(shuffleTies ? new SplittableRandom(seed) : null);
        this.seed = seed;
    }

    public long seed() {
        return seed;
    }

    /** When the next event is due, perhaps now; {@link Long#MAX_VALUE}: nothing is left to happen. */
    public long nextEventNs() {
        return hasReady() ? nowNs() : earliestFutureNs();
    }

    /**
     * Runs one event that is due now, also from inside another: what another unit of the machine does while this one is in
     * the middle of something. The event must be of a kind that may interrupt what is running.
     *
     * @return false when none that is due matches
     */
    public boolean runMeanwhile(Predicate<Event> which) {
        return runMatching(which);
    }

    @Override
    boolean runLoop(BooleanSupplier condition, long deadlineNs) {
        for (; ; ) {
            if (runInstant(condition)) {
                return true;
            }
            long next = earliestFutureNs();
            if (next > deadlineNs || next == Long.MAX_VALUE) {
                if (deadlineNs != Long.MAX_VALUE) {
                    clock(deadlineNs); // waiting in vain takes as long as waiting with success
                }
                return false;
            }
            clock(next);
        }
    }

    @Override
    void wakeup() {
        // A world in virtual time never sleeps.
    }

    private boolean runInstant(BooleanSupplier condition) {
        long count = 0;
        for (ScheduledEvent event = runNext(); event != null; event = runNext()) {
            if (condition.getAsBoolean()) {
                return true;
            }
            if (++count > MAX_EVENTS_PER_INSTANT) {
                throw standstill(count);
            }
        }
        return false;
    }

    /** Runs on for a little, to see who it is that never ends. */
    private StandstillException standstill(long count) {
        Map<String, Integer> names = new TreeMap<>();
        for (int i = 0; i < NAMED; i++) {
            ScheduledEvent event = runNext();
            if (event != null) {
                names.merge(event.name(), 1, Integer::sum);
            }
        }
        String most = names.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                .limit(5)
                .map(entry -> entry.getValue() + " \"" + entry.getKey() + "\"")
                .collect(Collectors.joining(", "));
        return new StandstillException("time stands still at " + nowNs() + " ns after " + count
                + " events; of the next " + NAMED + ": " + most);
    }
}
