package dev.doorbell.kernel.dhcp;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.core.Work;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.RouteEntry;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.netdev.NetDevice;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a lease sets on an interface, and removes again: address, routes, MTU. */
final class DhcpBinding {
    private final Ipv4 ipv4;
    private final NetDevice dev;
    private final Work mtuChange;
    private final List<RouteEntry> routes = new ArrayList<>();
    private @Nullable DhcpLease applied;
    private int wantedMtu;

    DhcpBinding(Ipv4 ipv4, NetDevice dev) {
        this.ipv4 = ipv4;
        this.dev = dev;
        this.mtuChange = new Work(ipv4.net().kernel().workqueue(), "dhcp mtu", this::changeMtu);
    }

    /** A renewed lease leaves what is the same alone, so that connections go on. */
    void apply(DhcpLease lease) {
        DhcpLease before = applied;
        boolean sameAddress =
                before != null && before.address() == lease.address() && before.prefixLength() == lease.prefixLength();
        if (!sameAddress) {
            remove();
            ipv4.addAddress(dev, lease.address(), lease.prefixLength());
        }
        if (before == null || !sameAddress || !before.routes().equals(lease.routes())) {
            removeRoutes();
            lease.routes().forEach(route -> addRoute(route, lease.address()));
        }
        applied = lease;
        if (lease.mtu() != 0 && lease.mtu() != dev.mtu() && lease.mtu() <= dev.maxMtu && lease.mtu() >= dev.minMtu) {
            wantedMtu = lease.mtu();
            mtuChange.schedule(); // the card may have to be reset for it, which sleeps
        }
    }

    private void addRoute(DhcpLease.DhcpRoute route, int source) {
        RouteEntry entry = new RouteEntry(
                route.destination() & Ipv4Address.mask(route.prefixLength()),
                route.prefixLength(),
                route.router(),
                dev,
                source,
                0,
                RouteType.UNICAST);
        routes.add(entry);
        ipv4.routes().add(entry);
    }

    private void changeMtu() {
        try {
            dev.devSetMtu(wantedMtu);
        } catch (ErrnoException e) {
            // The card keeps its MTU: the lease is as good with a smaller one.
            ipv4.net().kernel().tracer().event(dev.name(), "dhcp", "MTU " + wantedMtu + " refused: " + e.getMessage());
        }
    }

    void remove() {
        mtuChange.cancel();
        removeRoutes();
        DhcpLease last = applied;
        applied = null;
        if (last != null) {
            ipv4.removeAddress(dev, last.address(), last.prefixLength());
        }
    }

    private void removeRoutes() {
        routes.forEach(ipv4.routes()::remove);
        routes.clear();
    }
}
