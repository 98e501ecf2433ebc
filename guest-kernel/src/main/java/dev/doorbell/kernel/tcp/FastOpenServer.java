package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.tcp.TcpMib.Counter;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of TCP fast open, RFC 7413 §4.2.2: a SYN with a good cookie makes a connection at once, in SYN-RECV,
 * whose data can be read and answered before the handshake is over. Until it is, the connection keeps its request, which
 * sees to the SYN-ACK, and counts against the listener's limit.
 */
final class FastOpenServer {
    /** Bits of tcp_fastopen. */
    static final int ENABLED = 2, WITHOUT_COOKIE = 0x200, ALL_LISTENERS = 0x400;

    private final Tcp tcp;
    final FastOpenKeys keys;

    FastOpenServer(Tcp tcp, SplittableRandom random) {
        this.tcp = tcp;
        this.keys = new FastOpenKeys(tcp.config(), random);
    }

    /**
     * A SYN for a listener with room.
     *
     * @param asked the SYN's option; becomes what the SYN-ACK has to carry
     * @return the connection that took the SYN's data, the buffer with it; null: an ordinary handshake
     */
    @Nullable
    TcpConnection open(TcpListener listener, TcpRequest request, SkBuff skb, FastOpenCookie asked) {
        boolean data = skb.cbEndSeq != skb.cbSeq + 1;
        if (asked.length == FastOpenCookie.REQUEST) {
            tcp.mib.inc(Counter.TCPFastOpenCookieReqd);
        }
        if ((tcp.config().fastopen & ENABLED) == 0
                || (!data && asked.length < 0)
                || !listener.fastOpenQueue.hasRoom(tcp, tcp.kernel.nowNs())) {
            asked.clear();
            return null;
        }
        TcpSettings settings = listener.settings;
        if ((tcp.config().fastopen & WITHOUT_COOKIE) != 0 || settings.fastOpenNoCookie) {
            asked.clear();
            return child(listener, request, skb);
        }
        if (asked.length < 0) {
            return null;
        }
        int good = asked.length == 0 ? FastOpenKeys.BAD : keys.check(settings, request, asked);
        if (good == FastOpenKeys.BAD) {
            if (asked.length > 0) {
                tcp.mib.inc(Counter.TCPFastOpenPassiveFail);
            }
            keys.make(settings, request, asked);
            return null;
        }
        if (good == FastOpenKeys.OLD_KEY) {
            keys.make(settings, request, asked);
            tcp.mib.inc(Counter.TCPFastOpenPassiveAltKey);
        } else {
            asked.clear();
        }
        return child(listener, request, skb);
    }

    private TcpConnection child(TcpListener listener, TcpRequest request, SkBuff skb) {
        TcpConnection c = tcp.childOf(listener, request);
        c.fastOpenRequest = request;
        listener.fastOpenQueue.add();
        c.rtoNs = tcp.config().rtoInitialNs;
        c.mtuProber.start();
        ReceiveWindow.established(c);
        c.cwndStampNs = tcp.kernel.nowNs();
        tcp.buffers.expand(c);
        takeData(c, skb);
        c.rcvWup = c.rcvNxt;
        request.rcvNxt = c.rcvNxt;
        request.sentNs = tcp.kernel.nowNs();
        tcp.timers.resetTransmit(c, TcpConnection.TIMER_RETRANSMIT, tcp.config().rtoInitialNs);
        tcp.mib.inc(Counter.TCPFastOpenPassive);
        return c;
    }

    /** The SYN's data, readable at once. */
    private static void takeData(TcpConnection c, SkBuff skb) {
        skb.cbSeq++;
        skb.cbFlags &= ~TcpHeader.SYN;
        c.segmentsIn = 1;
        if (skb.cbEndSeq == skb.cbSeq) {
            skb.free();
            return;
        }
        c.dataSegmentsIn = 1;
        c.bytesReceived = skb.length();
        c.rcvNxt = skb.cbEndSeq;
        c.synDataAcked = true;
        c.receiveMemory += c.receiveQueue.add(skb);
    }

    /**
     * A segment while the handshake is not over.
     *
     * @return false: nothing more is to be done with it
     */
    boolean check(TcpConnection c, TcpRequest request, SkBuff skb, ReceivedOptions options) {
        int flags = skb.cbFlags;
        boolean paws = request.timestampsOk && options.sawTimestamp && request.tsRecent - options.tsVal > 0;
        boolean synAgain =
                (flags & (TcpHeader.SYN | TcpHeader.ACK | TcpHeader.RST)) == TcpHeader.SYN && skb.cbSeq == request.irs;
        if (synAgain && !paws) {
            if (request.listener.outOfWindowAckDue(request)) {
                sendSynAck(request);
            }
            return false;
        }
        boolean inWindow =
                Seq.geq(skb.cbEndSeq, request.rcvNxt) && Seq.leq(skb.cbSeq, request.rcvNxt + request.receiveWindow);
        if (paws || !inWindow) {
            if ((flags & TcpHeader.RST) == 0) {
                tcp.responder.outOfWindowAck(c, Counter.TCPACKSkippedSynRecv);
            }
            return false;
        }
        if ((flags & TcpHeader.RST) != 0) {
            request.listener.fastOpenQueue.reset(c.listener == null, tcp.kernel.nowNs());
            c.fastOpenRequest = null;
            tcp.abort(c, dev.doorbell.kernel.core.Errno.ECONNRESET.number());
            return false;
        }
        if ((flags & TcpHeader.SYN) != 0) {
            tcp.responder.reset(c, skb);
            return false;
        }
        return (flags & TcpHeader.ACK) != 0;
    }

    void sendSynAck(TcpRequest request) {
        int flags = TcpHeader.SYN | TcpHeader.ACK | (request.ecnOk ? TcpHeader.ECE : 0);
        request.retransmissions++;
        tcp.writer.sendSynAck(request, flags, null);
    }

    /** The SYN-ACK was not answered. */
    void synAckTimeout(TcpConnection c, TcpRequest request) {
        int own = c.settings.synCount;
        int most = own != 0 ? own : tcp.config().synackRetries + 1;
        if (request.timeouts >= most) {
            tcp.timers.fail(c);
            return;
        }
        if (c.retransmits == 1) {
            tcp.recovery.enterLoss(c);
        }
        tcp.mib.inc(Counter.TCPSynRetrans);
        tcp.mib.inc(Counter.RetransSegs);
        sendSynAck(request);
        request.timeouts++;
        c.retransmits++;
        c.totalTimeouts++;
        if (c.retransStampNs == 0) {
            c.retransStampNs = c.nowNs();
        }
        long wait = tcp.config().rtoInitialNs << request.timeouts;
        tcp.timers.resetTransmit(c, TcpConnection.TIMER_RETRANSMIT, wait);
    }

    /** The third segment came: from here on it is a connection like any other. */
    void established(TcpConnection c) {
        TcpRequest request = c.fastOpenRequest;
        if (request == null) {
            return;
        }
        if (request.retransmissions == 0 && !c.rtt.hasSample()) {
            TcpListener.measureHandshake(c, request);
        }
        release(c);
        c.retransStampNs = 0;
        c.retransmits = 0;
        c.backoff = 0;
        tcp.timers.clearTransmit(c);
        tcp.timers.rearmRto(c);
    }

    /** The handshake is over, or the connection. */
    void release(TcpConnection c) {
        TcpRequest request = c.fastOpenRequest;
        if (request != null) {
            c.fastOpenRequest = null;
            request.listener.fastOpenQueue.remove();
        }
    }
}
