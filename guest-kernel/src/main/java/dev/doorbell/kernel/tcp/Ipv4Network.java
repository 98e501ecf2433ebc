package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.inet.Endpoints;
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
        public long sourceHigh() {
            return 0;
        }

        @Override
        public long sourceLow() {
            return Ipv6Address.ofV4(route.source());
        }

        @Override
        public int headerBytes() {
            return Ipv4Header.MIN_LENGTH;
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
    public @Nullable Path path(Endpoints ends, int outInterface) {
        Route route = ipv4.routes().lookup(ends.remoteV4(), ends.localV4(), outInterface);
        if (route == null || (route.type() != RouteType.UNICAST && route.type() != RouteType.LOCAL)) {
            return null;
        }
        return new RoutePath(route);
    }

    @Override
    public boolean isLocal(long high, long low) {
        return Ipv6Address.isV4(high, low) && ipv4.addresses().isLocal((int) low);
    }

    @Override
    public boolean isMulticastOrBroadcast(long high, long low) {
        int address = (int) low;
        return Addresses.isMulticast(address) || ipv4.addresses().isBroadcast(address);
    }

    @Override
    public int transmit(SkBuff skb, Path path, Endpoints ends, int tos, int ttl) {
        Route route = ((RoutePath) path).route();
        return ipv4.queueXmit(skb, route, ends.localV4(), ends.remoteV4(), IpProtocol.TCP, tos, ttl);
    }

    @Override
    public int interfaceOf(SkBuff skb) {
        return skb.dev == null ? 0 : skb.dev.ifindex();
    }
}
