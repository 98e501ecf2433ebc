package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.kernel.socket.Sock;
import org.jspecify.annotations.Nullable;

/** What a stream socket is ready for: tcp_poll. */
final class TcpPoll {
    private TcpPoll() {}

    static int mask(TcpSock sock, @Nullable TcpConnection c, @Nullable TcpListener listener, boolean connecting) {
        if (listener != null) {
            return listener.acceptable() > 0 ? EPOLLIN | EPOLLRDNORM : 0;
        }
        int mask = sock.hasErrors() ? EPOLLERR : 0;
        if (c == null) {
            boolean ended = (sock.shutdownMask & Sock.RCV_SHUTDOWN) != 0;
            mask |= ended ? EPOLLIN | EPOLLRDNORM | EPOLLRDHUP : connecting ? EPOLLIN : 0;
            return mask | EPOLLOUT | EPOLLWRNORM | EPOLLHUP;
        }
        if (c.shutdown == (Sock.RCV_SHUTDOWN | Sock.SEND_SHUTDOWN) || c.state() == TcpState.CLOSE) {
            mask |= EPOLLHUP;
        }
        if ((c.shutdown & Sock.RCV_SHUTDOWN) != 0) {
            mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
        }
        if (c.isConnecting()) {
            // With connect put off, a write is what sends the SYN.
            return sock.deferredConnect() ? mask | EPOLLOUT | EPOLLWRNORM : mask;
        }
        return mask | readable(sock, c) | writable(sock, c);
    }

    private static int readable(TcpSock sock, TcpConnection c) {
        int target = sock.receiveLowWater;
        if (c.urgentData != 0 && c.urgentSeq == c.copiedSeq && !sock.outOfBandInline) {
            target++;
        }
        int mask = TcpReceive.available(c) >= target ? EPOLLIN | EPOLLRDNORM : 0;
        return (c.urgentData & TcpConnection.URGENT_VALID) != 0 ? mask | EPOLLPRI : mask;
    }

    private static int writable(TcpSock sock, TcpConnection c) {
        if ((c.shutdown & Sock.SEND_SHUTDOWN) != 0 || c.isWritable()) {
            return EPOLLOUT | EPOLLWRNORM;
        }
        sock.wantsSpace = true;
        return 0;
    }
}
