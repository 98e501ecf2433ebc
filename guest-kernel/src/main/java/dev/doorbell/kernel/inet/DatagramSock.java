package dev.doorbell.kernel.inet;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.bus.wire.IcmpTypes;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.icmpv6.Icmp6Errno;
import dev.doorbell.kernel.ipv4.Addresses;
import dev.doorbell.kernel.ipv4.IcmpErrno;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.L4Protocol;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.ipv6.Icmp6Errors;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.L4Protocol6;
import dev.doorbell.kernel.ipv6.Route6;
import dev.doorbell.kernel.multicast.ReceptionState;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.PacketMemory;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import dev.doorbell.kernel.skb.SkbCopy;
import dev.doorbell.kernel.skb.SkbDestructor;
import dev.doorbell.kernel.skb.SkbQueue;
import dev.doorbell.kernel.socket.ControlMessages;
import dev.doorbell.kernel.socket.ErrorQueue;
import dev.doorbell.kernel.socket.HeaderList;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.SockAddr;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.SockAddrIn6;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** What UDP and raw sockets share: the receive queue and its limit, send accounting, the error queue, group options. */
public abstract class DatagramSock extends InetSock {
    private final SkbQueue receiveQueue = new SkbQueue();
    private final GroupOptions groups;
    private final GroupOptions6 groups6;
    private final ExtensionOptions extensions = new ExtensionOptions();
    /** Of the message that is being sent: its own or, mostly, {@link #extensions}. */
    private ExtensionOptions sending = extensions;

    private final Ipv6Header ip6 = new Ipv6Header();
    private final Ipv4Header ip = new Ipv4Header();
    private final SkbDestructor sent = this::sendDone;
    private @Nullable ErrorQueue errors;
    /** Bytes of truesize in the receive queue; of packets that are on their way out. */
    private int receiveBytes, sendBytes;

    protected DatagramSock(KernelContext kernel, InetStack stack, int domain, int type, int protocol) {
        super(kernel, stack, domain, type, protocol);
        this.groups = new GroupOptions(this);
        this.groups6 = new GroupOptions6(stack.ipv6());
    }

    // ---- receiving

    /**
     * Puts a packet in the receive queue.
     *
     * @param skb data() at what the reader gets, all headers set; on true it is the queue's
     * @return false when the queue is full: counted, and still the caller's
     */
    protected final boolean queueReceive(SkBuff skb) {
        if (receiveBytes > receiveBufferBytes) {
            drops++;
            return false;
        }
        skb.orphan();
        skb.truesize = PacketMemory.truesize(skb);
        receiveBytes += skb.truesize;
        receiveQueue.addTail(skb);
        stateChanged(EPOLLIN | EPOLLRDNORM);
        return true;
    }

    @Override
    public final long recvmsg(Message message, int flags) {
        message.flags = 0;
        if (message.control != null) {
            message.control.clear();
        }
        if ((flags & MSG_OOB) != 0 && type() == SOCK_RAW) {
            return Errno.EOPNOTSUPP.negated(); // UDP takes no notice of it
        }
        if ((flags & MSG_ERRQUEUE) != 0) {
            return receiveError(message);
        }
        if (pendingError() != 0) {
            return takeError();
        }
        SkBuff skb = receiveQueue.peek();
        if (skb == null) {
            return Errno.EAGAIN.negated(); // shut down, too: only a call that would wait gets 0
        }
        int length = skb.length();
        int copied = Math.min(length, message.data.remaining());
        if (copied > 0) {
            SkbCopy.copyBits(skb, 0, message.data, copied);
        }
        if (copied < length) {
            message.flags |= MSG_TRUNC;
        }
        if (message.name != null) {
            fillName(skb, message.name);
        }
        if (message.control != null) {
            fillControl(skb, message.control);
        }
        if ((flags & MSG_PEEK) == 0) {
            receiveQueue.unlink(skb);
            receiveBytes -= skb.truesize;
            skb.free();
        }
        return (flags & MSG_TRUNC) != 0 ? length : copied;
    }

    /** Port that a queued packet came from; 0 where the protocol has none. */
    protected abstract int sourcePort(SkBuff skb);

