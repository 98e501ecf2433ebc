package dev.doorbell.kernel.ipv6;

import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.ipv4.SnmpCounters;
import dev.doorbell.kernel.neighbour.Neighbour;
import dev.doorbell.kernel.netdev.HardHeader;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netdev.TxQueue;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.Verdict;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;

/** The way out: header, hooks, fragmentation, neighbour. Every method takes over its packet. */
final class Ipv6Output {
    private static final int MAX_PAYLOAD = 65_535;

    private final Ipv6 ipv6;
    private final NetfilterHooks netfilter;
    private final SnmpCounters snmp;
    private final Fragmenter6 fragmenter;
    private final Ipv6Header ip = new Ipv6Header();
    private final HardHeader hardHeader = new HardHeader();

    Ipv6Output(Ipv6 ipv6) {
        this.ipv6 = ipv6;
        this.netfilter = ipv6.netfilter();
        this.snmp = ipv6.snmp();
        this.fragmenter = new Fragmenter6(snmp, ipv6.net().kernel().random("ipv6 identification"), this::toLink);
    }

    int queueXmit(
            SkBuff skb,
            Route6 route,
            long sourceHigh,
            long sourceLow,
            int nextHeader,
            int trafficClass,
            int hopLimit,
            int flowLabel,
            int flags) {
        int refusal = route.type().refusal();
        if (refusal != 0) {
            skb.drop(DropReason.IP_OUTNOROUTES);
            return refusal;
        }
        int payload = skb.length();
        boolean fits = skb.gsoSize != 0 || payload + Ipv6Header.LENGTH <= route.mtu();
        if (payload > MAX_PAYLOAD || !fits && (flags & Ipv6.MAY_FRAGMENT) == 0) {
            snmp.count(Mib.IP6_FRAG_FAILS);
            skb.drop(DropReason.PKT_TOO_BIG);
            return Errno.EMSGSIZE.negated();
        }
        if (skb.headroom() < Ipv6Header.LENGTH && !skb.cow(Ipv6.MAX_HEADER)) {
            skb.drop(DropReason.NOMEM);
            return Errno.ENOBUFS.negated();
        }
        boolean chosen = (sourceHigh | sourceLow) != 0 || (flags & Ipv6.UNSPECIFIED_SOURCE) != 0;
        skb.transportHeader = skb.data();
        skb.networkHeader = skb.push(Ipv6Header.LENGTH);
        ip.wrap(skb.memory(), skb.networkHeader, Ipv6Header.LENGTH)
                .versionClassLabel(trafficClass, flowLabel)
                .payloadLength(payload)
                .nextHeader(nextHeader)
                .hopLimit(hopLimit < 0 ? route.hopLimit() : hopLimit)
                .source(chosen ? sourceHigh : route.sourceHigh(), chosen ? sourceLow : route.sourceLow())
                .destination(route.destinationHigh(), route.destinationLow());
        if ((flags & Ipv6.MULTICAST_LOOP) != 0) {
            loopBack(skb, route);
        }
        return local(skb, route);
    }

    /** A packet of our own with a complete header at data(). */
    int local(SkBuff skb, Route6 route) {
        snmp.count(Mib.IP6_OUT_REQUESTS);
        skb.protocol = EtherType.IPV6;
        skb.packetType = SkBuff.PACKET_OUTGOING;
        skb.dst = route;
        if (!netfilter.isEmpty(NetfilterHooks.LOCAL_OUT)) {
            Verdict verdict = netfilter.run(NetfilterHooks.LOCAL_OUT, skb, null, route.dev());
            if (verdict != Verdict.ACCEPT) {
                return refused(verdict, skb);
            }
        }
        // Address translation may have sent it another way.
        return output(skb, skb.dst instanceof Route6 changed ? changed : route);
    }

    private static int refused(Verdict verdict, SkBuff skb) {
        if (verdict == Verdict.DROP) {
            skb.drop(DropReason.NETFILTER_DROP);
            return Errno.EPERM.negated();
        }
        return 0;
    }

