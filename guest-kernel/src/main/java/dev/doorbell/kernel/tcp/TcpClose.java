package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.socket.Sock;
import dev.doorbell.kernel.tcp.TcpMib.Counter;

/** CLOSE and what becomes of a connection without a socket, RFC 9293 §3.10.4, RFC 1122 §4.2.2.13. */
final class TcpClose {
    private TcpClose() {}

    /** The state after our FIN. @return whether a FIN is due */
    static boolean finIsDue(Tcp tcp, TcpConnection c) {
        switch (c.state()) {
            case ESTABLISHED, SYN_RECV -> tcp.setState(c, TcpState.FIN_WAIT1);
            case CLOSE_WAIT -> tcp.setState(c, TcpState.LAST_ACK);
            default -> {
                return false;
            }
        }
        return true;
    }

    /** Whether the peer of an aborted connection still counts on it: not when both FINs are under way and all is sent. */
    static boolean abortNeedsReset(TcpConnection c) {
        return switch (c.state()) {
            case ESTABLISHED, CLOSE_WAIT, FIN_WAIT1, FIN_WAIT2, SYN_RECV -> true;
            case CLOSING, LAST_ACK -> c.writeSeq != c.sndNxt;
            default -> false;
        };
    }

    /** The application closed the socket; what it sent is still to be delivered. */
    static void close(Tcp tcp, TcpSock sock, TcpConnection c) {
        boolean unread = TcpReceive.available(c) > 0;
        c.receiveQueue.clear();
        c.receiveMemory = 0;
        if (c.state() == TcpState.CLOSE) {
            c.sock = null;
            return;
        }
        c.shutdown = Sock.RCV_SHUTDOWN | Sock.SEND_SHUTDOWN;
        if (c.state() == TcpState.SYN_SENT) {
            c.sock = null;
            tcp.done(c);
            return;
        }
        if (unread || sock.lingerSeconds == 0) {
            tcp.mib.inc(unread ? Counter.TCPAbortOnClose : Counter.TCPAbortOnData);
            if (unread || abortNeedsReset(c)) { // RFC 2525 §2.17: data that nobody read is lost, and the peer must know
                tcp.output.sendActiveReset(c);
            }
            c.sock = null;
            tcp.done(c);
            return;
        }
        c.sock = null;
        c.listener = null;
        c.lingerer = sock.lingerSeconds > 0 ? sock : null;
        if (finIsDue(tcp, c)) {
            tcp.output.sendFin(c);
        }
        if (c.state() == TcpState.FIN_WAIT2) {
            orphanedFinWait2(tcp, c);
        }
    }

    private static void orphanedFinWait2(Tcp tcp, TcpConnection c) {
        if (c.settings.linger2Ns < 0) {
            tcp.mib.inc(Counter.TCPAbortOnLinger);
            tcp.output.sendActiveReset(c);
            tcp.done(c);
            return;
        }
        long wait = tcp.finTimeoutNs(c);
        if (wait > tcp.config().timeWaitNs) {
            c.keepaliveTimer.set(c.nowNs() + wait - tcp.config().timeWaitNs);
        } else {
            tcp.enterTimeWait(c, TcpState.FIN_WAIT2, wait);
        }
    }
}