    /** Writes the sender's address into the caller's instance when it is of our family. */
    private void fillName(SkBuff skb, SockAddr name) {
        if (skb.protocol == EtherType.IPV6) {
            if (name instanceof SockAddrIn6 in) {
                ip6.wrap(skb.memory(), skb.networkHeader, Ipv6Header.LENGTH);
                int scope = skb.dev != null && Ipv6Address.needsInterface(ip6.sourceHigh()) ? skb.dev.ifindex() : 0;
                int flowInfo = v6.receiveFlowInfo ? ip6.trafficClass() << 20 | ip6.flowLabel() : 0;
                in.set(ip6.sourceHigh(), ip6.sourceLow(), sourcePort(skb), flowInfo, scope);
            }
            return;
        }
        ip.wrap(skb.memory(), skb.networkHeader, Ipv4Header.MIN_LENGTH);
        if (name instanceof SockAddrIn in) {
            in.set(ip.source(), sourcePort(skb));
        } else if (name instanceof SockAddrIn6 in) {
            in.set(0, Ipv6Address.ofV4(ip.source()), sourcePort(skb), 0, 0);
        }
    }

    private void fillControl(SkBuff skb, ControlMessages control) {
        if (skb.protocol == EtherType.IPV6) {
            fillControlV6(skb, control);
        } else {
            fillControlV4(skb, control);
        }
        if (receiveTimestamp) {
            control.present |= ControlMessages.TIMESTAMP;
            control.timestampNs = skb.timestampNs;
        }
        if (receiveDropCount) {
            control.present |= ControlMessages.DROPS;
            control.drops = drops;
        }
    }

    private void fillControlV6(SkBuff skb, ControlMessages control) {
        ip6.wrap(skb.memory(), skb.networkHeader, Ipv6Header.LENGTH);
        packetInfo6(skb, ip6.destinationHigh(), ip6.destinationLow(), control);
        if (v6.receiveHopLimit) {
            control.present |= ControlMessages.HOP_LIMIT;
            control.hopLimit = ip6.hopLimit();
        }
        if (v6.receiveTrafficClass) {
            control.present |= ControlMessages.TRAFFIC_CLASS;
            control.trafficClass = ip6.trafficClass();
        }
        ReceivedHeaders.ipv6(skb, v6, control.headers);
    }

    private void packetInfo6(SkBuff skb, long high, long low, ControlMessages control) {
        if (v6.receivePacketInfo) {
            control.present |= ControlMessages.PKTINFO6;
            control.addressHigh = high;
            control.addressLow = low;
            control.interfaceIndex = skb.dev == null ? 0 : skb.dev.ifindex();
        }
    }

    private void fillControlV4(SkBuff skb, ControlMessages control) {
        ip.wrap(skb.memory(), skb.networkHeader, Ipv4Header.MIN_LENGTH);
        packetInfo6(skb, 0, Ipv6Address.ofV4(ip.destination()), control);
        if (receivePacketInfo) {
            control.present |= ControlMessages.PKTINFO;
            control.headerDestination = ip.destination();
            control.interfaceIndex = skb.dev == null ? 0 : skb.dev.ifindex();
            boolean unicast = skb.packetType == SkBuff.PACKET_HOST;
            control.localAddress = unicast || skb.dev == null
                    ? ip.destination()
                    : ipv4().addresses().sourceFor(skb.dev, ip.source());
        }
        if (receiveTtl) {
            control.present |= ControlMessages.TTL;
            control.ttl = ip.ttl();
        }
        if (receiveTos) {
            control.present |= ControlMessages.TOS;
            control.tos = ip.tos();
        }
        ReceivedHeaders.ipv4(skb, this, ip.headerLength(), control.headers);
    }

    private long receiveError(Message message) {
        ErrorQueue.Entry entry = errors == null ? null : errors.poll();
        return entry == null ? Errno.EAGAIN.negated() : ErrorQueue.deliver(entry, message);
    }

    /**
     * An ICMP error about a packet that this socket sent, see {@link L4Protocol#error}.
     *
     * @param headerBytes transport header in front of the quoted payload
     */
    protected final void icmpError(int type, int code, int info, SkBuff quoted, int headerBytes) {
        Errno errno = IcmpErrno.of(type, code);
        boolean fatal = IcmpErrno.isFatal(type, code);
        if (type == IcmpTypes.DEST_UNREACH && code == IcmpTypes.FRAGMENTATION_NEEDED) {
            if (mtuDiscover == IP_PMTUDISC_DONT) {
                return;
            }
            fatal = true;
        }
        if (receiveErrors) {
            queueError(errno, type, code, info, quoted, headerBytes);
        } else if (!fatal || !isConnected()) {
            return;
        }
        reportError(errno);
    }

