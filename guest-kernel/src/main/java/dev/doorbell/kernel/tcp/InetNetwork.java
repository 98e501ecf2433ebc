package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.inet.InetStack;
import dev.doorbell.kernel.ipv4.Addresses;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.ipv4.RouteMetrics;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.ipv4.SendOptions;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.Route6;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** TCP's view of a kernel's IPv4 and IPv6. */
final class InetNetwork implements NetworkLayer {
    private final Ipv4 ipv4;
    private final Ipv6 ipv6;
    private final Ipv4Header ip = new Ipv4Header();

    InetNetwork(InetStack stack) {
        this.ipv4 = stack.ipv4();
        this.ipv6 = stack.ipv6();
    }

    private record RoutePath(Route route, @Nullable SendOptions options) implements Path {
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
        public RouteMetrics metrics() {
            return route.metrics();
        }

        @Override
        public boolean asksForPacing() {
            return route.dev().txQueue().asksForPacing();
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

    private record RoutePath6(Route6 route) implements Path {
        @Override
        public long sourceHigh() {
            return route.sourceHigh();
        }

        @Override
        public long sourceLow() {
            return route.sourceLow();
        }

        @Override
        public int headerBytes() {
            return Ipv6Header.LENGTH;
        }

        @Override
        public int mtu() {
            return route.mtu();
        }

        @Override
        public int linkMtu() {
            return route.linkMtu();
        }

        @Override
        public RouteMetrics metrics() {
            return route.metrics();
        }

        @Override
        public boolean asksForPacing() {
            return route.dev().txQueue().asksForPacing();
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
        return Math.max(Ipv4.MAX_HEADER, Ipv6.MAX_HEADER);
    }

    @Override
    public @Nullable Path path(Endpoints ends, int outInterface, @Nullable SendOptions options) {
        if (ends.isV4()) {
            int hop = options != null && options.isRouted() ? options.firstHop() : ends.remoteV4();
            Route route = ipv4.routes().lookup(hop, ends.localV4(), outInterface);
            return route == null || !isUnicast(route.type()) ? null : new RoutePath(route, options);
        }
        Route6 route = ipv6.routes()
                .lookup(
                        ends.remoteHigh,
                        ends.remoteLow,
                        ends.localHigh,
                        ends.localLow,
                        outInterface != 0 ? outInterface : ends.scope);
        if (route == null
                || !isUnicast(route.type())
                || Ipv6Address.isUnspecified(route.sourceHigh(), route.sourceLow())) {
            return null;
        }
        return new RoutePath6(route);
    }

    @Override
    public @Nullable SendOptions echoedOptions(SkBuff skb, Endpoints ends) {
        if (!ends.isV4()) {
            return null;
        }
        int headerLength =
                ip.wrap(skb.memory(), skb.networkHeader, Ipv4Header.MIN_LENGTH).headerLength();
        if (headerLength == Ipv4Header.MIN_LENGTH) {
            return null;
        }
        SendOptions echoed = new SendOptions();
        return echoed.echo(skb.memory(), skb.networkHeader, headerLength, ipv4::mayStamp) ? echoed : null;
    }

    private static boolean isUnicast(RouteType type) {
        return type == RouteType.UNICAST || type == RouteType.LOCAL;
    }

    @Override
    public void learnMtu(Endpoints ends, int mtu, int outInterface) {
        if (ends.isV4()) {
            ipv4.routes().updatePathMtu(ends.remoteV4(), mtu);
        } else {
            ipv6.routes().updatePathMtu(ends.remoteHigh, ends.remoteLow, mtu, outInterface);
        }
    }

    @Override
    public boolean isLocal(long high, long low) {
        return Ipv6Address.isV4(high, low)
                ? ipv4.addresses().isLocal((int) low)
                : ipv6.addresses().isLocal(high, low, null);
    }

    @Override
    public boolean isMulticastOrBroadcast(long high, long low) {
        if (!Ipv6Address.isV4(high, low)) {
            return Ipv6Address.isMulticast(high);
        }
        int address = (int) low;
        return Addresses.isMulticast(address) || ipv4.addresses().isBroadcast(address);
    }

    @Override
    public int transmit(SkBuff skb, Path path, Endpoints ends, int tos, int ttl) {
        if (path instanceof RoutePath6 v6) {
            return ipv6.queueXmit(
                    skb,
                    v6.route(),
                    ends.localHigh,
                    ends.localLow,
                    IpProtocol.TCP,
                    tos,
                    ttl == 0 ? -1 : ttl,
                    ipv6.flowLabel(
                            ends.localHigh,
                            ends.localLow,
                            ends.remoteHigh,
                            ends.remoteLow,
                            ends.localPort << 16 | ends.remotePort,
                            IpProtocol.TCP),
                    0);
        }
        RoutePath v4 = (RoutePath) path;
        return ipv4.queueXmit(
                skb,
                v4.route(),
                ends.localV4(),
                ends.remoteV4(),
                IpProtocol.TCP,
                tos,
                ttl,
                Ipv4.DONT_FRAGMENT,
                v4.options());
    }

    @Override
    public int interfaceOf(SkBuff skb) {
        return skb.dev == null ? 0 : skb.dev.ifindex();
    }
}
