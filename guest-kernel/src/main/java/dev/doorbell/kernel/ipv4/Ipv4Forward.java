package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.wire.IcmpTypes;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.Verdict;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;

/** Passes on what is for others, RFC 1812 section 5.2, when the host is set up as a router. */
final class Ipv4Forward {
    private static final int LINK_LOCAL_NETWORK = 0xA9FE_0000, LINK_LOCAL_MASK = 0xFFFF_0000;

    private final Ipv4 ipv4;
    private final SnmpCounters snmp;
    private final Ipv4Header ip = new Ipv4Header();
    private final TcpHeader tcp = new TcpHeader();

    Ipv4Forward(Ipv4 ipv4) {
        this.ipv4 = ipv4;
        this.snmp = ipv4.snmp();
    }

    /** @param skb a valid packet, data() at its IP header, not for us; gone afterwards */
    void forward(SkBuff skb, NetDevice in) {
        if (!ipv4.isForwarding() || in.isLoopback()) {
            snmp.count(Mib.IP_IN_ADDR_ERRORS);
            skb.drop(DropReason.IP_NOT_LOCAL);
            return;
        }
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        int destination = ip.destination();
        if (isLinkLocal(destination) || isLinkLocal(ip.source())) {
            skb.drop(DropReason.IP_BAD_DESTINATION);
            return;
        }
        if (ip.ttl() <= 1) {
            snmp.count(Mib.IP_IN_HDR_ERRORS);
            refuse(skb, IcmpTypes.TIME_EXCEEDED, IcmpTypes.TTL_EXCEEDED, 0, DropReason.IP_TTL_EXCEEDED);
            return;
        }
        Route route = ipv4.routes().lookup(destination, 0, 0);
        if (route == null) {
            snmp.count(Mib.IP_IN_NO_ROUTES);
            refuse(skb, IcmpTypes.DEST_UNREACH, IcmpTypes.NET_UNREACH, 0, DropReason.IP_INNOROUTES);
            return;
        }
        if (route.type() != RouteType.UNICAST) {
            refuseByType(skb, route);
            return;
        }
        int mtu = route.mtu();
        // What came in fragments may leave in fragments of that size, whatever DF says.
        int longest = skb.fragmentMax == 0 ? skb.length() : skb.fragmentMax;
        boolean tooLong = skb.gsoSize == 0 ? longest > mtu : segmentLength(skb) > mtu;
        if (tooLong && ip.isDontFragment()) {
            snmp.count(Mib.IP_FRAG_FAILS);
            refuse(skb, IcmpTypes.DEST_UNREACH, IcmpTypes.FRAGMENTATION_NEEDED, mtu, DropReason.IP_FRAG_NEEDED);
            return;
        }
        if (!skb.cow(Ipv4.MAX_HEADER)) {
            snmp.count(Mib.IP_IN_DISCARDS);
            skb.drop(DropReason.NOMEM);
            return;
        }
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        if (tooLong && skb.gsoSize != 0) {
            // Segments that may be fragmented: cut shorter ones instead, which their receiver cannot tell apart.
            skb.gsoSize -= segmentLength(skb) - mtu;
        }
        if (route.dev() == in) {
            redirect(skb, in, route);
        }
        decreaseTtl(skb);
        skb.dst = route;
        if (!ipv4.netfilter().isEmpty(NetfilterHooks.FORWARD)) {
            Verdict verdict = ipv4.netfilter().run(NetfilterHooks.FORWARD, skb, in, route.dev());
            if (verdict != Verdict.ACCEPT) {
                if (verdict == Verdict.DROP) {
                    skb.drop(DropReason.NETFILTER_DROP);
                }
                return;
            }
        }
        snmp.count(Mib.IP_FORW_DATAGRAMS);
        ipv4.output().output(skb, route);
    }

    /** Bytes of the longest IP packet that a train of segments becomes. */
    private int segmentLength(SkBuff skb) {
        int header = ip.headerLength();
        if (!skb.pskbMayPull(header + TcpHeader.MIN_LENGTH)) {
            return skb.length();
        }
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        tcp.wrap(skb.memory(), skb.data() + header, skb.headLength() - header);
        return header + tcp.headerLength() + skb.gsoSize;
    }

    /** RFC 1812 section 5.2.7.2: it leaves where it came in, so its sender could have sent it to the next hop itself. */
    private void redirect(SkBuff skb, NetDevice in, Route route) {
        boolean onLink = ipv4.sendsRedirects()
                && ip.headerLength() == Ipv4Header.MIN_LENGTH
                && ipv4.addresses().isOnLink(in, ip.source())
                && ipv4.addresses().isOnLink(in, route.nextHop());
        if (onLink) {
            ipv4.sendIcmpError(skb, IcmpTypes.REDIRECT, IcmpTypes.REDIRECT_HOST, route.nextHop());
            ip.wrap(skb.memory(), skb.data(), skb.headLength());
        }
    }

    private void refuseByType(SkBuff skb, Route route) {
        switch (route.type()) {
            case UNREACHABLE ->
                refuse(skb, IcmpTypes.DEST_UNREACH, IcmpTypes.HOST_UNREACH, 0, DropReason.IP_INNOROUTES);
            case PROHIBIT ->
                refuse(skb, IcmpTypes.DEST_UNREACH, IcmpTypes.PACKET_FILTERED, 0, DropReason.IP_INNOROUTES);
            default -> skb.drop(DropReason.IP_INNOROUTES);
        }
    }

    private void refuse(SkBuff skb, int type, int code, int info, DropReason reason) {
        ipv4.sendIcmpError(skb, type, code, info);
        skb.drop(reason);
    }

    /** RFC 1624: only one 16-bit word changes. */
    private void decreaseTtl(SkBuff skb) {
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        int before = ip.ttl() << 8 | ip.protocol();
        ip.ttl(ip.ttl() - 1);
        int after = ip.ttl() << 8 | ip.protocol();
        ip.checksum(InternetChecksum.update16(ip.checksum(), before, after));
    }

    private static boolean isLinkLocal(int address) {
        return (address & LINK_LOCAL_MASK) == LINK_LOCAL_NETWORK;
    }
}