    private void queueError(Errno errno, int type, int code, int info, SkBuff quoted, int headerBytes) {
        ip.wrap(quoted.memory(), quoted.networkHeader, Ipv4Header.MIN_LENGTH);
        int payload = Math.max(0, quoted.headLength() - headerBytes);
        byte[] bytes = quoted.memory().bytes(quoted.data() + quoted.headLength() - payload, payload);
        int origin = quoted.cbSeq == 0 ? SO_EE_ORIGIN_LOCAL : SO_EE_ORIGIN_ICMP;
        int port = headerBytes == 0 ? 0 : Short.reverseBytes(quoted.memory().readShort(quoted.data() + 2)) & 0xFFFF;
        addError(new ErrorQueue.Entry(
                errno.number(),
                origin,
                type,
                code,
                info,
                0,
                quoted.cbSeq == 0 ? 0 : Ipv6Address.ofV4(quoted.cbSeq),
                0,
                Ipv6Address.ofV4(ip.destination()),
                port,
                bytes));
    }

    /**
     * An ICMPv6 error about a packet that this socket sent, see {@link L4Protocol6#error6}.
     *
     * @param headerBytes transport header in front of the quoted payload
     */
    protected final void icmp6Error(int type, int code, int info, SkBuff quoted, int headerBytes) {
        Errno errno = Icmp6Errno.of(type, code);
        boolean fatal = Icmp6Errno.isFatal(type, code);
        if (type == Icmp6Errors.PACKET_TOO_BIG) {
            fatal = v6.mtuDiscover == IP_PMTUDISC_DO;
        }
        if (v6.receiveErrors) {
            ip6.wrap(quoted.memory(), quoted.networkHeader, Ipv6Header.LENGTH);
            int payload = Math.max(0, quoted.headLength() - headerBytes);
            byte[] bytes = quoted.memory().bytes(quoted.data() + quoted.headLength() - payload, payload);
            boolean local = (quoted.cbTimeNs | quoted.cbTime2Ns) == 0;
            int port = headerBytes == 0 ? 0 : Short.reverseBytes(quoted.memory().readShort(quoted.data() + 2)) & 0xFFFF;
            addError(new ErrorQueue.Entry(
                    errno.number(),
                    local ? SO_EE_ORIGIN_LOCAL : SO_EE_ORIGIN_ICMP6,
                    type,
                    code,
                    info,
                    quoted.cbTimeNs,
                    quoted.cbTime2Ns,
                    ip6.destinationHigh(),
                    ip6.destinationLow(),
                    port,
                    bytes));
        } else if (!fatal || !isConnected()) {
            return;
        }
        reportError(errno);
    }

    /** A datagram was refused before it left: on request, with the MTU that it exceeded. */
    protected final void localTooBig(Endpoints to, int mtu) {
        if (to.isV4() ? receiveErrors : v6.receiveErrors) {
            addError(new ErrorQueue.Entry(
                    Errno.EMSGSIZE.number(),
                    SO_EE_ORIGIN_LOCAL,
                    0,
                    0,
                    mtu,
                    0,
                    0,
                    to.remoteHigh,
                    to.remoteLow,
                    to.remotePort,
                    new byte[0]));
        }
    }

    private void addError(ErrorQueue.Entry entry) {
        if (errors == null) {
            errors = new ErrorQueue();
        }
        if (!errors.add(entry)) {
            drops++;
        }
    }

    protected final boolean isConnected() {
        return !ends.isRemoteAny();
    }

    @Override
    public int receiveMemoryBytes() {
        return receiveBytes;
    }

    @Override
    public int sendMemoryBytes() {
        return sendBytes;
    }

    @Override
    public int poll() {
        int mask = 0;
        if (pendingError() != 0 || errors != null && !errors.isEmpty()) {
            mask |= EPOLLERR;
        }
        if (!receiveQueue.isEmpty() || (shutdownMask & RCV_SHUTDOWN) != 0) {
            mask |= EPOLLIN | EPOLLRDNORM;
        }
        if ((shutdownMask & RCV_SHUTDOWN) != 0) {
            mask |= EPOLLRDHUP;
        }
        if (shutdownMask == (RCV_SHUTDOWN | SEND_SHUTDOWN)) {
            mask |= EPOLLHUP;
        }
        // Half of the buffer free, as sock_writeable: a woken sender shall send more than one datagram.
        if (sendBytes < sendBufferBytes / 2) {
            mask |= EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
        }
        return mask;
    }

    @Override
    public int ioctl(int request) {
        SkBuff first = receiveQueue.peek();
        return switch (request) {
            case FIONREAD -> first == null ? 0 : first.length();
            case SIOCOUTQ -> sendBytes;
            default -> Errno.ENOTTY.negated();
        };
    }

