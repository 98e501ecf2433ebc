package dev.doorbell.kernel.socket;

import dev.doorbell.bus.wire.Ipv6Address;

/**
 * IPv6 address and port: struct sockaddr_in6. The address is two longs, the first eight octets in the high one; flow
 * information in host order here, in network order in the struct; the scope is an interface index (RFC 4007), in host
 * order in both.
 */
public final class SockAddrIn6 extends SockAddr {
    private long high, low;
    private int port, flowInfo, scopeId;

    /** [::]:0, to be filled in. */
    public SockAddrIn6() {}

    public SockAddrIn6(long high, long low, int port) {
        set(high, low, port, 0, 0);
    }

    /** @param scopeId interface of a link-local address, 0: none */
    public SockAddrIn6(long high, long low, int port, int scopeId) {
        set(high, low, port, 0, scopeId);
    }

    /** @param text an IPv6 address, or an IPv4 one for its mapped form */
    public static SockAddrIn6 of(String text, int port) {
        long[] halves = Ipv6Address.parse(text.indexOf(':') < 0 ? "::ffff:" + text : text);
        return new SockAddrIn6(halves[0], halves[1], port);
    }

    /**
     * Overwrites all.
     *
     * @return this
     */
    public SockAddrIn6 set(long high, long low, int port, int flowInfo, int scopeId) {
        this.high = high;
        this.low = low;
        this.port = port & 0xFFFF;
        this.flowInfo = flowInfo;
        this.scopeId = scopeId;
        return this;
    }

    @Override
    public int family() {
        return SocketConstants.AF_INET6;
    }

    public long high() {
        return high;
    }

    public long low() {
        return low;
    }

    @Override
    public int port() {
        return port;
    }

    /** Traffic class and flow label, 28 bits. */
    public int flowInfo() {
        return flowInfo;
    }

    public int scopeId() {
        return scopeId;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SockAddrIn6 that
                && that.high == high
                && that.low == low
                && that.port == port
                && that.scopeId == scopeId;
    }

    @Override
    public int hashCode() {
        return (Long.hashCode(high) * 31 + Long.hashCode(low)) * 31 + port;
    }

    /** As RFC 5952 §6 has it: [2001:db8::1]:80, the scope behind a percent sign. */
    @Override
    public String toString() {
        return "[" + Ipv6Address.format(high, low) + (scopeId != 0 ? "%" + scopeId : "") + "]:" + port;
    }
}
