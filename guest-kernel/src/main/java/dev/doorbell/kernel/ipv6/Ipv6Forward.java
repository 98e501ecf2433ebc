package dev.doorbell.kernel.ipv6;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.ipv4.SnmpCounters;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.Verdict;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;

/** Passes on what is for others, when the host is set up as a router: ip6_forward. */
final class Ipv6Forward {
    private final Ipv6 ipv6;
    private final SnmpCounters snmp;
    private final Ipv6Header ip = new Ipv6Header();

    Ipv6Forward(Ipv6 ipv6) {
        this.ipv6 = ipv6;
        this.snmp = ipv6.snmp();
    }

    /** @param skb a valid packet, data() at its IP header, not for us; gone afterwards */
    void forward(SkBuff skb, NetDevice in) {
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        long high = ip.destinationHigh();
        long low = ip.destinationLow();
        if (!ipv6.isForwarding()
                || in.isLoopback()
                || Ipv6Address.isLinkLocal(high)
                || Ipv6Address.isLinkLocal(ip.sourceHigh())
                || Ipv6Address.isUnspecified(ip.sourceHigh(), ip.sourceLow())) {
            snmp.count(Mib.IP6_IN_ADDR_ERRORS);
            skb.drop(DropReason.IP_NOT_LOCAL);
            return;
        }
        if (ip.hopLimit() <= 1) {
            snmp.count(Mib.IP6_IN_HDR_ERRORS);
            refuse(skb, Icmp6Errors.TIME_EXCEEDED, Icmp6Errors.HOP_LIMIT_EXCEEDED, 0, DropReason.IP_TTL_EXCEEDED);
            return;
        }
        Route6 route = ipv6.routes().lookup(high, low, 0, 0, 0);
        if (route == null || route.type() == RouteType.UNREACHABLE) {
            snmp.count(Mib.IP6_IN_NO_ROUTES);
            refuse(skb, Icmp6Errors.DESTINATION_UNREACHABLE, Icmp6Errors.NO_ROUTE, 0, DropReason.IP_INNOROUTES);
            return;
        }
        if (route.type() != RouteType.UNICAST) {
            if (route.type() == RouteType.PROHIBIT) {
                ipv6.sendError(skb, Icmp6Errors.DESTINATION_UNREACHABLE, Icmp6Errors.PROHIBITED, 0);
            }
            skb.drop(DropReason.IP_INNOROUTES);
            return;
        }
        int mtu = route.mtu();
        // What came in fragments may leave in fragments of that size.
        int longest = skb.fragmentMax == 0 ? skb.length() : skb.fragmentMax;
        if (skb.gsoSize == 0 && longest > mtu) {
            snmp.count(Mib.IP6_IN_TOO_BIG_ERRORS);
            refuse(skb, Icmp6Errors.PACKET_TOO_BIG, 0, mtu, DropReason.PKT_TOO_BIG);
            return;
        }
        if (!skb.cow(Ipv6.MAX_HEADER)) {
            snmp.count(Mib.IP6_IN_DISCARDS);
            skb.drop(DropReason.NOMEM);
            return;
        }
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        ip.hopLimit(ip.hopLimit() - 1);
        skb.dst = route;
        if (!ipv6.netfilter().isEmpty(NetfilterHooks.FORWARD)) {
            Verdict verdict = ipv6.netfilter().run(NetfilterHooks.FORWARD, skb, in, route.dev());
            if (verdict != Verdict.ACCEPT) {
                if (verdict == Verdict.DROP) {
                    skb.drop(DropReason.NETFILTER_DROP);
                }
                return;
            }
        }
        snmp.count(Mib.IP6_OUT_FORW_DATAGRAMS);
        ipv6.output().output(skb, route);
    }

    private void refuse(SkBuff skb, int type, int code, int info, DropReason reason) {
        ipv6.sendError(skb, type, code, info);
        skb.drop(reason);
    }
}