    /** Our own and forwarded packets: POSTROUTING, fragments, link. */
    int output(SkBuff skb, Route6 route) {
        NetDevice dev = route.dev();
        skb.dev = dev;
        if (!netfilter.isEmpty(NetfilterHooks.POST_ROUTING)) {
            Verdict verdict = netfilter.run(NetfilterHooks.POST_ROUTING, skb, null, dev);
            if (verdict != Verdict.ACCEPT) {
                return refused(verdict, skb);
            }
        }
        // What came in fragments leaves in fragments that are no longer.
        int longest = skb.fragmentMax == 0 ? route.mtu() : Math.min(route.mtu(), skb.fragmentMax);
        if (skb.gsoSize == 0 && skb.length() > longest) {
            return fragmenter.fragment(skb, route, Math.max(longest, Ipv6.MIN_MTU));
        }
        return toLink(skb, route);
    }

    /**
     * ip6_finish_output2.
     *
     * @return 0 or a negated errno
     */
    private int toLink(SkBuff skb, Route6 route) {
        int result;
        if (route.type() == RouteType.LOCAL) {
            result = toGroup(skb, route.dev(), 0);
        } else if (route.type() == RouteType.MULTICAST) {
            snmp.count(Mib.IP6_OUT_MCAST_PKTS);
            if (Ipv6Address.groupScope(route.destinationHigh()) <= 1) {
                skb.free(); // stays on this host, where the copy already is
                return 0;
            }
            result = toGroup(skb, route.dev(), Groups6.mac(route.destinationLow()));
        } else {
            Neighbour neighbour = route.neighbour();
            if (neighbour == null) {
                skb.drop(DropReason.NEIGH_CREATEFAIL);
                return Errno.ENOBUFS.negated();
            }
            result = neighbour.output(skb);
        }
        int error = TxQueue.netXmitErrno(result);
        if (error != 0) {
            snmp.count(Mib.IP6_OUT_DISCARDS);
        }
        return error;
    }

    void toMac(SkBuff skb, NetDevice dev, long mac) {
        snmp.count(Mib.IP6_OUT_REQUESTS);
        skb.protocol = EtherType.IPV6;
        skb.packetType = SkBuff.PACKET_OUTGOING;
        if (passes(NetfilterHooks.LOCAL_OUT, skb, dev) && passes(NetfilterHooks.POST_ROUTING, skb, dev)) {
            toGroup(skb, dev, mac);
        }
    }

    /** @return false: it is gone */
    private boolean passes(int hook, SkBuff skb, NetDevice dev) {
        if (netfilter.isEmpty(hook)) {
            return true;
        }
        Verdict verdict = netfilter.run(hook, skb, null, dev);
        if (verdict != Verdict.ACCEPT) {
            refused(verdict, skb);
        }
        return verdict == Verdict.ACCEPT;
    }

    /** No neighbour to ask: loopback, groups. */
    private int toGroup(SkBuff skb, NetDevice dev, long destination) {
        return hardHeader.xmit(skb, dev, destination, EtherType.IPV6);
    }

    /** What goes to a group goes to our own sockets too. */
    private void loopBack(SkBuff skb, Route6 route) {
        NetDevice dev = route.dev();
        if (dev.isLoopback() || !ipv6.groups().isMember(dev, route.destinationHigh(), route.destinationLow())) {
            return;
        }
        SkBuff copy = skb.cloneSkb();
        if (copy == null) {
            return;
        }
        copy.dev = dev;
        copy.protocol = EtherType.IPV6;
        copy.packetType = SkBuff.PACKET_MULTICAST;
        copy.dst = Ipv6Input.LOOPED;
        // The clone shares the header with the packet that goes out, so receiving must not find a stale position.
        copy.macHeader = -1;
        ipv6.net().netifRx(copy);
    }
}
