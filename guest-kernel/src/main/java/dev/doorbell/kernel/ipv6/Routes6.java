package dev.doorbell.kernel.ipv6;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.ipv4.RouteMetrics;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.neighbour.Neighbour;
import dev.doorbell.kernel.neighbour.NeighbourTable;
import dev.doorbell.kernel.netdev.NetDevice;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * IPv6 routing table: longest prefix, then lowest metric, then routers that answer (RFC 4861 §6.3.6); and a bounded
 * cache of what was looked up.
 */
public final class Routes6 {
    private static final int CACHE_SLOTS = 4096;
    /** A router that did not answer is not tried for so long when there is another. */
    private static final long SILENT_ROUTER_NS = 30_000_000_000L;

    private static final Comparator<RouteEntry6> ORDER =
            Comparator.comparingInt((RouteEntry6 e) -> -e.prefixLength()).thenComparingInt(RouteEntry6::metric);

    private final Ipv6 ipv6;
    private final NetDevice loopback;
    private final Addresses6 addresses;
    private final List<RouteEntry6> table = new ArrayList<>();
    private final PathMtuCache6 pathMtus = new PathMtuCache6();
    private final @Nullable Route6[] cache = new @Nullable Route6[CACHE_SLOTS];
    private final long hashSeed;
    private int generation;

    Routes6(Ipv6 ipv6, NetDevice loopback, Addresses6 addresses) {
        this.ipv6 = ipv6;
        this.loopback = loopback;
        this.addresses = addresses;
        this.hashSeed = ipv6.net().kernel().random("routes v6").nextLong();
    }

    /** Adds a line, in place of one that leads the same way. */
    public void add(RouteEntry6 entry) {
        table.removeIf(entry::isSameWay);
        table.add(entry);
        table.sort(ORDER);
        invalidate();
    }

    /** @return false when there is no such line */
    public boolean remove(RouteEntry6 entry) {
        return removeIf(entry::isSameWay);
    }

    /** Removes lines. @return whether there were any */
    public boolean removeIf(Predicate<RouteEntry6> which) {
        boolean found = table.removeIf(which);
        if (found) {
            invalidate();
        }
        return found;
    }

    /** All lines, best first. */
    public List<RouteEntry6> list() {
        return Collections.unmodifiableList(table);
    }

    /** Makes every {@link Route6} handed out so far invalid. */
    void invalidate() {
        generation++;
    }

    int generation() {
        return generation;
    }

    long nowNs() {
        return ipv6.net().kernel().nowNs();
    }

    NeighbourTable neighbours() {
        return ipv6.neighbours();
    }

    /**
     * The way to a destination.
     *
     * @param high destination; all zero means this host
     * @param sourceHigh address the packet will have, or all zero to let the route choose
     * @param outInterface index of the interface that must be used, or 0
     * @return null when there is none (ENETUNREACH); the type may still be one that refuses
     */
    public @Nullable Route6 lookup(long high, long low, long sourceHigh, long sourceLow, int outInterface) {
        long wantedLow = (high | low) == 0 ? Ipv6Address.LOOPBACK_LOW : low;
        int slot = slot(high, wantedLow, sourceHigh, sourceLow, outInterface);
        Route6 known = cache[slot];
        if (known != null
                && known.destinationLow() == wantedLow
                && known.destinationHigh() == high
                && known.keySourceLow == sourceLow
                && known.keySourceHigh == sourceHigh
                && known.keyInterface == outInterface
                && known.isValid()) {
            return known;
        }
        Route6 found = resolve(high, wantedLow, sourceHigh, sourceLow, outInterface);
        cache[slot] = found;
        return found;
    }

    private int slot(long high, long low, long sourceHigh, long sourceLow, int outInterface) {
        long hash = (low ^ hashSeed) * 0x9E37_79B9_7F4A_7C15L;
        hash = (hash ^ hash >>> 32 ^ high) * 0xC2B2_AE3D_27D4_EB4FL;
        hash = (hash ^ hash >>> 29 ^ sourceLow ^ sourceHigh << 7) * 0x9E37_79B9_7F4A_7C15L + outInterface;
        return (int) (hash ^ hash >>> 40) & (CACHE_SLOTS - 1);
    }

