package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.icmpv6.Icmp6Errno;
import dev.doorbell.kernel.ipv6.Icmp6Errors;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.tcp.TcpMib.Counter;
import org.jspecify.annotations.Nullable;

/** ICMP errors about segments: soft for a connection, hard for an attempt; RFC 1122 §4.2.3.9, RFC 5927, RFC 1191. */
final class IcmpErrors {
    private static final int UNREACHABLE = 3, TIME_EXCEEDED = 11, PARAMETER_PROBLEM = 12;
    private static final int CODE_PROTOCOL = 2, CODE_PORT = 3, CODE_FRAGMENTATION = 4;

    private IcmpErrors() {}

    static void handle(Tcp tcp, @Nullable Flow flow, int seq, int type, int code, int info) {
        boolean tooBig = type == UNREACHABLE && code == CODE_FRAGMENTATION;
        handle(tcp, flow, seq, errno(type, code), tooBig ? Math.max(1, info) : 0);
    }

    /** The same for ICMPv6. */
    static void handle6(Tcp tcp, @Nullable Flow flow, int seq, int type, int code, int info) {
        boolean tooBig = type == Icmp6Errors.PACKET_TOO_BIG;
        handle(tcp, flow, seq, Icmp6Errno.of(type, code).number(), tooBig ? Math.max(info, Ipv6.MIN_MTU) : 0);
    }

    /** @param mtu what the path takes, when that is what the error says; else 0 */
    private static void handle(Tcp tcp, @Nullable Flow flow, int seq, int error, int mtu) {
        if (!(flow instanceof TcpConnection c) || c.state() == TcpState.CLOSE) {
            return;
        }
        if (Seq.lt(seq, c.sndUna) || Seq.gt(seq, c.sndNxt)) {
            tcp.mib.inc(Counter.OutOfWindowIcmps);
            return;
        }
        if (mtu != 0) {
            pathMtu(tcp, c, mtu);
            return;
        }
        if (error == 0) {
            return;
        }
        boolean handshake = c.state() == TcpState.SYN_SENT || c.state() == TcpState.SYN_RECV;
        if (handshake && c.sock != null) {
            tcp.abort(c, error);
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
        tcp.output.syncMss(c, mtu);
        c.mtuLimit = mtu;
        c.mtuLimitEndNs = c.nowNs() + tcp.config().mtuExpiresNs;
        tcp.recovery.retransmitLarger(c);
    }
}
