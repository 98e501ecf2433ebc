package dev.doorbell.kernel.udp;

import dev.doorbell.bus.wire.IcmpTypes;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.bus.wire.UdpHeader;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.inet.InetStack;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.L4Protocol;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv4.SnmpCounters;
import dev.doorbell.kernel.ipv6.Icmp6Errors;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.L4Protocol6;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import dev.doorbell.kernel.socket.SocketConstants;
import dev.doorbell.kernel.socket.SocketFamily;

/** UDP, RFC 768 and RFC 1122 section 4.1: datagrams to sockets. */
public final class Udp implements L4Protocol, L4Protocol6 {
    private final Ipv4 ipv4;
    private final Ipv6 ipv6;
    private final SnmpCounters snmp;
    private final UdpTable table;
    private final UdpHeader udp = new UdpHeader();
    private final Ipv4Header ip = new Ipv4Header();
    private final Ipv6Header ip6 = new Ipv6Header();
    private final Endpoints ends = new Endpoints();

    /** Registers protocol 17 and the datagram sockets of both families. */
    public Udp(InetStack stack, SocketFamily inet, SocketFamily inet6) {
        this.ipv4 = stack.ipv4();
        this.ipv6 = stack.ipv6();
        this.snmp = ipv4.snmp();
        this.table = new UdpTable(ipv4.net().kernel().random("udp ports"));
        ipv4.addProtocol(IpProtocol.UDP, this);
        inet.register(
                SocketConstants.SOCK_DGRAM,
                SocketConstants.IPPROTO_UDP,
                () -> new UdpSock(this, stack, SocketConstants.AF_INET));
        ipv6.addProtocol(IpProtocol.UDP, this);
        inet6.register(
                SocketConstants.SOCK_DGRAM,
                SocketConstants.IPPROTO_UDP,
                () -> new UdpSock(this, stack, SocketConstants.AF_INET6));
    }

    UdpTable table() {
        return table;
    }

    @Override
    public void receive(SkBuff skb) {
        if (!readHeader(skb, false)) {
            return;
        }
        ip.wrap(skb.memory(), skb.networkHeader, Ipv4Header.MIN_LENGTH);
        ends.localV4(ip.destination(), udp.destinationPort()).remoteV4(ip.source(), udp.sourcePort());
        // 0: the sender computed none.
        if (udp.checksum() != 0 && !isChecksumValid(skb)) {
            snmp.count(Mib.UDP_IN_CSUM_ERRORS);
            error(skb, DropReason.UDP_CSUM, false);
            return;
        }
        if (!deliver(skb, false)) {
            snmp.count(Mib.UDP_NO_PORTS);
            ipv4.sendIcmpError(skb, IcmpTypes.DEST_UNREACH, IcmpTypes.PORT_UNREACH, 0);
            skb.drop(DropReason.NO_SOCKET);
        }
    }

    @Override
    public void receive6(SkBuff skb) {
        if (!readHeader(skb, true)) {
            return;
        }
        ip6.wrap(skb.memory(), skb.networkHeader, Ipv6Header.LENGTH);
        ends.local(ip6.destinationHigh(), ip6.destinationLow(), udp.destinationPort())
                .remote(ip6.sourceHigh(), ip6.sourceLow(), udp.sourcePort());
        boolean summed = udp.checksum() != 0;
        if (summed && !isChecksumValid(skb)) {
            badChecksum6(skb);
            return;
        }
        if (!deliver(skb, true)) {
            if (!summed) { // RFC 8200 §8.1: not accepted, nor answered
                badChecksum6(skb);
                return;
            }
            snmp.count(Mib.UDP6_NO_PORTS);
            ipv6.sendError(skb, Icmp6Errors.DESTINATION_UNREACHABLE, Icmp6Errors.PORT_UNREACHABLE, 0);
            skb.drop(DropReason.NO_SOCKET);
        }
    }

    private void badChecksum6(SkBuff skb) {
        snmp.count(Mib.UDP6_IN_CSUM_ERRORS);
        error(skb, DropReason.UDP_CSUM, true);
    }

    /** Checks the length and cuts what is beyond it. @return false: it was dropped */
    private boolean readHeader(SkBuff skb, boolean v6) {
        if (!skb.pskbMayPull(UdpHeader.LENGTH)) {
            error(skb, DropReason.UDP_BAD_LENGTH, v6);
            return false;
        }
        udp.wrap(skb.memory(), skb.data(), skb.length());
        int length = udp.length();
        if (length < UdpHeader.LENGTH || length > skb.length()) {
            error(skb, DropReason.UDP_BAD_LENGTH, v6);
            return false;
        }
        if (length < skb.length()) {
            skb.trim(length);
        }
        skb.transportHeader = skb.data();
        return true;
    }

    private boolean isChecksumValid(SkBuff skb) {
        return SkbChecksum.isTransportValid(skb, ends.pseudoHeader(IpProtocol.UDP, skb.length()));
    }

