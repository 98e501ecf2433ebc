package dev.doorbell.kernel.ipv6;

import dev.doorbell.kernel.ipv4.RouteMetrics;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.neighbour.Neighbour;
import dev.doorbell.kernel.netdev.NetDevice;
import org.jspecify.annotations.Nullable;

/**
 * The way to one IPv6 destination: Linux's rt6_info. Made by {@link Routes6#lookup}, shared by everything that talks to
 * that destination; a socket may keep it as long as {@link #isValid()}.
 */
public final class Route6 {
    private final Routes6 owner;
    private final int generation;
    private final RouteType type;
    private final NetDevice dev;
    private final long high, low, gatewayHigh, gatewayLow, sourceHigh, sourceLow;
    private final int linkMtu, pathMtu;
    private final long pathMtuExpiresNs;
    private final long expiresNs;
    private final int hopLimit;
    private final RouteMetrics metrics;
    private @Nullable Neighbour neighbour;

    /** What was asked for: the key in the cache. */
    final long keySourceHigh, keySourceLow;

    final int keyInterface;

    Route6(
            Routes6 owner,
            RouteType type,
            NetDevice dev,
            long high,
            long low,
            long gatewayHigh,
            long gatewayLow,
            long sourceHigh,
            long sourceLow,
            int linkMtu,
            int hopLimit,
            PathMtuCache6.@Nullable Entry discovered,
            RouteMetrics metrics,
            long expiresNs,
            long keySourceHigh,
            long keySourceLow,
            int keyInterface) {
        this.owner = owner;
        this.generation = owner.generation();
        this.type = type;
        this.dev = dev;
        this.high = high;
        this.low = low;
        this.gatewayHigh = gatewayHigh;
        this.gatewayLow = gatewayLow;
        this.sourceHigh = sourceHigh;
        this.sourceLow = sourceLow;
        this.linkMtu = linkMtu;
        this.hopLimit = hopLimit;
        this.metrics = metrics;
        this.pathMtu = discovered == null || metrics.mtuLocked() ? 0 : discovered.mtu();
        this.pathMtuExpiresNs = discovered == null ? 0 : discovered.expiresNs();
        this.expiresNs = expiresNs;
        this.keySourceHigh = keySourceHigh;
        this.keySourceLow = keySourceLow;
        this.keyInterface = keyInterface;
    }

    public RouteType type() {
        return type;
    }

    /** Outgoing device; for LOCAL the loopback device. */
    public NetDevice dev() {
        return dev;
    }

    public long destinationHigh() {
        return high;
    }

    public long destinationLow() {
        return low;
    }

    public boolean hasGateway() {
        return (gatewayHigh | gatewayLow) != 0;
    }

    public long nextHopHigh() {
        return hasGateway() ? gatewayHigh : high;
    }

    public long nextHopLow() {
        return hasGateway() ? gatewayLow : low;
    }

    /** Source address to use when the caller has none; all zero when the interface has none. */
    public long sourceHigh() {
        return sourceHigh;
    }

    public long sourceLow() {
        return sourceLow;
    }

    /** Bytes of the largest IP packet that fits the path as far as known: link's, route's or discovered. Changes. */
    public int mtu() {
        int configured = metrics.mtu() != 0 ? Math.min(metrics.mtu(), linkMtu) : linkMtu;
        return pathMtu != 0 && owner.nowNs() < pathMtuExpiresNs ? Math.min(pathMtu, configured) : configured;
    }

    /** What the routing table says about the way. */
    public RouteMetrics metrics() {
        return metrics;
    }

    /** The same for the link alone. */
    public int linkMtu() {
        return linkMtu;
    }

    /** Hops for packets that ask for none in particular: the router's advice. */
    public int hopLimit() {
        return hopLimit;
    }

    /** False after routes, addresses or path MTUs changed: look up again. */
    public boolean isValid() {
        return generation == owner.generation() && (expiresNs == Long.MAX_VALUE || owner.nowNs() < expiresNs);
    }

    /** Something above proved that the next hop answers: dst_confirm. */
    public void confirmNeighbour() {
        if (neighbour != null) {
            neighbour.confirm();
        }
    }

    /** @return null when the neighbour table is full */
    @Nullable
    Neighbour neighbour() {
        Neighbour known = neighbour;
        if (known == null || known.isDead()) {
            known = owner.neighbours().lookupOrCreate(dev, nextHopHigh(), nextHopLow());
            neighbour = known;
        }
        return known;
    }
}
