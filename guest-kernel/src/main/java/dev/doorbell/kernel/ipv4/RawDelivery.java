package dev.doorbell.kernel.ipv4;

import dev.doorbell.kernel.skb.SkBuff;

/** Where raw sockets listen. */
public interface RawDelivery {
    /**
     * Offers a datagram: whoever wants it takes a clone.
     *
     * @param skb data() at the transport header, networkHeader set; stays the caller's
     * @return whether some socket took it
     */
    boolean offer(SkBuff skb, int protocol);

    /** An ICMP error about a packet of {@code protocol}; parameters as in {@link L4Protocol#error}. */
    void error(int protocol, int icmpType, int icmpCode, int info, SkBuff quoted);
}
