package dev.doorbell.kernel.udp;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.bus.wire.UdpHeader;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.inet.DatagramSock;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.inet.InetStack;
import dev.doorbell.kernel.ipv4.Addresses;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.Route6;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbCopy;
import dev.doorbell.kernel.socket.ControlMessages;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.SockAddr;
import dev.doorbell.kernel.socket.SockAddrIn6;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A UDP socket. */
final class UdpSock extends DatagramSock {
    private static final int MAX_PAYLOAD_V4 = 65_535 - Ipv4Header.MIN_LENGTH - UdpHeader.LENGTH;
    private static final int MAX_PAYLOAD = 65_535 - UdpHeader.LENGTH;

    private final Udp udp;
    private final UdpHeader header = new UdpHeader();
    /** The datagram that is being sent. */
    private final Endpoints to = new Endpoints();
    /** Where all the datagrams of a message go: sending one completes {@link #to}. */
    private final Endpoints whither = new Endpoints();
    /** The port was asked for by bind: a dissolved connection keeps it. */
    private boolean portBound;

    private final UdpOptions options = new UdpOptions();
    /** The datagram that is being put together. */
    private @Nullable UdpCork cork;

    private boolean pushing;

    /** Link in the port table's bucket. */
    @Nullable
    UdpSock nextInBucket;

    UdpSock(Udp udp, InetStack stack, int domain) {
        super(stack.ipv4().net().kernel(), stack, domain, SOCK_DGRAM, IPPROTO_UDP);
        this.udp = udp;
    }

    // ---- addresses

    @Override
    public int bind(SockAddr address) {
        Endpoints wanted = new Endpoints();
        int error = readLocal(address, wanted, hasPort());
        if (error != 0) {
            return error;
        }
        ends.local(wanted.localHigh, wanted.localLow, 0);
        boolean later = bindAddressNoPort && wanted.localPort == 0;
        int result = later ? 0 : udp.table().bind(this, wanted.localPort);
        if (result != 0) {
            unbind();
            return result;
        }
        ends.scope = wanted.scope;
        boundToFamily(wanted);
        addressBound = !ends.isLocalAny();
        portBound = wanted.localPort != 0;
        return 0;
    }

    @Override
    protected boolean mayBindV4(int address) {
        return super.mayBindV4(address) || ipv4().addresses().isBroadcast(address) || Addresses.isMulticast(address);
    }

    @Override
    protected boolean mayBindV6(long high, long low, int scope) {
        return super.mayBindV6(high, low, scope) || Ipv6Address.isMulticast(high);
    }

    private int autobind() {
        return ends.localPort != 0 ? 0 : udp.table().bind(this, 0) == 0 ? 0 : Errno.EAGAIN.negated();
    }

    @Override
    public int connect(SockAddr address, int flags) {
        if (address.family() == AF_UNSPEC) {
            disconnect();
            return 0;
        }
        int error = autobind(); // also when the rest fails
        if (error == 0) {
            error = readRemote(address, to);
        }
        if (error != 0) {
            return error;
        }
        if (!to.isV4() && Ipv6Address.needsInterface(to.remoteHigh) && to.scope == 0) {
            return Errno.EINVAL.negated(); // a group of a link, and nobody says which
        }
        return to.isV4() ? connectV4() : connectV6(address);
    }

    private int connectV4() {
        boolean localIsV4 = Ipv6Address.isV4(ends.localHigh, ends.localLow);
        int source = localIsV4
                ? ends.localV4()
                : 0; // of an earlier connect, too: only a dissolved one lets it be chosen anew
        Route route = routeFor(to.remoteV4(), source, boundInterface);
        if (route == null) {
            return Errno.ENETUNREACH.negated();
        }
        if (Ipv4Address.isLoopback(source) && !route.dev().isLoopback()) {
            return Errno.EINVAL.negated();
        }
        if (route.type() == RouteType.BROADCAST && !broadcast) {
            return Errno.EACCES.negated();
        }
        if (!addressBound) {
            ends.localV4(route.source(), ends.localPort);
        }
        boolean direct = nextHop(to.remoteV4()) == to.remoteV4();
        ends.remoteV4(direct ? route.destination() : to.remoteV4(), to.remotePort);
        return 0;
    }

