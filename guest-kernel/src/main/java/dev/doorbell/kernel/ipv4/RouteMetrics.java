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
}
