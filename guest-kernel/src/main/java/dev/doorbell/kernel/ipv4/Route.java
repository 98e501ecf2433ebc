package dev.doorbell.kernel.ipv4;

import dev.doorbell.kernel.netdev.NetDevice;

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
    private int pathMtu;
    /** The neighbour that packets go to; belongs to ARP. */
    public @org.jspecify.annotations.Nullable Object neighbour;

    Route(Routes owner, RouteType type, NetDevice dev, int destination, int gateway, int source, int pathMtu) {
        this.owner = owner;
        this.generation = owner.generation();
        this.type = type;
        this.dev = dev;
        this.destination = destination;
        this.gateway = gateway;
        this.source = source;
        this.pathMtu = pathMtu;
    }

    public RouteType type() {
        return type;
    }

    /** Outgoing device; for LOCAL the device that holds the address. */
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

    /** Bytes of the largest IP packet that fits the path as far as known: device's or discovered. Changes. */
    public int mtu() {
        return 0;
    }

    /** False after routes or addresses changed: look up again. */
    public boolean isValid() {
        return generation == owner.generation();
    }
}
