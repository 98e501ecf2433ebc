package dev.doorbell.kernel.inet;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.ipv4.SendOptions;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.Route6;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.socket.ControlMessages;
import dev.doorbell.kernel.socket.HeaderList;
import dev.doorbell.kernel.socket.Sock;
import dev.doorbell.kernel.socket.SockAddr;
import dev.doorbell.kernel.socket.SockAddrBytes;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.SockAddrIn6;
import dev.doorbell.kernel.socket.SockAddrOther;
import dev.doorbell.kernel.socket.SocketOptions;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A socket over IPv4, IPv6 or both: struct inet_sock. Addresses, ports, and the options of level SOL_IP that all
 * protocols share.
 */
public abstract class InetSock extends Sock {
    private static final int MAX_TTL = 255;

    private final @Nullable InetStack stack;

    /** Where it is bound (any address, port 0: not yet) and whom it is connected to (any address: nobody). */
    public final Endpoints ends = new Endpoints();
    /** IPV6_V6ONLY. */
    public boolean v6Only;
    /** The address was given by bind, so connect must not choose another. */
    public boolean addressBound;

    /** IP_TTL; 0 is the system's default. */
    public int ttl;

    public int tos;
    public int mtuDiscover = IP_PMTUDISC_WANT;
    public boolean freeBind, headerIncluded;
    /** IP_BIND_ADDRESS_NO_PORT: bind chooses no port, connect does. */
    public boolean bindAddressNoPort;
    /** IP_MINTTL; IP_UNICAST_IF. */
    public int minTtl, unicastInterface;
    /** IP_RECVERR, IP_PKTINFO, IP_RECVTTL, IP_RECVTOS. */
    public boolean receiveErrors, receivePacketInfo, receiveTtl, receiveTos;

    public int multicastTtl = 1;
    public boolean multicastLoop = true;
    /** IP_MULTICAST_ALL, which is off in IPv6 sockets. */
    public boolean multicastAll;
    /** IP_MULTICAST_IF: interface index and source address; 0 is by route. */
    public int multicastInterface, multicastSource;

    /** IP_OPTIONS; null: none. */
    protected @Nullable SendOptions ipOptions;
    /** IP_RETOPTS of the message that is being sent; null at all other times, and mostly. */
    private @Nullable SendOptions messageOptions;
    /** IP_RECVOPTS, IP_RETOPTS. */
    boolean receiveOptions, receiveAnswerOptions;

    /** The cached way to the peer. */
    private @Nullable Route route;

    private @Nullable Route6 route6;
    /** Options of level SOL_IPV6. */
    public final Ipv6Options v6 = new Ipv6Options();
    /** IP_MTU or IPV6_MTU: no packet longer than this; 0: as the path says. */
    private int mtuLimit;

    /** @param stack null in tests of a transport protocol alone */
    protected InetSock(KernelContext kernel, @Nullable InetStack stack, int domain, int type, int protocol) {
        super(kernel, domain, type, protocol);
        this.stack = stack;
        multicastAll = domain == AF_INET;
        unbind();
        dissolve();
    }

    /** What a connection gets from the socket that listened. */
    protected final void inherit(InetSock parent) {
        v6Only = parent.v6Only;
        v6.trafficClass = parent.v6.trafficClass;
        v6.unicastHops = parent.v6.unicastHops;
        v6.minHopCount = parent.v6.minHopCount;
        v6.receiveErrors = parent.v6.receiveErrors;
        receiveErrors = parent.receiveErrors;
        reuseAddress = parent.reuseAddress;
        reusePort = parent.reusePort;
        keepAlive = parent.keepAlive;
        outOfBandInline = parent.outOfBandInline;
        lingerSeconds = parent.lingerSeconds;
        receiveLowWater = parent.receiveLowWater;
        receiveBufferLocked = parent.receiveBufferLocked;
        sendBufferLocked = parent.sendBufferLocked;
        tos = parent.tos;
        ttl = parent.ttl;
        minTtl = parent.minTtl;
        mark = parent.mark;
        priority = parent.priority;
        maxPacingRate = parent.maxPacingRate;
        boundInterface = parent.boundInterface;
    }

    public final InetStack stack() {
        InetStack present = stack;
        if (present == null) {
            throw new IllegalStateException("socket without network layers");
        }
        return present;
    }

    protected final @Nullable InetStack stackOrNull() {
        return stack;
    }

    public final Ipv4 ipv4() {
        return stack().ipv4();
    }

