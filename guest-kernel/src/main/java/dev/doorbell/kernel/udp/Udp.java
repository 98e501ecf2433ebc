package dev.doorbell.kernel.udp;

import dev.doorbell.bus.wire.IcmpTypes;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.UdpHeader;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.L4Protocol;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv4.SnmpCounters;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import dev.doorbell.kernel.socket.SocketConstants;
import dev.doorbell.kernel.socket.SocketFamily;

/** UDP, RFC 768 and RFC 1122 section 4.1: datagrams to sockets. */
public final class Udp implements L4Protocol {
    private final Ipv4 ipv4;
    private final SnmpCounters snmp;
    private final UdpTable table;
    private final UdpHeader udp = new UdpHeader();
    private final Ipv4Header ip = new Ipv4Header();
    private final Endpoints ends = new Endpoints();

    /** Registers protocol 17 and the datagram sockets of {@code inet}. */
    public Udp(Ipv4 ipv4, SocketFamily inet) {
        this.ipv4 = ipv4;
        this.snmp = ipv4.snmp();
        this.table = new UdpTable(ipv4.net().kernel().random("udp ports"));
        ipv4.addProtocol(IpProtocol.UDP, this);
        inet.register(SocketConstants.SOCK_DGRAM, SocketConstants.IPPROTO_UDP, () -> new UdpSock(this, ipv4));
    }

    UdpTable table() {
        return table;
    }

    @Override
    public void receive(SkBuff skb) {
        if (!skb.pskbMayPull(UdpHeader.LENGTH)) {
            error(skb, DropReason.UDP_BAD_LENGTH);
            return;
        }
        udp.wrap(skb.memory(), skb.data(), skb.length());
        int length = udp.length();
        if (length < UdpHeader.LENGTH || length > skb.length()) {
            error(skb, DropReason.UDP_BAD_LENGTH);
            return;
        }
        if (length < skb.length()) {
            skb.trim(length);
        }
        ip.wrap(skb.memory(), skb.networkHeader, Ipv4Header.MIN_LENGTH);
        ends.localV4(ip.destination(), udp.destinationPort()).remoteV4(ip.source(), udp.sourcePort());
        // 0: the sender computed none.
        if (udp.checksum() != 0 && !SkbChecksum.isTransportValid(skb, ends.pseudoHeader(IpProtocol.UDP, length))) {
            snmp.count(Mib.UDP_IN_CSUM_ERRORS);
            error(skb, DropReason.UDP_CSUM);
            return;
        }
        NetDevice dev = skb.dev;
        skb.transportHeader = skb.data();
        if (skb.packetType != SkBuff.PACKET_HOST) {
            deliverToAll(skb);
            return;
        }
        UdpSock sock = table.lookup(ends, dev == null ? 0 : dev.ifindex());
        if (sock != null) {
            skb.pull(UdpHeader.LENGTH);
            if (ipv4.net().kernel().tracer().isOn()) {
                ipv4.net()
                        .kernel()
                        .tracer()
                        .event("udp", "deliver", "port=" + ends.localPort + " bytes=" + skb.length());
            }
            deliver(sock, skb);
            return;
        }
        snmp.count(Mib.UDP_NO_PORTS);
        ipv4.sendIcmpError(skb, IcmpTypes.DEST_UNREACH, IcmpTypes.PORT_UNREACH, 0);
        skb.drop(DropReason.NO_SOCKET);
    }

    private void error(SkBuff skb, DropReason reason) {
        snmp.count(Mib.UDP_IN_ERRORS);
        skb.drop(reason);
    }

    private void deliver(UdpSock sock, SkBuff skb) {
        // Counted before the reader is woken, who may look at the counters.
        snmp.count(Mib.UDP_IN_DATAGRAMS);
        if (!sock.receive(skb)) {
            snmp.add(Mib.UDP_IN_DATAGRAMS, -1);
            snmp.count(Mib.UDP_RCVBUF_ERRORS);
            error(skb, DropReason.SOCKET_RCVBUFF);
        }
    }

    /** Broadcast and multicast: a copy to every socket that matches; the last one gets the original. */
    private void deliverToAll(SkBuff skb) {
        NetDevice dev = skb.dev;
        int index = dev == null ? 0 : dev.ifindex();
        boolean group = skb.packetType == SkBuff.PACKET_MULTICAST;
        skb.pull(UdpHeader.LENGTH);
        UdpSock previous = null;
        for (UdpSock sock = table.first(ends.localPort); sock != null; sock = sock.nextInBucket) {
            boolean matches = UdpTable.score(sock, ends, index) >= 0;
            if (matches && (!group || dev != null && sock.wants(dev, ends.localV4()))) {
                if (previous != null) {
                    deliverCopy(previous, skb);
                }
                previous = sock;
            }
        }
        if (previous == null) {
            snmp.count(Mib.UDP_IGNORED_MULTI);
            skb.drop(DropReason.NO_SOCKET);
            return;
        }
        deliver(previous, skb);
    }

    private void deliverCopy(UdpSock sock, SkBuff skb) {
        SkBuff copy = skb.cloneSkb();
        if (copy == null) {
            snmp.count(Mib.UDP_RCVBUF_ERRORS);
            snmp.count(Mib.UDP_IN_ERRORS);
            return;
        }
        deliver(sock, copy);
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
}
