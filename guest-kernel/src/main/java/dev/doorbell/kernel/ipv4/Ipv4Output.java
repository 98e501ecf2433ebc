package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.MacAddress;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.neighbour.Neighbour;
import dev.doorbell.kernel.netdev.HardHeader;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netdev.TxQueue;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.Verdict;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** The way out: header, hooks, fragmentation, neighbour. Every method takes over its packet. */
final class Ipv4Output {
    private static final int MAX_DATAGRAM = 65_535;

    private final Ipv4 ipv4;
    private final NetfilterHooks netfilter;
    private final SnmpCounters snmp;
    private final IpIdentifiers identifiers;
    private final Fragmenter fragmenter;
    private final Ipv4Header ip = new Ipv4Header();
    private final HardHeader hardHeader = new HardHeader();

    Ipv4Output(Ipv4 ipv4) {
        this.ipv4 = ipv4;
        this.netfilter = ipv4.netfilter();
        this.snmp = ipv4.snmp();
        this.identifiers = new IpIdentifiers(ipv4.net().kernel().random("ip identification"));
        this.fragmenter = new Fragmenter(snmp, this::toLink);
    }

    int queueXmit(
            SkBuff skb,
            Route route,
            int src,
            int dst,
            int protocol,
            int tos,
            int ttl,
            int flags,
            @Nullable SendOptions options) {
        int firstHop = options != null && options.isRouted() ? options.firstHop() : dst;
        boolean outOfReach = options != null && options.isStrict() && route.gateway() != 0;
        int refusal = outOfReach ? Errno.EHOSTUNREACH.negated() : route.type().refusal();
        if (refusal != 0) {
            skb.drop(DropReason.IP_OUTNOROUTES);
            return refusal;
        }
        int headerLength = Ipv4Header.MIN_LENGTH + (options == null ? 0 : options.length());
        int length = skb.length() + headerLength;
        boolean gso = skb.gsoSize != 0;
        boolean fits = gso || length <= route.mtu();
        if (length > MAX_DATAGRAM || !fits && (flags & Ipv4.MAY_FRAGMENT) == 0 && !route.isMtuLocked()) {
            snmp.count(Mib.IP_FRAG_FAILS);
            skb.drop(DropReason.PKT_TOO_BIG);
            return Errno.EMSGSIZE.negated();
        }
        if (skb.headroom() < headerLength && !skb.cow(Ipv4.MAX_HEADER)) {
            skb.drop(DropReason.NOMEM);
            return Errno.ENOBUFS.negated();
        }
        int source = src != 0 ? src : route.source();
        boolean dontFragment = (flags & Ipv4.DONT_FRAGMENT) != 0 && fits && !route.isMtuLocked();
        skb.transportHeader = skb.data();
        skb.networkHeader = skb.push(headerLength);
        int id = identifiers.next(source, dst, protocol, gso ? Math.max(1, skb.gsoSegments) : 1);
        if (options != null) {
            long at = skb.networkHeader + Ipv4Header.MIN_LENGTH;
            options.put(skb.memory(), at, source, dst, ipv4.stampMs());
        }
        ip.wrap(skb.memory(), skb.networkHeader, headerLength)
                .headerLength(headerLength)
                .tos(tos)
                .totalLength(length)
                .identification(id)
                .flagsAndFragmentOffset(dontFragment ? Ipv4Header.DONT_FRAGMENT : 0)
                .ttl(ttl == 0 ? Ipv4.DEFAULT_TTL : ttl)
                .protocol(protocol)
                .source(source)
                .destination(firstHop)
                .updateChecksum();
        if ((flags & Ipv4.MULTICAST_LOOP) != 0 || route.type() == RouteType.BROADCAST) {
            loopBack(skb, route, dst);
        }
        return local(skb, route);
    }

    int nextIdentification(int source, int destination, int protocol) {
        return identifiers.next(source, destination, protocol, 1);
    }

