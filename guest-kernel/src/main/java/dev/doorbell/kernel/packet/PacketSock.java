package dev.doorbell.kernel.packet;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.EthernetHeader;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.netdev.NetCore;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netdev.PacketTap;
import dev.doorbell.kernel.netdev.TxQueue;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.PacketMemory;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbCopy;
import dev.doorbell.kernel.skb.SkbQueue;
import dev.doorbell.kernel.socket.ControlMessages;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.Sock;
import dev.doorbell.kernel.socket.SockAddr;
import dev.doorbell.kernel.socket.SocketFamily;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A packet socket: SOCK_RAW reads and sends whole frames, SOCK_DGRAM without the Ethernet header. Sees what comes in
 * and, when it asked for all protocols, what goes out.
 */
public final class PacketSock extends Sock {
    /** Every protocol, host order. */
    public static final int ETH_P_ALL = 3;

    private static final int HEADROOM = 64;

    private final NetCore net;
    /** Bound once, so that it can be taken out again. */
    private final PacketTap tap = this::packet;

    private final SkbQueue queue = new SkbQueue();
    private final EthernetHeader ethernet = new EthernetHeader();
    private int wanted;
    private @Nullable NetDevice device;
    private boolean tapping;
    private int receiveBytes;
    /** Interfaces that this socket keeps promiscuous. */
    private final List<NetDevice> promiscuous = new ArrayList<>();

    private PacketSock(NetCore net, int type, int protocol) {
        super(net.kernel(), AF_PACKET, type, protocol);
        this.net = net;
        listen(null, protocol);
    }

    /** Registers SOCK_RAW and SOCK_DGRAM. */
    public static void register(SocketFamily family, NetCore net) {
        family.register(SOCK_RAW, SocketFamily.ANY_PROTOCOL, protocol -> new PacketSock(net, SOCK_RAW, protocol));
        family.register(SOCK_DGRAM, SocketFamily.ANY_PROTOCOL, protocol -> new PacketSock(net, SOCK_DGRAM, protocol));
    }

    /** Protocol 0 receives nothing. */
    private void listen(@Nullable NetDevice on, int protocol) {
        stop();
        device = on;
        wanted = protocol;
        if (protocol != 0) {
            net.handlers().addTap(on, tap);
            tapping = true;
        }
    }

    private void stop() {
        if (tapping) {
            net.handlers().removeTap(tap);
            tapping = false;
        }
    }

    @Override
    public int bind(SockAddr address) {
        if (!(address instanceof SockAddrLl ll)) {
            return Errno.EINVAL.negated();
        }
        NetDevice dev = ll.interfaceIndex() == 0 ? null : net.deviceByIndex(ll.interfaceIndex());
        if (ll.interfaceIndex() != 0 && dev == null) {
            return Errno.ENODEV.negated();
        }
        listen(dev, ll.protocol() != 0 ? ll.protocol() : wanted);
        return 0;
    }

    @Override
    public int connect(SockAddr address, int flags) {
        return Errno.EOPNOTSUPP.negated();
    }

    // ---- receiving

    private void packet(SkBuff skb, NetDevice dev, boolean outgoing) {
        if (wanted != ETH_P_ALL && (outgoing || skb.protocol != wanted)) {
            return;
        }
        if (receiveBytes > receiveBufferBytes) {
            drops++;
            return;
        }
        SkBuff copy = skb.cloneSkb();
        if (copy == null) {
            drops++;
            return;
        }
        if (outgoing) {
            copy.macHeader = copy.data();
            copy.packetType = SkBuff.PACKET_OUTGOING;
            copy.dev = dev;
        } else if (copy.macHeader >= 0) {
            copy.push((int) (copy.data() - copy.macHeader));
        }
        if (!copy.pskbMayPull(EthernetHeader.LENGTH)) {
            copy.drop(DropReason.PKT_TOO_SMALL);
            return;
        }
        copy.macHeader = copy.data();
        if (type() == SOCK_DGRAM) {
            copy.pull(EthernetHeader.LENGTH);
        }
        copy.truesize = PacketMemory.truesize(copy);
        receiveBytes += copy.truesize;
        queue.addTail(copy);
        stateChanged(EPOLLIN | EPOLLRDNORM);
    }

