package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.socket.SocketOptions;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Socket options of level SOL_TCP, with the numbers of linux/tcp.h. Times are in seconds unless said otherwise. */
public final class TcpOptions {
    public static final int TCP_NODELAY = 1,
            TCP_MAXSEG = 2,
            TCP_CORK = 3,
            TCP_KEEPIDLE = 4,
            TCP_KEEPINTVL = 5,
            TCP_KEEPCNT = 6,
            TCP_SYNCNT = 7,
            TCP_LINGER2 = 8,
            TCP_DEFER_ACCEPT = 9,
            TCP_WINDOW_CLAMP = 10,
            TCP_INFO = 11,
            TCP_QUICKACK = 12,
            TCP_CONGESTION = 13,
            TCP_THIN_LINEAR_TIMEOUTS = 16,
            TCP_THIN_DUPACK = 17,
            TCP_USER_TIMEOUT = 18,
            TCP_REPAIR = 19,
            TCP_REPAIR_QUEUE = 20,
            TCP_QUEUE_SEQ = 21,
            TCP_REPAIR_OPTIONS = 22,
            TCP_FASTOPEN = 23,
            TCP_TIMESTAMP = 24,
            TCP_NOTSENT_LOWAT = 25,
            TCP_CC_INFO = 26,
            TCP_SAVE_SYN = 27,
            TCP_SAVED_SYN = 28,
            TCP_REPAIR_WINDOW = 29,
            TCP_FASTOPEN_CONNECT = 30,
            TCP_ULP = 31,
            TCP_FASTOPEN_KEY = 33,
            TCP_FASTOPEN_NO_COOKIE = 34,
            TCP_INQ = 36,
            TCP_RTO_MAX_MS = 44,
            TCP_RTO_MIN_US = 45,
            TCP_DELACK_MAX_US = 46;
    private static final int MIN_RTO_MAX_MS = 1000, MAX_RTO_MAX_MS = 120_000;
    private static final int MAX_KEEP_SECONDS = 32_767, MAX_KEEP_COUNT = 127, MAX_SYN_COUNT = 127;
    private static final int MIN_MSS = 88, MAX_WINDOW = 32_767;
    private static final int MAX_NAME = 16;

    private TcpOptions() {}

    static int set(Tcp tcp, TcpSock sock, int name, ByteBuffer value) {
        TcpSettings s = sock.settings;
        if (name == TCP_CONGESTION) {
            return setCongestion(tcp, sock, value);
        }
        if (name == TCP_ULP) {
            return Errno.ENOENT.negated(); // there are no upper layer protocols
        }
        if (name == TCP_FASTOPEN_KEY) {
            return FastOpenOptions.setKey(sock, value);
        }
        if (value.remaining() < Integer.BYTES) {
            return Errno.EINVAL.negated();
        }
        int v = value.getInt(value.position());
        TcpConnection c = sock.connection;
        switch (name) {
            case TCP_NODELAY -> {
                s.noDelay = v != 0;
                if (v != 0 && c != null) {
                    pushNow(tcp, c, TcpOutput.NAGLE_OFF); // overrides even a cork, once
                }
            }
            case TCP_CORK -> {
                s.cork = v != 0;
                if (v == 0 && c != null) {
                    pushNow(tcp, c, s.noDelay ? TcpOutput.NAGLE_OFF : TcpOutput.NAGLE_DEFAULT);
                }
            }
            case TCP_MAXSEG -> {
                if (v != 0 && (v < MIN_MSS || v > MAX_WINDOW)) {
                    return Errno.EINVAL.negated();
                }
                s.userMss = v;
            }
            case TCP_KEEPIDLE -> {
                if (v < 1 || v > MAX_KEEP_SECONDS) {
                    return Errno.EINVAL.negated();
                }
                s.keepIdleNs = v * TcpConfig.SECOND;
                if (c != null) {
                    tcp.timers.armKeepalive(c);
                }
            }
            case TCP_KEEPINTVL -> {
                if (v < 1 || v > MAX_KEEP_SECONDS) {
                    return Errno.EINVAL.negated();
                }
                s.keepIntervalNs = v * TcpConfig.SECOND;
            }
            case TCP_KEEPCNT -> {
                if (v < 1 || v > MAX_KEEP_COUNT) {
                    return Errno.EINVAL.negated();
                }
                s.keepCount = v;
            }
            case TCP_SYNCNT -> {
                if (v < 1 || v > MAX_SYN_COUNT) {
                    return Errno.EINVAL.negated();
                }
                s.synCount = v;
            }
            case TCP_LINGER2 -> s.linger2Ns = v < 0 ? -1 : Math.min(v, 120) * TcpConfig.SECOND;
            case TCP_DEFER_ACCEPT -> s.deferAccept = retransmissionsIn(v, tcp.config());
            case TCP_WINDOW_CLAMP -> {
                if (v == 0 && sock.state() != TcpState.CLOSE) {
                    return Errno.EINVAL.negated();
                }
                s.windowClamp = v;
                if (c != null) {
                    c.windowClamp = Math.max(v, tcp.config().rmemMin / 2);
                    c.rcvSsthresh = Math.min(c.rcvSsthresh, c.windowClamp);
                }
            }
            case TCP_QUICKACK -> {
                if (c != null) {
                    quickAck(tcp, c, v);
                }
            }
            case TCP_USER_TIMEOUT -> { // milliseconds
                if (v < 0) {
                    return Errno.EINVAL.negated();
                }
                s.userTimeoutNs = v * TcpConfig.MS;
            }
            case TCP_NOTSENT_LOWAT -> {
                s.notsentLowat = v;
                if (c != null) {
                    tcp.buffers.spaceFreed(c);
                }
            }
            case TCP_FASTOPEN, TCP_FASTOPEN_CONNECT, TCP_FASTOPEN_NO_COOKIE -> {
                return FastOpenOptions.set(tcp, sock, name, v);
            }
            case TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ, TCP_REPAIR_OPTIONS, TCP_REPAIR_WINDOW, TCP_TIMESTAMP -> {
                return Errno.EPERM.negated(); // moving connections between hosts is not for applications
            }
            default -> {
                return setTuning(tcp, sock, name, v);
            }
        }
        return 0;
    }

