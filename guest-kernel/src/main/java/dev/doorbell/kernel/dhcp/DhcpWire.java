package dev.doorbell.kernel.dhcp;

import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.MacAddress;
import dev.doorbell.bus.wire.UdpHeader;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.netdev.HardHeader;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netdev.PacketTap;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import dev.doorbell.kernel.skb.SkbCopy;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How DHCP messages get in and out of an interface that may have no address yet: whole frames out, and a look at whatever
 * comes in. Only while an answer is expected, since a look costs every packet.
 */
final class DhcpWire implements PacketTap {
    static final int CLIENT_PORT = 68, SERVER_PORT = 67;
    private static final int UDP_BYTES = 8, TTL = 64;
    /** Shortest BOOTP message, RFC 951; relays drop shorter ones. */
    private static final int MIN_PAYLOAD = 300;

    private final Ipv4 ipv4;
    private final NetDevice dev;
    private final Consumer<byte[]> received;
    private final Ipv4Header ip = new Ipv4Header();
    private final UdpHeader udp = new UdpHeader();
    private final HardHeader hardHeader = new HardHeader();
    private boolean listening;

    /** @param received called with the payload of each whole message to the client's port */
    DhcpWire(Ipv4 ipv4, NetDevice dev, Consumer<byte[]> received) {
        this.ipv4 = ipv4;
        this.dev = dev;
        this.received = received;
    }

    void listen(boolean on) {
        if (on != listening) {
            listening = on;
            if (on) {
                ipv4.net().handlers().addTap(dev, this);
            } else {
                ipv4.net().handlers().removeTap(this);
            }
        }
    }

    /** To everybody on the link, from nobody or from {@code source}. */
    void broadcast(int source, byte[] message) {
        SkBuff skb = datagram(source, Ipv4Address.BROADCAST, message);
        if (skb == null || !dev.isUp()) {
            free(skb);
            return;
        }
        int length = skb.length() + Ipv4Header.MIN_LENGTH;
        skb.transportHeader = skb.data();
        skb.networkHeader = skb.push(Ipv4Header.MIN_LENGTH);
        ip.wrap(skb.memory(), skb.networkHeader, Ipv4Header.MIN_LENGTH)
                .headerLength(Ipv4Header.MIN_LENGTH)
                .tos(0)
                .totalLength(length)
                .identification(ipv4.nextIdentification(source, Ipv4Address.BROADCAST, IpProtocol.UDP))
                .flagsAndFragmentOffset(0)
                .ttl(TTL)
                .protocol(IpProtocol.UDP)
                .source(source)
                .destination(Ipv4Address.BROADCAST)
                .updateChecksum();
        skb.protocol = EtherType.IPV4;
        skb.dev = dev;
        hardHeader.xmit(skb, dev, MacAddress.BROADCAST, EtherType.IPV4);
    }

    /** To a server, the ordinary way. */
    void unicast(int source, int destination, byte[] message) {
        SkBuff skb = datagram(source, destination, message);
        Route route = ipv4.routes().lookup(destination, source, 0);
        if (skb == null || route == null || route.type() != RouteType.UNICAST) {
            free(skb);
            return;
        }
        ipv4.queueXmit(skb, route, source, destination, IpProtocol.UDP, 0, 0, Ipv4.MAY_FRAGMENT);
    }

    private static void free(@Nullable SkBuff skb) {
        if (skb != null) {
            skb.free();
        }
    }

    private @Nullable SkBuff datagram(int source, int destination, byte[] message) {
        int bytes = UDP_BYTES + Math.max(MIN_PAYLOAD, message.length);
        SkBuff skb = ipv4.skbs().alloc(Ipv4.MAX_HEADER, bytes);
        if (skb == null) {
            return null;
        }
        long at = skb.put(bytes);
        skb.memory().fill(at, bytes, 0);
        skb.memory().write(at + UDP_BYTES, message, 0, message.length);
        udp.wrap(skb.memory(), at, bytes)
                .sourcePort(CLIENT_PORT)
                .destinationPort(SERVER_PORT)
                .length(bytes)
                .checksum(0);
        long pseudo = InternetChecksum.pseudoHeader(source, destination, IpProtocol.UDP, bytes);
        udp.checksum(InternetChecksum.foldUdp(InternetChecksum.sum(skb.memory(), at, bytes, pseudo)));
        return skb;
    }

    /** Of all that comes in: whole, undamaged UDP datagrams from a server's to the client's port. */
    @Override
    public void packet(SkBuff skb, NetDevice on, boolean outgoing) {
        if (outgoing
                || on != dev
                || skb.protocol != EtherType.IPV4
                || skb.headLength() < Ipv4Header.MIN_LENGTH
                || skb.packetType == SkBuff.PACKET_OTHERHOST) {
            return;
        }
        ip.wrap(skb.memory(), skb.data(), skb.length());
        if (skb.headLength() < ip.headerLength()
                || !ip.isValid()
                || ip.protocol() != IpProtocol.UDP
                || ip.isFragment()
                || !ip.isChecksumValid()) {
            return;
        }
        int header = ip.headerLength();
        int available = ip.totalLength() - header;
        if (available < UDP_BYTES || skb.headLength() < header + UDP_BYTES) {
            return;
        }
        udp.wrap(skb.memory(), skb.data() + header, UDP_BYTES);
        int length = udp.length();
        if (udp.destinationPort() != CLIENT_PORT
                || udp.sourcePort() != SERVER_PORT
                || length < UDP_BYTES
                || length > available) {
            return;
        }
        if (udp.checksum() != 0 && !SkbChecksum.isUnnecessary(skb)) {
            long pseudo = InternetChecksum.pseudoHeader(ip.source(), ip.destination(), IpProtocol.UDP, length);
            if (InternetChecksum.fold(SkbChecksum.sum(skb, header, length, pseudo)) != 0) {
                return;
            }
        }
        ByteBuffer payload = ByteBuffer.allocate(length - UDP_BYTES);
        SkbCopy.copyBits(skb, header + UDP_BYTES, payload, length - UDP_BYTES);
        received.accept(payload.array());
    }
}