    /** A packet of our own with a complete header at data(). */
    int local(SkBuff skb, Route route) {
        snmp.count(Mib.IP_OUT_REQUESTS);
        skb.protocol = EtherType.IPV4;
        skb.packetType = SkBuff.PACKET_OUTGOING;
        skb.dst = route;
        if (netfilter.isEmpty(NetfilterHooks.LOCAL_OUT)) {
            return output(skb, route);
        }
        Verdict verdict = netfilter.run(NetfilterHooks.LOCAL_OUT, skb, null, route.dev());
        if (verdict != Verdict.ACCEPT) {
            if (verdict == Verdict.DROP) {
                skb.drop(DropReason.NETFILTER_DROP);
                return Errno.EPERM.negated();
            }
            return 0;
        }
        // Address translation may have sent it another way.
        return output(skb, skb.dst instanceof Route changed ? changed : route);
    }

    /** Our own and forwarded packets: POSTROUTING, fragments, link. */
    int output(SkBuff skb, Route route) {
        NetDevice dev = route.dev();
        skb.dev = dev;
        if (!netfilter.isEmpty(NetfilterHooks.POST_ROUTING)) {
            Verdict verdict = netfilter.run(NetfilterHooks.POST_ROUTING, skb, null, dev);
            if (verdict != Verdict.ACCEPT) {
                if (verdict == Verdict.DROP) {
                    skb.drop(DropReason.NETFILTER_DROP);
                    return Errno.EPERM.negated();
                }
                return 0;
            }
        }
        if (skb.gsoSize == 0 && skb.length() > route.mtu()) {
            ip.wrap(skb.memory(), skb.data(), skb.headLength());
            if (ip.isDontFragment() && skb.fragmentMax == 0) {
                snmp.count(Mib.IP_FRAG_FAILS);
                skb.drop(DropReason.IP_FRAG_NEEDED);
                return Errno.EMSGSIZE.negated();
            }
            int largest = skb.fragmentMax == 0 ? route.mtu() : Math.min(route.mtu(), skb.fragmentMax);
            return fragmenter.fragment(skb, route, largest);
        }
        return toLink(skb, route);
    }

    /**
     * ip_finish_output2.
     *
     * @return 0 or a negated errno
     */
    private int toLink(SkBuff skb, Route route) {
        int result;
        switch (route.type()) {
            case LOCAL -> result = toGroup(skb, route.dev(), 0);
            case BROADCAST -> {
                snmp.count(Mib.IP_OUT_BCAST_PKTS);
                result = toGroup(skb, route.dev(), MacAddress.BROADCAST);
            }
            case MULTICAST -> {
                snmp.count(Mib.IP_OUT_MCAST_PKTS);
                result = toGroup(skb, route.dev(), MacAddress.ofIpv4Multicast(route.destination()));
            }
            default -> {
                Neighbour neighbour = route.neighbour();
                if (neighbour == null) {
                    skb.drop(DropReason.NEIGH_CREATEFAIL);
                    return Errno.ENOBUFS.negated();
                }
                result = neighbour.output(skb);
            }
        }
        int error = TxQueue.netXmitErrno(result);
        if (error != 0) {
            snmp.count(Mib.IP_OUT_DISCARDS);
        }
        return error;
    }

    /** No neighbour to ask: loopback, broadcast, multicast. */
    private int toGroup(SkBuff skb, NetDevice dev, long destination) {
        return hardHeader.xmit(skb, dev, destination, EtherType.IPV4);
    }

    /** What goes to a group or to all goes to our own sockets too. */
    private void loopBack(SkBuff skb, Route route, int dst) {
        NetDevice dev = route.dev();
        boolean group = route.type() == RouteType.MULTICAST;
        if (dev.isLoopback() || group && !ipv4.groups().isMember(dev, dst)) {
            return;
        }
        SkBuff copy = skb.cloneSkb();
        if (copy == null) {
            return;
        }
        copy.dev = dev;
        copy.protocol = EtherType.IPV4;
        copy.packetType = group ? SkBuff.PACKET_MULTICAST : SkBuff.PACKET_BROADCAST;
        copy.dst = Ipv4Input.LOOPED;
        // The clone shares the header with the packet that goes out, so receiving must not find a stale position.
        copy.macHeader = -1;
        ipv4.net().netifRx(copy);
    }
}
