package dev.doorbell.kernel.inet;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.socket.Sock;
import dev.doorbell.kernel.socket.SockAddr;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.SockAddrIn6;
import dev.doorbell.kernel.socket.SocketOptions;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A socket over IPv4, IPv6 or both: struct inet_sock. Addresses, ports, and the options of level SOL_IP that all
 * protocols share.
 */
public abstract class InetSock extends Sock {
    private static final int MAX_TTL = 255;

    private final Ipv4 ipv4;

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
    /** IP_RECVERR, IP_PKTINFO, IP_RECVTTL, IP_RECVTOS. */
    public boolean receiveErrors, receivePacketInfo, receiveTtl, receiveTos;

    public int multicastTtl = 1;
    public boolean multicastLoop = true, multicastAll = true;
    /** IP_MULTICAST_IF: interface index and source address; 0 is by route. */
    public int multicastInterface, multicastSource;

    /** The cached way to the peer. */
    private @Nullable Route route;

    protected InetSock(KernelContext kernel, Ipv4 ipv4, int type, int protocol) {
        super(kernel, AF_INET, type, protocol);
        this.ipv4 = ipv4;
        unbind();
        dissolve();
    }

    public final Ipv4 ipv4() {
        return ipv4;
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
        return name(ends.localHigh, ends.localLow, ends.localPort);
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
        if (known == null || !known.isValid() || known.destination() != ends.remoteV4()) {
            known = ipv4.routes().lookup(ends.remoteV4(), ends.localV4(), boundInterface);
            route = known;
        }
        return known;
    }

    @Override
    public int setsockopt(int level, int name, ByteBuffer value) {
        return level == SOL_IP ? setIpOption(name, value) : super.setsockopt(level, name, value);
    }

    @Override
    public int getsockopt(int level, int name, ByteBuffer into) {
        return level == SOL_IP ? getIpOption(name, into) : super.getsockopt(level, name, into);
    }

    @Override
    protected final int interfaceIndex(String name) {
        NetDevice dev = ipv4.net().deviceByName(name);
        return dev == null ? Errno.ENODEV.negated() : dev.ifindex();
    }

    /** Options of SOL_IP; datagram sockets add the ones about groups. */
    protected int setIpOption(int name, ByteBuffer value) {
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
            case IP_TOS -> tos = number & 0xFF;
            case IP_MTU_DISCOVER -> {
                if (number < IP_PMTUDISC_DONT || number > IP_PMTUDISC_PROBE) {
                    return Errno.EINVAL.negated();
                }
                mtuDiscover = number;
            }
            case IP_RECVERR -> receiveErrors = on;
            case IP_PKTINFO -> receivePacketInfo = on;
            case IP_RECVTTL -> receiveTtl = on;
            case IP_RECVTOS -> receiveTos = on;
            case IP_FREEBIND -> freeBind = on;
            case IP_MULTICAST_LOOP -> multicastLoop = on;
            case IP_MULTICAST_ALL -> multicastAll = on;
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

    protected int getIpOption(int name, ByteBuffer into) {
        int value;
        switch (name) {
            case IP_TTL -> value = ttl == 0 ? Ipv4.DEFAULT_TTL : ttl;
            case IP_TOS -> value = tos;
            case IP_MTU_DISCOVER -> value = mtuDiscover;
            case IP_RECVERR -> value = bit(receiveErrors);
            case IP_PKTINFO -> value = bit(receivePacketInfo);
            case IP_RECVTTL -> value = bit(receiveTtl);
            case IP_RECVTOS -> value = bit(receiveTos);
            case IP_FREEBIND -> value = bit(freeBind);
            case IP_HDRINCL -> value = bit(headerIncluded);
            case IP_MULTICAST_LOOP -> value = bit(multicastLoop);
            case IP_MULTICAST_ALL -> value = bit(multicastAll);
            case IP_MULTICAST_TTL -> value = multicastTtl;
            case IP_MTU -> {
                Route path = ends.isRemoteAny() ? null : routeToPeer();
                if (path == null) {
                    return Errno.ENOTCONN.negated();
                }
                value = path.mtu();
            }
            default -> {
                return Errno.ENOPROTOOPT.negated();
            }
        }
        return SocketOptions.putInt(into, value);
    }

    private static int bit(boolean on) {
        return on ? 1 : 0;
    }
}
