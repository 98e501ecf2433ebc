package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.kernel.ipv4.Addresses;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** TCP's view of a kernel's IPv4. */
final class Ipv4Network implements NetworkLayer {
    private final Ipv4 ipv4;

    Ipv4Network(Ipv4 ipv4) {
        this.ipv4 = ipv4;
    }

    private record RoutePath(Route route) implements Path {
        @Override
        public int source() {
            return route.source();
        }

        @Override
        public int mtu() {
            return route.mtu();
        }

        @Override
        public int linkMtu() {
            return route.dev().mtu();
        }

        @Override
        public boolean isValid() {
            return route.isValid();
        }

        @Override
        public boolean isLoopback() {
            return route.type() == RouteType.LOCAL;
        }

        @Override
        public void confirm() {
            route.confirmNeighbour();
        }
    }

    @Override
    public int maxHeader() {
        return Ipv4.MAX_HEADER;
    }

    @Override
    public @Nullable Path path(int destination, int source, int outInterface) {
        Route route = ipv4.routes().lookup(destination, source, outInterface);
        if (route == null || (route.type() != RouteType.UNICAST && route.type() != RouteType.LOCAL)) {
            return null;
        }
        return new RoutePath(route);
    }

    @Override
    public boolean isLocal(int address) {
        return ipv4.addresses().isLocal(address);
    }

    @Override
    public boolean isMulticastOrBroadcast(int address) {
        return Addresses.isMulticast(address) || ipv4.addresses().isBroadcast(address);
    }

    @Override
    public int transmit(SkBuff skb, Path path, int source, int destination, int tos, int ttl) {
        return ipv4.queueXmit(skb, ((RoutePath) path).route(), source, destination, IpProtocol.TCP, tos, ttl);
    }

    @Override
    public int interfaceOf(SkBuff skb) {
        return skb.dev == null ? 0 : skb.dev.ifindex();
    }
}