    // ---- sending

    /**
     * What keeps a packet from being sent now: the pending error, which is taken, EPIPE after a shutdown, or EAGAIN
     * while the send buffer is full: then the caller is woken later. Negated; 0 for nothing.
     */
    protected final int sendError() {
        if (pendingError() != 0) {
            return takeError();
        }
        if ((shutdownMask & SEND_SHUTDOWN) != 0) {
            return Errno.EPIPE.negated();
        }
        return sendBytes < sendBufferBytes ? 0 : Errno.EAGAIN.negated();
    }

    /** Charges a packet to this socket until it is freed or has left. */
    protected final void charge(SkBuff skb) {
        skb.owner = this;
        skb.truesize = PacketMemory.truesize(skb);
        skb.destructor = sent;
        sendBytes += skb.truesize;
    }

    private void sendDone(SkBuff skb) {
        boolean wasFull = sendBytes >= sendBufferBytes / 2;
        sendBytes -= skb.truesize;
        if (sendBytes >= sendBufferBytes / 2) {
            return;
        }
        if (wasFull) {
            stateChanged(EPOLLOUT | EPOLLWRNORM);
        } else {
            readyOnceMore(EPOLLOUT | EPOLLWRNORM); // each packet that has left is an edge, as in Linux
        }
    }

    /**
     * The way for a datagram that is sent now.
     *
     * @param to the destination; with a source route, the way leads to its first hop
     * @param source 0 lets the route choose
     */
    protected final @Nullable Route routeFor(int to, int source, int outInterface) {
        Route route = lookUp(to, source, outInterface);
        // The first hop of a strict route is a neighbour, or it is out of reach.
        return route != null && isStrictlyRouted() && route.gateway() != 0 ? null : route;
    }

    private @Nullable Route lookUp(int to, int source, int outInterface) {
        int destination = nextHop(to);
        if (to == ends.remoteV4() && source == ends.localV4() && outInterface == boundInterface) {
            return routeToPeer();
        }
        if (outInterface == 0 && Addresses.isMulticast(destination)) {
            int from = source != 0 ? source : multicastSource;
            return ipv4().routes().lookup(destination, from, multicastInterface);
        }
        return ipv4().routes().lookup(destination, source, outInterface != 0 ? outInterface : unicastInterface);
    }

    /** What {@link Ipv4#queueXmit} is told about fragments and group copies. */
    protected final int outputFlags(Route route) {
        int flags = route.type() == RouteType.MULTICAST && multicastLoop ? Ipv4.MULTICAST_LOOP : 0;
        return switch (mtuDiscover) {
            case IP_PMTUDISC_DONT, IP_PMTUDISC_INTERFACE, IP_PMTUDISC_OMIT -> flags | Ipv4.MAY_FRAGMENT;
            case IP_PMTUDISC_WANT -> flags | Ipv4.DONT_FRAGMENT | Ipv4.MAY_FRAGMENT;
            default -> flags | Ipv4.DONT_FRAGMENT;
        };
    }

    /**
     * The way for an IPv6 datagram that is sent now.
     *
     * @param to remote end and scope
     * @param sourceHigh all zero lets the route choose
     */
    protected final @Nullable Route6 routeFor6(Endpoints to, long sourceHigh, long sourceLow, int outInterface) {
        int index = outInterface != 0 ? outInterface : to.scope;
        if (to.remoteLow == ends.remoteLow
                && to.remoteHigh == ends.remoteHigh
                && sourceLow == ends.localLow
                && sourceHigh == ends.localHigh
                && index == outInterface()) {
            return routeToPeer6();
        }
        if (index == 0) {
            index = Ipv6Address.isMulticast(to.remoteHigh) ? v6.multicastInterface : v6.unicastInterface;
        }
        return ipv6().routes().lookup(to.remoteHigh, to.remoteLow, sourceHigh, sourceLow, index);
    }

    /** What {@link Ipv6#queueXmit} is told about fragments and group copies. */
    protected final int outputFlags6(Route6 route) {
        int flags = route.type() == RouteType.MULTICAST && v6.multicastLoop ? Ipv6.MULTICAST_LOOP : 0;
        boolean whole = v6.dontFragment || v6.mtuDiscover == IP_PMTUDISC_DO || v6.mtuDiscover == IP_PMTUDISC_PROBE;
        return whole ? flags : flags | Ipv6.MAY_FRAGMENT;
    }

