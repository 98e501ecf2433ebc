package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.SockAddr;
import dev.doorbell.kernel.tcp.TcpMib.Counter;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of TCP fast open, RFC 7413 §4.2.1: data goes with the SYN when the server's cookie is known, a
 * request for one when it is not. By {@code sendmsg(MSG_FASTOPEN)}, or by TCP_FASTOPEN_CONNECT, with which connect waits
 * for the first write.
 */
final class FastOpenClient {
    /** Bits of tcp_fastopen. */
    static final int ENABLED = 1, WITHOUT_COOKIE = 4;
    /** Values of tcpi_fastopen_client_fail. */
    static final int COOKIE_UNAVAILABLE = 1, DATA_NOT_ACKED = 2, SYN_RETRANSMITTED = 3;

    /** Kept free in a SYN with data, for options that boxes on the way may add. */
    private static final int MAX_OPTION_BYTES = 40;

    private static final ByteBuffer NO_DATA = ByteBuffer.allocate(0);

    private final Tcp tcp;
    private final FastOpenCache cache;

    FastOpenClient(Tcp tcp) {
        this.tcp = tcp;
        this.cache = new FastOpenCache(tcp.config());
    }

    FastOpenCache cache() {
        return cache;
    }

    /** A send that opens the connection. @return bytes that went with the SYN, or a negated errno: EINPROGRESS if none */
    long send(TcpSock sock, Message message, int flags) {
        SockAddr to = message.name;
        if ((tcp.config().fastopen & ENABLED) == 0 || (to != null && to.family() == AF_UNSPEC)) {
            return Errno.EOPNOTSUPP.negated();
        }
        if (sock.fastOpen != null) {
            return Errno.EALREADY.negated();
        }
        FastOpenRequest request = new FastOpenRequest(message.data);
        TcpConnection waiting = sock.deferredConnect() ? sock.connection : null;
        sock.fastOpen = request;
        int result;
        if (waiting != null) {
            sock.connectNoLongerDeferred();
            tcp.output.sendSyn(waiting);
            result = Errno.EINPROGRESS.negated();
        } else {
            result = to == null ? Errno.EINVAL.negated() : sock.connect(to, 0);
        }
        sock.fastOpen = null;
        TcpConnection c = sock.connection;
        if (c != null && request.copied > 0) {
            SendNotices.written(c, request.data, request.copied, flags);
        }
        return result == Errno.EINPROGRESS.negated() && request.copied > 0 ? request.copied : result;
    }

    /** TCP_FASTOPEN_CONNECT: with a cookie connect succeeds at once, and the first write sends the SYN. */
    boolean defersConnect(TcpConnection c) {
        FastOpenRequest request = new FastOpenRequest(NO_DATA);
        int mss = c.peerMss;
        boolean known = cookieFor(c, request.cookie);
        c.peerMss = mss;
        TcpSock sock = c.sock;
        if (!known && sock != null) {
            sock.fastOpen = request; // connect asks for a cookie
        }
        return known;
    }

    private boolean cookieFor(TcpConnection c, FastOpenCookie into) {
        int mss = cache.get(c, into);
        if (mss != 0) {
            c.peerMss = mss;
        }
        if (cache.isSuspended(c.nowNs())) {
            into.clear();
            return false;
        }
        c.fastOpenProves = true;
        if ((c.config.fastopen & WITHOUT_COOKIE) != 0 || c.settings.fastOpenNoCookie) {
            into.clear();
            return true;
        }
        if (into.length > 0) {
            return true;
        }
        c.fastOpenFailure = COOKIE_UNAVAILABLE;
        return false;
    }

    /** Sends a SYN, its entry queued already, with data or with a request for a cookie. */
    void sendSyn(TcpConnection c, TxSegment syn, FastOpenRequest request) {
        boolean withData = cookieFor(c, request.cookie);
        TxSegment data = null;
        if (withData) {
            int own = c.settings.userMss;
            c.peerMss = own != 0 ? Math.min(c.peerMss, own) : c.peerMss;
            tcp.output.syncMss(c, c.pathMtu);
            int space = TcpOutput.mssFor(c, c.pathMtu) - MAX_OPTION_BYTES;
            data = copy(c, request, Math.min(space, request.data.remaining()));
        } else if (request.cookie.length > 0) {
            request.cookie.length = FastOpenCookie.REQUEST;
        }
        c.synCookie = request.cookie.length < 0 ? null : request.cookie;
        c.synFastOpen = c.synCookie != null;
        c.synExperimental = c.synFastOpen && request.cookie.experimental;
        int flags = syn.flags;
        int error = tcp.writer.send(c, data == null ? syn : data, c.iss, flags, false);
        c.synCookie = null;
        if (data == null) {
            return;
        }
        // The SYN without data is an entry of its own, as it will be sent again without.
        data.flags = TcpHeader.PSH;
        c.sendQueue.advanceSendHead();
        c.sendQueue.sentNow(data);
        c.sndNxt = data.endSeq;
        c.pushedSeq = data.endSeq;
        c.packetsOut += data.packets;
        c.synData = error == 0;
        request.copied = data.length();
        tcp.mib.inc(Counter.TCPOrigDataSent);
    }