    @Override
    public long recvmsg(Message message, int flags) {
        message.flags = 0;
        if (pendingError() != 0) {
            return takeError();
        }
        SkBuff skb = queue.peek();
        if (skb == null) {
            return Errno.EAGAIN.negated();
        }
        int length = skb.length();
        int copied = Math.min(length, message.data.remaining());
        if (copied > 0) {
            SkbCopy.copyBits(skb, 0, message.data, copied);
        }
        message.flags = copied < length ? MSG_TRUNC : 0;
        if (message.name instanceof SockAddrLl ll) {
            ethernet.wrap(skb.memory(), skb.macHeader, EthernetHeader.LENGTH);
            int index = skb.dev == null ? 0 : skb.dev.ifindex();
            ll.set(ethernet.etherType(), index, skb.packetType, ethernet.source());
        }
        ControlMessages control = message.control;
        if (control != null) {
            control.clear();
            if (receiveTimestamp) {
                control.present = ControlMessages.TIMESTAMP;
                control.timestampNs = skb.timestampNs;
            }
        }
        if ((flags & MSG_PEEK) == 0) {
            queue.unlink(skb);
            receiveBytes -= skb.truesize;
            skb.free();
        }
        return (flags & MSG_TRUNC) != 0 ? length : copied;
    }

    @Override
    public int poll() {
        int mask = EPOLLOUT | EPOLLWRNORM;
        if (!queue.isEmpty()) {
            mask |= EPOLLIN | EPOLLRDNORM;
        }
        return pendingError() != 0 ? mask | EPOLLERR : mask;
    }

    // ---- sending

    @Override
    public long sendmsg(Message message, int flags) {
        SockAddrLl to = message.name instanceof SockAddrLl ll ? ll : null;
        if (message.name != null && to == null) {
            return Errno.EINVAL.negated();
        }
        NetDevice dev = to != null && to.interfaceIndex() != 0 ? net.deviceByIndex(to.interfaceIndex()) : device;
        if (dev == null) {
            return Errno.ENXIO.negated();
        }
        if (!dev.isUp()) {
            return Errno.ENETDOWN.negated();
        }
        boolean whole = type() == SOCK_RAW;
        if (!whole && to == null) {
            return Errno.EDESTADDRREQ.negated();
        }
        int length = message.data.remaining();
        if (length > dev.mtu() + (whole ? EthernetHeader.LENGTH : 0)) {
            return Errno.EMSGSIZE.negated();
        }
        if (whole && length < EthernetHeader.LENGTH) {
            return Errno.EINVAL.negated();
        }
        SkBuff skb = net.skbs().alloc(HEADROOM, length);
        if (skb == null) {
            return Errno.ENOBUFS.negated();
        }
        SkbCopy.putFrom(skb, message.data, length);
        if (to != null && !whole) {
            skb.push(EthernetHeader.LENGTH);
            ethernet.wrap(skb.memory(), skb.data(), EthernetHeader.LENGTH)
                    .destination(to.mac())
                    .source(dev.devAddr())
                    .etherType(to.protocol());
        }
        skb.macHeader = skb.data();
        skb.networkHeader = skb.data() + EthernetHeader.LENGTH;
        skb.protocol =
                ethernet.wrap(skb.memory(), skb.data(), EthernetHeader.LENGTH).etherType();
        skb.priority = priority;
        int error = TxQueue.netXmitErrno(dev.devQueueXmit(skb));
        return error == 0 ? length : error;
    }

    // ---- the rest

    @Override
    public int shutdown(int how) {
        return Errno.EOPNOTSUPP.negated();
    }

    @Override
    public void release() {
        stop();
        queue.purge();
        for (NetDevice dev : promiscuous) {
            dev.devSetPromiscuity(-1);
        }
        promiscuous.clear();
    }

    @Override
    public @Nullable SockAddr localAddress() {
        return new SockAddrLl(wanted, device == null ? 0 : device.ifindex(), device == null ? 0 : device.devAddr());
    }

    @Override
    public @Nullable SockAddr peerAddress() {
        return null;
    }

    @Override
    public int setsockopt(int level, int name, ByteBuffer value) {
        if (level != SOL_PACKET) {
            return super.setsockopt(level, name, value);
        }
        boolean add = name == PACKET_ADD_MEMBERSHIP;
        if (!add && name != PACKET_DROP_MEMBERSHIP) {
            return Errno.ENOPROTOOPT.negated();
        }
        // struct packet_mreq: interface index, kind, address length, address
        if (value.remaining() < 8) {
            return Errno.EINVAL.negated();
        }
        NetDevice dev = net.deviceByIndex(value.getInt(value.position()));
        if (dev == null) {
            return Errno.ENODEV.negated();
        }
        if (value.getShort(value.position() + Integer.BYTES) != PACKET_MR_PROMISC) {
            return Errno.EINVAL.negated();
        }
        if (add) {
            promiscuous.add(dev);
            dev.devSetPromiscuity(1);
        } else if (promiscuous.remove(dev)) {
            dev.devSetPromiscuity(-1);
        } else {
            return Errno.EADDRNOTAVAIL.negated();
        }
        return 0;
    }

    @Override
    protected int interfaceIndex(String name) {
        NetDevice dev = net.deviceByName(name);
        return dev == null ? Errno.ENODEV.negated() : dev.ifindex();
    }
}
