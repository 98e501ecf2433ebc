package dev.doorbell.kernel.dhcp;

import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.Sock;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.SocketConstants;
import dev.doorbell.kernel.socket.SocketFamily;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Holds the client's UDP port, so that no ICMP error goes to a server whose answer the client has seen on the wire. What
 * arrives is thrown away.
 */
final class DhcpPort {
    private final SocketFamily inet;
    private final ByteBuffer scratch = ByteBuffer.allocate(1);
    private final Message message = new Message();
    private @Nullable Sock sock;

    DhcpPort(SocketFamily inet) {
        this.inet = inet;
    }

    /** No effect when it is open, or when somebody else has the port: then that one takes the answers. */
    void open() {
        if (sock != null) {
            return;
        }
        Sock made = inet.create(SocketConstants.SOCK_DGRAM, 0);
        if (made != null && made.bind(new SockAddrIn(0, DhcpWire.CLIENT_PORT)) < 0) {
            made.release();
            made = null;
        }
        if (made != null) {
            made.setListener(this::drain);
        }
        sock = made;
    }

    private void drain() {
        Sock open = sock;
        while (open != null && open.recvmsg(message.set(scratch.clear()), SocketConstants.MSG_DONTWAIT) >= 0) {
            scratch.clear();
        }
    }

    void close() {
        if (sock != null) {
            sock.release();
            sock = null;
        }
    }
}
