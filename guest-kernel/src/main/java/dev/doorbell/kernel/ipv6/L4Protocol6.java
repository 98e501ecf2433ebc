package dev.doorbell.kernel.ipv6;

import dev.doorbell.kernel.skb.SkBuff;

/** A protocol above IPv6. Called in softirq context; faults in packets are counted and dropped, never thrown. */
public interface L4Protocol6 {
    /**
     * A whole datagram for this host. data() is at the transport header, networkHeader at the IP header, extension
     * headers between them; length() is exactly the rest of the packet, packetType says host or multicast.
     *
     * @param skb owned by the callee from here on
     */
    void receive6(SkBuff skb);

    /**
     * An ICMPv6 error about a datagram that this host sent.
     *
     * @param type 1 unreachable, 2 too big, 3 time exceeded, 4 parameter problem, or an unknown one below 128
     * @param info MTU, or the pointer, else 0
     * @param quoted networkHeader at the quoted IP header, data() at the quoted transport header, of which at least 8
     *     linear bytes are there; {@code cbTimeNs} and {@code cbTime2Ns} are the halves of the address of who
     *     reported it, 0 when that is this host itself; stays the caller's
     */
    void error6(int type, int code, int info, SkBuff quoted);
}
