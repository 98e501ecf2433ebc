package dev.doorbell.kernel.ipv4;

import dev.doorbell.kernel.neighbour.Neighbour;
import dev.doorbell.kernel.netdev.NetDevice;
import org.jspecify.annotations.Nullable;

/**
 * The way to one destination: Linux's dst_entry. Made by {@link Routes#lookup}, shared by everything that talks to that
 * destination; a socket may keep it as long as {@link #isValid()}.
 */
public final class Route {
    private final Routes owner;
    private final int generation;
    private final RouteType type;
    private final NetDevice dev;
    private final int destination;
    private final int gateway;
    private final int source;
    private final RouteMetrics metrics;
    private final int pathMtu;
    private final long pathMtuExpiresNs;
    private final boolean pathMtuLocked;
    private @Nullable Neighbour neighbour;
    /** Of the line in the table; 0: the device's. */
    private int tableMtu;

    /** What was asked for: the key in the cache. */
    final int keyDestination, keySource, keyInterface;

    Route(
            Routes owner,
            RouteType type,
            NetDevice dev,
            int destination,
            int gateway,
            int source,
            RouteMetrics metrics,
            PathMtuCache.@Nullable Entry discovered,
            int keyDestination,
            int keySource,
            int keyInterface) {
        this.owner = owner;
        this.generation = owner.generation();
        this.type = type;
        this.dev = dev;
        this.destination = destination;
        this.gateway = gateway;
        this.source = source;
        this.metrics = metrics;
        this.pathMtu = discovered == null ? 0 : discovered.mtu();
        this.pathMtuExpiresNs = discovered == null ? 0 : discovered.expiresNs();
        this.pathMtuLocked = discovered != null && discovered.locked();
        this.keyDestination = keyDestination;
        this.keySource = keySource;
        this.keyInterface = keyInterface;
    }

    public RouteType type() {
        return type;
    }

    /** Outgoing device; for LOCAL the loopback device. */
    public NetDevice dev() {
        return dev;
    }

    public int destination() {
        return destination;
    }

    /** Router, or 0 when the destination is on the link. */
    public int gateway() {
        return gateway;
    }

    /** Whom to ask ARP for. */
    public int nextHop() {
        return gateway != 0 ? gateway : destination;
    }

    /** Source address to use when the caller has none. */
    public int source() {
        return source;
    }

    void setMtu(int bytes) {
        tableMtu = bytes;
    }

    /** Bytes of the largest IP packet that fits the path as far as known: device's or discovered. Changes. */
    public int mtu() {
        int table = metrics.mtu() != 0 ? metrics.mtu() : tableMtu;
        int mtu = table == 0 ? dev.mtu() : Math.min(table, dev.mtu());
        return pathMtu != 0 && owner.nowNs() < pathMtuExpiresNs ? Math.min(pathMtu, mtu) : mtu;
    }

    /** What the line of the table says about the way. */
    public RouteMetrics metrics() {
        return metrics;
    }

    /**
     * The path claims an MTU below the floor, or the table forbids discovery: packets of {@link #mtu()} bytes go
     * without DF.
     */
    public boolean isMtuLocked() {
        return metrics.mtuLocked() || pathMtuLocked && owner.nowNs() < pathMtuExpiresNs;
    }

    /** False after routes, addresses or path MTUs changed: look up again. */
    public boolean isValid() {
        return generation == owner.generation();
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
            known = owner.neighbours().lookupOrCreate(dev, nextHop());
            neighbour = known;
        }
        return known;
    }
}
