package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.NetfilterHost;
import dev.doorbell.kernel.netfilter.TcpReset;
import dev.doorbell.kernel.netfilter.conntrack.ConntrackInfo;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** What the packet filter asks of IPv4. */
final class Ipv4FilterHost implements NetfilterHost {
    private final Ipv4 ipv4;
    private final Ipv4Header ip = new Ipv4Header();
    private final Ipv4Header answerIp = new Ipv4Header();
    private final TcpReset reset = new TcpReset();

    Ipv4FilterHost(Ipv4 ipv4) {
        this.ipv4 = ipv4;
    }

    @Override
    public KernelContext kernel() {
        return ipv4.net().kernel();
    }

    @Override
    public int addressType(long high, long low, @Nullable NetDevice dev) {
        int address = (int) low;
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
    public long @Nullable [] sourceFor(NetDevice dev, SkBuff skb, long high, long low) {
        int nextHop = skb.dst instanceof Route route ? route.nextHop() : (int) low;
        return mapped(ipv4.addresses().sourceFor(dev, nextHop));
    }

    @Override
    public long @Nullable [] redirectTarget(@Nullable NetDevice in) {
        return mapped(in == null ? Ipv4Address.LOOPBACK : ipv4.addresses().firstOf(in));
    }

    private static long @Nullable [] mapped(int address) {
        return address == 0 ? null : new long[] {0, Ipv6Address.ofV4(address)};
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
    public int mtuOf(SkBuff skb) {
        return skb.dst instanceof Route route ? route.mtu() : 0;
    }

    @Override
    public int mtuTo(long high, long low) {
        Route route = ipv4.routes().lookup((int) low, 0, 0);
        return route == null ? Integer.MAX_VALUE : route.mtu();
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
        boolean toMany = Addresses.isMulticast(destination)
                || ipv4.addresses().isBroadcast(destination)
                || skb.packetType != SkBuff.PACKET_HOST && skb.packetType != SkBuff.PACKET_OUTGOING;
        long sum = InternetChecksum.pseudoHeader(source, destination, IpProtocol.TCP, skb.length() - header);
        if (toMany || !reset.read(skb, header, sum, hook != NetfilterHooks.LOCAL_OUT)) {
            return;
        }
        Route route = ipv4.routes().lookup(source, ipv4.addresses().isLocal(destination) ? destination : 0, 0);
        SkBuff answer = route == null ? null : ipv4.skbs().alloc(Ipv4.MAX_HEADER, TcpHeader.MIN_LENGTH);
        if (route == null || answer == null) {
            return;
        }
        answer.transportHeader = answer.put(TcpHeader.MIN_LENGTH);
        long pseudo = InternetChecksum.pseudoHeader(destination, source, IpProtocol.TCP, TcpHeader.MIN_LENGTH);
        reset.write(answer.memory(), answer.transportHeader, pseudo);
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

    @Override
    public void reassembleFirst(boolean on) {
        ipv4.setReassembleFirst(on);
    }
}