    public final Ipv6 ipv6() {
        return stack().ipv6();
    }

    // ---- addresses

    /**
     * Reads the address to bind to into {@code into}, local end and scope.
     *
     * @param bound the socket is bound already, which Linux finds out before or after it looks for the address
     * @return 0, or -EAFNOSUPPORT, -EINVAL (bound, a link-local address without interface, a mapped one with V6ONLY),
     *     -EADDRNOTAVAIL when no interface has it
     */
    protected final int readLocal(SockAddr address, Endpoints into, boolean bound) {
        int error = readLocal(address, into);
        boolean unavailable = error == Errno.EADDRNOTAVAIL.negated();
        return bound && (error == 0 || unavailable && domain() == AF_INET6) ? Errno.EINVAL.negated() : error;
    }

    private int readLocal(SockAddr address, Endpoints into) {
        into.scope = 0;
        if (domain() == AF_INET) {
            if (isAnywhere(address)) { // what old programs hand in for INADDR_ANY
                into.localV4(INADDR_ANY, address.port());
                return 0;
            }
            if (!(address instanceof SockAddrIn in)) {
                return foreign(address);
            }
            into.localV4(in.address(), in.port());
            return mayBindV4(in.address()) ? 0 : Errno.EADDRNOTAVAIL.negated();
        }
        if (!(address instanceof SockAddrIn6 in)) {
            return foreign(address);
        }
        into.local(in.high(), in.low(), in.port());
        if (type() == SOCK_STREAM && Ipv6Address.isMulticast(in.high())) {
            return Errno.EINVAL.negated();
        }
        if (Ipv6Address.isV4(in.high(), in.low())) {
            return v6Only ? Errno.EINVAL.negated() : mayBindV4((int) in.low()) ? 0 : Errno.EADDRNOTAVAIL.negated();
        }
        if (Ipv6Address.needsInterface(in.high())) {
            int error = scope(in.scopeId(), into);
            if (error != 0) {
                return error;
            }
        }
        return mayBindV6(in.high(), in.low(), into.scope) ? 0 : Errno.EADDRNOTAVAIL.negated();
    }

    /** An IPv6 socket that is bound to an address of IPv6 has done with IPv4. */
    protected final void boundToFamily(Endpoints wanted) {
        if (domain() == AF_INET6 && !wanted.isLocalAny() && !Ipv6Address.isV4(wanted.localHigh, wanted.localLow)) {
            v6Only = true;
        }
    }

    private static boolean isAnywhere(SockAddr address) {
        return address instanceof SockAddrOther other
                && other.family() == AF_UNSPEC
                && other.bytes() >= SockAddrBytes.IN_BYTES
                && other.address() == INADDR_ANY;
    }

    /** What is wrong with an address that is not of the socket's family: -EINVAL where it is too short to be one. */
    private int foreign(SockAddr address) {
        boolean v4 = domain() == AF_INET;
        int least = v4 ? SockAddrBytes.IN_BYTES : SockAddrBytes.IN6_MIN_BYTES;
        boolean tooShort = address instanceof SockAddrOther other && other.bytes() < least;
        return tooShort || !v4 && address instanceof SockAddrIn ? Errno.EINVAL.negated() : Errno.EAFNOSUPPORT.negated();
    }

    /** The interface of a link-local address: what the address says, or what the socket is bound to. */
    private int scope(int scopeId, Endpoints into) {
        int index = scopeId != 0 ? scopeId : boundInterface;
        if (index == 0 || boundInterface != 0 && boundInterface != index) {
            return Errno.EINVAL.negated();
        }
        if (!isInterface(index)) {
            return Errno.ENODEV.negated();
        }
        into.scope = index;
        return 0;
    }

    /** Whether an IPv4 address may be a local one; protocols that take groups say more. */
    protected boolean mayBindV4(int address) {
        return address == INADDR_ANY || freeBind || ipv4().addresses().isLocal(address);
    }

    protected boolean mayBindV6(long high, long low, int scope) {
        return (high | low) == 0
                || freeBind
                || ipv6().addresses()
                        .isLocal(high, low, scope == 0 ? null : ipv6().net().deviceByIndex(scope));
    }

