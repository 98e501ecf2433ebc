package dev.doorbell.kernel.ipv4;

import dev.doorbell.kernel.skb.SkBuff;

/** Sends ICMP errors for IPv4; implemented by {@code kernel.icmp}. Packets stay the caller's. */
public interface IcmpErrors {
    /**
     * About a packet that was received: networkHeader and dev are set, its IP header is linear. Does nothing when none
     * is allowed (RFC 1122 section 3.2.2) or the rate is exceeded.
     *
     * @param info pointer (in the top byte's place: plain offset), next-hop MTU, or 0
     */
    void send(SkBuff skb, int type, int code, int info);

    /**
     * RFC 792: not all fragments came in time.
     *
     * @param first the fragment with offset 0, data() at its IP header
     */
    void reassemblyTimeExceeded(SkBuff first);

    /** A packet of our own cannot reach its next hop: tells its protocol, as if an ICMP error had come. */
    void localError(SkBuff skb, int type, int code, int info);
}
