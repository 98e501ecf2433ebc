package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.netdev.NetDevice;
import org.jspecify.annotations.Nullable;

/**
 * A line of the routing table.
 *
 * @param destination network, host bits 0
 * @param gateway router, or 0 when the destinations are on the link
 * @param dev null for the types that refuse
 * @param source preferred source address, or 0
 * @param metric lower is better
 * @param mtu of packets that go this way, bytes; 0: the device's
 * @param automatic made with an address of the interface, not by hand
 * @param metrics what else is known about the way
 */
public record RouteEntry(
        int destination,
        int prefixLength,
        int gateway,
        @Nullable NetDevice dev,
        int source,
        int metric,
        RouteType type,
        int mtu,
        boolean automatic,
        RouteMetrics metrics) {

    /** Without metrics. */
    public RouteEntry(
            int destination,
            int prefixLength,
            int gateway,
            @Nullable NetDevice dev,
            int source,
            int metric,
            RouteType type,
            int mtu,
            boolean automatic) {
        this(destination, prefixLength, gateway, dev, source, metric, type, mtu, automatic, RouteMetrics.NONE);
    }

    /** By hand, with the device's MTU. */
    public RouteEntry(
            int destination,
            int prefixLength,
            int gateway,
            @Nullable NetDevice dev,
            int source,
            int metric,
            RouteType type) {
        this(destination, prefixLength, gateway, dev, source, metric, type, 0, false);
    }

    boolean matches(int address) {
        return (address & Ipv4Address.mask(prefixLength)) == destination;
    }

    boolean isUsable() {
        return dev == null || dev.isUp();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append(prefixLength == 0 ? "default" : Ipv4Address.format(destination) + "/" + prefixLength);
        if (gateway != 0) {
            text.append(" via ").append(Ipv4Address.format(gateway));
        }
        if (dev != null) {
            text.append(" dev ").append(dev.name());
        }
        if (type != RouteType.UNICAST) {
            text.insert(0, type.name().toLowerCase(java.util.Locale.ROOT) + " ");
        }
        return (metric == 0 ? text.toString() : text + " metric " + metric) + metrics.words();
    }
}