    /** @return false when nobody wants it: it is still the caller's */
    private boolean deliver(SkBuff skb, boolean v6) {
        if (skb.packetType != SkBuff.PACKET_HOST) {
            deliverToAll(skb, v6);
            return true;
        }
        NetDevice dev = skb.dev;
        UdpSock sock = table.lookup(ends, dev == null ? 0 : dev.ifindex());
        if (sock == null || !acceptsSum(sock, v6)) {
            return false;
        }
        skb.pull(UdpHeader.LENGTH);
        if (ipv4.net().kernel().tracer().isOn()) {
            ipv4.net().kernel().tracer().event("udp", "deliver", "port=" + ends.localPort + " bytes=" + skb.length());
        }
        deliver(sock, skb, v6);
        return true;
    }

    /** RFC 6935: without a checksum only what a socket has asked for. */
    private boolean acceptsSum(UdpSock sock, boolean v6) {
        return !v6 || udp.checksum() != 0 || sock.takesWithoutChecksum6();
    }

    private void error(SkBuff skb, DropReason reason, boolean v6) {
        snmp.count(v6 ? Mib.UDP6_IN_ERRORS : Mib.UDP_IN_ERRORS);
        skb.drop(reason);
    }

    private void deliver(UdpSock sock, SkBuff skb, boolean v6) {
        // Counted before the reader is woken, who may look at the counters.
        Mib delivered = v6 ? Mib.UDP6_IN_DATAGRAMS : Mib.UDP_IN_DATAGRAMS;
        snmp.count(delivered);
        if (!sock.receive(skb)) {
            snmp.add(delivered, -1);
            snmp.count(v6 ? Mib.UDP6_RCVBUF_ERRORS : Mib.UDP_RCVBUF_ERRORS);
            error(skb, DropReason.SOCKET_RCVBUFF, v6);
        }
    }

    /** Broadcast and multicast: a copy to every socket that matches; the last one gets the original. */
    private void deliverToAll(SkBuff skb, boolean v6) {
        NetDevice dev = skb.dev;
        int index = dev == null ? 0 : dev.ifindex();
        boolean group = skb.packetType == SkBuff.PACKET_MULTICAST;
        skb.pull(UdpHeader.LENGTH);
        UdpSock previous = null;
        for (UdpSock sock = table.first(ends.localPort); sock != null; sock = sock.nextInBucket) {
            boolean matches = UdpTable.score(sock, ends, index) >= 0 && acceptsSum(sock, v6);
            if (matches && (!group || dev != null && sock.wants(dev, ends))) {
                if (previous != null) {
                    deliverCopy(previous, skb, v6);
                }
                previous = sock;
            }
        }
        if (previous == null) {
            snmp.count(v6 ? Mib.UDP6_IGNORED_MULTI : Mib.UDP_IGNORED_MULTI);
            skb.drop(DropReason.NO_SOCKET);
            return;
        }
        deliver(previous, skb, v6);
    }

    private void deliverCopy(UdpSock sock, SkBuff skb, boolean v6) {
        SkBuff copy = skb.cloneSkb();
        if (copy == null) {
            snmp.count(v6 ? Mib.UDP6_RCVBUF_ERRORS : Mib.UDP_RCVBUF_ERRORS);
            snmp.count(v6 ? Mib.UDP6_IN_ERRORS : Mib.UDP_IN_ERRORS);
            return;
        }
        deliver(sock, copy, v6);
    }

    @Override
    public void error(int icmpType, int icmpCode, int info, SkBuff quoted) {
        udp.wrap(quoted.memory(), quoted.data(), UdpHeader.LENGTH);
        ip.wrap(quoted.memory(), quoted.networkHeader, Ipv4Header.MIN_LENGTH);
        // The quoted packet went out: its source is ours, its destination the peer.
        ends.localV4(ip.source(), udp.sourcePort()).remoteV4(ip.destination(), udp.destinationPort());
        NetDevice dev = quoted.dev;
        UdpSock sock = table.lookup(ends, dev == null ? 0 : dev.ifindex());
        if (sock == null) {
            return;
        }
        if (icmpType == IcmpTypes.DEST_UNREACH && icmpCode == IcmpTypes.FRAGMENTATION_NEEDED) {
            ipv4.routes().updatePathMtu(ends.remoteV4(), info);
        }
        sock.error(icmpType, icmpCode, info, quoted);
    }

    @Override
    public void error6(int type, int code, int info, SkBuff quoted) {
        udp.wrap(quoted.memory(), quoted.data(), UdpHeader.LENGTH);
        ip6.wrap(quoted.memory(), quoted.networkHeader, Ipv6Header.LENGTH);
        ends.local(ip6.sourceHigh(), ip6.sourceLow(), udp.sourcePort())
                .remote(ip6.destinationHigh(), ip6.destinationLow(), udp.destinationPort());
        NetDevice dev = quoted.dev;
        int index = dev == null ? 0 : dev.ifindex();
        UdpSock sock = table.lookup(ends, index);
        if (sock == null) {
            return;
        }
        if (type == Icmp6Errors.PACKET_TOO_BIG) {
            int scope = Ipv6Address.needsInterface(ends.remoteHigh) ? index : 0;
            ipv6.routes().updatePathMtu(ends.remoteHigh, ends.remoteLow, info, scope);
        }
        sock.error6(type, code, info, quoted);
    }
}
