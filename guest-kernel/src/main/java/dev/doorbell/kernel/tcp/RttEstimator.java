package dev.doorbell.kernel.tcp;

/**
 * Smoothed round-trip time and retransmission timeout, RFC 6298, with Linux's refinements: the variance follows the
 * largest deviation of each round trip at once and decays slowly, it never goes below the minimum RTO, and a falling
 * RTT does not raise it. Times in microseconds; 0 means no sample yet.
 */
final class RttEstimator {
    /** How long a minimum is remembered, as tcp_min_rtt_wlen says: 300 s. */
    private static final long MIN_WINDOW_US = 300_000_000L;

    /** 8 times the smoothed RTT. */
    private int srtt8;
    /** 4 times the mean deviation, its largest value within this round trip, and the value that counts. */
    private int deviation4;

    private int largestDeviation4;
    private int variance4;
    private int roundEndSeq;

    private final MinRtt min = new MinRtt(MIN_WINDOW_US);

    boolean hasSample() {
        return srtt8 != 0;
    }

    /**
     * One measurement.
     *
     * @param una oldest unacknowledged and
     * @param nxt next sequence number: they delimit the round trips
     * @param floorUs lower bound of the variance term: the minimum RTO
     */
    void sample(long rttUs, int una, int nxt, long floorUs) {
        int rtt = (int) Math.min(rttUs, Integer.MAX_VALUE >> 4);
        int floor = (int) floorUs;
        if (srtt8 == 0) {
            srtt8 = Math.max(1, rtt << 3);
            deviation4 = rtt << 1;
            variance4 = Math.max(deviation4, floor);
            largestDeviation4 = variance4;
            roundEndSeq = nxt;
            return;
        }
        int error = rtt - (srtt8 >> 3);
        srtt8 = Math.max(1, srtt8 + error);
        int change = Math.abs(error) - (deviation4 >> 2);
        // An RTT that falls must not raise the timeout: its deviation counts for an eighth.
        deviation4 += error < 0 && change > 0 ? change >> 3 : change;
        if (deviation4 > largestDeviation4) {
            largestDeviation4 = deviation4;
            variance4 = Math.max(variance4, largestDeviation4);
        }
        if (una - roundEndSeq > 0) {
            if (largestDeviation4 < variance4) {
                variance4 -= (variance4 - largestDeviation4) >> 2;
            }
            roundEndSeq = nxt;
            largestDeviation4 = floor;
        }
    }

    /** Feeds the minimum filter alone. */
    void sampleMin(long nowUs, long rttUs) {
        min.update(nowUs, rttUs);
    }

    int srttUs() {
        return srtt8 >> 3;
    }

    /** 8 times the smoothed RTT, for what needs the fraction. */
    int srtt8Us() {
        return srtt8;
    }

    /** Mean deviation. */
    int mdevUs() {
        return deviation4 >> 2;
    }

    /** Smallest RTT of the last five minutes; {@link MinRtt#NONE} before the first sample. */
    long minUs() {
        return min.get();
    }

    /** SRTT + 4 RTTVAR, not yet bounded above. */
    long timeoutUs() {
        return (srtt8 >> 3) + (long) variance4;
    }
}
