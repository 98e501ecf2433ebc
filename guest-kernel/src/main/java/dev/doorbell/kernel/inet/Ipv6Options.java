package dev.doorbell.kernel.inet;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.Route6;
import dev.doorbell.kernel.socket.SocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The options of level SOL_IPV6 that all protocols share, RFC 3493 and RFC 3542, and Linux's own. */
public final class Ipv6Options {
    /** struct in6_pktinfo: address, interface; struct ip6_mtuinfo: sockaddr_in6, MTU. */
    private static final int PKTINFO_BYTES = 20, MTUINFO_BYTES = 32;

    private static final int MAX_HOPS = 255, MAX_PMTUDISC = 5;

    // ---- values

    /** IPV6_UNICAST_HOPS and IPV6_MULTICAST_HOPS; -1 is the route's, and 1 for groups. */
    public int unicastHops = -1, multicastHops = 1;
    /** IPV6_TCLASS. */
    public int trafficClass;
    /** IPV6_MULTICAST_IF, 0: by route; IPV6_UNICAST_IF. */
    public int multicastInterface, unicastInterface;

    public boolean multicastLoop = true, multicastAll = true;
    public int mtuDiscover = IP_PMTUDISC_WANT;
    /** IPV6_DONTFRAG, IPV6_RECVERR, IPV6_AUTOFLOWLABEL, IPV6_FLOWINFO_SEND. */
    public boolean dontFragment, receiveErrors, autoFlowLabel = true, flowInfoSend;
    /** IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT, IPV6_RECVTCLASS, IPV6_RECVPATHMTU, IPV6_FLOWINFO. */
    /** IPV6_RECVHOPOPTS, IPV6_RECVDSTOPTS, IPV6_RECVRTHDR. */
    boolean receiveHopOptions, receiveDestinationOptions, receiveRouting;

    public boolean receivePacketInfo, receiveHopLimit, receiveTrafficClass, receivePathMtu, receiveFlowInfo;
    /** IPV6_MINHOPCOUNT. */
    public int minHopCount;
    /** IPV6_PKTINFO as a sticky option: source address and interface of everything sent. */
    public long sourceHigh, sourceLow;

    public int sourceInterface;
    /** Label and class of the connected peer's sockaddr, with IPV6_FLOWINFO_SEND. */
    public int flowInfo;

    /** The traffic class: the low 8 bits above the label of what connect was given, or IPV6_TCLASS. */
    public int trafficClass() {
        return flowInfoSend && flowInfo != 0 ? flowInfo >>> 20 & 0xFF : trafficClass;
    }