    private static @Nullable TxSegment copy(TcpConnection c, FastOpenRequest request, int bytes) {
        int left = bytes;
        while (left > 0) {
            int taken = c.sendQueue.append(request.data, left, c.writeSeq, bytes, bytes);
            if (taken == 0) {
                break;
            }
            c.writeSeq += taken;
            left -= taken;
        }
        TxSegment entry = c.sendQueue.sendHead;
        if (entry != null) {
            c.chronograph.start(Chronograph.BUSY, c.nowNs());
            entry.sentNs = c.nowNs();
            entry.transmissions = 1;
        }
        return entry;
    }

    /**
     * The SYN-ACK to a SYN with the option or with data.
     *
     * @return true when the data was not taken and goes out again
     */
    boolean synAck(TcpConnection c, ReceivedOptions options) {
        TxSegment data = c.synData ? c.sendQueue.rtxHead() : null;
        FastOpenCookie cookie = c.synFastOpen ? options.fastOpen : null;
        boolean none = cookie == null || cookie.length < 0;
        int tryExperimental = 0;
        if (c.synFastOpen && c.totalRetransmissions == 0 && none && !c.synData) {
            tryExperimental = c.synExperimental ? 2 : 1; // next time in the other form
        }
        cache.set(c, options.sawMss ? options.mss : c.peerMss, cookie, tryExperimental);
        if (data != null) {
            c.fastOpenFailure = c.totalRetransmissions > 0 ? SYN_RETRANSMITTED : DATA_NOT_ACKED;
            for (TxSegment entry = data; entry != null; entry = c.sendQueue.rtxNext(entry)) {
                Scoreboard.markLost(c, entry);
            }
            tcp.recovery.retransmitWithoutCongestion(c);
            tcp.mib.inc(Counter.TCPFastOpenActiveFail);
            return true;
        }
        c.synDataAcked = c.synData;
        if (c.synDataAcked) {
            tcp.mib.inc(Counter.TCPFastOpenActive);
            if (c.delivered > 1) {
                c.delivered--; // SYN and data are two entries, but were one packet
            }
        }
        return false;
    }

    /**
     * The SYN with its data did not fit the path: it goes again at once, without data, which waits for the SYN-ACK. What
     * the path takes is offered to the peer too, as its answer will most likely come the same way.
     */
    void tooLarge(TcpConnection c) {
        c.advertisedMss = Math.min(c.advertisedMss, c.pathMtu - c.ipHeaderBytes() - TcpHeader.MIN_LENGTH);
        TxSegment syn = c.sendQueue.rtxHead();
        if (syn != null) {
            Scoreboard.markLost(c, syn);
            tcp.recovery.retransmitWithoutCongestion(c);
        }
    }

    /** What was learned of peers is forgotten. */
    void forget() {
        cache.clear();
    }

    /** A timeout, {@code count} before it: the third in a row, or the last, suggests that fast open does not get through. */
    void timedOut(TcpConnection c, boolean last) {
        boolean fast = c.synFastOpen || c.synData || c.synDataAcked;
        if (fast && (c.retransmits == 2 || (c.retransmits < 2 && last))) {
            suspend(c);
            tcp.mib.inc(Counter.TCPFastOpenActiveFail);
        }
    }

    /** The end of a connection: nothing but a FIN or RST behind a hole came, or data did. */
    void ended(TcpConnection c) {
        if (!c.synFastOpen) {
            return;
        }
        if (c.bytesReceived == 0 && c.outOfOrder.count() == 1) {
            if ((c.outOfOrder.get(0).cbFlags & TcpHeader.FIN) != 0) {
                suspend(c);
            }
        } else if (c.fastOpenProves && c.bytesReceived > 0) {
            cache.works();
        }
    }

    private void suspend(TcpConnection c) {
        cache.suspend(c.nowNs());
        tcp.mib.inc(Counter.TCPFastOpenBlackhole);
    }
}
