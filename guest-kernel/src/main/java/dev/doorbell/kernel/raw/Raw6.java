package dev.doorbell.kernel.raw;

import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.inet.InetStack;
import dev.doorbell.kernel.ipv6.Icmp6Errors;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.RawDelivery6;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.socket.SocketConstants;
import dev.doorbell.kernel.socket.SocketFamily;
import java.util.ArrayList;
import java.util.List;

/** The raw IPv6 sockets of one kernel: each gets a copy of every datagram of its protocol. */
public final class Raw6 implements RawDelivery6 {
    private final Ipv6 ipv6;
    private final List<RawSock6> socks = new ArrayList<>();
    private final Ipv6Header ip = new Ipv6Header();

    /** Registers raw sockets of every protocol with {@code inet6}. */
    public Raw6(InetStack stack, SocketFamily inet6) {
        this.ipv6 = stack.ipv6();
        inet6.register(
                SocketConstants.SOCK_RAW, SocketFamily.ANY_PROTOCOL, protocol -> new RawSock6(this, stack, protocol));
    }

    /** From creation on a raw socket receives, bound or not. The packet path asks only while there is one. */
    void add(RawSock6 sock) {
        socks.add(sock);
        ipv6.setRawDelivery(this);
    }

    void remove(RawSock6 sock) {
        socks.remove(sock);
        if (socks.isEmpty()) {
            ipv6.setRawDelivery(null);
        }
    }

    @Override
    public boolean offer6(SkBuff skb, int protocol) {
        boolean taken = false;
        ip.wrap(skb.memory(), skb.networkHeader, Ipv6Header.LENGTH);
        long high = ip.destinationHigh();
        long low = ip.destinationLow();
        long peerHigh = ip.sourceHigh();
        long peerLow = ip.sourceLow();
        NetDevice dev = skb.dev;
        int index = dev == null ? 0 : dev.ifindex();
        boolean group = skb.packetType == SkBuff.PACKET_MULTICAST;
        for (int i = 0; i < socks.size(); i++) {
            RawSock6 sock = socks.get(i);
            if (sock.matches(protocol, high, low, peerHigh, peerLow, index)
                    && (!group || dev != null && sock.wants(dev, high, low, peerHigh, peerLow))) {
                taken = true;
                sock.receive(skb);
            }
        }
        return taken;
    }

    @Override
    public void error6(int protocol, int type, int code, int info, SkBuff quoted) {
        ip.wrap(quoted.memory(), quoted.networkHeader, Ipv6Header.LENGTH);
        long high = ip.sourceHigh();
        long low = ip.sourceLow();
        long peerHigh = ip.destinationHigh();
        long peerLow = ip.destinationLow();
        int index = quoted.dev == null ? 0 : quoted.dev.ifindex();
        boolean ours = false;
        for (int i = 0; i < socks.size(); i++) {
            RawSock6 sock = socks.get(i);
            if (sock.matches(protocol, high, low, peerHigh, peerLow, index)) {
                ours = true;
                sock.error6(type, code, info, quoted);
            }
        }
        if (ours && type == Icmp6Errors.PACKET_TOO_BIG) {
            ipv6.routes().updatePathMtu(peerHigh, peerLow, info, 0);
        }
    }
}
