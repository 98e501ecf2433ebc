package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.ipv4.RouteMetrics;

/** The way from this host to one peer, as TCP sees it. */
interface Path {
    /** Source address that the route prefers. */
    long sourceHigh();

    long sourceLow();

    /** Bytes of the IP header in front of a segment. */
    int headerBytes();

    /** Bytes of the largest IP packet; changes when path MTU discovery learns. */
    int mtu();

    /** The same for the outgoing interface alone. */
    int linkMtu();

    /** What the routing table says about the way. */
    default RouteMetrics metrics() {
        return RouteMetrics.NONE;
    }

    /** The outgoing interface wants senders to pace themselves. */
    default boolean asksForPacing() {
        return false;
    }

    /** False when it must be looked up again. */
    boolean isValid();

    /** To one of this host's own addresses. */
    boolean isLoopback();

    /** The peer acknowledged something new: the next hop is alive, and need not be asked. RFC 4861 §7.3.1. */
    void confirm();
}