    /**
     * Reads a destination into {@code into}, remote end and scope.
     *
     * @return 0, or -EAFNOSUPPORT, -ENETUNREACH (a mapped address with V6ONLY), -EINVAL (a link-local one without
     *     interface)
     */
    protected final int readRemote(SockAddr address, Endpoints into) {
        into.scope = 0;
        if (address instanceof SockAddrIn in && (domain() == AF_INET || type() == SOCK_DGRAM && !v6Only)) {
            into.remoteV4(in.address(), in.port());
            return 0;
        }
        if (domain() == AF_INET && address instanceof SockAddrOther other) {
            boolean taken = other.family() == AF_UNSPEC && other.bytes() >= SockAddrBytes.IN_BYTES;
            into.remoteV4(other.address(), other.port());
            return taken ? 0 : foreign(address); // of no family: taken for AF_INET
        }
        if (domain() == AF_INET || !(address instanceof SockAddrIn6 in)) {
            boolean datagram = domain() == AF_INET6 && type() != SOCK_STREAM;
            return datagram ? Errno.EINVAL.negated() : foreign(address);
        }
        boolean localIsV4 = Ipv6Address.isV4(ends.localHigh, ends.localLow);
        if (Ipv6Address.isUnspecified(in.high(), in.low())) {
            // Nowhere means this host.
            into.remote(0, localIsV4 ? Ipv6Address.ofV4(INADDR_LOOPBACK) : Ipv6Address.LOOPBACK_LOW, in.port());
            return 0;
        }
        into.remote(in.high(), in.low(), in.port());
        if (into.isV4()) {
            boolean localIsV6 = addressBound && !localIsV4 && !ends.isLocalAny();
            return v6Only || localIsV6 ? Errno.ENETUNREACH.negated() : 0;
        }
        if (localIsV4 && addressBound) {
            return Errno.EAFNOSUPPORT.negated();
        }
        if (Ipv6Address.isLinkLocal(in.high())) {
            return scope(in.scopeId(), into);
        }
        if (Ipv6Address.needsInterface(in.high())) {
            into.scope =
                    in.scopeId() != 0 ? in.scopeId() : boundInterface != 0 ? boundInterface : v6.multicastInterface;
        }
        return 0;
    }

    protected final boolean isInterface(int index) {
        InetStack layers = stack;
        return layers == null || layers.ipv4().net().deviceByIndex(index) != null;
    }

    /** Connected, and to an IPv6 peer. */
    public final boolean isConnectedV6() {
        return !ends.isRemoteAny() && !ends.isV4();
    }

    /** The interface that packets to {@link #ends} must leave by, or 0. */
    public final int outInterface() {
        return boundInterface != 0 ? boundInterface : ends.scope;
    }

    /** It has a local port: some options can be set no more. */
    protected boolean hasPort() {
        return ends.localPort != 0;
    }

    /** Forgets the local address, not the port: back to the wildcard of the socket's family. */
    public final void unbind() {
        ends.local(0, domain() == AF_INET ? Ipv6Address.ofV4(INADDR_ANY) : 0, ends.localPort);
    }

    /** Forgets the peer. */
    public final void dissolve() {
        ends.remote(0, domain() == AF_INET ? Ipv6Address.ofV4(INADDR_ANY) : 0, 0);
        ends.scope = 0;
    }

    @Override
    public @Nullable SockAddr localAddress() {
        return name(ends.localHigh, ends.localLow, portToTell());
    }

    /** What getsockname says of the port. */
    protected int portToTell() {
        return ends.localPort;
    }

    @Override
    public @Nullable SockAddr peerAddress() {
        return ends.isRemoteAny() && ends.remotePort == 0
                ? null
                : name(ends.remoteHigh, ends.remoteLow, ends.remotePort);
    }

    private SockAddr name(long high, long low, int port) {
        return domain() == AF_INET
                ? new SockAddrIn((int) low, port)
                : new SockAddrIn6(high, low, port, Ipv6Address.needsInterface(high) ? ends.scope : 0);
    }

    /** The way to the connected peer, looked up anew when routes changed; null: none. */
    public final @Nullable Route routeToPeer() {
        Route known = route;
        int hop = nextHop(ends.remoteV4());
        if (known == null || !known.isValid() || known.destination() != hop) {
            known = ipv4().routes().lookup(hop, ends.localV4(), boundInterface);
            route = known;
        }
        return known;
    }

    /** The same for an IPv6 peer. */
    public final @Nullable Route6 routeToPeer6() {
        Route6 known = route6;
        if (known == null
                || !known.isValid()
                || known.destinationLow() != ends.remoteLow
                || known.destinationHigh() != ends.remoteHigh) {
            known = ipv6().routes()
                    .lookup(ends.remoteHigh, ends.remoteLow, ends.localHigh, ends.localLow, outInterface());
            route6 = known;
        }
        return known;
    }

