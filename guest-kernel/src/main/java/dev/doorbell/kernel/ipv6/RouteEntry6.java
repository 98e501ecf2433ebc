package dev.doorbell.kernel.ipv6;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.ipv4.RouteMetrics;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.netdev.NetDevice;
import org.jspecify.annotations.Nullable;

/**
 * A line of the IPv6 routing table.
 *
 * @param gatewayHigh router, all zero: on the link
 * @param dev null only for types that lead nowhere
 * @param metric the lowest wins among lines of the same prefix
 * @param expiresNs time at which it goes; {@link InterfaceAddress6#FOREVER}
 * @param metrics what the line says about the way beside where it leads
 */
public record RouteEntry6(
        long high,
        long low,
        int prefixLength,
        long gatewayHigh,
        long gatewayLow,
        @Nullable NetDevice dev,
        int metric,
        RouteType type,
        Origin origin,
        long expiresNs,
        RouteMetrics metrics) {
    /** Who made it. */
    public enum Origin {
        /** Belongs to an address. */
        CONNECTED,
        STATIC,
        /** From a router's advertisement. */
        ADVERTISED,
        REDIRECT
    }

    /** Metrics as Linux gives them: of prefixes, of static routes and of routers. */
    public static final int CONNECTED_METRIC = 256, DEFAULT_METRIC = 1024;

    public RouteEntry6 {
        if (prefixLength < 0 || prefixLength > 128) {
            throw new IllegalArgumentException("prefix length " + prefixLength + ": must be 0 to 128");
        }
        high &= Ipv6Address.maskHigh(prefixLength);
        low &= Ipv6Address.maskLow(prefixLength);
    }

    /** A line that says only where it leads. */
    public RouteEntry6(
            long high,
            long low,
            int prefixLength,
            long gatewayHigh,
            long gatewayLow,
            @Nullable NetDevice dev,
            int metric,
            RouteType type,
            Origin origin,
            long expiresNs) {
        this(high, low, prefixLength, gatewayHigh, gatewayLow, dev, metric, type, origin, expiresNs, RouteMetrics.NONE);
    }

    boolean matches(long h, long l) {
        return Ipv6Address.samePrefix(high, low, h, l, prefixLength);
    }

    boolean hasGateway() {
        return (gatewayHigh | gatewayLow) != 0;
    }

    boolean isUsable() {
        return dev == null || dev.isUp();
    }

    /** Leads to the same place as another, lifetimes aside. */
    boolean isSameWay(RouteEntry6 other) {
        return other.high == high
                && other.low == low
                && other.prefixLength == prefixLength
                && other.gatewayHigh == gatewayHigh
                && other.gatewayLow == gatewayLow
                && other.dev == dev
                && other.origin == origin;
    }
}