    private int connectV6(SockAddr address) {
        long high = addressBound ? ends.localHigh : 0;
        long low = addressBound ? ends.localLow : 0;
        Route6 route = routeFor6(to, high, low, boundInterface);
        if (route == null || Ipv6Address.isUnspecified(route.sourceHigh(), route.sourceLow())) {
            return Errno.ENETUNREACH.negated();
        }
        if (!addressBound) {
            ends.local(route.sourceHigh(), route.sourceLow(), ends.localPort);
        }
        ends.remote(route.destinationHigh(), route.destinationLow(), to.remotePort);
        ends.scope = to.scope;
        v6.flowInfo = address instanceof SockAddrIn6 in ? in.flowInfo() : 0;
        return 0;
    }

    private void disconnect() {
        dissolve();
        if (!addressBound) {
            unbind();
        }
        if (!portBound && ends.localPort != 0) {
            udp.table().remove(this);
            ends.localPort = 0;
        }
    }

    // ---- sending

    @Override
    public long sendmsg(Message message, int flags) {
        int error = autobind(); // also when nothing can be sent
        if (error != 0) {
            return error;
        }
        int length = message.data.remaining();
        if (length > MAX_PAYLOAD) {
            return Errno.EMSGSIZE.negated();
        }
        boolean outOfBand = (flags & MSG_OOB) != 0;
        if (outOfBand && domain() == AF_INET) {
            return Errno.EOPNOTSUPP.negated();
        }
        boolean more = options.corked || (flags & MSG_MORE) != 0;
        UdpCork begun = cork;
        if (begun != null) {
            return append(begun, message, more);
        }
        SockAddr name = message.name;
        if (name != null && !(domain() == AF_INET6 && name.family() == AF_UNSPEC)) {
            int refusal = readRemote(name, to);
            if (refusal != 0) {
                return refusal;
            }
            if (to.remotePort == 0) {
                return Errno.EINVAL.negated();
            }
        } else if (isConnected()) {
            to.copyFrom(ends);
        } else {
            return Errno.EDESTADDRREQ.negated();
        }
        if (to.isV4() && outOfBand) { // IPv6 takes no notice of it
            return Errno.EOPNOTSUPP.negated();
        }
        if (to.isV4() && length > MAX_PAYLOAD_V4) {
            return Errno.EMSGSIZE.negated();
        }
        if (more) {
            int refusal = beginError();
            if (refusal != 0) {
                return refusal;
            }
            begun = new UdpCork(to);
            cork = begun;
            return append(begun, message, true);
        }
        return transmit(message, length);
    }

    /** Why no datagram can be begun to {@link #to}: no way there, or the pending error, which is taken; negated. */
    private int beginError() {
        if (!to.isV4()) {
            Route6 route = routeFor6(to, ends.localHigh, ends.localLow, boundInterface);
            return route == null ? Errno.ENETUNREACH.negated() : sendError();
        }
        Route route = routeFor(to.remoteV4(), ends.localV4(), boundInterface);
        if (route == null) {
            return Errno.ENETUNREACH.negated();
        }
        return route.type() == RouteType.BROADCAST && !broadcast ? Errno.EACCES.negated() : sendError();
    }

    /** Adds to the datagram that is being put together; the last part sends it. What does not fit loses all of it. */
    private long append(UdpCork begun, Message message, boolean more) {
        int length = message.data.remaining();
        int most = begun.to.isV4() ? MAX_PAYLOAD_V4 : MAX_PAYLOAD;
        if (begun.length() + length > most) {
            cork = null;
            return Errno.EMSGSIZE.negated();
        }
        begun.add(message);
        long result = more ? 0 : push(begun, message);
        return result < 0 ? result : length;
    }

    private long push(UdpCork begun, @Nullable Message last) {
        cork = null;
        to.copyFrom(begun.to);
        pushing = true; // what was accepted goes out, also after a shutdown
        try {
            return transmit(begun.whole(last), begun.length());
        } finally {
            pushing = false;
        }
    }

