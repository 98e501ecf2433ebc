package dev.doorbell.kernel.inet;

import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;

/**
 * The two ends of a flow, of either family: addresses as two longs each (IPv4 as ::ffff:a.b.c.d), ports in host order.
 * Mutable, so that the packet path fills one instance for every packet and allocates none; whoever keeps one copies it.
 */
public class Endpoints {
    public long localHigh, localLow, remoteHigh, remoteLow;
    public int localPort, remotePort;
    /** Interface index that link-local addresses belong to, RFC 4007; 0 for all others. */
    public int scope;

    public Endpoints() {}

    public Endpoints(Endpoints other) {
        copyFrom(other);
    }

    public final void copyFrom(Endpoints other) {
        localHigh = other.localHigh;
        localLow = other.localLow;
        localPort = other.localPort;
        remoteHigh = other.remoteHigh;
        remoteLow = other.remoteLow;
        remotePort = other.remotePort;
        scope = other.scope;
    }

    /** @return this */
    public final Endpoints local(long high, long low, int port) {
        localHigh = high;
        localLow = low;
        localPort = port;
        return this;
    }

    /** @return this */
    public final Endpoints remote(long high, long low, int port) {
        remoteHigh = high;
        remoteLow = low;
        remotePort = port;
        return this;
    }

    /** @return this */
    public final Endpoints localV4(int address, int port) {
        return local(0, Ipv6Address.ofV4(address), port);
    }

    /** @return this */
    public final Endpoints remoteV4(int address, int port) {
        return remote(0, Ipv6Address.ofV4(address), port);
    }

    /** Packets of this flow are IPv4. */
    public final boolean isV4() {
        return Ipv6Address.isV4(remoteHigh, remoteLow);
    }

    /** The local IPv4 address, first octet in the top byte; 0 also for :: of a dual-stack socket. */
    public final int localV4() {
        return (int) localLow;
    }

    public final int remoteV4() {
        return (int) remoteLow;
    }

    /** No local address is chosen yet. */
    public final boolean isLocalAny() {
        return Ipv6Address.isAny(localHigh, localLow);
    }

    /** There is no peer. */
    public final boolean isRemoteAny() {
        return Ipv6Address.isAny(remoteHigh, remoteLow);
    }

    public final boolean sameFlow(Endpoints other) {
        return remoteLow == other.remoteLow
                && localPort == other.localPort
                && remotePort == other.remotePort
                && localLow == other.localLow
                && remoteHigh == other.remoteHigh
                && localHigh == other.localHigh
                && scope == other.scope;
    }

    /** A keyed hash of everything: a peer cannot choose collisions. */
    public final int hash(long key) {
        long h = (localLow ^ key) * 0x9E37_79B9_7F4A_7C15L;
        h = (h ^ h >>> 32 ^ remoteLow) * 0xC2B2_AE3D_27D4_EB4FL;
        if ((localHigh | remoteHigh) != 0) {
            h = (h ^ h >>> 29 ^ localHigh) * 0x9E37_79B9_7F4A_7C15L;
            h = (h ^ h >>> 32 ^ remoteHigh) * 0xC2B2_AE3D_27D4_EB4FL;
        }
        h = (h ^ h >>> 29 ^ (localPort << 16 | remotePort)) * 0x9E37_79B9_7F4A_7C15L;
        return (int) (h ^ h >>> 29 ^ h >>> 47);
    }

    /** Bytes of the IP header of this flow's packets, without options or extension headers. */
    public int ipHeaderBytes() {
        return isV4() ? Ipv4Header.MIN_LENGTH : Ipv6Header.LENGTH;
    }

    /** Partial sum of the pseudo header of packets on this flow, in either direction. {@code length} as on the wire. */
    public final long pseudoHeader(int protocol, int length) {
        return isV4()
                ? InternetChecksum.pseudoHeader((int) localLow, (int) remoteLow, protocol, length)
                : InternetChecksum.pseudoHeaderV6(localHigh, localLow, remoteHigh, remoteLow, protocol, length);
    }

    /**
     * Whether sockets bound to two addresses would get the same packets: equal, or one is the wildcard of the family,
     * or :: without IPV6_V6ONLY, which takes IPv4 too.
     */
    public static boolean overlap(
            long high, long low, boolean v6Only, long otherHigh, long otherLow, boolean otherV6Only) {
        boolean v4 = Ipv6Address.isV4(high, low);
        boolean otherV4 = Ipv6Address.isV4(otherHigh, otherLow);
        if (v4 != otherV4) {
            return v4
                    ? Ipv6Address.isUnspecified(otherHigh, otherLow) && !otherV6Only
                    : Ipv6Address.isUnspecified(high, low) && !v6Only;
        }
        return low == otherLow && high == otherHigh
                || Ipv6Address.isAny(high, low)
                || Ipv6Address.isAny(otherHigh, otherLow);
    }

    /**
     * Whether a socket bound to {@code bound} takes packets for {@code high}, {@code low}: below 0 it does not, 0 by a
     * wildcard, 1 by the address itself.
     */
    public static int matchLocal(long boundHigh, long boundLow, boolean v6Only, long high, long low) {
        if (boundLow == low && boundHigh == high) {
            return 1;
        }
        if (!Ipv6Address.isAny(boundHigh, boundLow)) {
            return -1;
        }
        boolean v4 = Ipv6Address.isV4(high, low);
        return boundLow != 0 ? v4 ? 0 : -1 : v4 && v6Only ? -1 : 0;
    }

    @Override
    public String toString() {
        return Ipv6Address.formatEither(localHigh, localLow) + ":" + localPort + " <-> "
                + Ipv6Address.formatEither(remoteHigh, remoteLow) + ":" + remotePort;
    }
}
