package dev.doorbell.kernel.tcp;

/** The congestion window and slow start threshold of one connection, in segments, RFC 5681 §3. */
final class CongestionWindow {
    /** "Not yet set": slow start until the first loss. */
    static final int INFINITE_SSTHRESH = 0x7FFF_FFFF;

    int cwnd;
    int ssthresh = INFINITE_SSTHRESH;
    /** Segments acknowledged towards the next step of linear growth. */
    int count;
    /** Upper bound of the window. */
    int clamp = Integer.MAX_VALUE / 2;
    /** Window and threshold before the last reduction, for undo and for Reno's and CUBIC's memory. */
    int prior;

    int priorSsthresh;

    CongestionWindow(int initial) {
        cwnd = initial;
    }

    boolean inSlowStart() {
        return cwnd < ssthresh;
    }

    void set(int segments) {
        cwnd = Math.max(1, segments);
    }

    /**
     * Exponential growth up to the threshold, counted in segments acknowledged (RFC 3465).
     *
     * @return segments left over for congestion avoidance
     */
    int slowStart(int acked) {
        int next = Math.min(cwnd + acked, ssthresh);
        int rest = acked - (next - cwnd);
        cwnd = Math.min(next, clamp);
        return rest;
    }

    /** Linear growth: one segment per {@code segments} acknowledged. */
    void additiveIncrease(int segments, int acked) {
        if (count >= segments) {
            count = 0;
            cwnd++;
        }
        count += acked;
        if (count >= segments) {
            int steps = count / segments;
            count -= steps * segments;
            cwnd += steps;
        }
        cwnd = Math.min(cwnd, clamp);
    }
}
