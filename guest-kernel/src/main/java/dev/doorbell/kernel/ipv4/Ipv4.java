package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.arp.Arp;
import dev.doorbell.kernel.netdev.NetCore;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netdev.NetdevNotifier;
import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.tables.Iptables;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbAllocator;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** IPv4 of one kernel: what its parts share, who is above it, and its settings. */
public final class Ipv4 {
    /**
     * Headroom that whoever builds a packet leaves in front of its transport header: IP header with options, Ethernet
     * header, VLAN tag, rounded up.
     */
    public static final int MAX_HEADER = 128;
    /** TTL of what is sent when the socket says nothing, RFC 1122 section 3.2.1.7. */
    public static final int DEFAULT_TTL = 64;
    /** Flag of {@link #queueXmit(SkBuff, Route, int, int, int, int, int, int)}: sets DF. */
    public static final int DONT_FRAGMENT = 1;
    /** Flag: a copy of a group packet goes to our own members of the group too. */
    public static final int MULTICAST_LOOP = 2;
    /** Flag: longer than the path's MTU is all right, DF is then left out. */
    public static final int MAY_FRAGMENT = 4;

    private final NetCore net;
    private final NetDevice loopback;
    private final NetfilterHooks netfilter = new NetfilterHooks();
    private final Iptables iptables;
    private final SnmpCounters snmp = new SnmpCounters();
    private final Addresses addresses = new Addresses();
    private final Groups groups = new Groups();
    private final Arp arp;
    private final Routes routes;
    private final Reassembly reassembly;
    private final Ipv4Output output;
    private final Ipv4Input input;
    private final @Nullable L4Protocol[] protocols = new @Nullable L4Protocol[256];
    private @Nullable IcmpErrors icmp;
    private @Nullable RawDelivery raw;

    /** net.ipv4.ip_forward. */
    private boolean forwarding;
    /** net.ipv4.icmp_ratelimit. */
    private int icmpRateLimitMs = 1000;

    private boolean sendsRedirects = true;
    private boolean acceptsSourceRoutes;
    /** Fragments are put together before the first hook. */
    private boolean reassembleFirst;

    /** @param loopback the device {@code lo} */
    public Ipv4(NetCore net, NetDevice loopback) {
        this.net = net;
        this.loopback = loopback;
        this.arp = new Arp(net, addresses, this::neighbourFailed);
        this.routes = new Routes(net, loopback, addresses, arp.neighbours());
        this.reassembly = new Reassembly(net.kernel(), snmp);
        this.iptables = new Iptables(IpFamily.V4, netfilter, new Ipv4FilterHost(this));
        this.output = new Ipv4Output(this);
        this.input = new Ipv4Input(this, reassembly);
        net.handlers().add(EtherType.IPV4, input::receive);
        net.registerNotifier(this::deviceChanged);
    }

    // ---- parts

    public NetCore net() {
        return net;
    }

    public SkbAllocator skbs() {
        return net.skbs();
    }

    public Routes routes() {
        return routes;
    }

    public Addresses addresses() {
        return addresses;
    }

    public NetfilterHooks netfilter() {
        return netfilter;
    }

    /** The rules of the packet filter, and connection tracking. */
    public Iptables iptables() {
        return iptables;
    }

    public SnmpCounters snmp() {
        return snmp;
    }

    public Arp arp() {
        return arp;
    }

    public Groups groups() {
        return groups;
    }

    Ipv4Output output() {
        return output;
    }

    // ---- settings

    public boolean isForwarding() {
        return forwarding;
    }

    /** Whether packets for others are passed on. */
    public void setForwarding(boolean on) {
        forwarding = on;
    }

    /** net.ipv4.conf.all.send_redirects: a router tells hosts of better ones (default). */
    public boolean sendsRedirects() {
        return sendsRedirects;
    }

    public void setSendsRedirects(boolean on) {
        sendsRedirects = on;
    }

    /** Time between two ICMP errors to the same host, ms; 0: no limit. */
    public int icmpRateLimitMs() {
        return icmpRateLimitMs;
    }

    public void setIcmpRateLimitMs(int ms) {
        icmpRateLimitMs = ms;
    }

    boolean isReassembleFirst() {
        return reassembleFirst;
    }

    void setReassembleFirst(boolean on) {
        reassembleFirst = on;
    }

    /** ip addr add: also adds the route to the prefix, unless an earlier address of the interface has it. */
    public void addAddress(NetDevice dev, int address, int prefixLength) {
        InterfaceAddress added = new InterfaceAddress(dev, address, prefixLength);
        boolean primary = addresses.primary(added) == null;
        addresses.add(added);
        if (primary) {
            connect(added);
        }
        routes.invalidate();
    }

    /**
     * ip addr del.
     *
     * @return false when the interface does not have it
     */
    public boolean removeAddress(NetDevice dev, int address, int prefixLength) {
        InterfaceAddress removed = new InterfaceAddress(dev, address, prefixLength);
        boolean primary = removed.equals(addresses.primary(removed));
        boolean found = addresses.remove(removed);
        iptables.addressesGone(dev);
        if (primary) {
            routes.remove(connected(removed));
            InterfaceAddress next = addresses.primary(removed);
            if (next != null) {
                connect(next); // as with Linux's promote_secondaries
            }
        }
        return found;
    }

    private void connect(InterfaceAddress primary) {
        if (primary.prefixLength() < 32 && !primary.dev().isLoopback()) {
            routes.add(connected(primary));
        }
    }