    /** Sends a message along {@link #to}: one datagram, or several where UDP_SEGMENT says so. */
    private long transmit(Message message, int length) {
        ControlMessages control = message.control;
        boolean own = control != null && control.has(ControlMessages.SEGMENT);
        int segment = own && control != null ? control.segmentBytes : options.segmentBytes;
        if (segment == 0) {
            return transmitOne(message, length);
        }
        int error = segmentError(length, segment);
        if (error != 0) {
            return error;
        }
        if (length <= segment) {
            return transmitOne(message, length);
        }
        whither.copyFrom(to);
        ByteBuffer data = message.data;
        int end = data.limit();
        long result = 0;
        for (int left = length; left > 0 && result >= 0; left -= segment) {
            int part = Math.min(segment, left);
            data.limit(data.position() + part);
            to.copyFrom(whither);
            result = transmitOne(message, part);
        }
        data.limit(end);
        if (result < 0) {
            data.position(end - length);
            return result;
        }
        return length;
    }

    /** Why a message may not be cut into datagrams of that size: each must fit into a packet, as nothing is fragmented. */
    private int segmentError(int length, int segment) {
        int mtu;
        int headers = UdpHeader.LENGTH;
        if (to.isV4()) {
            Route route = routeFor(to.remoteV4(), ends.localV4(), boundInterface);
            mtu = route == null ? Integer.MAX_VALUE : limited(route.mtu());
            headers += Ipv4Header.MIN_LENGTH;
        } else {
            Route6 route = routeFor6(to, 0, 0, boundInterface);
            mtu = route == null ? Integer.MAX_VALUE : limited(route.mtu());
            headers += Ipv6Header.LENGTH;
        }
        if (headers + Math.min(length, segment) > mtu) {
            return Errno.EMSGSIZE.negated();
        }
        return length > segment * UdpOptions.MAX_SEGMENTS || noCheck ? Errno.EINVAL.negated() : 0;
    }

    /** Sends a datagram along {@link #to}. */
    private long transmitOne(Message message, int length) {
        if (!to.isV4()) {
            int error = takeExtensions(message.control);
            return error != 0 ? error : sendToV6(message, length);
        }
        int error = takeIpOptions(message.control);
        if (error != 0) {
            return error;
        }
        long result = sendToV4(message, length);
        takeIpOptions(null);
        return result;
    }

    private long sendToV4(Message message, int length) {
        int destination = to.remoteV4();
        int source = ends.localV4();
        int outInterface = boundInterface;
        ControlMessages control = message.control;
        if (control != null && control.has(ControlMessages.PKTINFO)) {
            source = control.localAddress != 0 ? control.localAddress : source;
            outInterface = control.interfaceIndex != 0 ? control.interfaceIndex : outInterface;
        } else if (control != null && control.has(ControlMessages.PKTINFO6)) {
            source = Ipv6Address.isV4(control.addressHigh, control.addressLow) ? (int) control.addressLow : source;
            outInterface = control.interfaceIndex != 0 ? control.interfaceIndex : outInterface;
        }
        // Bound to a group or to all, the packet still needs an address of ours as its source.
        if (source != 0 && !ipv4().addresses().isLocal(source) && !freeBind) {
            source = 0;
        }
        Route route = routeFor(destination, source, outInterface);
        if (route == null) {
            ipv4().snmp().count(Mib.IP_OUT_NO_ROUTES);
            return Errno.ENETUNREACH.negated();
        }
        if (route.type() == RouteType.BROADCAST && !broadcast) {
            return Errno.EACCES.negated();
        }
        int refused = pushing ? 0 : sendError();
        if (refused != 0) {
            return refused;
        }
        int xmitFlags = outputFlags(route);
        int total = length + UdpHeader.LENGTH + Ipv4Header.MIN_LENGTH + ipOptionBytes();
        if ((xmitFlags & Ipv4.MAY_FRAGMENT) == 0 && total > limited(route.mtu())) {
            localTooBig(to, limited(route.mtu()));
            return Errno.EMSGSIZE.negated();
        }
        SkBuff skb = ipv4().skbs().alloc(Ipv4.MAX_HEADER, UdpHeader.LENGTH + length);
        if (skb == null) {
            return Errno.ENOBUFS.negated();
        }
        int from = source != 0 ? source : route.source();
        // A packet to nobody goes to this host; one with a source route, to its end in the end.
        int end = destination == nextHop(destination) ? route.destination() : destination;
        to.localV4(from, ends.localPort).remoteV4(end, to.remotePort);
        build(skb, message, length, !noCheck);
        int sendTtl = control != null && control.has(ControlMessages.TTL) ? control.ttl : ttlFor(route);
        int sendTos = control != null && control.has(ControlMessages.TOS) ? control.tos : tos;
        int result =
                ipv4().queueXmit(skb, route, from, end, IpProtocol.UDP, sendTos, sendTtl, xmitFlags, sendOptions());
        return sent(result, message, length, receiveErrors, Mib.UDP_SNDBUF_ERRORS, Mib.UDP_OUT_DATAGRAMS);
    }