    private static int setTuning(Tcp tcp, TcpSock sock, int name, int v) {
        TcpSettings s = sock.settings;
        boolean good;
        switch (name) {
            case TCP_THIN_LINEAR_TIMEOUTS -> {
                good = v == 0 || v == 1;
                s.thinLinearTimeouts = good ? v != 0 : s.thinLinearTimeouts;
            }
            case TCP_THIN_DUPACK -> good = v == 0 || v == 1; // Linux keeps the name; RACK does what it was for
            case TCP_INQ -> {
                good = v == 0 || v == 1;
                sock.receiveQueueHint = good ? v != 0 : sock.receiveQueueHint;
            }
            case TCP_SAVE_SYN -> {
                good = v >= 0 && v <= SavedSyn.WITH_ETHERNET;
                s.saveSyn = good ? v : s.saveSyn;
            }
            case TCP_RTO_MAX_MS -> {
                good = v >= MIN_RTO_MAX_MS && v <= MAX_RTO_MAX_MS;
                s.rtoMaxNs = good ? v * TcpConfig.MS : s.rtoMaxNs;
            }
            case TCP_RTO_MIN_US -> {
                good = v > 0 && v * 1000L <= tcp.config().rtoMaxNs;
                s.rtoMinNs = good ? v * 1000L : s.rtoMinNs;
            }
            case TCP_DELACK_MAX_US -> {
                good = v > 0 && v * 1000L <= tcp.config().delackMaxNs;
                s.delackMaxNs = good ? v * 1000L : s.delackMaxNs;
            }
            default -> {
                return Errno.ENOPROTOOPT.negated();
            }
        }
        return good ? 0 : Errno.EINVAL.negated();
    }

    private static void pushNow(Tcp tcp, TcpConnection c, int nagle) {
        if (c.hasUnsent() && c.state() != TcpState.SYN_SENT) {
            tcp.output.push(c, tcp.output.currentMss(c), nagle);
        }
    }

    private static void quickAck(Tcp tcp, TcpConnection c, int v) {
        if (v == 0) {
            c.pingpong = TcpConnection.PINGPONG;
            return;
        }
        c.pingpong = 0;
        if ((c.state() == TcpState.ESTABLISHED || c.state() == TcpState.CLOSE_WAIT)
                && (c.ackPending & TcpConnection.ACK_SCHEDULED) != 0) {
            c.ackPending |= TcpConnection.ACK_PUSHED; // goes when all was read, as if one byte had been just now
            tcp.acks.afterRead(c, 1);
            if ((v & 1) == 0) {
                c.pingpong = TcpConnection.PINGPONG;
            }
        }
    }

    private static int setCongestion(Tcp tcp, TcpSock sock, ByteBuffer value) {
        byte[] text = new byte[Math.min(value.remaining(), MAX_NAME)];
        value.get(value.position(), text);
        String name = new String(text, StandardCharsets.US_ASCII);
        int end = name.indexOf('\0');
        if (end >= 0) {
            name = name.substring(0, end);
        }
        CongestionControl made = CongestionControl.create(name, tcp.config(), tcp.mib);
        if (made == null) {
            return Errno.ENOENT.negated();
        }
        sock.settings.congestion = name;
        if (sock.connection != null) {
            sock.connection.congestion = made;
        }
        return 0;
    }

