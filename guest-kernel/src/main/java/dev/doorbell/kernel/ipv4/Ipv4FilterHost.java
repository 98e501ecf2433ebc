package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.NetfilterHost;
import dev.doorbell.kernel.netfilter.conntrack.ConntrackInfo;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import org.jspecify.annotations.Nullable;

/** What the packet filter asks of IPv4. */
final class Ipv4FilterHost implements NetfilterHost {
    private final Ipv4 ipv4;
    private final Ipv4Header ip = new Ipv4Header();
    private final Ipv4Header answerIp = new Ipv4Header();
    private final TcpHeader tcp = new TcpHeader();
    private final TcpHeader answerTcp = new TcpHeader();

    Ipv4FilterHost(Ipv4 ipv4) {
        this.ipv4 = ipv4;
    }

    @Override
    public KernelContext kernel() {
        return ipv4.net().kernel();
    }

    @Override
    public int addressType(int address, @Nullable NetDevice dev) {
        if (address >>> 24 == 0 || address == -1) {
            return BROADCAST;
        }
        if (Addresses.isMulticast(address)) {
            return MULTICAST;
        }
        if (ipv4.addresses().isBroadcast(address)) {
            return BROADCAST;
        }
        if (ipv4.addresses().isLocal(address)) {
            InterfaceAddress entry = dev == null ? null : ipv4.addresses().find(address);
            boolean here = dev == null || (entry == null ? dev.isLoopback() : entry.dev() == dev);
            return here ? LOCAL : UNICAST;
        }
        Route route = ipv4.routes().lookup(address, 0, 0);
        if (route == null) {
            return UNREACHABLE;
        }
        return switch (route.type()) {
            case BLACKHOLE -> BLACKHOLE;
            case UNREACHABLE -> UNREACHABLE;
            case PROHIBIT -> PROHIBIT;
            default -> UNICAST;
        };
    }

    @Override
    public int sourceFor(NetDevice dev, int target) {
        return ipv4.addresses().sourceFor(dev, target);
    }

    @Override
    public int firstAddress(NetDevice dev) {
        return ipv4.addresses().firstOf(dev);
    }

    @Override
    public int nextHop(SkBuff skb, int destination) {
        return skb.dst instanceof Route route ? route.nextHop() : destination;
    }

    @Override
    public boolean reroute(SkBuff skb) {
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        int source = ip.source();
        boolean ours = ipv4.addresses().isLocal(source);
        Route route = ipv4.routes().lookup(ip.destination(), ours ? source : 0, 0);
        if (route == null || route.type() == RouteType.UNREACHABLE || route.type() == RouteType.PROHIBIT) {
            return false;
        }
        skb.dst = route;
        skb.dev = route.dev();
        return true;
    }

    @Override
    public void sendIcmpError(SkBuff skb, int type, int code) {
        skb.networkHeader = skb.data();
        ipv4.sendIcmpError(skb, type, code, 0);
    }

    @Override
    public void sendReset(SkBuff skb, int hook) {
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        int header = ip.headerLength();
        if (ip.fragmentOffset() != 0 || !skb.pskbMayPull(header + TcpHeader.MIN_LENGTH)) {
            return;
        }
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        int source = ip.source();
        int destination = ip.destination();
        int length = skb.length() - header;
        tcp.wrap(skb.memory(), skb.data() + header, length);
        boolean toMany = Addresses.isMulticast(destination)
                || ipv4.addresses().isBroadcast(destination)
                || skb.packetType != SkBuff.PACKET_HOST && skb.packetType != SkBuff.PACKET_OUTGOING;
        if (toMany || !tcp.isValid() || tcp.isRst() || !isChecksumRight(skb, hook, header, source, destination)) {
            return;
        }
        Route route = ipv4.routes().lookup(source, ipv4.addresses().isLocal(destination) ? destination : 0, 0);
        SkBuff answer = route == null ? null : ipv4.skbs().alloc(Ipv4.MAX_HEADER, TcpHeader.MIN_LENGTH);
        if (route == null || answer == null) {
            return;
        }
        boolean acknowledges = !tcp.isAck();
        int consumed = length - tcp.headerLength() + (tcp.isSyn() ? 1 : 0) + (tcp.isFin() ? 1 : 0);
        answer.transportHeader = answer.put(TcpHeader.MIN_LENGTH);
        answerTcp
                .wrap(answer.memory(), answer.transportHeader, TcpHeader.MIN_LENGTH)
                .sourcePort(tcp.destinationPort())
                .destinationPort(tcp.sourcePort())
                .sequence(acknowledges ? 0 : tcp.acknowledgment())
                .acknowledgment(acknowledges ? tcp.sequence() + consumed : 0)
                .headerLengthAndFlags(
                        TcpHeader.MIN_LENGTH, acknowledges ? TcpHeader.RST | TcpHeader.ACK : TcpHeader.RST)
                .window(0)
                .urgentPointer(0)
                .checksum(0);
        long pseudo = InternetChecksum.pseudoHeader(destination, source, IpProtocol.TCP, TcpHeader.MIN_LENGTH);
        answerTcp.checksum(InternetChecksum.fold(
                InternetChecksum.sum(answer.memory(), answer.transportHeader, TcpHeader.MIN_LENGTH, pseudo)));
        answer.networkHeader = answer.push(Ipv4Header.MIN_LENGTH);
        answerIp.wrap(answer.memory(), answer.networkHeader, Ipv4Header.MIN_LENGTH)
                .headerLength(Ipv4Header.MIN_LENGTH)
                .tos(0)
                .totalLength(Ipv4Header.MIN_LENGTH + TcpHeader.MIN_LENGTH)
                .identification(0)
                .flagsAndFragmentOffset(Ipv4Header.DONT_FRAGMENT)
                .ttl(Ipv4.DEFAULT_TTL)
                .protocol(IpProtocol.TCP)
                .source(destination)
                .destination(source)
                .updateChecksum();
        answer.conntrack = skb.conntrack;
        answer.conntrackInfo = ConntrackInfo.ofAnswer(skb);
        ipv4.sendPrepared(answer, route);
    }

    private static boolean isChecksumRight(SkBuff skb, int hook, int header, int source, int destination) {
        if (hook == NetfilterHooks.LOCAL_OUT || SkbChecksum.isUnnecessary(skb)) {
            return true;
        }
        int bytes = skb.length() - header;
        long pseudo = InternetChecksum.pseudoHeader(source, destination, IpProtocol.TCP, bytes);
        return InternetChecksum.fold(SkbChecksum.sum(skb, header, bytes, pseudo)) == 0;
    }

    @Override
    public void reassembleFirst(boolean on) {
        ipv4.setReassembleFirst(on);
    }
}