    private long sendToV6(Message message, int length) {
        boolean localIsV4 = Ipv6Address.isV4(ends.localHigh, ends.localLow); // of an IPv4 peer that it has
        long sourceHigh = v6.sourceLow != 0 ? v6.sourceHigh : localIsV4 ? 0 : ends.localHigh;
        long sourceLow = v6.sourceLow != 0 ? v6.sourceLow : localIsV4 ? 0 : ends.localLow;
        int outInterface = boundInterface != 0 ? boundInterface : v6.sourceInterface;
        ControlMessages control = message.control;
        if (control != null && control.has(ControlMessages.PKTINFO6)) {
            if (!Ipv6Address.isUnspecified(control.addressHigh, control.addressLow)) {
                sourceHigh = control.addressHigh;
                sourceLow = control.addressLow;
                if (!freeBind && !ipv6().addresses().isLocal(sourceHigh, sourceLow, null)) {
                    return Errno.EINVAL.negated();
                }
            }
            outInterface = control.interfaceIndex != 0 ? control.interfaceIndex : outInterface;
        }
        if (Ipv6Address.isMulticast(sourceHigh)) {
            sourceHigh = 0; // bound to a group, the packet still needs an address of ours
            sourceLow = 0;
        }
        Route6 route = routeFor6(to, sourceHigh, sourceLow, outInterface);
        if (route == null || Ipv6Address.isUnspecified(route.sourceHigh(), route.sourceLow())) {
            ipv6().snmp().count(Mib.IP6_OUT_NO_ROUTES);
            return Errno.ENETUNREACH.negated();
        }
        int refused = pushing ? 0 : sendError();
        if (refused != 0) {
            return refused;
        }
        int xmitFlags = outputFlags6(route);
        int mtu = limited(route.mtu());
        if ((xmitFlags & Ipv6.MAY_FRAGMENT) == 0
                && length + UdpHeader.LENGTH + Ipv6Header.LENGTH + extensionBytes() > mtu) {
            localTooBig(to, mtu);
            return Errno.EMSGSIZE.negated();
        }
        SkBuff skb = ipv6().skbs().alloc(Ipv6.MAX_HEADER + extensionBytes(), UdpHeader.LENGTH + length);
        if (skb == null) {
            return Errno.ENOBUFS.negated();
        }
        to.local(route.sourceHigh(), route.sourceLow(), ends.localPort)
                .remote(route.destinationHigh(), route.destinationLow(), to.remotePort);
        build(skb, message, length, !options.noChecksum6); // RFC 8200 §8.1: mostly
        boolean hops = control != null && control.has(ControlMessages.HOP_LIMIT);
        boolean ofClass = control != null && control.has(ControlMessages.TRAFFIC_CLASS);
        int label = v6.flowInfoSend && v6.flowInfo != 0
                ? v6.flowInfo & 0xF_FFFF
                : v6.autoFlowLabel
                        ? ipv6().flowLabel(
                                        to.localHigh,
                                        to.localLow,
                                        to.remoteHigh,
                                        to.remoteLow,
                                        to.localPort << 16 | to.remotePort,
                                        IpProtocol.UDP)
                        : 0;
        int next = pushExtensions(skb, IpProtocol.UDP);
        if (next < 0) {
            return sent(next, message, length, v6.receiveErrors, Mib.UDP6_SNDBUF_ERRORS, Mib.UDP6_OUT_DATAGRAMS);
        }
        int result = ipv6().queueXmit(
                        skb,
                        route,
                        to.localHigh,
                        to.localLow,
                        next,
                        ofClass && control != null ? control.trafficClass : v6.trafficClass(),
                        hops && control != null ? control.hopLimit : hopsFor(route),
                        label,
                        xmitFlags);
        return sent(result, message, length, v6.receiveErrors, Mib.UDP6_SNDBUF_ERRORS, Mib.UDP6_OUT_DATAGRAMS);
    }

