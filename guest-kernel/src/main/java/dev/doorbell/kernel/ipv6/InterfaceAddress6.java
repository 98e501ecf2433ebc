package dev.doorbell.kernel.ipv6;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.netdev.NetDevice;

/** An IPv6 address of an interface with its state, RFC 4862 §5.5.4: inet6_ifaddr. */
public final class InterfaceAddress6 {
    /** A lifetime without end. */
    public static final long FOREVER = Long.MAX_VALUE;

    /** Whether and how it may be used. */
    public enum State {
        /** Duplicate address detection is under way: not ours yet. */
        TENTATIVE,
        PREFERRED,
        /** Still valid, but not for new flows if there is another. */
        DEPRECATED,
        /** Another host has it: never used. */
        DUPLICATE
    }

    /** Who made it. */
    public enum Origin {
        MANUAL,
        LINK_LOCAL,
        /** From a router's prefix, RFC 4862 §5.5.3. */
        AUTOCONF
    }

    private final NetDevice dev;
    private final long high, low;
    private final int prefixLength;
    private final Origin origin;
    private State state = State.TENTATIVE;
    private long preferredUntilNs = FOREVER, validUntilNs = FOREVER;

    public InterfaceAddress6(NetDevice dev, long high, long low, int prefixLength, Origin origin) {
        if (prefixLength < 0 || prefixLength > 128) {
            throw new IllegalArgumentException("prefix length " + prefixLength + ": must be 0 to 128");
        }
        this.dev = dev;
        this.high = high;
        this.low = low;
        this.prefixLength = prefixLength;
        this.origin = origin;
    }

    public NetDevice dev() {
        return dev;
    }

    public long high() {
        return high;
    }

    public long low() {
        return low;
    }

    public int prefixLength() {
        return prefixLength;
    }

    public Origin origin() {
        return origin;
    }

    public State state() {
        return state;
    }

    void state(State next) {
        state = next;
    }

    /** May be a packet's source or destination. */
    public boolean isUsable() {
        return state == State.PREFERRED || state == State.DEPRECATED;
    }

    public boolean isLinkLocal() {
        return Ipv6Address.isLinkLocal(high);
    }

    /** Time of this world at which it becomes deprecated. */
    public long preferredUntilNs() {
        return preferredUntilNs;
    }

    /** Time at which it goes. */
    public long validUntilNs() {
        return validUntilNs;
    }

    void lifetimes(long preferredUntil, long validUntil) {
        preferredUntilNs = preferredUntil;
        validUntilNs = validUntil;
    }

    boolean is(NetDevice candidate, long h, long l) {
        return low == l && high == h && dev == candidate;
    }

    /** As ip addr shows it: 2001:db8::1/64. */
    @Override
    public String toString() {
        return Ipv6Address.format(high, low) + "/" + prefixLength;
    }
}
