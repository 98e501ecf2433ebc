package dev.doorbell.kernel.neighbour;

import java.util.SplittableRandom;

/** Times of one link, which a router's advertisement may set: RFC 4861 §6.3.2. */
public final class NeighbourParameters {
    private final SplittableRandom random;

    /** How long a confirmation is good for, before it is randomised; time between solicitations. */
    public long baseReachableNs = NeighbourTable.BASE_REACHABLE_NS, retransmitNs = NeighbourTable.RETRANSMIT_NS;

    NeighbourParameters(SplittableRandom random) {
        this.random = random;
    }

    /** RFC 4861 section 6.3.4: uniformly between half and one and a half of the base. */
    long reachableNs() {
        return random.nextLong(baseReachableNs / 2, baseReachableNs * 3 / 2);
    }
}
