package dev.doorbell.kernel.raw;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.inet.DatagramSock;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.inet.InetStack;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbCopy;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.SockAddr;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.SocketOptions;
import java.nio.ByteBuffer;

/** A raw socket: reads datagrams with their IP header, sends payloads of its protocol or, with IP_HDRINCL, packets. */
final class RawSock extends DatagramSock {
    private static final int MAX_PACKET = 65_535;

    private final Raw raw;
    private final Endpoints to = new Endpoints();
    private final Ipv4Header ip = new Ipv4Header();
    /** ICMP_FILTER: a bit per type that is not wanted. */
    private int icmpFilter;

    /** The destination that a call names. */
    private final Endpoints named = new Endpoints();

    RawSock(Raw raw, InetStack stack, int protocol) {
        super(stack.ipv4().net().kernel(), stack, AF_INET, SOCK_RAW, protocol);
        this.raw = raw;
        this.headerIncluded = protocol == IPPROTO_RAW;
        raw.add(this);
    }

    @Override
    public int bind(SockAddr address) {
        int error = readLocal(address, to, false);
        if (error != 0) {
            return error;
        }
        ends.localV4(to.localV4(), 0);
        addressBound = !ends.isLocalAny();
        return 0;
    }

    @Override
    public int connect(SockAddr address, int flags) {
        if (address.family() == AF_UNSPEC) {
            dissolve();
            if (!addressBound) {
                unbind();
            }
            return 0;
        }
        if (!(address instanceof SockAddrIn in)) {
            return Errno.EAFNOSUPPORT.negated();
        }
        Route route = routeFor(in.address(), addressBound ? ends.localV4() : 0, boundInterface);
        if (route == null) {
            return Errno.ENETUNREACH.negated();
        }
        if (route.type() == RouteType.BROADCAST && !broadcast) {
            return Errno.EACCES.negated();
        }
        if (!addressBound) {
            ends.localV4(route.source(), 0);
        }
        boolean direct = nextHop(in.address()) == in.address();
        ends.remoteV4(direct ? route.destination() : in.address(), 0);
        return 0;
    }

    // ---- sending

    @Override
    public long sendmsg(Message message, int flags) {
        int length = message.data.remaining();
        if (length > MAX_PACKET - (headerIncluded ? 0 : Ipv4Header.MIN_LENGTH)) {
            return Errno.EMSGSIZE.negated();
        }
        if ((flags & MSG_OOB) != 0) {
            return Errno.EOPNOTSUPP.negated();
        }
        int destination = ends.remoteV4();
        if (message.name != null) {
            int refusal = readRemote(message.name, named);
            if (refusal != 0) {
                return refusal;
            }
            destination = named.remoteV4();
        } else if (!isConnected()) {
            return Errno.EDESTADDRREQ.negated();
        }
        int error = sendError();
        if (error == 0) {
            error = takeIpOptions(message.control);
        }
        if (error != 0) {
            return error;
        }
        long result = send(message, length, destination);
        takeIpOptions(null);
        return result;
    }

    private long send(Message message, int length, int destination) {
        Route route = routeFor(destination, ends.localV4(), boundInterface);
        if (route == null) {
            ipv4().snmp().count(Mib.IP_OUT_NO_ROUTES);
            return Errno.ENETUNREACH.negated();
        }
        if (route.type() == RouteType.BROADCAST && !broadcast) {
            return Errno.EACCES.negated();
        }
        if (headerIncluded) {
            // A header of the caller's has its own options, or none.
            return sendOptions() != null ? Errno.EINVAL.negated() : sendPacket(message, length, route);
        }
        boolean direct = nextHop(destination) == destination;
        return sendPayload(message, length, route, direct ? route.destination() : destination);
    }

    private long sendPayload(Message message, int length, Route route, int destination) {
        int flags = outputFlags(route);
        if ((flags & Ipv4.MAY_FRAGMENT) == 0 && length + Ipv4Header.MIN_LENGTH + ipOptionBytes() > route.mtu()) {
            localTooBig(to.remoteV4(destination, 0), route.mtu());
            return Errno.EMSGSIZE.negated();
        }
        SkBuff skb = ipv4().skbs().alloc(Ipv4.MAX_HEADER, length);
        if (skb == null) {
            return Errno.ENOBUFS.negated();
        }
        SkbCopy.putFrom(skb, message.data, length);
        charge(skb);
        skb.mark = mark;
        skb.priority = priority;
        int result = ipv4().queueXmit(
                        skb, route, ends.localV4(), destination, protocol(), tos, ttlFor(route), flags, sendOptions());
        return finish(receiveErrors, result, message, length);
    }