    private static RouteEntry connected(InterfaceAddress address) {
        return new RouteEntry(
                address.network(),
                address.prefixLength(),
                0,
                address.dev(),
                address.address(),
                0,
                RouteType.UNICAST,
                0,
                true);
    }

    /** Sends datagrams of this protocol number to {@code handler}. */
    public void addProtocol(int protocol, L4Protocol handler) {
        protocols[protocol] = handler;
    }

    @Nullable
    L4Protocol protocol(int number) {
        return protocols[number];
    }

    /** For ICMP, which dispatches errors: the handler of a protocol number, or null. */
    public @Nullable L4Protocol protocolOf(int number) {
        return protocols[number & 0xFF];
    }

    /** Raw sockets: they see every datagram besides its protocol. */
    public void setRawDelivery(@Nullable RawDelivery delivery) {
        raw = delivery;
        input.setRawDelivery(delivery);
    }

    public @Nullable RawDelivery rawDelivery() {
        return raw;
    }

    /** Who sends ICMP errors for us. */
    public void setIcmp(IcmpErrors errors) {
        icmp = errors;
        reassembly.setIcmp(errors);
    }

    // ---- sending

    /**
     * Prepends the IP header and sends. data() is at the transport header, with {@link #MAX_HEADER} bytes headroom. DF
     * is set: longer than the path's MTU and not GSO, it is refused.
     *
     * @param skb gone in every case
     * @param src source address, 0: the route's
     * @param tos type of service octet
     * @param ttl hops, 0: the default
     * @return 0 or a negated errno (-EMSGSIZE, -ENOBUFS, -EHOSTUNREACH)
     */
    public int queueXmit(SkBuff skb, Route route, int src, int dst, int protocol, int tos, int ttl) {
        return output.queueXmit(skb, route, src, dst, protocol, tos, ttl, DONT_FRAGMENT, null);
    }

    /**
     * As above.
     *
     * @param flags DONT_FRAGMENT, MAY_FRAGMENT, MULTICAST_LOOP
     */
    public int queueXmit(SkBuff skb, Route route, int src, int dst, int protocol, int tos, int ttl, int flags) {
        return output.queueXmit(skb, route, src, dst, protocol, tos, ttl, flags, null);
    }

    /**
     * As above, with options.
     *
     * @param route to the destination, or to the first hop of a source route
     * @param options null: none
     * @return -EHOSTUNREACH too when the first hop of a strict route is behind a router
     */
    public int queueXmit(
            SkBuff skb,
            Route route,
            int src,
            int dst,
            int protocol,
            int tos,
            int ttl,
            int flags,
            @Nullable SendOptions options) {
        return output.queueXmit(skb, route, src, dst, protocol, tos, ttl, flags, options);
    }

    /** Milliseconds since midnight UT, of timestamps. */
    public int stampMs() {
        return (int) (net.kernel().timeOfDayNs() / 1_000_000L % 86_400_000L);
    }

    /** Whether a place for a timestamp that names {@code address} is ours: as Linux, unless it is another host's. */
    public boolean mayStamp(int address) {
        return addresses.isLocal(address)
                || address == Ipv4Address.ANY
                || Addresses.isMulticast(address)
                || addresses.isBroadcast(address);
    }

    public boolean acceptsSourceRoutes() {
        return acceptsSourceRoutes;
    }

    /** net.ipv4.conf.all.accept_source_route: packets to us whose source route has been gone through are taken. */
    public void setAcceptsSourceRoutes(boolean on) {
        acceptsSourceRoutes = on;
    }

    /**
     * Sends a packet whose IP header is complete, at data().
     *
     * @param skb gone in every case
     */
    public int sendPrepared(SkBuff skb, Route route) {
        return output.local(skb, route);
    }

    /**
     * Sends an ICMP error about a packet that was received: networkHeader and dev are set. {@code skb} stays the
     * caller's. Nothing happens where RFC 1122 forbids one, or beyond the rate limit.
     */
    public void sendIcmpError(SkBuff skb, int type, int code, int info) {
        if (icmp != null) {
            icmp.send(skb, type, code, info);
        }
    }

    /** The next identification value for packets of this flow. */
    public int nextIdentification(int source, int destination, int protocol) {
        return output.nextIdentification(source, destination, protocol);
    }

    /** ARP got no answer: this packet's sender learns of it. */
    private void neighbourFailed(SkBuff skb) {
        if (icmp != null) {
            if (skb.packetType == SkBuff.PACKET_OUTGOING) {
                icmp.localError(skb, 3, 1, 0);
            } else {
                icmp.send(skb, 3, 1, 0);
            }
        }
        skb.drop(DropReason.NEIGH_FAILED);
    }

    private void deviceChanged(NetDevice dev, NetdevNotifier.Change change) {
        if (change == NetdevNotifier.Change.DOWN) {
            iptables.addressesGone(dev);
        }
        if (change == NetdevNotifier.Change.UNREGISTER) {
            List<InterfaceAddress> gone = new ArrayList<>(addresses.list());
            gone.removeIf(address -> address.dev() != dev);
            gone.forEach(addresses::remove);
            iptables.addressesGone(dev);
            routes.removeAll(dev);
            groups.table().removeAll(dev);
            if (dev == loopback) {
                reassembly.clear(); // the kernel is going down
            }
        }
        routes.invalidate();
    }

    /** For the end of the kernel: lets go of packets and timers. */
    public void close() {
        iptables.close();
        reassembly.clear();
        net.devices().forEach(arp.neighbours()::flush);
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