    /** MTU of the path to the peer, or -ENOTCONN. */
    final int pathMtu() {
        if (ends.isRemoteAny()) {
            return Errno.ENOTCONN.negated();
        }
        if (ends.isV4()) {
            Route path = routeToPeer();
            return path == null ? Errno.ENOTCONN.negated() : limited(path.mtu());
        }
        Route6 path = routeToPeer6();
        return path == null ? Errno.ENOTCONN.negated() : limited(path.mtu());
    }

    final int limitMtu(int bytes) {
        mtuLimit = bytes;
        return 0;
    }

    /** An MTU, or the limit that the application set. */
    protected final int limited(int mtu) {
        return mtuLimit == 0 ? mtu : Math.min(mtu, mtuLimit);
    }

    @Override
    public int setsockopt(int level, int name, ByteBuffer value) {
        if (level == SOL_IPV6) {
            return domain() == AF_INET6 ? setIpv6Option(name, value) : Errno.ENOPROTOOPT.negated();
        }
        return level == SOL_IP ? setIpOption(name, value) : super.setsockopt(level, name, value);
    }

    @Override
    public int getsockopt(int level, int name, ByteBuffer into) {
        if (level == SOL_IPV6) {
            return domain() == AF_INET6 ? getIpv6Option(name, into) : Errno.EOPNOTSUPP.negated();
        }
        if (level != SOL_IP && level != SOL_SOCKET && domain() == AF_INET) {
            return Errno.EOPNOTSUPP.negated();
        }
        return level == SOL_IP ? getIpOption(name, into) : super.getsockopt(level, name, into);
    }

    /** Options of SOL_IPV6; datagram sockets add the ones about groups. */
    protected int setIpv6Option(int name, ByteBuffer value) {
        return Ipv6Options.set(this, name, value);
    }

    protected int getIpv6Option(int name, ByteBuffer into) {
        return Ipv6Options.get(this, name, into);
    }

    @Override
    protected final int interfaceIndex(String name) {
        NetDevice dev = ipv4().net().deviceByName(name);
        return dev == null ? Errno.ENODEV.negated() : dev.ifindex();
    }

    @Override
    protected final @Nullable String interfaceName(int index) {
        NetDevice dev = ipv4().net().deviceByIndex(index);
        return dev == null ? null : dev.name();
    }

    /** Options of SOL_IP; datagram sockets add the ones about groups. */
    protected int setIpOption(int name, ByteBuffer value) {
        if (name == IP_OPTIONS) {
            return setIpOptions(value);
        }
        // Linux takes a single byte for the small ones.
        if (!value.hasRemaining()) {
            return Errno.EINVAL.negated();
        }
        int at = value.position();
        int number = value.remaining() >= Integer.BYTES ? value.getInt(at) : value.get(at) & 0xFF;
        boolean on = number != 0;
        switch (name) {
            case IP_TTL -> {
                if (number != -1 && (number < 1 || number > MAX_TTL)) {
                    return Errno.EINVAL.negated();
                }
                ttl = number == -1 ? 0 : number;
            }
            case IP_TOS -> // the two bits of ECN are TCP's own
                tos = type() == SOCK_STREAM ? number & 0xFC | tos & 3 : number & 0xFF;
            case IP_MTU_DISCOVER -> {
                if (number < IP_PMTUDISC_DONT || number > IP_PMTUDISC_OMIT) {
                    return Errno.EINVAL.negated();
                }
                mtuDiscover = number;
            }
            case IP_RECVERR -> receiveErrors = on;
            case IP_PKTINFO -> receivePacketInfo = on;
            case IP_RECVTTL -> receiveTtl = on;
            case IP_RECVTOS -> receiveTos = on;
            case IP_RECVOPTS -> receiveOptions = on;
            case IP_RETOPTS -> receiveAnswerOptions = on;
            case IP_FREEBIND -> freeBind = on;
            case IP_BIND_ADDRESS_NO_PORT -> bindAddressNoPort = on;
            case IP_TRANSPARENT -> {
                return on ? Errno.EPERM.negated() : 0; // needs a router's rights, which no guest program has
            }
            case IP_MINTTL -> {
                if (number < 0 || number > MAX_TTL) {
                    return Errno.EINVAL.negated();
                }
                minTtl = number;
            }
            case IP_UNICAST_IF -> {
                if (value.remaining() != Integer.BYTES) {
                    return Errno.EINVAL.negated();
                }
                int index = Integer.reverseBytes(number); // network order, as Linux has it
                if (index != 0 && !isInterface(index)) {
                    return Errno.EADDRNOTAVAIL.negated();
                }
                unicastInterface = index;
            }
            case IP_MULTICAST_LOOP -> multicastLoop = on;
            case IP_MULTICAST_ALL -> {
                if (number != 0 && number != 1) {
                    return Errno.EINVAL.negated();
                }
                multicastAll = on;
            }
            case IP_MULTICAST_TTL -> {
                if (type() == SOCK_STREAM || number < -1 || number > MAX_TTL) {
                    return Errno.EINVAL.negated();
                }
                multicastTtl = number == -1 ? 1 : number;
            }
            default -> {
                return Errno.ENOPROTOOPT.negated();
            }
        }
        return 0;
    }

