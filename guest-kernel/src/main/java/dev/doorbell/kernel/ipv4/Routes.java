package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.neighbour.NeighbourTable;
import dev.doorbell.kernel.netdev.NetCore;
import dev.doorbell.kernel.netdev.NetDevice;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Routing table: longest prefix, then lowest metric; and a bounded cache of what was looked up. */
public final class Routes {
    private static final int CACHE_SLOTS = 4096;
    private static final Comparator<RouteEntry> ORDER =
            Comparator.comparingInt((RouteEntry e) -> -e.prefixLength()).thenComparingInt(RouteEntry::metric);

    private final NetCore net;
    private final NetDevice loopback;
    private final Addresses addresses;
    private final NeighbourTable neighbours;
    private final List<RouteEntry> table = new ArrayList<>();
    private final PathMtuCache pathMtus = new PathMtuCache();
    private final @Nullable Route[] cache = new @Nullable Route[CACHE_SLOTS];
    private final int hashSeed;
    private int generation;

    Routes(NetCore net, NetDevice loopback, Addresses addresses, NeighbourTable neighbours) {
        this.net = net;
        this.loopback = loopback;
        this.addresses = addresses;
        this.neighbours = neighbours;
        this.hashSeed = net.kernel().random("routes").nextInt();
    }

    /** Adds a line. Behind existing lines of the same prefix and metric. */
    public void add(RouteEntry entry) {
        table.add(entry);
        table.sort(ORDER);
        invalidate();
    }

    /** Forgets all learned path MTUs: ip tcp_metrics flush, ip route flush cache. */
    public void flushPathMtus() {
        pathMtus.clear();
        invalidate();
    }

    /** @return false when there is no such line */
    public boolean remove(RouteEntry entry) {
        boolean found = table.remove(entry);
        invalidate();
        return found;
    }

    /** Forgets the lines of a device. */
    void removeAll(NetDevice dev) {
        table.removeIf(entry -> entry.dev() == dev);
        invalidate();
    }

    /** The lines, best first. */
    public List<RouteEntry> list() {
        return List.copyOf(table);
    }

    /** Makes every {@link Route} handed out so far invalid. */
    void invalidate() {
        generation++;
    }

    int generation() {
        return generation;
    }

    long nowNs() {
        return net.kernel().nowNs();
    }

    NeighbourTable neighbours() {
        return neighbours;
    }

    /**
     * The way to a destination.
     *
     * @param destination 0 means this host
     * @param source address the packet will have, or 0 to let the route choose
     * @param outInterface index of the interface that must be used, or 0
     * @return null when there is none (ENETUNREACH); the type may still be one that refuses
     */
    public @Nullable Route lookup(int destination, int source, int outInterface) {
        int slot = slot(destination, source, outInterface);
        Route known = cache[slot];
        if (known != null
                && known.keyDestination == destination
                && known.keySource == source
                && known.keyInterface == outInterface
                && known.isValid()) {
            return known;
        }
        Route found = resolve(destination, source, outInterface);
        cache[slot] = found;
        return found;
    }

    private int slot(int destination, int source, int outInterface) {
        int hash = (destination ^ hashSeed) * 0x9E37_79B9 + source * 0x85EB_CA6B + outInterface;
        return (hash ^ hash >>> 15) & (CACHE_SLOTS - 1);
    }