    /** The caller's own header: length and checksum are always filled in, source and identification when 0. */
    private long sendPacket(Message message, int length, Route route) {
        if (length < Ipv4Header.MIN_LENGTH) {
            return Errno.EINVAL.negated();
        }
        if (length > route.mtu()) {
            return Errno.EMSGSIZE.negated();
        }
        SkBuff skb = ipv4().skbs().alloc(Ipv4.MAX_HEADER, length);
        if (skb == null) {
            return Errno.ENOBUFS.negated();
        }
        SkbCopy.putFrom(skb, message.data, length);
        ip.wrap(skb.memory(), skb.data(), length);
        int headerLength = ip.headerLength();
        if (headerLength < Ipv4Header.MIN_LENGTH || headerLength > length) {
            skb.drop(DropReason.IP_INHDR);
            return finish(receiveErrors, Errno.EINVAL.negated(), message, length);
        }
        if (ip.source() == 0) {
            ip.source(route.source());
        }
        if (ip.identification() == 0) {
            ip.identification(ipv4().nextIdentification(ip.source(), ip.destination(), ip.protocol()));
        }
        ip.totalLength(length).updateChecksum();
        skb.networkHeader = skb.data();
        skb.transportHeader = skb.data() + headerLength;
        charge(skb);
        skb.mark = mark;
        skb.priority = priority;
        return finish(receiveErrors, ipv4().sendPrepared(skb, route), message, length);
    }

    // ---- receiving

    boolean matches(int number, int local, int peer, int interfaceIndex) {
        return protocol() == number
                && number != IPPROTO_RAW
                && (ends.isLocalAny() || ends.localV4() == local)
                && (ends.isRemoteAny() || ends.remoteV4() == peer)
                && (boundInterface == 0 || boundInterface == interfaceIndex);
    }

    boolean wants(NetDevice dev, int group, int source) {
        return wantsGroup(dev, group, source);
    }

    /** @param skb data() at the transport header; stays the caller's */
    void receive(SkBuff skb) {
        if (protocol() == IpProtocol.ICMP && isFiltered(skb)) {
            return;
        }
        SkBuff copy = skb.cloneSkb();
        if (copy == null) {
            drops++;
            return;
        }
        copy.push((int) (copy.data() - copy.networkHeader));
        if (!queueReceive(copy)) {
            copy.drop(DropReason.SOCKET_RCVBUFF);
        }
    }

    private boolean isFiltered(SkBuff skb) {
        if (icmpFilter == 0 || skb.headLength() == 0) {
            return false;
        }
        int type = skb.memory().readByte(skb.data()) & 0xFF;
        return type < Integer.SIZE && (icmpFilter & 1 << type) != 0;
    }

    void error(int type, int code, int info, SkBuff quoted) {
        icmpError(type, code, info, quoted, 0);
    }

    @Override
    protected int sourcePort(SkBuff skb) {
        return 0;
    }

    // ---- options

    @Override
    public int setsockopt(int level, int name, ByteBuffer value) {
        if (level == SOL_RAW && name == ICMP_FILTER && protocol() == IpProtocol.ICMP) {
            if (value.remaining() < Integer.BYTES) {
                return Errno.EINVAL.negated();
            }
            icmpFilter = value.getInt(value.position());
            return 0;
        }
        return super.setsockopt(level, name, value);
    }

    @Override
    public int getsockopt(int level, int name, ByteBuffer into) {
        return level == SOL_RAW && name == ICMP_FILTER && protocol() == IpProtocol.ICMP
                ? SocketOptions.putInt(into, icmpFilter)
                : super.getsockopt(level, name, into);
    }

    @Override
    protected int setIpOption(int name, ByteBuffer value) {
        if (name != IP_HDRINCL) {
            return super.setIpOption(name, value);
        }
        if (value.remaining() < Integer.BYTES) {
            return Errno.EINVAL.negated();
        }
        headerIncluded = value.getInt(value.position()) != 0;
        return 0;
    }

    @Override
    public void release() {
        raw.remove(this);
        super.release();
    }
}