    /**
     * Takes IP_RETOPTS of a message: options for this one packet in place of the socket's.
     *
     * @return 0 or -EINVAL
     */
    protected final int takeIpOptions(@Nullable ControlMessages control) {
        messageOptions = null;
        HeaderList headers = control == null ? null : control.headers;
        for (int i = 0; headers != null && i < headers.count(); i++) {
            if (headers.level(i) == SOL_IP && headers.type(i) == IP_RETOPTS) {
                SendOptions options = new SendOptions();
                int error = options.set(headers.header(i), ipv4()::mayStamp);
                if (error != 0) {
                    return error;
                }
                messageOptions = options;
            }
        }
        return 0;
    }

    /** IPv4 options of the packet that is being sent; null: none. */
    protected final @Nullable SendOptions sendOptions() {
        return messageOptions != null ? messageOptions : ipOptions;
    }

    private int setIpOptions(ByteBuffer value) {
        SendOptions options = new SendOptions();
        int error = options.set(value, ipv4()::mayStamp);
        if (error == 0) {
            ipOptions = options.length() == 0 ? null : options;
            route = null; // a source route goes another way
        }
        return error;
    }

    /** The address that packets to {@code destination} go to: itself, or the first hop of a source route. */
    protected final int nextHop(int destination) {
        SendOptions options = sendOptions();
        return options != null && options.isRouted() ? options.firstHop() : destination;
    }

    final boolean isStrictlyRouted() {
        SendOptions options = sendOptions();
        return options != null && options.isStrict();
    }

    /** Bytes of options in every IPv4 header that is sent. */
    protected final int ipOptionBytes() {
        SendOptions options = sendOptions();
        return options == null ? 0 : options.length();
    }

    protected int getIpOption(int name, ByteBuffer into) {
        int value;
        switch (name) {
            case IP_OPTIONS -> {
                SendOptions options = ipOptions;
                return options == null ? 0 : options.get(into);
            }
            case IP_TTL -> value = ttl == 0 ? Ipv4.DEFAULT_TTL : ttl;
            case IP_TOS -> value = tos;
            case IP_MTU_DISCOVER -> value = mtuDiscover;
            case IP_RECVERR -> value = bit(receiveErrors);
            case IP_PKTINFO -> value = bit(receivePacketInfo);
            case IP_RECVTTL -> value = bit(receiveTtl);
            case IP_RECVTOS -> value = bit(receiveTos);
            case IP_RECVOPTS -> value = bit(receiveOptions);
            case IP_RETOPTS -> value = bit(receiveAnswerOptions);
            case IP_FREEBIND -> value = bit(freeBind);
            case IP_BIND_ADDRESS_NO_PORT -> value = bit(bindAddressNoPort);
            case IP_TRANSPARENT -> value = 0;
            case IP_MINTTL -> value = minTtl;
            case IP_UNICAST_IF -> value = Integer.reverseBytes(unicastInterface);
            case IP_HDRINCL -> value = bit(headerIncluded);
            case IP_MULTICAST_LOOP -> value = bit(multicastLoop);
            case IP_MULTICAST_ALL -> value = bit(multicastAll);
            case IP_MULTICAST_TTL -> value = multicastTtl;
            case IP_MTU -> {
                int mtu = pathMtu();
                if (mtu < 0) {
                    return mtu;
                }
                value = mtu;
            }
            default -> {
                return Errno.ENOPROTOOPT.negated();
            }
        }
        return SocketOptions.putIntOrByte(into, value);
    }

    private static int bit(boolean on) {
        return on ? 1 : 0;
    }
}