    /**
     * Takes the extension headers of a message; one that has any goes without the socket's own, as Linux has it.
     *
     * @return 0 or -EINVAL
     */
    protected final int takeExtensions(@Nullable ControlMessages control) {
        sending = extensions;
        HeaderList headers = control == null ? null : control.headers;
        for (int i = 0; headers != null && i < headers.count(); i++) {
            if (headers.level(i) == SOL_IPV6 && ExtensionOptions.handles(headers.type(i))) {
                if (sending == extensions) {
                    sending = new ExtensionOptions();
                }
                int error = headers.length(i) == 0
                        ? Errno.EINVAL.negated()
                        : sending.set(headers.type(i), headers.header(i));
                if (error != 0) {
                    return error;
                }
            }
        }
        return 0;
    }

    /** Bytes of extension headers in the IPv6 packet that is being sent. */
    protected final int extensionBytes() {
        return sending.bytes();
    }

    /**
     * Puts the socket's extension headers in front of a transport header.
     *
     * @return the next header of the IP header, or -ENOBUFS: then {@code skb} is dropped
     */
    protected final int pushExtensions(SkBuff skb, int protocol) {
        if (sending.bytes() == 0) {
            return protocol;
        }
        // Cards find a checksum's place in the first 256 bytes only.
        if (skb.ipSummed == SkBuff.CHECKSUM_PARTIAL && !SkbChecksum.help(skb)) {
            skb.drop(DropReason.NOMEM);
            return Errno.ENOBUFS.negated();
        }
        return sending.push(skb, protocol);
    }

    /**
     * What a send call of a raw socket returns. A full device queue is a loss like any other on the way, unless the
     * application asked for errors.
     */
    protected static long finish(boolean wantsErrors, int result, Message message, int length) {
        if (result < 0 && (result != Errno.ENOBUFS.negated() || wantsErrors)) {
            message.data.position(message.data.position() - length);
            return result;
        }
        return length;
    }

    /** Hop limit for this route: group packets have one of their own. */
    protected final int hopsFor(Route6 route) {
        return route.type() == RouteType.MULTICAST ? v6.multicastHops : v6.unicastHops;
    }

    /** TTL for this route: group packets have one of their own. */
    protected final int ttlFor(Route route) {
        return route.type() == RouteType.MULTICAST ? multicastTtl : ttl;
    }

    // ---- the rest

    @Override
    public int shutdown(int how) {
        shutdownMask |= how + 1;
        stateChanged(EPOLLIN | EPOLLOUT | EPOLLHUP | EPOLLRDHUP);
        return isConnected() ? 0 : Errno.ENOTCONN.negated();
    }

    @Override
    public void release() {
        groups.memberships().leaveAll();
        groups6.memberships().leaveAll();
        receiveQueue.purge();
        receiveBytes = 0;
    }

    /**
     * Whether a group packet that came in on {@code dev} is for this socket: its own join and the sources that this takes,
     * or IP_MULTICAST_ALL.
     */
    protected final boolean wantsGroup(NetDevice dev, int group, int source) {
        ReceptionState filter = groups.memberships().filter(dev, 0, Ipv6Address.ofV4(group));
        return filter == null ? multicastAll : filter.allows(0, Ipv6Address.ofV4(source));
    }

    /** The same for an IPv6 group and IPV6_MULTICAST_ALL. */
    protected final boolean wantsGroup(NetDevice dev, long high, long low, long sourceHigh, long sourceLow) {
        ReceptionState filter = groups6.memberships().filter(dev, high, low);
        return filter == null ? v6.multicastAll : filter.allows(sourceHigh, sourceLow);
    }

    @Override
    protected int setIpv6Option(int name, ByteBuffer value) {
        if (ExtensionOptions.handles(name)) {
            return extensions.set(name, value);
        }
        return GroupOptions6.handles(name) ? groups6.set(name, value) : super.setIpv6Option(name, value);
    }

    @Override
    protected int getIpv6Option(int name, ByteBuffer into) {
        if (ExtensionOptions.handles(name)) {
            return extensions.get(name, into);
        }
        return GroupOptions6.handles(name) ? groups6.get(name, into) : super.getIpv6Option(name, into);
    }

    @Override
    protected int setIpOption(int name, ByteBuffer value) {
        return GroupOptions.handles(name) ? groups.set(name, value) : super.setIpOption(name, value);
    }

    @Override
    protected int getIpOption(int name, ByteBuffer into) {
        return GroupOptions.handles(name) ? groups.get(name, into) : super.getIpOption(name, into);
    }
}
