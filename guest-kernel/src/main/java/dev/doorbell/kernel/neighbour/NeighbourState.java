package dev.doorbell.kernel.neighbour;

/** Reachability of a neighbour, Linux's NUD states, after RFC 4861 section 7.3.2. */
public enum NeighbourState {
    /** Asked for, no answer yet; packets wait. */
    INCOMPLETE(false),
    /** Confirmed lately. */
    REACHABLE(true),
    /** Known, but not confirmed for a while; nothing is done until it is used. */
    STALE(true),
    /** Used while stale: waits a little for a confirmation from above before asking. */
    DELAY(true),
    /** Being asked by unicast. */
    PROBE(true),
    /** Did not answer; the next packet starts anew. */
    FAILED(false),
    /** Set by hand: never asked. */
    PERMANENT(true),
    /** The device has no link-layer addresses: nothing to ask. */
    NOARP(true);

    private final boolean valid;

    NeighbourState(boolean valid) {
        this.valid = valid;
    }

    /** The MAC address may be used. */
    public boolean isValid() {
        return valid;
    }
}
