package dev.doorbell.kernel.ipv6;

import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.ipv4.SnmpCounters;
import dev.doorbell.kernel.neighbour.Neighbour;
import dev.doorbell.kernel.neighbour.NeighbourTable;
import dev.doorbell.kernel.netdev.NetCore;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netdev.NetdevNotifier;
import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.tables.Iptables;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbAllocator;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * IPv6 of one kernel, RFC 8200: the parts and what connects them. An interface takes part from the moment it is {@link
 * #enable enabled} or gets an address.
 */
public final class Ipv6 {
    /** Every link carries packets of so many bytes, RFC 8200 §5. */
    public static final int MIN_MTU = 1280;

    public static final int DEFAULT_HOP_LIMIT = 64;
    /** Room for all headers below a transport header: IP, hop-by-hop or fragment, VLAN, Ethernet, driver. */
    public static final int MAX_HEADER = 128;
    /** Flags of {@link #queueXmit}: longer than the path's MTU is all right; own members of a group get a copy. */
    public static final int MAY_FRAGMENT = 1, MULTICAST_LOOP = 2;
    /** Flag: a source of all zero is meant, as in duplicate address detection. */
    public static final int UNSPECIFIED_SOURCE = 4;
    /** Value of a delivered packet's {@code cbRetrans}: it came with a fragment header. */
    public static final int WAS_FRAGMENT = 1;

    /** What must happen when addresses and interfaces come and go: Neighbour Discovery. */
    public interface Autoconfiguration {
        /** The interface is up, has a carrier and takes part in IPv6. */
        void up(Ipv6Interface link);

        /** The carrier is back: who is on the link may have changed. */
        void carrier(Ipv6Interface link);

        void down(Ipv6Interface link);

        /** It became a router's interface, or a host's. */
        void roleChanged(Ipv6Interface link);

        /** A tentative address was added: detect duplicates, then {@link Ipv6#settle}. */
        void detectDuplicates(InterfaceAddress6 address);

        /** It was removed. */
        void forget(InterfaceAddress6 address);

        /** Asks for a neighbour's MAC address; parameters as in {@link NeighbourTable.Solicitor}. */
        void solicit(Neighbour neighbour, @Nullable SkBuff cause, long destinationMac);
    }

    private final NetCore net;
    private final NetDevice loopback;
    private final SnmpCounters snmp;
    private final NetfilterHooks netfilter = new NetfilterHooks();
    private final Iptables ip6tables;
    private final Addresses6 addresses = new Addresses6();
    private final Groups6 groups = new Groups6();
    private final NeighbourTable neighbours;
    private final Routes6 routes;
    private final Reassembly6 reassembly;
    /** Fragments are put together before the first hook. */
    private boolean reassembleFirst;

    private final Ipv6Output output;
    private final Ipv6Input input;
    private final Interfaces6 interfaces;
    private final @Nullable L4Protocol6[] protocols = new @Nullable L4Protocol6[256];
    private final long flowSeed;
    private @Nullable Icmp6Errors icmp;
    private @Nullable RawDelivery6 raw;
    private @Nullable Autoconfiguration autoconfiguration;
    /** net.ipv6.icmp.ratelimit. */
    private int icmpRateLimitMs = 1000;

    /** @param loopback the device {@code lo}, which gets ::1 */
    public Ipv6(NetCore net, NetDevice loopback, SnmpCounters snmp) {
        this.net = net;
        this.loopback = loopback;
        this.interfaces = new Interfaces6(this, loopback);
        this.snmp = snmp;
        this.flowSeed = random("flow labels").nextLong();
        this.neighbours =
                new NeighbourTable(net.kernel(), EtherType.IPV6, this::solicit, new NeighbourTable.FailureHandler() {
                    @Override
                    public void unreachable(SkBuff skb) {
                        neighbourFailed(skb);
                    }

                    @Override
                    public void failed(Neighbour neighbour) {
                        if (neighbour.isRouter()) {
                            invalidateRoutes(); // another router may answer
                        }
                    }
                });
        this.routes = new Routes6(this, loopback, addresses);
        this.reassembly = new Reassembly6(net.kernel(), snmp);
        this.output = new Ipv6Output(this);
        this.input = new Ipv6Input(this, reassembly);
        this.ip6tables = new Iptables(IpFamily.V6, netfilter, new Ipv6FilterHost(this, loopback));
        InterfaceAddress6 self =
                new InterfaceAddress6(loopback, 0, Ipv6Address.LOOPBACK_LOW, 128, InterfaceAddress6.Origin.MANUAL);
        self.state(InterfaceAddress6.State.PREFERRED);
        addresses.add(self);
        net.handlers().add(EtherType.IPV6, input::receive);
        net.registerNotifier(this::deviceChanged);
    }

    private void invalidateRoutes() {
        routes.invalidate();
    }

    // ---- parts

    public NetCore net() {
        return net;
    }

    public SkbAllocator skbs() {
        return net.skbs();
    }

    public Routes6 routes() {
        return routes;
    }

    public Addresses6 addresses() {
        return addresses;
    }

    public Groups6 groups() {
        return groups;
    }

    public NeighbourTable neighbours() {
        return neighbours;
    }

    public NetfilterHooks netfilter() {
        return netfilter;
    }

    /** The rules of the packet filter, and connection tracking. */
    public Iptables ip6tables() {
        return ip6tables;
    }

    boolean isReassembleFirst() {
        return reassembleFirst;
    }

    void setReassembleFirst(boolean on) {
        reassembleFirst = on;
    }

    public SnmpCounters snmp() {
        return snmp;
    }

    Ipv6Output output() {
        return output;
    }

    /** A source of randomness of this layer. */
    public SplittableRandom random(String component) {
        return net.kernel().random("ipv6 " + component);
    }

    // ---- interfaces and addresses

    /** Hop limit or MTU of a link changed: everybody looks its way up again. */
    public void linkChanged() {
        routes.invalidate();
    }

    /** Settings and state of an interface; made when first asked for. */
    public Ipv6Interface of(NetDevice dev) {
        return interfaces.of(dev);
    }

    /** net.ipv6.conf.default: what interfaces begin with. */
    public Ipv6Interface defaults() {
        return interfaces.defaults();
    }

    Interfaces6 interfaces() {
        return interfaces;
    }

    /** net.ipv6.conf.NAME.disable_ipv6: an interface that is disabled loses its addresses and hears nothing. */
    public void setDisabled(NetDevice dev, boolean off) {
        interfaces.setDisabled(dev, off);
    }

    /** Whether an interface takes part in IPv6. */
    public boolean isEnabled(NetDevice dev) {
        return interfaces.isEnabled(dev);
    }

    /** net.ipv6.conf.NAME.disable_ipv6=0: from now on the interface takes part; on a link of MTU 1280 at least. */
    public Ipv6Interface enable(NetDevice dev) {
        return interfaces.enable(dev);
    }

    public void setAutoconfiguration(Autoconfiguration discovery) {
        autoconfiguration = discovery;
        interfaces.setAutoconfiguration(discovery);
    }

    /**
     * ip -6 addr add: with duplicate address detection where the link has neighbours. Adds the route to the prefix.
     *
     * @return the address, tentative or usable
     */
    public InterfaceAddress6 addAddress(NetDevice dev, long high, long low, int prefixLength) {
        InterfaceAddress6 added = new InterfaceAddress6(dev, high, low, prefixLength, InterfaceAddress6.Origin.MANUAL);
        enable(dev);
        add(added);
        if (prefixLength < 128) {
            routes.add(connected(dev, high, low, prefixLength));
        }
        return added;
    }

    /** A route to what is on the link. */
    static RouteEntry6 connected(NetDevice dev, long high, long low, int prefixLength) {
        return new RouteEntry6(
                high,
                low,
                prefixLength,
                0,
                0,
                dev,
                RouteEntry6.CONNECTED_METRIC,
                RouteType.UNICAST,
                RouteEntry6.Origin.CONNECTED,
                InterfaceAddress6.FOREVER);
    }

    /** Adds an address of whatever origin, joins its solicited-node group and sees to duplicates. */
    public void add(InterfaceAddress6 address) {
        NetDevice dev = address.dev();
        addresses.add(address);
        Ipv6Interface link = enable(dev);
        if (link.hasNeighbours()) {
            groups.join(dev, Ipv6Address.LINK_GROUP_HIGH, Ipv6Address.solicitedNodeLow(address.low()));
        }
        if (address.isLinkLocal()) {
            routes.add(connected(dev, Ipv6Address.LINK_LOCAL_HIGH, 0, 64));
        }
        if (autoconfiguration != null && link.hasNeighbours() && link.dadTransmits > 0) {
            if (link.started) {
                autoconfiguration.detectDuplicates(address);
            }
        } else {
            settle(address, InterfaceAddress6.State.PREFERRED);
        }
    }

    /** The outcome of duplicate address detection, or a lifetime that ended. */
    public void settle(InterfaceAddress6 address, InterfaceAddress6.State state) {
        if (address.state() != state) {
            address.state(state);
            addresses.rebuild();
            routes.invalidate();
        }
    }

    /** When the address becomes deprecated and when it goes, in the world's time. */
    public void lifetimes(InterfaceAddress6 address, long preferredUntilNs, long validUntilNs) {
        address.lifetimes(preferredUntilNs, validUntilNs);
    }

    /**
     * ip -6 addr del.
     *
     * @return false when the interface does not have it
     */
    public boolean removeAddress(NetDevice dev, long high, long low) {
        InterfaceAddress6 found = addresses.find(dev, high, low);
        if (found == null) {
            return false;
        }
        addresses.remove(found);
        if (of(dev).hasNeighbours()) {
            groups.leave(dev, Ipv6Address.LINK_GROUP_HIGH, Ipv6Address.solicitedNodeLow(low));
        }
        if (autoconfiguration != null) {
            autoconfiguration.forget(found);
        }
        if (found.origin() == InterfaceAddress6.Origin.MANUAL) {
            routes.remove(connected(dev, high, low, found.prefixLength()));
        }
        routes.invalidate();
        return true;
    }

    /** Addresses whose duplicate address detection is not over. */
    public boolean hasTentative() {
        for (InterfaceAddress6 address : addresses.list()) {
            if (address.state() == InterfaceAddress6.State.TENTATIVE) {
                return true;
            }
        }
        return false;
    }

    /** Time between two ICMPv6 errors to the same host, ms; 0: no limit. */
    public int icmpRateLimitMs() {
        return icmpRateLimitMs;
    }

    public void setIcmpRateLimitMs(int ms) {
        icmpRateLimitMs = ms;
    }

    /** Whether packets for others are passed on. */
    public boolean isForwarding() {
        return interfaces.role().passesOn();
    }

    /** net.ipv6.conf.all.forwarding: of all interfaces, and of those that come later. */
    public void setForwarding(boolean on) {
        interfaces.role().setAll(on);
    }

    /** net.ipv6.conf.NAME.forwarding: whether the interface behaves as a router's towards its link, RFC 4861 §6.2. */
    public void setForwarding(Ipv6Interface link, boolean on) {
        interfaces.role().set(link, on);
    }

    /**
     * ip -6 route add.
     *
     * @param gatewayHigh router on the link; all zero: the destinations are on the link
     */
    public void addRoute(
            NetDevice dev, long high, long low, int prefixLength, long gatewayHigh, long gatewayLow, int metric) {
        routes.add(new RouteEntry6(
                high,
                low,
                prefixLength,
                gatewayHigh,
                gatewayLow,
                dev,
                metric,
                RouteType.UNICAST,
                RouteEntry6.Origin.STATIC,
                InterfaceAddress6.FOREVER));
    }

    /** ip -6 route add default via a router on the link. */
    public void addDefaultRoute(NetDevice dev, long high, long low) {
        addRoute(dev, 0, 0, 0, high, low, RouteEntry6.DEFAULT_METRIC);
    }

    // ---- protocols

    /** Sends datagrams of this protocol number to {@code handler}. */
    public void addProtocol(int protocol, L4Protocol6 handler) {
        protocols[protocol] = handler;
    }

    /** The handler of a protocol number, or null. */
    public @Nullable L4Protocol6 protocolOf(int number) {
        return protocols[number & 0xFF];
    }

    /** Raw sockets: they see every datagram besides its protocol. */
    public void setRawDelivery(@Nullable RawDelivery6 delivery) {
        raw = delivery;
        input.setRawDelivery(delivery);
    }

    public @Nullable RawDelivery6 rawDelivery() {
        return raw;
    }

    /** Who sends ICMPv6 errors for us. */
    public void setIcmp(Icmp6Errors errors) {
        icmp = errors;
        reassembly.setIcmp(errors);
    }

    /** {@link Icmp6Errors#send}. */
    public void sendError(SkBuff skb, int type, int code, int info) {
        if (icmp != null) {
            icmp.send(skb, type, code, info);
        }
    }

    // ---- sending

    /**
     * Prepends the IP header and sends to the route's destination. data() is at what follows the IP header, with {@link
     * #MAX_HEADER} bytes headroom.
     *
     * @param skb gone in every case
     * @param sourceHigh source address, all zero: the route's
     * @param hopLimit below 0: the route's
     * @param flags MAY_FRAGMENT, MULTICAST_LOOP, UNSPECIFIED_SOURCE
     * @return 0 or a negated errno (-EMSGSIZE, -ENOBUFS, -EHOSTUNREACH)
     */
    public int queueXmit(
            SkBuff skb,
            Route6 route,
            long sourceHigh,
            long sourceLow,
            int nextHeader,
            int trafficClass,
            int hopLimit,
            int flowLabel,
            int flags) {
        return output.queueXmit(
                skb, route, sourceHigh, sourceLow, nextHeader, trafficClass, hopLimit, flowLabel, flags);
    }

    /**
     * Sends a packet whose IP header is complete straight to a MAC address: an answer to whoever asked, for which no
     * neighbour need be known. data() at its IP header, networkHeader set.
     *
     * @param skb gone in every case
     */
    public void sendToMac(SkBuff skb, NetDevice dev, long mac) {
        output.toMac(skb, dev, mac);
    }

    /**
     * Sends a packet whose IP header is complete, at data().
     *
     * @param skb gone in every case
     */
    public int sendPrepared(SkBuff skb, Route6 route) {
        return output.local(skb, route);
    }

    /** The flow label of a flow: the same for all its packets, without a relation to any other's, RFC 6437. */
    public int flowLabel(long localHigh, long localLow, long remoteHigh, long remoteLow, int ports, int protocol) {
        long h = (localLow ^ flowSeed) * 0x9E37_79B9_7F4A_7C15L;
        h = (h ^ h >>> 32 ^ localHigh) * 0xC2B2_AE3D_27D4_EB4FL;
        h = (h ^ h >>> 29 ^ remoteLow) * 0x9E37_79B9_7F4A_7C15L;
        h = (h ^ h >>> 32 ^ remoteHigh) * 0xC2B2_AE3D_27D4_EB4FL;
        h = (h ^ h >>> 29 ^ ports ^ (long) protocol << 32) * 0x9E37_79B9_7F4A_7C15L;
        return (int) (h >>> 44);
    }

    private void solicit(Neighbour neighbour, @Nullable SkBuff cause, long destinationMac) {
        if (autoconfiguration != null) {
            autoconfiguration.solicit(neighbour, cause, destinationMac);
        }
    }

    /** Neighbour Discovery got no answer: this packet's sender learns of it. */
    private void neighbourFailed(SkBuff skb) {
        if (icmp != null) {
            int type = Icmp6Errors.DESTINATION_UNREACHABLE;
            if (skb.packetType == SkBuff.PACKET_OUTGOING) {
                icmp.localError(skb, type, Icmp6Errors.ADDRESS_UNREACHABLE, 0);
            } else {
                skb.networkHeader = skb.data();
                icmp.send(skb, type, Icmp6Errors.ADDRESS_UNREACHABLE, 0);
            }
        }
        skb.drop(DropReason.NEIGH_FAILED);
    }

    private void deviceChanged(NetDevice dev, NetdevNotifier.Change change) {
        switch (change) {
            case GOING_DOWN -> {
                ip6tables.addressesGone(dev);
                neighbours.flush(dev);
            }
            case CHANGEADDR -> neighbours.flush(dev);
            default -> {}
        }
        interfaces.deviceChanged(dev, change);
        if (change == NetdevNotifier.Change.UNREGISTER && dev == loopback) {
            reassembly.clear(); // the kernel is going down
        }
        routes.invalidate();
    }

    /** For the end of the kernel: lets go of packets and timers. */
    public void close() {
        reassembly.clear();
        ip6tables.close();
        net.devices().forEach(neighbours::flush);
    }

    /** Bytes that fragments of incomplete datagrams hold. */
    public int reassemblyMemoryBytes() {
        return reassembly.memoryBytes();
    }

    /** Datagrams of which fragments are missing. */
    public int incompleteDatagrams() {
        return reassembly.datagrams();
    }
}
