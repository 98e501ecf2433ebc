package dev.doorbell.kernel.icmp;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.ipv4.InterfaceAddress;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.ipv4.RouteEntry;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netdev.NetdevNotifier;
import dev.doorbell.kernel.time.KernelTimer;
import java.util.ArrayDeque;

/**
 * Redirects, RFC 1122 §3.2.2.2: followed only when they come from the router that would get the next packet, and name
 * another host of the same link; bounded in number and in time, so that a false one does no lasting harm.
 */
public final class Redirects {
    private static final int MAX = 256, HOST_BITS = 32;
    private static final long LIFE_NS = 600_000_000_000L;

    private record Followed(RouteEntry entry, NetDevice dev, long untilNs) {}

    private final Ipv4 ipv4;
    private final ArrayDeque<Followed> followed = new ArrayDeque<>();
    private final KernelTimer timer;
    /** net.ipv4.conf.all.accept_redirects. A router never does. */
    private boolean accept = true;

    Redirects(Ipv4 ipv4) {
        this.ipv4 = ipv4;
        this.timer = new KernelTimer(ipv4.net().kernel(), "redirects", this::expire);
        ipv4.net().registerNotifier(this::deviceChanged);
    }

    public void accept(boolean on) {
        accept = on;
    }

    /**
     * @param dev where it came in
     * @param reporter who sent it
     * @param gateway whom it recommends
     * @param source of the quoted packet, which is one of ours
     */
    void receive(NetDevice dev, int reporter, int gateway, int source, int destination) {
        if (!accept || ipv4.isForwarding() || !isNeighbour(dev, gateway)) {
            return;
        }
        Route current = ipv4.routes().lookup(destination, 0, 0);
        if (current == null
                || current.type() != RouteType.UNICAST
                || current.dev() != dev
                || current.gateway() == 0
                || current.gateway() != reporter
                || gateway == reporter
                || !ipv4.addresses().isLocal(source)) {
            return;
        }
        for (Followed known : followed) {
            if (known.entry.destination() == destination) {
                followed.remove(known);
                ipv4.routes().remove(known.entry);
                break;
            }
        }
        if (followed.size() >= MAX) {
            ipv4.routes().remove(followed.remove().entry);
        }
        RouteEntry entry = new RouteEntry(destination, HOST_BITS, gateway, dev, current.source(), 0, RouteType.UNICAST);
        followed.add(new Followed(entry, dev, ipv4.net().kernel().nowNs() + LIFE_NS));
        ipv4.routes().add(entry);
        armTimer();
    }

    /** One host of a network that the interface is in. */
    private boolean isNeighbour(NetDevice dev, int gateway) {
        if (Ipv4Address.isMulticast(gateway)
                || ipv4.addresses().isBroadcast(gateway)
                || ipv4.addresses().isLocal(gateway)) {
            return false;
        }
        for (InterfaceAddress address : ipv4.addresses().list()) {
            if (address.dev() == dev && address.contains(gateway)) {
                return true;
            }
        }
        return false;
    }

    private void expire() {
        long now = ipv4.net().kernel().nowNs();
        while (!followed.isEmpty() && followed.element().untilNs <= now) {
            ipv4.routes().remove(followed.remove().entry);
        }
        armTimer();
    }

    private void armTimer() {
        if (followed.isEmpty()) {
            timer.delTimer();
        } else {
            timer.modTimer(followed.element().untilNs);
        }
    }

    private void deviceChanged(NetDevice dev, NetdevNotifier.Change change) {
        if (change == NetdevNotifier.Change.GOING_DOWN || change == NetdevNotifier.Change.UNREGISTER) {
            followed.removeIf(one -> {
                if (one.dev == dev) {
                    ipv4.routes().remove(one.entry);
                }
                return one.dev == dev;
            });
            armTimer();
        }
    }
}
