package dev.doorbell.kernel.netty;

import static dev.doorbell.kernel.socket.SocketConstants.AF_INET6;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.socket.SockAddr;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.SockAddrIn6;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Between the kernel's addresses and Java's; never asks a name server. */
final class Addresses {
    private Addresses() {}

    /** @param domain of the socket: an AF_INET6 one gets IPv4 addresses mapped */
    static SockAddr toKernel(SocketAddress address, int domain) {
        if (!(address instanceof InetSocketAddress inet)) {
            throw new IllegalArgumentException("address " + address + ": must be an InetSocketAddress");
        }
        InetAddress ip = inet.getAddress();
        if (ip == null) {
            throw new IllegalArgumentException(
                    "address " + address + ": the guest has no resolver, use a numeric address");
        }
        ByteBuffer octets = ByteBuffer.wrap(ip.getAddress());
        if (domain == AF_INET6) {
            if (ip.isAnyLocalAddress()) {
                return new SockAddrIn6(0, 0, inet.getPort());
            }
            return ip instanceof Inet6Address v6
                    ? new SockAddrIn6(octets.getLong(0), octets.getLong(8), inet.getPort(), v6.getScopeId())
                    : new SockAddrIn6(0, Ipv6Address.ofV4(octets.getInt(0)), inet.getPort());
        }
        if (ip.isAnyLocalAddress()) {
            return new SockAddrIn(0, inet.getPort());
        }
        if (octets.capacity() == Integer.BYTES) {
            return new SockAddrIn(octets.getInt(0), inet.getPort());
        }
        throw new IllegalArgumentException("address " + address + ": must be IPv4 on a socket of IPv4");
    }

    /** Mapped addresses come out as IPv4, as Java has it. */
    static @Nullable InetSocketAddress toJava(@Nullable SockAddr address) {
        try {
            if (address instanceof SockAddrIn in) {
                byte[] octets = ByteBuffer.allocate(4).putInt(in.address()).array();
                return new InetSocketAddress(InetAddress.getByAddress(octets), in.port());
            }
            if (address instanceof SockAddrIn6 in) {
                byte[] octets = ByteBuffer.allocate(16)
                        .putLong(in.high())
                        .putLong(in.low())
                        .array();
                InetAddress ip = in.scopeId() == 0
                        ? InetAddress.getByAddress(octets)
                        : Inet6Address.getByAddress(null, octets, in.scopeId());
                return new InetSocketAddress(ip, in.port());
            }
            return null;
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException("four or sixteen octets are an address", impossible);
        }
    }
}