    private long sent(int result, Message message, int length, boolean wantsErrors, Mib full, Mib fine) {
        if (result == Errno.ENOBUFS.negated() && !wantsErrors) {
            // A full device queue is a loss like any other on the way, unless the application asked.
            ipv4().snmp().count(full);
        } else if (result < 0) {
            message.data.position(message.data.position() - length);
            return result;
        }
        ipv4().snmp().count(fine);
        return length;
    }

    /** Header and data of a datagram along {@link #to}. */
    private void build(SkBuff skb, Message message, int length, boolean checksum) {
        long at = skb.put(UdpHeader.LENGTH);
        if (length > 0) {
            SkbCopy.putFrom(skb, message.data, length);
        }
        int bytes = UdpHeader.LENGTH + length;
        header.wrap(skb.memory(), at, bytes)
                .sourcePort(to.localPort)
                .destinationPort(to.remotePort)
                .length(bytes);
        if (!checksum) {
            header.checksum(0);
        } else {
            // The card sums the rest, or the device layer in its place.
            header.checksum(InternetChecksum.fold16(to.pseudoHeader(IpProtocol.UDP, bytes)));
            skb.ipSummed = SkBuff.CHECKSUM_PARTIAL;
            skb.checksumStart = at;
            skb.checksumOffset = UdpHeader.CHECKSUM_OFFSET;
        }
        skb.priority = priority;
        skb.mark = mark;
        charge(skb);
    }

    // ---- options

    @Override
    public int setsockopt(int level, int name, ByteBuffer value) {
        if (level != SOL_UDP) {
            return super.setsockopt(level, name, value);
        }
        int result = options.set(name, value);
        UdpCork begun = cork;
        if (result == 0 && !options.corked && begun != null && name == UDP_CORK) {
            push(begun, null); // whether it could be sent, nobody hears
        }
        return result;
    }

    @Override
    public int getsockopt(int level, int name, ByteBuffer into) {
        return level == SOL_UDP ? options.get(name, into) : super.getsockopt(level, name, into);
    }

    // ---- receiving

    /** @param skb data() at the payload; on true it is gone */
    boolean receive(SkBuff skb) {
        return queueReceive(skb);
    }

    /** UDP_NO_CHECK6_RX. */
    boolean takesWithoutChecksum6() {
        return options.takesWithoutChecksum6;
    }

    boolean wants(NetDevice dev, Endpoints packet) {
        return packet.isV4()
                ? wantsGroup(dev, packet.localV4(), packet.remoteV4())
                : wantsGroup(dev, packet.localHigh, packet.localLow, packet.remoteHigh, packet.remoteLow);
    }

    void error6(int type, int code, int info, SkBuff quoted) {
        icmp6Error(type, code, info, quoted, UdpHeader.LENGTH);
    }

    void error(int type, int code, int info, SkBuff quoted) {
        icmpError(type, code, info, quoted, UdpHeader.LENGTH);
    }

    @Override
    protected int sourcePort(SkBuff skb) {
        return header.wrap(skb.memory(), skb.transportHeader, UdpHeader.LENGTH).sourcePort();
    }

    @Override
    public void release() {
        if (ends.localPort != 0) {
            udp.table().remove(this);
        }
        super.release();
    }
}
