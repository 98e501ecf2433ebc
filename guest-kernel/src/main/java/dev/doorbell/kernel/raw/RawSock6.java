package dev.doorbell.kernel.raw;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.inet.DatagramSock;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.inet.InetStack;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.Route6;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import dev.doorbell.kernel.skb.SkbCopy;
import dev.doorbell.kernel.socket.ControlMessages;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.SockAddr;
import dev.doorbell.kernel.socket.SocketOptions;
import java.nio.ByteBuffer;

/**
 * A raw IPv6 socket, RFC 3542 §3: reads and sends what follows the headers of IPv6; the kernel sums ICMPv6 messages, and
 * others where IPV6_CHECKSUM says.
 */
final class RawSock6 extends DatagramSock {
    private static final int MAX_PAYLOAD = 65_535;
    private static final int ICMPV6_CHECKSUM_AT = 2;
    private static final int FILTER_WORDS = 8;

    private final Raw6 raw;
    private final Endpoints to = new Endpoints();
    private final Ipv6Header ip = new Ipv6Header();
    /** ICMP6_FILTER: a bit per type that is not wanted. */
    private final int[] filter = new int[FILTER_WORDS];
    /** IPV6_CHECKSUM: offset in the payload, -1: none. */
    private int checksumAt = -1;

    RawSock6(Raw6 raw, InetStack stack, int protocol) {
        super(stack.ipv4().net().kernel(), stack, AF_INET6, SOCK_RAW, protocol);
        this.raw = raw;
        this.v6Only = true;
        this.headerIncluded = protocol == IPPROTO_RAW;
        this.checksumAt = protocol == IpProtocol.ICMPV6 ? ICMPV6_CHECKSUM_AT : -1;
        raw.add(this);
    }

    @Override
    public int bind(SockAddr address) {
        int error = readLocal(address, to, false);
        if (error != 0) {
            return error;
        }
        ends.local(to.localHigh, to.localLow, 0);
        ends.scope = to.scope;
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
        int error = readRemote(address, to);
        if (error != 0) {
            return error;
        }
        long high = addressBound ? ends.localHigh : 0;
        long low = addressBound ? ends.localLow : 0;
        Route6 route = routeFor6(to, high, low, boundInterface);
        if (route == null) {
            return Errno.ENETUNREACH.negated();
        }
        if (!addressBound) {
            ends.local(route.sourceHigh(), route.sourceLow(), 0);
        }
        ends.remote(route.destinationHigh(), route.destinationLow(), 0);
        ends.scope = to.scope;
        return 0;
    }

    // ---- sending

    @Override
    public long sendmsg(Message message, int flags) {
        int length = message.data.remaining();
        if (length > MAX_PAYLOAD) {
            return Errno.EMSGSIZE.negated();
        }
        if ((flags & MSG_OOB) != 0) {
            return Errno.EOPNOTSUPP.negated();
        }
        if (message.name != null) {
            int refusal = readRemote(message.name, to);
            if (refusal != 0) {
                return refusal;
            }
        } else if (isConnected()) {
            to.copyFrom(ends);
        } else {
            return Errno.EDESTADDRREQ.negated();
        }
        int error = sendError();
        if (error == 0) {
            error = takeExtensions(message.control);
        }
        return error != 0 ? error : send(message, length);
    }

    private long send(Message message, int length) {
        ControlMessages control = message.control;
        long sourceHigh = v6.sourceLow != 0 ? v6.sourceHigh : ends.localHigh;
        long sourceLow = v6.sourceLow != 0 ? v6.sourceLow : ends.localLow;
        int outInterface = boundInterface != 0 ? boundInterface : v6.sourceInterface;
        if (control != null && control.has(ControlMessages.PKTINFO6)) {
            if (!Ipv6Address.isUnspecified(control.addressHigh, control.addressLow)) {
                sourceHigh = control.addressHigh;
                sourceLow = control.addressLow;
            }
            outInterface = control.interfaceIndex != 0 ? control.interfaceIndex : outInterface;
        }
        Route6 route = routeFor6(to, sourceHigh, sourceLow, outInterface);
        if (route == null) {
            ipv6().snmp().count(Mib.IP6_OUT_NO_ROUTES);
            return Errno.ENETUNREACH.negated();
        }
        int flags = outputFlags6(route);
        int mtu = limited(route.mtu());
        int total = length + (headerIncluded ? 0 : Ipv6Header.LENGTH + extensionBytes());
        if (total > mtu && ((flags & Ipv6.MAY_FRAGMENT) == 0 || headerIncluded)) {
            localTooBig(to, mtu);
            return Errno.EMSGSIZE.negated();
        }
        if (headerIncluded && length < Ipv6Header.LENGTH || checksumAt >= 0 && checksumAt + 2 > length) {
            return Errno.EINVAL.negated();
        }
        SkBuff skb = ipv6().skbs().alloc(Ipv6.MAX_HEADER + extensionBytes(), length);
        if (skb == null) {
            return Errno.ENOBUFS.negated();
        }
        SkbCopy.putFrom(skb, message.data, length);
        charge(skb);
        skb.mark = mark;
        skb.priority = priority;
        if (headerIncluded) {
            skb.networkHeader = skb.data();
            return finish(v6.receiveErrors, ipv6().sendPrepared(skb, route), message, length);
        }
        if (checksumAt >= 0) {
            fillChecksum(skb, route, length);
        }
        boolean hops = control != null && control.has(ControlMessages.HOP_LIMIT);
        boolean ofClass = control != null && control.has(ControlMessages.TRAFFIC_CLASS);
        int next = pushExtensions(skb, protocol());
        if (next < 0) {
            return finish(v6.receiveErrors, next, message, length);
        }
        int result = ipv6().queueXmit(
                        skb,
                        route,
                        route.sourceHigh(),
                        route.sourceLow(),
                        next,
                        ofClass && control != null ? control.trafficClass : v6.trafficClass(),
                        hops && control != null ? control.hopLimit : hopsFor(route),
                        0,
                        flags);
        return finish(v6.receiveErrors, result, message, length);
    }