    static int set(InetSock sock, int name, ByteBuffer value) {
        Ipv6Options o = sock.v6;
        if (name == IPV6_PKTINFO) {
            return setPacketInfo(o, value);
        }
        boolean whole = value.remaining() >= Integer.BYTES;
        if (!whole && name != IPV6_DONTFRAG && name != IPV6_AUTOFLOWLABEL) { // which a shorter value switches off
            return Errno.EINVAL.negated();
        }
        int number = whole ? value.getInt(value.position()) : 0;
        boolean on = number != 0;
        switch (name) {
            case IPV6_V6ONLY -> {
                if (sock.hasPort()) {
                    return Errno.EINVAL.negated();
                }
                sock.v6Only = on;
            }
            case IPV6_UNICAST_HOPS -> {
                if (number < -1 || number > MAX_HOPS) {
                    return Errno.EINVAL.negated();
                }
                o.unicastHops = number;
            }
            case IPV6_MULTICAST_HOPS -> {
                if (sock.type() == SOCK_STREAM) {
                    return Errno.ENOPROTOOPT.negated();
                }
                if (number < -1 || number > MAX_HOPS) {
                    return Errno.EINVAL.negated();
                }
                o.multicastHops = number == -1 ? 1 : number;
            }
            case IPV6_MULTICAST_LOOP -> {
                if (number != 0 && number != 1) {
                    return Errno.EINVAL.negated();
                }
                o.multicastLoop = on;
            }
            case IPV6_MULTICAST_ALL -> o.multicastAll = on;
            case IPV6_MULTICAST_IF -> {
                if (sock.type() == SOCK_STREAM) {
                    return Errno.ENOPROTOOPT.negated();
                }
                if (number != 0 && !sock.isInterface(number)) {
                    return Errno.ENODEV.negated();
                }
                if (number != 0 && sock.boundInterface != 0 && sock.boundInterface != number) {
                    return Errno.EINVAL.negated();
                }
                o.multicastInterface = number;
            }
            case IPV6_UNICAST_IF -> {
                int index = Integer.reverseBytes(number); // network order, as Linux has it
                if (index != 0 && !sock.isInterface(index)) {
                    return Errno.EADDRNOTAVAIL.negated();
                }
                o.unicastInterface = index;
            }
            case IPV6_TCLASS -> {
                if (number < -1 || number > 0xFF) {
                    return Errno.EINVAL.negated();
                }
                o.trafficClass = number == -1 ? 0 : number;
            }
            case IPV6_MTU_DISCOVER -> {
                if (number < IP_PMTUDISC_DONT || number > MAX_PMTUDISC) {
                    return Errno.EINVAL.negated();
                }
                o.mtuDiscover = number;
            }
            case IPV6_MTU -> {
                return number != 0 && number < Ipv6.MIN_MTU ? Errno.EINVAL.negated() : sock.limitMtu(number);
            }
            case IPV6_MINHOPCOUNT -> {
                if (number < 0 || number > MAX_HOPS) {
                    return Errno.EINVAL.negated();
                }
                o.minHopCount = number;
            }
            case IPV6_DONTFRAG -> o.dontFragment = on;
            case IPV6_RECVERR -> o.receiveErrors = on;
            case IPV6_AUTOFLOWLABEL -> o.autoFlowLabel = on;
            case IPV6_FLOWINFO_SEND -> o.flowInfoSend = on;
            case IPV6_FLOWINFO -> o.receiveFlowInfo = on;
            case IPV6_RECVPKTINFO, IPV6_2292PKTINFO -> o.receivePacketInfo = on;
            case IPV6_RECVHOPLIMIT, IPV6_2292HOPLIMIT -> o.receiveHopLimit = on;
            case IPV6_RECVTCLASS -> o.receiveTrafficClass = on;
            case IPV6_RECVHOPOPTS -> o.receiveHopOptions = on;
            case IPV6_RECVDSTOPTS -> o.receiveDestinationOptions = on;
            case IPV6_RECVRTHDR -> o.receiveRouting = on;
            case IPV6_RECVPATHMTU -> o.receivePathMtu = on;
            case IPV6_FREEBIND -> sock.freeBind = on;
            case IPV6_TRANSPARENT -> {
                return on ? Errno.EPERM.negated() : 0; // needs a router's rights, which no guest program has
            }
            default -> {
                return Errno.ENOPROTOOPT.negated();
            }
        }
        return 0;
    }

    private static int setPacketInfo(Ipv6Options o, ByteBuffer value) {
        if (!value.hasRemaining()) {
            o.sourceHigh = 0;
            o.sourceLow = 0;
            o.sourceInterface = 0;
            return 0;
        }
        if (value.remaining() < PKTINFO_BYTES) {
            return Errno.EINVAL.negated();
        }
        o.sourceHigh = networkLong(value, 0);
        o.sourceLow = networkLong(value, 8);
        o.sourceInterface = value.getInt(value.position() + 16);
        return 0;
    }

    /** Eight bytes in network order, whatever the buffer's order is. */
    static long networkLong(ByteBuffer value, int at) {
        long raw = value.getLong(value.position() + at);
        return value.order() == ByteOrder.BIG_ENDIAN ? raw : Long.reverseBytes(raw);
    }

    static void putNetworkLong(ByteBuffer into, long value) {
        into.putLong(into.order() == ByteOrder.BIG_ENDIAN ? value : Long.reverseBytes(value));
    }

