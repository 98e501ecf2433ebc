package dev.doorbell.kernel.raw;

import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.kernel.inet.InetStack;
import dev.doorbell.kernel.ipv4.Addresses;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.RawDelivery;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.socket.SocketConstants;
import dev.doorbell.kernel.socket.SocketFamily;
import java.util.ArrayList;
import java.util.List;

/** The raw sockets of one kernel: each gets a copy of every datagram of its protocol. */
public final class Raw implements RawDelivery {
    private final Ipv4 ipv4;
    private final List<RawSock> socks = new ArrayList<>();
    private final Ipv4Header ip = new Ipv4Header();

    /** Registers raw sockets of every protocol with {@code inet}. */
    public Raw(InetStack stack, SocketFamily inet) {
        this.ipv4 = stack.ipv4();
        inet.register(
                SocketConstants.SOCK_RAW, SocketFamily.ANY_PROTOCOL, protocol -> new RawSock(this, stack, protocol));
    }

    /** From creation on a raw socket receives, bound or not. The packet path asks only while there is one. */
    void add(RawSock sock) {
        socks.add(sock);
        ipv4.setRawDelivery(this);
    }

    void remove(RawSock sock) {
        socks.remove(sock);
        if (socks.isEmpty()) {
            ipv4.setRawDelivery(null);
        }
    }

    @Override
    public boolean offer(SkBuff skb, int protocol) {
        boolean taken = false;
        ip.wrap(skb.memory(), skb.networkHeader, Ipv4Header.MIN_LENGTH);
        int source = ip.source();
        int destination = ip.destination();
        NetDevice dev = skb.dev;
        int index = dev == null ? 0 : dev.ifindex();
        boolean group = Addresses.isMulticast(destination);
        for (int i = 0; i < socks.size(); i++) {
            RawSock sock = socks.get(i);
            if (sock.matches(protocol, destination, source, index)
                    && (!group || dev != null && sock.wants(dev, destination, source))) {
                taken = true;
                sock.receive(skb);
            }
        }
        return taken;
    }

    @Override
    public void error(int protocol, int icmpType, int icmpCode, int info, SkBuff quoted) {
        ip.wrap(quoted.memory(), quoted.networkHeader, Ipv4Header.MIN_LENGTH);
        int local = ip.source();
        int peer = ip.destination();
        int index = quoted.dev == null ? 0 : quoted.dev.ifindex();
        for (int i = 0; i < socks.size(); i++) {
            RawSock sock = socks.get(i);
            if (sock.matches(protocol, local, peer, index)) {
                sock.error(icmpType, icmpCode, info, quoted);
            }
        }
    }
}
