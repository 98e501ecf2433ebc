package dev.doorbell.kernel.ipv4;

import dev.doorbell.kernel.skb.SkBuff;

/** IPv4 of one kernel: input, output and who is above it. */
public final class Ipv4 {
    /**
     * Headroom that whoever builds a packet leaves in front of its transport header: IP header with options, Ethernet
     * header, VLAN tag, rounded up.
     */
    public static final int MAX_HEADER = 128;

    /** TTL of what is sent when the socket says nothing, RFC 1122 §3.2.1.7. */
    public static final int DEFAULT_TTL = 64;

    private final Routes routes = new Routes();
    private final Addresses addresses = new Addresses();

    public Routes routes() {
        return routes;
    }

    public Addresses addresses() {
        return addresses;
    }

    /** Sends datagrams of this protocol number to {@code handler}. */
    public void addProtocol(int protocol, L4Protocol handler) {}

    /**
     * Prepends the IP header and sends. data() is at the transport header, with {@link #MAX_HEADER} bytes headroom.
     * DF is set: longer than the path's MTU and not GSO, it is refused. For datagrams that may be
     * fragmented there is the form with {@code flags}.
     *
     * @param skb gone in every case
     * @param src source address, 0: the route's
     * @param tos type of service octet
     * @param ttl hops, 0: the default
     * @return 0 or a negated errno (-EMSGSIZE, -ENOBUFS, -EHOSTUNREACH)
     */
    public int queueXmit(SkBuff skb, Route route, int src, int dst, int protocol, int tos, int ttl) {
        return queueXmit(skb, route, src, dst, protocol, tos, ttl, DONT_FRAGMENT);
    }

    /** Sets DF; without it a datagram longer than the path's MTU is cut into fragments. */
    public static final int DONT_FRAGMENT = 1;

    /** As above. @param flags {@link #DONT_FRAGMENT} or 0 */
    public int queueXmit(SkBuff skb, Route route, int src, int dst, int protocol, int tos, int ttl, int flags) {
        skb.free();
        return 0;
    }

    /** Sends an ICMP error about a packet that was received: networkHeader and dev are set. {@code skb} stays the caller's. */
    public void sendIcmpError(SkBuff skb, int type, int code, int info) {}
}
