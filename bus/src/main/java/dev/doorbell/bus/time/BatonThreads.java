package dev.doorbell.bus.time;

/**
 * Threads for code that blocks, of which exactly one runs: each passes the baton back to the world when it parks, so
 * blocking guest programs are as deterministic as events. The only threads a world has.
 */
public interface BatonThreads {
    /** Starts {@code body} as an event "now"; it runs until it parks or ends. */
    BatonThread start(String name, Runnable body);

    /** The baton thread that is running, or null when events run on the world's own thread. */
    @org.jspecify.annotations.Nullable
    BatonThread current();

    /** Ends all threads that are parked, by throwing {@link Killed} out of their {@code park}. For tear-down. */
    void killAll();

    int alive();

    /** Thrown out of {@code park} when the world is being torn down. */
    final class Killed extends Error {
        private static final long serialVersionUID = 1L;

        public Killed() {
            super("the world ended", null, false, false);
        }
    }

    /** One such thread. */
    interface BatonThread {
        String name();

        /** Gives the baton back until {@link #unpark()}; only from the thread itself. May return early: re-check. */
        void park();

        /** Lets it run again, as an event "now"; harmless when it is not parked (then its next park returns at once). */
        void unpark();

        boolean isAlive();
    }
}
