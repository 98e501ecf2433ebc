package dev.doorbell.kernel.ipv6;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netdev.NetdevNotifier;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The interfaces that take part in IPv6, and the settings of those that do not yet: when each begins and ends. */
final class Interfaces6 {
    private final Ipv6 ipv6;
    private final RouterRole role;
    private final Map<NetDevice, Ipv6Interface> interfaces = new HashMap<>();
    /** Settings of interfaces that take no part yet. */
    private final Map<NetDevice, Ipv6Interface> prepared = new HashMap<>();

    private final Ipv6Interface defaults;
    private Ipv6.@Nullable Autoconfiguration autoconfiguration;

    /** @param loopback takes part from the start */
    Interfaces6(Ipv6 ipv6, NetDevice loopback) {
        this.ipv6 = ipv6;
        this.role = new RouterRole(ipv6);
        this.defaults = new Ipv6Interface(loopback);
        interfaces.put(loopback, new Ipv6Interface(loopback));
    }

    RouterRole role() {
        return role;
    }

    /** Settings and state of an interface; made when first asked for. */
    Ipv6Interface of(NetDevice dev) {
        Ipv6Interface known = interfaces.get(dev);
        return known == null ? prepared.computeIfAbsent(dev, this::newInterface) : known;
    }

    private Ipv6Interface newInterface(NetDevice dev) {
        Ipv6Interface link = new Ipv6Interface(dev);
        link.copySettings(defaults);
        return link;
    }

    /** net.ipv6.conf.default: what interfaces begin with. */
    Ipv6Interface defaults() {
        return defaults;
    }

    /** net.ipv6.conf.NAME.disable_ipv6: an interface that is disabled loses its addresses and hears nothing. */
    void setDisabled(NetDevice dev, boolean off) {
        Ipv6Interface link = of(dev);
        if (link.disabled == off) {
            return;
        }
        link.disabled = off;
        if (!off) {
            enable(dev);
            return;
        }
        if (isEnabled(dev)) {
            leave(link);
            prepared.put(dev, link);
        }
        ipv6.routes().invalidate();
    }

    /** The interface takes part no more. */
    private void leave(Ipv6Interface link) {
        NetDevice dev = link.dev();
        if (link.started && autoconfiguration != null) {
            link.started = false;
            autoconfiguration.down(link);
        }
        ipv6.neighbours().flush(dev);
        for (InterfaceAddress6 address : List.copyOf(ipv6.addresses().list())) {
            if (address.dev() == dev) {
                ipv6.removeAddress(dev, address.high(), address.low());
            }
        }
        ipv6.routes().removeIf(entry -> entry.dev() == dev);
        ipv6.groups().table().removeAll(dev);
        link.memberOfRouters = false;
        interfaces.remove(dev);
    }

    /** Whether an interface takes part in IPv6. */
    boolean isEnabled(NetDevice dev) {
        return interfaces.containsKey(dev);
    }

    /** net.ipv6.conf.NAME.disable_ipv6=0: from now on the interface takes part; on a link of MTU 1280 at least. */
    Ipv6Interface enable(NetDevice dev) {
        Ipv6Interface known = interfaces.get(dev);
        if (known != null) {
            return known;
        }
        if (dev.mtu() < Ipv6.MIN_MTU) {
            throw new IllegalArgumentException(
                    "MTU " + dev.mtu() + " of " + dev.name() + ": IPv6 needs at least " + Ipv6.MIN_MTU);
        }
        Ipv6Interface link = of(dev);
        if (link.disabled) {
            throw new IllegalArgumentException("IPv6 is disabled on " + dev.name() + " (disable_ipv6)");
        }
        prepared.remove(dev);
        interfaces.put(dev, link);
        if (link.hasNeighbours()) {
            ipv6.groups()
                    .join(dev, Ipv6Address.LINK_GROUP_HIGH, Ipv6Address.ALL_NODES_LOW); // so that the card takes it
        }
        role.joinGroups(link);
        begin(link);
        return link;
    }

    private void begin(Ipv6Interface link) {
        if (autoconfiguration != null && !link.started && isReady(link.dev())) {
            link.started = true;
            autoconfiguration.up(link);
        }
    }

    private static boolean isReady(NetDevice dev) {
        return dev.isUp() && dev.netifCarrierOk();
    }

    void setAutoconfiguration(Ipv6.Autoconfiguration discovery) {
        autoconfiguration = discovery;
        for (Ipv6Interface link : List.copyOf(interfaces.values())) {
            begin(link);
        }
    }

    void roleChanged(Ipv6Interface link) {
        if (autoconfiguration != null && link.started) {
            autoconfiguration.roleChanged(link);
        }
    }

    /** Every interface that is known, whether it takes part or not. */
    List<Ipv6Interface> links() {
        List<Ipv6Interface> all = new ArrayList<>(interfaces.values());
        all.addAll(prepared.values());
        return all;
    }

    void deviceChanged(NetDevice dev, NetdevNotifier.Change change) {
        Ipv6Interface link = interfaces.get(dev);
        if (change == NetdevNotifier.Change.UNREGISTER) {
            if (link != null) {
                leave(link);
            }
            prepared.remove(dev);
        }
        if (link == null) {
            return;
        }
        switch (change) {
            case UP -> begin(link);
            case CHANGE -> {
                if (link.started && isReady(dev) && autoconfiguration != null) {
                    autoconfiguration.carrier(link);
                } else {
                    begin(link);
                }
            }
            case GOING_DOWN -> {
                if (autoconfiguration != null) {
                    link.started = false;
                    autoconfiguration.down(link);
                }
            }
            default -> {}
        }
    }
}