    static int get(InetSock sock, int name, ByteBuffer into) {
        Ipv6Options o = sock.v6;
        int value;
        switch (name) {
            case IPV6_V6ONLY -> value = bit(sock.v6Only);
            case IPV6_UNICAST_HOPS -> value = o.unicastHops < 0 ? hopLimit(sock) : o.unicastHops;
            case IPV6_MULTICAST_HOPS -> value = o.multicastHops;
            case IPV6_MULTICAST_LOOP -> value = bit(o.multicastLoop);
            case IPV6_MULTICAST_ALL -> value = bit(o.multicastAll);
            case IPV6_MULTICAST_IF -> value = o.multicastInterface;
            case IPV6_UNICAST_IF -> value = Integer.reverseBytes(o.unicastInterface);
            case IPV6_TCLASS -> value = o.trafficClass;
            case IPV6_MTU_DISCOVER -> value = o.mtuDiscover;
            case IPV6_MINHOPCOUNT -> value = o.minHopCount;
            case IPV6_DONTFRAG -> value = bit(o.dontFragment);
            case IPV6_RECVERR -> value = bit(o.receiveErrors);
            case IPV6_AUTOFLOWLABEL -> value = bit(o.autoFlowLabel);
            case IPV6_FLOWINFO_SEND -> value = bit(o.flowInfoSend);
            case IPV6_FLOWINFO -> value = bit(o.receiveFlowInfo);
            case IPV6_RECVPKTINFO, IPV6_2292PKTINFO -> value = bit(o.receivePacketInfo);
            case IPV6_RECVHOPLIMIT, IPV6_2292HOPLIMIT -> value = bit(o.receiveHopLimit);
            case IPV6_RECVTCLASS -> value = bit(o.receiveTrafficClass);
            case IPV6_RECVHOPOPTS -> value = bit(o.receiveHopOptions);
            case IPV6_RECVDSTOPTS -> value = bit(o.receiveDestinationOptions);
            case IPV6_RECVRTHDR -> value = bit(o.receiveRouting);
            case IPV6_RECVPATHMTU -> value = bit(o.receivePathMtu);
            case IPV6_FREEBIND -> value = bit(sock.freeBind);
            case IPV6_TRANSPARENT -> value = 0;
            case IPV6_ADDRFORM -> value = sock.domain();
            case IPV6_MTU -> {
                int mtu = sock.pathMtu();
                if (mtu < 0) {
                    return mtu;
                }
                value = mtu;
            }
            case IPV6_PATHMTU -> {
                return getPathMtu(sock, into);
            }
            case IPV6_PKTINFO -> {
                if (into.remaining() < PKTINFO_BYTES) {
                    return Errno.EINVAL.negated();
                }
                putNetworkLong(into, o.sourceHigh);
                putNetworkLong(into, o.sourceLow);
                into.putInt(o.sourceInterface);
                return PKTINFO_BYTES;
            }
            default -> {
                return Errno.ENOPROTOOPT.negated();
            }
        }
        return SocketOptions.putInt(into, value);
    }

    private static int hopLimit(InetSock sock) {
        Route6 path = sock.isConnectedV6() ? sock.routeToPeer6() : null;
        return path == null ? Ipv6.DEFAULT_HOP_LIMIT : path.hopLimit();
    }

    private static int getPathMtu(InetSock sock, ByteBuffer into) {
        int mtu = sock.pathMtu();
        if (mtu < 0) {
            return mtu;
        }
        if (into.remaining() < MTUINFO_BYTES) {
            return Errno.EINVAL.negated();
        }
        into.putShort((short) AF_INET6).putShort((short) 0).putInt(0);
        putNetworkLong(into, sock.ends.remoteHigh);
        putNetworkLong(into, sock.ends.remoteLow);
        into.putInt(Ipv6Address.needsInterface(sock.ends.remoteHigh) ? sock.ends.scope : 0)
                .putInt(mtu);
        return MTUINFO_BYTES;
    }

    private static int bit(boolean on) {
        return on ? 1 : 0;
    }
}
