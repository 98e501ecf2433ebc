package dev.doorbell.kernel.udp;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.UdpHeader;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.inet.DatagramSock;
import dev.doorbell.kernel.ipv4.Addresses;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbCopy;
import dev.doorbell.kernel.socket.ControlMessages;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.SockAddr;
import dev.doorbell.kernel.socket.SockAddrIn;
import org.jspecify.annotations.Nullable;

/** A UDP socket. */
final class UdpSock extends DatagramSock {
    private static final int MAX_PAYLOAD = 65_535 - Ipv4Header.MIN_LENGTH - UdpHeader.LENGTH;

    private final Udp udp;
    private final UdpHeader header = new UdpHeader();
    private final Ipv4Header ip = new Ipv4Header();
    /** The port was asked for by bind: a dissolved connection keeps it. */
    private boolean portBound;

    /** Link in the port table's bucket. */
    @Nullable
    UdpSock nextInBucket;

    UdpSock(Udp udp, Ipv4 ipv4) {
        super(ipv4.net().kernel(), ipv4, SOCK_DGRAM, IPPROTO_UDP);
        this.udp = udp;
    }

    // ---- addresses

    @Override
    public int bind(SockAddr address) {
        if (!(address instanceof SockAddrIn in)) {
            return Errno.EAFNOSUPPORT.negated();
        }
        if (ends.localPort != 0) {
            return Errno.EINVAL.negated();
        }
        Addresses known = ipv4().addresses();
        int wanted = in.address();
        boolean usable = wanted == 0
                || freeBind
                || known.isLocal(wanted)
                || known.isBroadcast(wanted)
                || Addresses.isMulticast(wanted);
        if (!usable) {
            return Errno.EADDRNOTAVAIL.negated();
        }
        ends.localV4(wanted, 0);
        int result = udp.table().bind(this, in.port());
        if (result != 0) {
            unbind();
            return result;
        }
        addressBound = wanted != 0;
        portBound = in.port() != 0;
        return 0;
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
        if (!(address instanceof SockAddrIn in)) {
            return Errno.EAFNOSUPPORT.negated();
        }
        int source = addressBound ? ends.localV4() : 0;
        Route route = routeFor(in.address(), source, boundInterface);
        if (route == null) {
            return Errno.ENETUNREACH.negated();
        }
        if (route.type() == RouteType.BROADCAST && !broadcast) {
            return Errno.EACCES.negated();
        }
        int result = autobind();
        if (result != 0) {
            return result;
        }
        if (!addressBound) {
            ends.localV4(route.source(), ends.localPort);
        }
        ends.remoteV4(route.destination(), in.port());
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
        int length = message.data.remaining();
        if (length > MAX_PAYLOAD) {
            return Errno.EMSGSIZE.negated();
        }
        if ((flags & MSG_OOB) != 0) {
            return Errno.EOPNOTSUPP.negated();
        }
        int destination = ends.remoteV4();
        int port = ends.remotePort;
        if (message.name != null) {
            if (!(message.name instanceof SockAddrIn to)) {
                return Errno.EAFNOSUPPORT.negated();
            }
            destination = to.address();
            port = to.port();
            if (port == 0) {
                return Errno.EINVAL.negated();
            }
        } else if (!isConnected()) {
            return Errno.EDESTADDRREQ.negated();
        }
        int error = sendError();
        if (error == 0) {
            error = autobind();
        }
        return error != 0 ? error : sendTo(message, length, destination, port);
    }

    private long sendTo(Message message, int length, int destination, int port) {
        int source = ends.localV4();
        int outInterface = boundInterface;
        ControlMessages control = message.control;
        if (control != null && control.has(ControlMessages.PKTINFO)) {
            source = control.localAddress != 0 ? control.localAddress : source;
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
        int xmitFlags = outputFlags(route);
        int total = length + UdpHeader.LENGTH + Ipv4Header.MIN_LENGTH;
        if ((xmitFlags & Ipv4.MAY_FRAGMENT) == 0 && total > route.mtu()) {
            localTooBig(destination, port, route.mtu());
            return Errno.EMSGSIZE.negated();
        }
        SkBuff skb = ipv4().skbs().alloc(Ipv4.MAX_HEADER, UdpHeader.LENGTH + length);
        if (skb == null) {
            return Errno.ENOBUFS.negated();
        }
        int from = source != 0 ? source : route.source();
        build(skb, message, length, from, route.destination(), port);
        int sendTtl = control != null && control.has(ControlMessages.TTL) ? control.ttl : ttlFor(route);
        int sendTos = control != null && control.has(ControlMessages.TOS) ? control.tos : tos;
        int result =
                ipv4().queueXmit(skb, route, from, route.destination(), IpProtocol.UDP, sendTos, sendTtl, xmitFlags);
        if (result == Errno.ENOBUFS.negated() && !receiveErrors) {
            // A full device queue is a loss like any other on the way, unless the application asked.
            ipv4().snmp().count(Mib.UDP_SNDBUF_ERRORS);
            result = 0;
        }
        if (result < 0) {
            message.data.position(message.data.position() - length);
            return result;
        }
        ipv4().snmp().count(Mib.UDP_OUT_DATAGRAMS);
        return length;
    }

    private void build(SkBuff skb, Message message, int length, int source, int destination, int port) {
        long at = skb.put(UdpHeader.LENGTH);
        if (length > 0) {
            SkbCopy.putFrom(skb, message.data, length);
        }
        int bytes = UdpHeader.LENGTH + length;
        header.wrap(skb.memory(), at, bytes)
                .sourcePort(ends.localPort)
                .destinationPort(port)
                .length(bytes);
        if (noCheck) {
            header.checksum(0);
        } else {
            // The card sums the rest, or the device layer in its place.
            header.checksum(
                    InternetChecksum.fold16(InternetChecksum.pseudoHeader(source, destination, IpProtocol.UDP, bytes)));
            skb.ipSummed = SkBuff.CHECKSUM_PARTIAL;
            skb.checksumStart = at;
            skb.checksumOffset = UdpHeader.CHECKSUM_OFFSET;
        }
        skb.priority = priority;
        skb.mark = mark;
        charge(skb);
    }

    // ---- receiving

    /** @param skb data() at the payload; on true it is gone */
    boolean receive(SkBuff skb) {
        return queueReceive(skb);
    }

    boolean wants(NetDevice dev, int group) {
        return wantsGroup(dev, group);
    }

    void error(int type, int code, int info, SkBuff quoted) {
        icmpError(type, code, info, quoted, UdpHeader.LENGTH);
    }

    @Override
    protected void fillName(SkBuff skb, SockAddr name) {
        if (name instanceof SockAddrIn in) {
            ip.wrap(skb.memory(), skb.networkHeader, Ipv4Header.MIN_LENGTH);
            header.wrap(skb.memory(), skb.transportHeader, UdpHeader.LENGTH);
            in.set(ip.source(), header.sourcePort());
        }
    }

    @Override
    public void release() {
        if (ends.localPort != 0) {
            udp.table().remove(this);
        }
        super.release();
    }
}
