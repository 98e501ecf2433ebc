package dev.doorbell.kernel.netty;

import dev.doorbell.kernel.socket.SockAddr;
import dev.doorbell.kernel.socket.SockAddrIn;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Between the kernel's addresses and Java's; never asks a name server. */
final class Addresses {
    private Addresses() {}

    static SockAddrIn toKernel(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet)) {
            throw new IllegalArgumentException("address " + address + ": must be an InetSocketAddress");
        }
        InetAddress ip = inet.getAddress();
        if (ip == null) {
            throw new IllegalArgumentException(
                    "address " + address + ": the guest has no resolver, use a numeric address");
        }
        byte[] octets = ip.getAddress();
        if (octets.length == 4) {
            return new SockAddrIn(ByteBuffer.wrap(octets).getInt(), inet.getPort());
        }
        if (ip.isAnyLocalAddress()) {
            return new SockAddrIn(0, inet.getPort());
        }
        throw new IllegalArgumentException("address " + address + ": must be IPv4");
    }

    static @Nullable InetSocketAddress toJava(@Nullable SockAddr address) {
        if (!(address instanceof SockAddrIn in)) {
            return null;
        }
        return toJava(in);
    }

    static InetSocketAddress toJava(SockAddrIn in) {
        try {
            byte[] octets = ByteBuffer.allocate(4).putInt(in.address()).array();
            return new InetSocketAddress(InetAddress.getByAddress(octets), in.port());
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException("four octets are an address", impossible);
        }
    }
}
