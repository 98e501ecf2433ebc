package dev.doorbell.kernel.ipv6;

import dev.doorbell.bus.wire.ExtensionHeaders;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.NetfilterHost;
import dev.doorbell.kernel.netfilter.TcpReset;
import dev.doorbell.kernel.netfilter.conntrack.ConntrackInfo;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** What the packet filter asks of IPv6. */
final class Ipv6FilterHost implements NetfilterHost {
    private final Ipv6 ipv6;
    private final NetDevice loopback;
    private final Ipv6Header ip = new Ipv6Header();
    private final ExtensionHeaders chain = new ExtensionHeaders();
    private final TcpReset reset = new TcpReset();

    Ipv6FilterHost(Ipv6 ipv6, NetDevice loopback) {
        this.ipv6 = ipv6;
        this.loopback = loopback;
    }

    @Override
    public KernelContext kernel() {
        return ipv6.net().kernel();
    }

    @Override
    public int addressType(long high, long low, @Nullable NetDevice dev) {
        if (Ipv6Address.isUnspecified(high, low)) {
            return UNSPEC;
        }
        if (Ipv6Address.isMulticast(high)) {
            return MULTICAST;
        }
        if (ipv6.addresses().isLocal(high, low, dev)) {
            return LOCAL;
        }
        Route6 route = ipv6.routes().lookup(high, low, 0, 0, dev == null ? 0 : dev.ifindex());
        if (route == null) {
            return UNREACHABLE;
        }
        return switch (route.type()) {
            case BLACKHOLE, UNREACHABLE, PROHIBIT -> UNREACHABLE;
            default -> UNICAST;
        };
    }

    @Override
    public long @Nullable [] sourceFor(NetDevice dev, SkBuff skb, long high, long low) {
        InterfaceAddress6 chosen = ipv6.addresses().select(dev, high, low);
        return chosen == null ? null : new long[] {chosen.high(), chosen.low()};
    }

    @Override
    public long @Nullable [] redirectTarget(@Nullable NetDevice in) {
        if (in == null) {
            return new long[] {0, Ipv6Address.LOOPBACK_LOW};
        }
        InterfaceAddress6 linkLocal = null;
        for (InterfaceAddress6 address : ipv6.addresses().list()) {
            if (address.dev() == in && address.isUsable()) {
                if (!address.isLinkLocal()) {
                    return new long[] {address.high(), address.low()};
                }
                linkLocal = address;
            }
        }
        return linkLocal == null ? null : new long[] {linkLocal.high(), linkLocal.low()};
    }

    @Override
    public boolean reroute(SkBuff skb) {
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        int index = Ipv6Address.needsInterface(ip.destinationHigh()) && skb.dst instanceof Route6 before
                ? before.dev().ifindex()
                : 0;
        boolean ours = ipv6.addresses().isLocal(ip.sourceHigh(), ip.sourceLow(), null);
        Route6 route = ipv6.routes()
                .lookup(
                        ip.destinationHigh(),
                        ip.destinationLow(),
                        ours ? ip.sourceHigh() : 0,
                        ours ? ip.sourceLow() : 0,
                        index);
        if (route == null || route.type() == RouteType.UNREACHABLE || route.type() == RouteType.PROHIBIT) {
            return false;
        }
        skb.dst = route;
        skb.dev = route.dev();
        return true;
    }

    @Override
    public int mtuOf(SkBuff skb) {
        return skb.dst instanceof Route6 route ? route.mtu() : 0;
    }

    @Override
    public int mtuTo(long high, long low) {
        Route6 route = ipv6.routes().lookup(high, low, 0, 0, 0);
        return route == null ? Integer.MAX_VALUE : route.mtu();
    }

    @Override
    public void sendIcmpError(SkBuff skb, int type, int code) {
        NetDevice before = skb.dev;
        skb.dev = before == null ? loopback : before;
        skb.networkHeader = skb.data();
        ipv6.sendError(skb, type, code, 0);
        skb.dev = before;
    }

    @Override
    public void sendReset(SkBuff skb, int hook) {
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        long fromHigh = ip.sourceHigh();
        long fromLow = ip.sourceLow();
        long toHigh = ip.destinationHigh();
        long toLow = ip.destinationLow();
        int header = chain.skip(skb.memory(), skb.data(), skb.headLength());
        boolean answerable = header != ExtensionHeaders.INCOMPLETE
                && !chain.isLaterFragment()
                && !Ipv6Address.isMulticast(fromHigh)
                && !Ipv6Address.isUnspecified(fromHigh, fromLow)
                && !Ipv6Address.isMulticast(toHigh)
                && skb.pskbMayPull(header + TcpHeader.MIN_LENGTH);
        if (!answerable) {
            return;
        }
        int bytes = skb.length() - header;
        long pseudo = InternetChecksum.pseudoHeaderV6(fromHigh, fromLow, toHigh, toLow, IpProtocol.TCP, bytes);
        if (!reset.read(skb, header, pseudo, hook != NetfilterHooks.LOCAL_OUT)) {
            return;
        }
        int scope = Ipv6Address.needsInterface(fromHigh) && skb.dev != null ? skb.dev.ifindex() : 0;
        boolean ours = ipv6.addresses().isLocal(toHigh, toLow, null);
        Route6 route = ipv6.routes().lookup(fromHigh, fromLow, ours ? toHigh : 0, ours ? toLow : 0, scope);
        SkBuff answer = route == null ? null : ipv6.skbs().alloc(Ipv6.MAX_HEADER, TcpHeader.MIN_LENGTH);
        if (route == null || answer == null) {
            return;
        }
        answer.transportHeader = answer.put(TcpHeader.MIN_LENGTH);
        long back =
                InternetChecksum.pseudoHeaderV6(toHigh, toLow, fromHigh, fromLow, IpProtocol.TCP, TcpHeader.MIN_LENGTH);
        reset.write(answer.memory(), answer.transportHeader, back);
        answer.conntrack = skb.conntrack;
        answer.conntrackInfo = ConntrackInfo.ofAnswer(skb);
        ipv6.queueXmit(answer, route, toHigh, toLow, IpProtocol.TCP, 0, -1, 0, 0);
    }

    @Override
    public void reassembleFirst(boolean on) {
        ipv6.setReassembleFirst(on);
    }
}
