package dev.doorbell.kernel.tcp;

/** Standard congestion control, RFC 5681: half on loss, one segment per round trip. */
final class Reno implements CongestionControl {
    @Override
    public String name() {
        return "reno";
    }

    @Override
    public int ssthresh(CongestionWindow window) {
        return Math.max(window.cwnd >> 1, 2);
    }

    @Override
    public void avoid(CongestionWindow window, int una, int acked, boolean limited, long nowNs) {
        if (!limited) {
            return;
        }
        int rest = window.inSlowStart() ? window.slowStart(acked) : acked;
        if (rest > 0) {
            window.additiveIncrease(window.cwnd, rest);
        }
    }
}
