package dev.doorbell.kernel.udp;

import static dev.doorbell.kernel.socket.SocketConstants.UDP_CORK;
import static dev.doorbell.kernel.socket.SocketConstants.UDP_GRO;
import static dev.doorbell.kernel.socket.SocketConstants.UDP_NO_CHECK6_RX;
import static dev.doorbell.kernel.socket.SocketConstants.UDP_NO_CHECK6_TX;
import static dev.doorbell.kernel.socket.SocketConstants.UDP_SEGMENT;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.socket.SocketOptions;
import java.nio.ByteBuffer;

/** Options of level SOL_UDP, with the numbers of linux/udp.h. */
final class UdpOptions {
    /** More datagrams than this one call does not send: UDP_MAX_SEGMENTS. */
    static final int MAX_SEGMENTS = 128;

    private static final int MAX_SEGMENT_BYTES = 0xFFFF;

    /** UDP_CORK: calls add to a datagram until this is taken back. */
    boolean corked;
    /** UDP_SEGMENT: each call is cut into datagrams with so many bytes of data; 0: it is one datagram. */
    int segmentBytes;
    /** UDP_GRO: the application understands datagrams that were joined; here none ever is. */
    private boolean takesJoined;
    /** UDP_NO_CHECK6_TX, UDP_NO_CHECK6_RX: RFC 6935, for tunnels; IPv4 takes no notice. */
    boolean noChecksum6, takesWithoutChecksum6;

    int set(int name, ByteBuffer value) {
        if (value.remaining() < Integer.BYTES) {
            return Errno.EINVAL.negated();
        }
        int v = value.getInt(value.position());
        switch (name) {
            case UDP_CORK -> corked = v != 0;
            case UDP_SEGMENT -> {
                if (v < 0 || v > MAX_SEGMENT_BYTES) {
                    return Errno.EINVAL.negated();
                }
                segmentBytes = v;
            }
            case UDP_GRO -> takesJoined = v != 0;
            case UDP_NO_CHECK6_TX -> noChecksum6 = v != 0;
            case UDP_NO_CHECK6_RX -> takesWithoutChecksum6 = v != 0;
            default -> {
                return Errno.ENOPROTOOPT.negated();
            }
        }
        return 0;
    }

    int get(int name, ByteBuffer into) {
        return switch (name) {
            case UDP_CORK -> SocketOptions.putInt(into, corked ? 1 : 0);
            case UDP_SEGMENT -> SocketOptions.putInt(into, segmentBytes);
            case UDP_GRO -> SocketOptions.putInt(into, takesJoined ? 1 : 0);
            case UDP_NO_CHECK6_TX -> SocketOptions.putInt(into, noChecksum6 ? 1 : 0);
            case UDP_NO_CHECK6_RX -> SocketOptions.putInt(into, takesWithoutChecksum6 ? 1 : 0);
            default -> Errno.ENOPROTOOPT.negated();
        };
    }
}