    private @Nullable Route resolve(int destination, int source, int outInterface) {
        if (destination == Ipv4Address.ANY) {
            int self = source != 0 ? source : Ipv4Address.LOOPBACK;
            return make(RouteType.LOCAL, loopback, self, 0, self, destination, source, outInterface);
        }
        if (addresses.isLocal(destination)) {
            // All of 127/8 is one address to whoever asks for a source.
            int self = Ipv4Address.isLoopback(destination) ? Ipv4Address.LOOPBACK : destination;
            int from = source != 0 ? source : self;
            return make(RouteType.LOCAL, loopback, destination, 0, from, destination, source, outInterface);
        }
        NetDevice forced = outInterface == 0 ? null : net.deviceByIndex(outInterface);
        if (outInterface != 0 && (forced == null || !forced.isUp())) {
            return null;
        }
        if (destination == Ipv4Address.BROADCAST || Addresses.isMulticast(destination)) {
            NetDevice dev = forced != null ? forced : groupDevice(destination, source);
            RouteType type = Addresses.isMulticast(destination) ? RouteType.MULTICAST : RouteType.BROADCAST;
            return dev == null ? null : make(type, dev, destination, 0, source, destination, source, outInterface);
        }
        InterfaceAddress subnet = addresses.findByBroadcast(destination);
        if (subnet != null
                && (forced == null || forced == subnet.dev())
                && subnet.dev().isUp()) {
            return make(RouteType.BROADCAST, subnet.dev(), destination, 0, source, destination, source, outInterface);
        }
        RouteEntry entry = match(destination, forced);
        if (entry != null) {
            NetDevice dev = entry.dev() == null ? loopback : entry.dev();
            int from = source != 0 ? source : entry.source();
            Route made = make(
                    entry.type(),
                    dev,
                    destination,
                    entry.gateway(),
                    from,
                    entry.metrics(),
                    destination,
                    source,
                    outInterface);
            made.setMtu(entry.mtu());
            return made;
        }
        // Bound to a device, everything is taken to be on its link, as Linux does for SO_BINDTODEVICE.
        return forced == null
                ? null
                : make(RouteType.UNICAST, forced, destination, 0, source, destination, source, outInterface);
    }

    /** Where group and limited-broadcast packets go: the source's interface, or by the table. */
    private @Nullable NetDevice groupDevice(int destination, int source) {
        if (Ipv4Address.isLoopback(source)) {
            return loopback;
        }
        InterfaceAddress from = source == 0 ? null : addresses.find(source);
        if (from != null) {
            return from.dev();
        }
        RouteEntry entry = match(destination, null);
        return entry == null ? null : entry.dev();
    }

    private @Nullable RouteEntry match(int destination, @Nullable NetDevice forced) {
        for (int i = 0; i < table.size(); i++) {
            RouteEntry entry = table.get(i);
            if (entry.matches(destination) && entry.isUsable() && (forced == null || entry.dev() == forced)) {
                return entry;
            }
        }
        return null;
    }

    private Route make(
            RouteType type,
            NetDevice dev,
            int destination,
            int gateway,
            int source,
            int keyDestination,
            int keySource,
            int keyInterface) {
        RouteMetrics none = RouteMetrics.NONE;
        return make(type, dev, destination, gateway, source, none, keyDestination, keySource, keyInterface);
    }

    private Route make(
            RouteType type,
            NetDevice dev,
            int destination,
            int gateway,
            int source,
            RouteMetrics metrics,
            int keyDestination,
            int keySource,
            int keyInterface) {
        int from = source != 0 ? source : addresses.sourceFor(dev, gateway != 0 ? gateway : destination);
        PathMtuCache.Entry discovered = type == RouteType.UNICAST ? pathMtus.get(destination, nowNs()) : null;
        return new Route(
                this,
                type,
                dev,
                destination,
                gateway,
                from,
                metrics,
                discovered,
                keyDestination,
                keySource,
                keyInterface);
    }

    /**
     * A router reported that packets to {@code destination} must not be longer: RFC 1191. For protocols, after they
     * found that the quoted packet is really theirs.
     */
    public void updatePathMtu(int destination, int mtu) {
        Route current = lookup(destination, 0, 0);
        if (current != null
                && current.type() == RouteType.UNICAST
                && !current.metrics().mtuLocked()
                && pathMtus.update(destination, mtu, current.mtu(), nowNs())) {
            invalidate();
        }
    }
}