    private void fillChecksum(SkBuff skb, Route6 route, int length) {
        long field = skb.data() + checksumAt;
        skb.memory().writeShort(field, (short) 0);
        long pseudo = InternetChecksum.pseudoHeaderV6(
                route.sourceHigh(),
                route.sourceLow(),
                route.destinationHigh(),
                route.destinationLow(),
                protocol(),
                length);
        int sum = InternetChecksum.foldUdp(SkbChecksum.sum(skb, 0, length, pseudo));
        skb.memory().writeShort(field, Short.reverseBytes((short) sum));
    }

    // ---- receiving

    /** Local is the packet's destination and peer its source, or the other way for an error about ours. */
    boolean matches(int number, long localHigh, long localLow, long peerHigh, long peerLow, int interfaceIndex) {
        return protocol() == number
                && number != IPPROTO_RAW
                && (ends.isLocalAny() || ends.localLow == localLow && ends.localHigh == localHigh)
                && (ends.isRemoteAny() || ends.remoteLow == peerLow && ends.remoteHigh == peerHigh)
                && (boundInterface == 0 || boundInterface == interfaceIndex);
    }

    boolean wants(NetDevice dev, long high, long low, long peerHigh, long peerLow) {
        return wantsGroup(dev, high, low, peerHigh, peerLow);
    }

    /** @param skb data() at the transport header; stays the caller's */
    void receive(SkBuff skb) {
        if (protocol() == IpProtocol.ICMPV6 && isFiltered(skb)) {
            return;
        }
        if (checksumAt >= 0 && !isChecksumValid(skb)) {
            drops++;
            return;
        }
        SkBuff copy = skb.cloneSkb();
        if (copy == null) {
            drops++;
            return;
        }
        if (!queueReceive(copy)) {
            copy.drop(DropReason.SOCKET_RCVBUFF);
        }
    }

    private boolean isChecksumValid(SkBuff skb) {
        ip.wrap(skb.memory(), skb.networkHeader, Ipv6Header.LENGTH);
        return SkbChecksum.isTransportValid(
                skb,
                InternetChecksum.pseudoHeaderV6(
                        ip.sourceHigh(),
                        ip.sourceLow(),
                        ip.destinationHigh(),
                        ip.destinationLow(),
                        protocol(),
                        skb.length()));
    }

    private boolean isFiltered(SkBuff skb) {
        if (skb.headLength() == 0) {
            return false;
        }
        int type = skb.memory().readByte(skb.data()) & 0xFF;
        return (filter[type >>> 5] & 1 << (type & 31)) != 0;
    }

    void error6(int type, int code, int info, SkBuff quoted) {
        icmp6Error(type, code, info, quoted, 0);
    }

    @Override
    protected int sourcePort(SkBuff skb) {
        return 0;
    }

    // ---- options

    @Override
    public int setsockopt(int level, int name, ByteBuffer value) {
        if (level == SOL_ICMPV6 && name == ICMP6_FILTER && protocol() == IpProtocol.ICMPV6) {
            if (value.remaining() < FILTER_WORDS * Integer.BYTES) {
                return Errno.EINVAL.negated();
            }
            for (int i = 0; i < FILTER_WORDS; i++) {
                filter[i] = value.getInt(value.position() + i * Integer.BYTES);
            }
            return 0;
        }
        return super.setsockopt(level, name, value);
    }

    @Override
    public int getsockopt(int level, int name, ByteBuffer into) {
        if (level == SOL_ICMPV6 && name == ICMP6_FILTER && protocol() == IpProtocol.ICMPV6) {
            if (into.remaining() < FILTER_WORDS * Integer.BYTES) {
                return Errno.EINVAL.negated();
            }
            for (int word : filter) {
                into.putInt(word);
            }
            return FILTER_WORDS * Integer.BYTES;
        }
        return super.getsockopt(level, name, into);
    }

    @Override
    protected int setIpv6Option(int name, ByteBuffer value) {
        if (name != IPV6_CHECKSUM && name != IPV6_HDRINCL) {
            return super.setIpv6Option(name, value);
        }
        if (value.remaining() < Integer.BYTES) {
            return Errno.EINVAL.negated();
        }
        int number = value.getInt(value.position());
        if (name == IPV6_HDRINCL) {
            headerIncluded = number != 0;
            return 0;
        }
        // RFC 3542 §3.1: fixed for ICMPv6; an even offset, or off.
        if (protocol() == IpProtocol.ICMPV6 || number > 0 && (number & 1) != 0) {
            return Errno.EINVAL.negated();
        }
        checksumAt = Math.max(number, -1);
        return 0;
    }

    @Override
    protected int getIpv6Option(int name, ByteBuffer into) {
        return switch (name) {
            case IPV6_CHECKSUM -> SocketOptions.putInt(into, checksumAt);
            case IPV6_HDRINCL -> SocketOptions.putInt(into, headerIncluded ? 1 : 0);
            default -> super.getIpv6Option(name, into);
        };
    }

    @Override
    public void release() {
        raw.remove(this);
        super.release();
    }
}
