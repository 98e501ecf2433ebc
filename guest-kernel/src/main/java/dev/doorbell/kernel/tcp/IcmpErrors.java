package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.icmpv6.Icmp6Errno;
import dev.doorbell.kernel.ipv6.Icmp6Errors;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.tcp.TcpMib.Counter;
import org.jspecify.annotations.Nullable;

/** ICMP errors about segments: soft for a connection, hard for an attempt; RFC 1122 §4.2.3.9, RFC 5927, RFC 1191. */
final class IcmpErrors {
    private static final int UNREACHABLE = 3, TIME_EXCEEDED = 11, PARAMETER_PROBLEM = 12;
    private static final int CODE_NET = 0, CODE_HOST = 1;
    private static final int CODE_PROTOCOL = 2, CODE_PORT = 3, CODE_FRAGMENTATION = 4;
    private static final int CODE_SOURCE_ROUTE = 5, CODE_HOST_UNKNOWN = 7, CODE_HOST_ISOLATED = 8;

    private IcmpErrors() {}

    /** @param quoted the beginning of the segment, for the error queue; null: not at hand */
    static void handle(Tcp tcp, @Nullable Flow flow, int seq, int type, int code, int info, @Nullable SkBuff quoted) {
        if (flow instanceof TcpRequest request) {
            boolean unreachable = type == UNREACHABLE && (code == CODE_NET || code == CODE_HOST);
            attemptFailed(tcp, request, seq, unreachable || type == TIME_EXCEEDED || type == PARAMETER_PROBLEM);
            return;
        }
        TcpConnection c = concerned(tcp, flow, seq);
        if (c == null) {
            return;
        }
        if (type == UNREACHABLE && code == CODE_FRAGMENTATION) {
            pathMtu(tcp, c, Math.max(1, info));
            return;
        }
        if (type == UNREACHABLE && (code == CODE_NET || code == CODE_HOST)) {
            tcp.timers.revertBackoff(c, seq);
        }
        report(tcp, c, errno(type, code), SO_EE_ORIGIN_ICMP, type, code, info, quoted);
    }

    /** The same for ICMPv6. */
    static void handle6(Tcp tcp, @Nullable Flow flow, int seq, int type, int code, int info, @Nullable SkBuff quoted) {
        if (flow instanceof TcpRequest request) {
            attemptFailed(tcp, request, seq, Icmp6Errno.isFatal(type, code));
            return;
        }
        TcpConnection c = concerned(tcp, flow, seq);
        if (c == null) {
            return;
        }
        if (type == Icmp6Errors.PACKET_TOO_BIG) {
            pathMtu(tcp, c, Math.max(info, Ipv6.MIN_MTU));
            return;
        }
        report(tcp, c, Icmp6Errno.of(type, code).number(), SO_EE_ORIGIN_ICMP6, type, code, info, quoted);
    }

    /** An error about a SYN-ACK: when it says that the peer cannot be reached, nobody will answer. */
    private static void attemptFailed(Tcp tcp, TcpRequest request, int seq, boolean hopeless) {
        if (seq != request.iss) {
            tcp.mib.inc(Counter.OutOfWindowIcmps);
        } else if (hopeless) {
            request.listener.drop(request);
            tcp.mib.inc(Counter.ListenDrops);
        }
    }

    /** The connection that has sent {@code seq} and waits for its acknowledgement; null: the error proves nothing. */
    private static @Nullable TcpConnection concerned(Tcp tcp, @Nullable Flow flow, int seq) {
        if (!(flow instanceof TcpConnection c) || c.state() == TcpState.CLOSE) {
            return null;
        }
        if (Seq.lt(seq, c.sndUna) || Seq.gt(seq, c.sndNxt)) {
            tcp.mib.inc(Counter.OutOfWindowIcmps);
            return null;
        }
        return c;
    }

    private static void report(
            Tcp tcp, TcpConnection c, int error, int origin, int type, int code, int info, @Nullable SkBuff quoted) {
        if (error == 0) {
            return;
        }
        TcpSock sock = c.sock;
        boolean told = sock != null && sock.receiveErrors;
        if (sock != null && told && quoted != null) {
            sock.errors.icmp(error, origin, type, code, info, quoted);
        }
        boolean handshake = c.state() == TcpState.SYN_SENT || c.state() == TcpState.SYN_RECV;
        if (handshake && sock != null) {
            tcp.abort(c, error);
        } else if (sock != null && told) {
            sock.pendingError(error); // who asks for errors gets them, and decides
            sock.stateChanged(EPOLLERR | EPOLLIN | EPOLLOUT);
        } else {
            c.softError = error;
        }
    }

    private static int errno(int type, int code) {
        return switch (type) {
            case UNREACHABLE ->
                switch (code) {
                    case CODE_PROTOCOL -> Errno.ENOPROTOOPT.number();
                    case CODE_PORT -> Errno.ECONNREFUSED.number();
                    case 0, 6, 9, 11 -> Errno.ENETUNREACH.number();
                    case CODE_SOURCE_ROUTE -> Errno.EOPNOTSUPP.number();
                    case CODE_HOST_UNKNOWN -> Errno.EHOSTDOWN.number();
                    case CODE_HOST_ISOLATED -> Errno.ENONET.number();
                    default -> Errno.EHOSTUNREACH.number();
                };
            case TIME_EXCEEDED -> Errno.EHOSTUNREACH.number();
            case PARAMETER_PROBLEM -> Errno.EPROTO.number();
            default -> 0;
        };
    }

    /** The path takes less: smaller packets from now on, and what was too large again at once. */
    private static void pathMtu(Tcp tcp, TcpConnection c, int claimed) {
        int mtu = Math.max(Math.min(claimed, c.path.mtu()), tcp.config().minPmtu);
        if (claimed <= 0 || mtu >= c.pathMtu) {
            return;
        }
        tcp.network.learnMtu(c, mtu, c.settings.outInterface);
        tcp.refreshPath(c);
        tcp.output.syncMss(c, mtu);
        c.mtuLimit = mtu;
        c.mtuLimitEndNs = c.nowNs() + tcp.config().mtuExpiresNs;
        if (c.state() == TcpState.SYN_SENT && c.synData) {
            tcp.fastOpenClient.tooLarge(c);
            return;
        }
        tcp.recovery.retransmitLarger(c);
    }
}
