package dev.doorbell.kernel.ipv6;

import dev.doorbell.kernel.skb.SkBuff;

/** Where raw IPv6 sockets listen. */
public interface RawDelivery6 {
    /**
     * Offers a datagram: whoever wants it takes a clone.
     *
     * @param skb data() at the transport header, networkHeader set; stays the caller's
     * @return whether some socket took it
     */
    boolean offer6(SkBuff skb, int protocol);

    /** An ICMPv6 error about a packet of {@code protocol}; parameters as in {@link L4Protocol6#error6}. */
    void error6(int protocol, int type, int code, int info, SkBuff quoted);
}
