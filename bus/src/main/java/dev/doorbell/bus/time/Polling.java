package dev.doorbell.bus.time;

/**
 * Decides whether a world without work polls on or sleeps. Polling pays when the answer to the last input comes soon: a
 * sleep and a wake-up cost more than a short wait. It does not pay when nothing comes, and it harms when somebody else
 * wants the same core, perhaps the very program that is to answer. All three are seen here, and kept as credit.
 */
final class Polling {
    /** A look at all inputs takes a microsecond or two: after a pause so long somebody else has had the core. */
    private static final long LEAST_CROWDED_NS = 30_000;
    /**
     * Who polls for milliseconds has to bear short visits: a ping that wakes up to send its next request, the timer
     * tick, a hypervisor. Who computes takes a slice of the scheduler's, and none is so short.
     */
    private static final long MOST_CROWDED_NS = 500_000;

    private static final int MOST = 16, PAID = 4, LOST = 1, CROWDED = 4;
    /** Without credit: one attempt in so many. */
    private static final int ATTEMPTS = 16;

    private final long limitNs;
    private final long crowdedNs;
    private int credit = MOST;
    private int refused;
    private long until;
    private long lastLook;
    private boolean going;

    /** @param limitNs after the last input; 0 for never, {@link RealTime#SPIN_FOREVER} for ever */
    Polling(long limitNs) {
        if (limitNs < 0) {
            throw new IllegalArgumentException("spin " + limitNs + " ns: must not be negative");
        }
        this.limitNs = limitNs;
        crowdedNs = Math.min(MOST_CROWDED_NS, Math.max(LEAST_CROWDED_NS, limitNs / 16));
    }

    /** Something came in. */
    void input(long now) {
        if (going) {
            credit = Math.min(MOST, credit + PAID);
            going = false;
        }
        until = AbstractWorld.saturatedSum(now, limitNs);
    }

    /** There is work again that did not come from outside. */
    void interrupted() {
        going = false;
    }

    /** Nothing to do now: true to look again at once, false to sleep. */
    boolean goesOn(long now) {
        if (limitNs == RealTime.SPIN_FOREVER) {
            return true;
        }
        if (!going) {
            return begins(now);
        }
        if (now - lastLook > crowdedNs) {
            return ends(CROWDED);
        }
        if (now >= until) {
            return ends(LOST);
        }
        lastLook = now;
        return true;
    }

    private boolean begins(long now) {
        if (now >= until) {
            return false;
        }
        if (credit <= 0 && ++refused % ATTEMPTS != 0) {
            until = 0;
            return false;
        }
        going = true;
        lastLook = now;
        return true;
    }

    private boolean ends(int costs) {
        credit = Math.max(0, credit - costs);
        going = false;
        until = 0;
        return false;
    }
}