    /** Seconds as a number of SYN-ACK retransmissions, rounded up; and back. */
    private static int retransmissionsIn(int seconds, TcpConfig config) {
        int n = 0;
        long period = 0;
        while (period < seconds * TcpConfig.SECOND && n < 255) {
            period += Math.min(config.rtoInitialNs << Math.min(n, 30), config.rtoMaxNs);
            n++;
        }
        return seconds <= 0 ? 0 : n;
    }

    private static int secondsOf(int retransmissions, TcpConfig config) {
        long period = 0;
        for (int i = 0; i < retransmissions; i++) {
            period += Math.min(config.rtoInitialNs << Math.min(i, 30), config.rtoMaxNs);
        }
        return (int) (period / TcpConfig.SECOND);
    }

    static int get(Tcp tcp, TcpSock sock, int name, ByteBuffer into) {
        TcpSettings s = sock.settings;
        TcpConfig config = tcp.config();
        TcpConnection c = sock.connection;
        int value;
        switch (name) {
            case TCP_NODELAY -> value = s.noDelay ? 1 : 0;
            case TCP_CORK -> value = s.cork ? 1 : 0;
            case TCP_MAXSEG -> value = c != null && c.mss != 0 ? c.mss : s.userMss != 0 ? s.userMss : 536;
            case TCP_KEEPIDLE -> value = (int) (s.keepIdleNs(config) / TcpConfig.SECOND);
            case TCP_KEEPINTVL -> value = (int) (s.keepIntervalNs(config) / TcpConfig.SECOND);
            case TCP_KEEPCNT -> value = s.keepCount(config);
            case TCP_SYNCNT -> value = s.synCount != 0 ? s.synCount : config.synRetries;
            case TCP_LINGER2 ->
                value = s.linger2Ns < 0
                        ? -1
                        : (int) ((s.linger2Ns != 0 ? s.linger2Ns : config.finTimeoutNs) / TcpConfig.SECOND);
            case TCP_DEFER_ACCEPT -> value = secondsOf(s.deferAccept, config);
            case TCP_WINDOW_CLAMP -> value = c != null ? c.windowClamp : s.windowClamp;
            case TCP_QUICKACK -> value = c != null && c.inPingPong() ? 0 : 1;
            case TCP_USER_TIMEOUT -> value = (int) (s.userTimeoutNs / TcpConfig.MS);
            case TCP_NOTSENT_LOWAT -> value = s.notsentLowat;
            case TCP_FASTOPEN -> value = sock.fastOpenQueueLength();
            case TCP_FASTOPEN_CONNECT -> value = s.fastOpenConnect ? 1 : 0;
            case TCP_FASTOPEN_NO_COOKIE -> value = s.fastOpenNoCookie ? 1 : 0;
            case TCP_FASTOPEN_KEY -> {
                return FastOpenOptions.getKey(tcp, sock, into);
            }
            case TCP_TIMESTAMP -> value = c == null ? (int) (tcp.kernel.nowNs() / TcpConfig.MS) : c.timestamp();
            case TCP_SAVE_SYN -> value = s.saveSyn;
            case TCP_SAVED_SYN -> {
                return SavedSyn.take(c, into);
            }
            case TCP_INQ -> value = sock.receiveQueueHint ? 1 : 0;
            case TCP_THIN_LINEAR_TIMEOUTS -> value = s.thinLinearTimeouts ? 1 : 0;
            case TCP_THIN_DUPACK -> value = 0;
            case TCP_RTO_MAX_MS -> value = (int) (s.rtoMaxNs(config) / TcpConfig.MS);
            case TCP_RTO_MIN_US -> value = (int) (s.rtoMinNs(config) / 1000);
            case TCP_DELACK_MAX_US -> value = (int) (s.delackMaxNs(config) / 1000);
            case TCP_CC_INFO -> {
                return 0; // no algorithm here has anything to tell
            }
            case TCP_INFO -> {
                return TcpInfo.write(tcp, sock, into);
            }
            case TCP_CONGESTION -> {
                byte[] text = new byte[MAX_NAME];
                byte[] ascii = s.congestion.getBytes(StandardCharsets.US_ASCII);
                System.arraycopy(ascii, 0, text, 0, ascii.length);
                int length = Math.min(into.remaining(), MAX_NAME);
                into.put(text, 0, length);
                return length;
            }
            default -> {
                return Errno.ENOPROTOOPT.negated();
            }
        }
        return SocketOptions.putInt(into, value);
    }
}
