package dev.doorbell.kernel.ipv4;

import dev.doorbell.kernel.skb.SkBuff;

/** A protocol above IPv4. Called in softirq context; faults in packets are counted and dropped, never thrown. */
public interface L4Protocol {
    /**
     * A whole datagram for this host. data() is at the transport header, networkHeader at the IP header, length()
     * exactly the IP payload (link padding is cut), packetType says host, broadcast or multicast. The bytes may be in
     * fragments or a fragment list.
     *
     * @param skb owned by the callee from here on
     */
    void receive(SkBuff skb);

    /**
     * An ICMP error about a datagram that this host sent.
     *
     * @param icmpType 3 unreachable, 11 time exceeded, 12 parameter problem (see {@code kernel.icmp.IcmpTypes})
     * @param info next-hop MTU for "fragmentation needed", pointer for a parameter problem, else 0
     * @param quoted networkHeader at the quoted IP header, data() at the quoted transport header, of which at least 8
     *     linear bytes are there; {@code cbSeq} is the address of who reported it, 0 when that is this host itself; stays
     *     the caller's
     */
    void error(int icmpType, int icmpCode, int info, SkBuff quoted);
}