    private @Nullable Route6 resolve(long high, long low, long sourceHigh, long sourceLow, int outInterface) {
        NetDevice forced = outInterface == 0 ? null : ipv6.net().deviceByIndex(outInterface);
        if (outInterface != 0 && (forced == null || !forced.isUp())) {
            return null;
        }
        if (addresses.isLocal(high, low, forced == null || forced.isLoopback() ? null : forced)) {
            long fromHigh = (sourceHigh | sourceLow) != 0 ? sourceHigh : high;
            long fromLow = (sourceHigh | sourceLow) != 0 ? sourceLow : low;
            return new Route6(
                    this,
                    RouteType.LOCAL,
                    loopback,
                    high,
                    low,
                    0,
                    0,
                    fromHigh,
                    fromLow,
                    loopback.mtu(),
                    Ipv6.DEFAULT_HOP_LIMIT,
                    null,
                    RouteMetrics.NONE,
                    Long.MAX_VALUE,
                    sourceHigh,
                    sourceLow,
                    outInterface);
        }
        if (Ipv6Address.isMulticast(high)) {
            NetDevice dev = forced != null ? forced : groupDevice(sourceHigh, sourceLow);
            return dev == null
                    ? null
                    : make(RouteType.MULTICAST, dev, high, low, null, sourceHigh, sourceLow, outInterface);
        }
        if (forced == null && Ipv6Address.isLinkLocal(high) && Ipv6Address.isLinkLocal(sourceHigh)) {
            InterfaceAddress6 own = addresses.find(null, sourceHigh, sourceLow);
            forced = own == null ? null : own.dev();
        }
        RouteEntry6 entry = match(high, low, forced);
        if (entry == null) {
            return null;
        }
        NetDevice dev = entry.dev() == null ? loopback : entry.dev();
        return make(entry.type(), dev, high, low, entry, sourceHigh, sourceLow, outInterface);
    }

    /** Where packets to groups go: the source's interface, or the first that has IPv6. */
    private @Nullable NetDevice groupDevice(long sourceHigh, long sourceLow) {
        InterfaceAddress6 from = (sourceHigh | sourceLow) == 0 ? null : addresses.find(null, sourceHigh, sourceLow);
        if (from != null) {
            return from.dev();
        }
        for (NetDevice dev : ipv6.net().devices()) {
            if (dev.isUp() && !dev.isLoopback() && addresses.hasAny(dev)) {
                return dev;
            }
        }
        return null;
    }

    private @Nullable RouteEntry6 match(long high, long low, @Nullable NetDevice forced) {
        long now = nowNs();
        RouteEntry6 silent = null;
        for (int i = 0; i < table.size(); i++) {
            RouteEntry6 entry = table.get(i);
            if (silent != null && entry.prefixLength() < silent.prefixLength()) {
                return silent;
            }
            if (!entry.matches(high, low)
                    || !entry.isUsable()
                    || entry.expiresNs() <= now
                    || forced != null && entry.dev() != forced) {
                continue;
            }
            if (!routerIsSilent(entry)) {
                return entry;
            }
            silent = silent == null ? entry : silent;
        }
        return silent;
    }

    private boolean routerIsSilent(RouteEntry6 entry) {
        NetDevice dev = entry.dev();
        if (!entry.hasGateway() || dev == null) {
            return false;
        }
        Neighbour router = neighbours().lookup(dev, entry.gatewayHigh(), entry.gatewayLow());
        return router != null && router.failedLately(SILENT_ROUTER_NS);
    }

    private Route6 make(
            RouteType type,
            NetDevice dev,
            long high,
            long low,
            @Nullable RouteEntry6 entry,
            long sourceHigh,
            long sourceLow,
            int outInterface) {
        long fromHigh = sourceHigh;
        long fromLow = sourceLow;
        if ((sourceHigh | sourceLow) == 0) {
            InterfaceAddress6 chosen = addresses.select(dev, high, low);
            fromHigh = chosen == null ? 0 : chosen.high();
            fromLow = chosen == null ? 0 : chosen.low();
        }
        Ipv6Interface link = ipv6.of(dev);
        return new Route6(
                this,
                type,
                dev,
                high,
                low,
                entry == null ? 0 : entry.gatewayHigh(),
                entry == null ? 0 : entry.gatewayLow(),
                fromHigh,
                fromLow,
                link.mtu(),
                link.hopLimit,
                type == RouteType.UNICAST ? pathMtus.get(high, low, nowNs()) : null,
                entry == null ? RouteMetrics.NONE : entry.metrics(),
                entry == null ? Long.MAX_VALUE : entry.expiresNs(),
                sourceHigh,
                sourceLow,
                outInterface);
    }

    /**
     * A router reported that packets must not be longer: RFC 8201. For protocols, after they found that the quoted
     * packet is really theirs.
     */
    public void updatePathMtu(long high, long low, int mtu, int outInterface) {
        Route6 current = lookup(high, low, 0, 0, outInterface);
        if (current != null
                && current.type() == RouteType.UNICAST
                && pathMtus.update(high, low, mtu, current.mtu(), nowNs())) {
            invalidate();
        }
    }
}
