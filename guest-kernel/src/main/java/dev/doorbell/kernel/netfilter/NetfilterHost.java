package dev.doorbell.kernel.netfilter;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** What the packet filter needs of the IP layer around it. Called for packets: allocates nothing, unless it says so. */
public interface NetfilterHost {
    /** Address types, linux/rtnetlink.h: RTN_*. */
    int UNSPEC = 0,
            UNICAST = 1,
            LOCAL = 2,
            BROADCAST = 3,
            ANYCAST = 4,
            MULTICAST = 5,
            BLACKHOLE = 6,
            UNREACHABLE = 7,
            PROHIBIT = 8,
            THROW = 9,
            NAT = 10,
            XRESOLVE = 11;

    KernelContext kernel();

    /**
     * What kind of address it is.
     *
     * @param dev when not null, only addresses of this interface are LOCAL
     * @return LOCAL, UNICAST ...
     */
    int addressType(long high, long low, @Nullable NetDevice dev);

    /**
     * The address that a new connection gets whose packets leave through {@code dev}: inet_select_addr, ipv6_dev_get_saddr.
     * Allocates.
     *
     * @param skb its first packet, routed
     * @param high of its destination
     * @return high and low half; null: none
     */
    long @Nullable [] sourceFor(NetDevice dev, SkBuff skb, long high, long low);

    /**
     * The address of this host that a new connection is redirected to. Allocates.
     *
     * @param in where it came in; null: it is our own
     * @return high and low half; null: the interface has none
     */
    long @Nullable [] redirectTarget(@Nullable NetDevice in);

    /**
     * Routes a packet of our own anew after its header or mark was changed: ip_route_me_harder.
     *
     * @return false when there is no way: the packet must be dropped
     */
    boolean reroute(SkBuff skb);

    /** The MTU of the way that a routed packet takes, bytes; 0: it is not routed yet. */
    int mtuOf(SkBuff skb);

    /** The MTU of the way to an address, bytes; {@link Integer#MAX_VALUE}: there is none. */
    int mtuTo(long high, long low);

    /** Sends an ICMP error about a packet, which stays the caller's. data() at its IP header. */
    void sendIcmpError(SkBuff skb, int type, int code);

    /** Answers a TCP segment with a reset, RFC 9293 section 3.5.2. The segment stays the caller's. */
    void sendReset(SkBuff skb, int hook);

    /** From now on fragments are reassembled before the first hook, nf_defrag_ipv4 and nf_defrag_ipv6. */
    void reassembleFirst(boolean on);
}
