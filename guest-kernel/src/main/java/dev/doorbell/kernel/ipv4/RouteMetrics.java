package dev.doorbell.kernel.ipv4;

/**
 * What a line of a routing table says about the way beside where it leads: RTAX_*, the words of ip-route(8). 0 means that
 * it says nothing.
 *
 * @param mtu bytes of the largest IP packet
 * @param mtuLocked "mtu lock": path MTU discovery neither changes the MTU nor sets DF
 * @param advmss bytes of the MSS to offer
 * @param initcwnd segments of the initial congestion window
 * @param initrwnd segments of the initial receive window
 * @param rtoMinNs lower bound of the retransmission timeout
 */
public record RouteMetrics(int mtu, boolean mtuLocked, int advmss, int initcwnd, int initrwnd, long rtoMinNs) {
    /** Says nothing. */
    public static final RouteMetrics NONE = new RouteMetrics(0, false, 0, 0, 0, 0);

    private static final long NS_PER_MILLISECOND = 1_000_000;

    /** As ip-route(8) shows them, a space before each; empty when there is nothing to say. */
    public String words() {
        if (equals(NONE)) {
            return "";
        }
        String size = mtu == 0 ? "" : (mtuLocked ? " mtu lock " : " mtu ") + mtu;
        String timeout = rtoMinNs == 0 ? "" : " rto_min lock " + rtoMinNs / NS_PER_MILLISECOND + "ms";
        return size + word("advmss", advmss) + timeout + word("initcwnd", initcwnd) + word("initrwnd", initrwnd);
    }

    private static String word(String name, int value) {
        return value == 0 ? "" : " " + name + " " + value;
    }
}
