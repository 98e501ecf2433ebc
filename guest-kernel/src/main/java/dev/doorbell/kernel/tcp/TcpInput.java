package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.socket.Sock;
import dev.doorbell.kernel.tcp.TcpMib.Counter;

/**
 * A segment for a connection: RFC 9293 §3.10.7 in its order, with the fast path for what is expected next. The segment's
 * data() is at its payload; cbSeq, cbEndSeq, cbAck and cbFlags are set; the buffer is gone in every case.
 */
final class TcpInput {
    private static final int FAST_MASK = ~(TcpHeader.PSH | TcpHeader.ACK) & 0xFF;

    private final Tcp tcp;
    private final AckProcessor acks;
    private final DataQueue data;
    private final SegmentValidator validator;
    private final Urgent urgent = new Urgent();
    private final TcpMib mib;

    TcpInput(Tcp tcp, AckProcessor acks, DataQueue data) {
        this.tcp = tcp;
        this.acks = acks;
        this.data = data;
        this.mib = tcp.mib;
        this.validator = new SegmentValidator(tcp);
    }

    void receive(TcpConnection c, SkBuff skb, ReceivedOptions options, int window, int urgentPointer) {
        c.segmentsIn += Math.max(1, skb.gsoSegments);
        if (skb.length() > 0) {
            c.dataSegmentsIn += Math.max(1, skb.gsoSegments);
        }
        c.lastReceivedNs = c.nowNs();
        c.sawTimestamp = options.sawTimestamp && c.timestampsOk;
        if (options.sawTimestamp) {
            c.receivedTsVal = options.tsVal;
            c.receivedTsEcr = options.tsEcr;
        }
        if (c.state() == TcpState.ESTABLISHED) {
            established(c, skb, options, window, urgentPointer);
        } else if (c.state() == TcpState.SYN_SENT) {
            synSent(c, skb, options, window);
        } else {
            otherStates(c, skb, options, window, urgentPointer);
        }
    }

    // ---- ESTABLISHED

    private void established(TcpConnection c, SkBuff skb, ReceivedOptions options, int window, int urgentPointer) {
        int bytes = skb.cbEndSeq - skb.cbSeq;
        boolean expected = (skb.cbFlags & FAST_MASK) == 0
                && (skb.cbFlags & TcpHeader.ACK) != 0
                && skb.cbSeq == c.rcvNxt
                && Seq.leq(skb.cbAck, c.sndNxt)
                && Seq.geq(skb.cbAck, c.sndUna)
                && window << c.sndWscale == c.sndWnd
                && c.ecn == 0
                && c.urgentData == 0
                && options.sackBlocks == 0
                && c.sawTimestamp == c.timestampsOk
                && (!c.timestampsOk || Seq.geq(options.tsVal, c.tsRecent));
        if (expected && bytes == 0) {
            // A pure ACK: we are the sender.
            updateTsRecentFast(c, skb, options);
            int result = acks.process(c, skb, options, window, 0);
            skb.free();
            if (result > 0) {
                mib.inc(Counter.TCPHPHits);
            }
            sendCheck(c);
            return;
        }
        if (expected
                && c.outOfOrder.isEmpty()
                && bytes <= c.receiveWindow()
                && c.receiveMemory <= c.settings.receiveBufferBytes) {
            // In-order data, nothing unusual: we are the receiver.
            mib.inc(Counter.TCPHPHits);
            updateTsRecentFast(c, skb, options);
            boolean acked = skb.cbAck != c.sndUna;
            if (acked) {
                acks.process(c, skb, options, window, AckContext.DATA);
            }
            data.receive(c, skb);
            if (acked) { // else nothing has changed for what waits to be sent, and MSG_MORE holds it back
                sendCheck(c);
            }
            tcp.acks.check(c);
            return;
        }
        if (!validator.accept(c, skb, options, window)) {
            skb.free();
            return;
        }
        if ((skb.cbFlags & TcpHeader.ACK) == 0) {
            skb.free();
            return;
        }
        if (!processAck(c, skb, options, window, false)) {
            return;
        }
        urgent.receive(c, skb, urgentPointer);
        data.receive(c, skb);
        sendCheck(c);
        tcp.acks.check(c);
    }

    private static void updateTsRecentFast(TcpConnection c, SkBuff skb, ReceivedOptions options) {
        if (c.timestampsOk && Seq.leq(skb.cbSeq, c.rcvWup)) {
            c.tsRecent = options.tsVal;
            c.tsRecentNs = c.nowNs();
        }
    }

    /** @return false: the segment is used up */
    private boolean processAck(TcpConnection c, SkBuff skb, ReceivedOptions options, int window, boolean quiet) {
        int flags = AckContext.SLOW_PATH | AckContext.UPDATE_TS_RECENT | (quiet ? AckContext.NO_CHALLENGE : 0);
        int result = acks.process(c, skb, options, window, flags);
        if (result == AckProcessor.UNSENT) {
            tcp.responder.outOfWindowAck(c, Counter.TCPACKSkippedSeq);
        }
        if (result < 0) {
            skb.free();
            return false;
        }
        return true;
    }

    /** Anything new that the ACK allows to be sent; room for the application. */
    private void sendCheck(TcpConnection c) {
        if (c.state() == TcpState.CLOSE) {
            return;
        }
        tcp.output.pushPending(c);
        tcp.buffers.spaceFreed(c);
    }

    /** RFC 7323 §4.3: the value of the segment that moves the left edge of the window. */
    void replaceTsRecent(TcpConnection c, int seq) {
        if (c.sawTimestamp && Seq.leq(seq, c.rcvWup) && c.receivedTsVal - c.tsRecent >= 0) {
            c.tsRecent = c.receivedTsVal;
            c.tsRecentNs = c.nowNs();
        }
    }

    // ---- SYN-SENT, RFC 9293 §3.10.7.3

    private void synSent(TcpConnection c, SkBuff skb, ReceivedOptions options, int window) {
        boolean ack = (skb.cbFlags & TcpHeader.ACK) != 0;
        boolean rst = (skb.cbFlags & TcpHeader.RST) != 0;
        if (ack && (Seq.leq(skb.cbAck, c.sndUna) || Seq.gt(skb.cbAck, c.sndNxt))) {
            if (c.retransmits == 0) {
                tcp.timers.resetTransmitSoon(c); // the peer has forgotten an old connection now, as Linux hopes
            }
            if (!rst) {
                tcp.responder.reset(c, skb);
            }
            skb.free();
            return;
        }
        if (ack && options.sawTimestamp && tsEcrImpossible(c, options)) {
            mib.inc(Counter.PAWSActive);
            if (!rst) {
                tcp.responder.reset(c, skb);
            }
            skb.free();
            return;
        }
        if (rst) {
            if (ack) {
                validator.reset(c);
            }
            skb.free();
            return;
        }
        if ((skb.cbFlags & TcpHeader.SYN) == 0) {
            skb.free();
            return;
        }
        takeSynOptions(c, options);
        c.irs = skb.cbSeq;
        c.rcvNxt = skb.cbSeq + 1;
        c.rcvWup = c.rcvNxt;
        c.copiedSeq = c.rcvNxt;
        c.sndWl1 = skb.cbSeq;
        c.sndWnd = window;
        c.maxWindow = window;
        if (ack) {
            if ((skb.cbFlags & (TcpHeader.ECE | TcpHeader.CWR)) == TcpHeader.ECE && c.config.ecn == 1) {
                c.ecn = TcpConnection.ECN_OK;
            }
            synSentAcked(c, skb, options, window);
        } else {
            // Simultaneous open: answer SYN with SYN-ACK.
            tcp.setState(c, TcpState.SYN_RECV);
            tcp.output.syncMss(c, c.pathMtuNow());
            tcp.output.sendSynAck(c);
            skb.free();
        }
    }

    private void synSentAcked(TcpConnection c, SkBuff skb, ReceivedOptions options, int window) {
        c.sawTimestamp = c.timestampsOk && options.sawTimestamp;
        int firstMs = (int) (c.retransStampNs / TcpConfig.MS) + c.tsOffset;
        c.handshakeSound = c.sawTimestamp && options.tsEcr == firstMs;
        acks.process(c, skb, options, window, AckContext.SLOW_PATH);
        tcp.finishConnect(c);
        boolean again = (c.synFastOpen || c.synData) && tcp.fastOpenClient.synAck(c, options);
        TcpSock sock = c.sock;
        boolean writing = sock != null && sock.writersWaiting > 0;
        if (sock != null) {
            sock.stateChanged(EPOLLOUT | EPOLLWRNORM);
        }
        if (c.state() == TcpState.CLOSE) {
            skb.free();
            return;
        }
        if (skb.cbEndSeq != c.rcvNxt) {
            // RFC 9293 §3.10.7.3: data or a FIN that came with the SYN is taken now.
            skb.cbSeq = c.rcvNxt;
            skb.cbFlags &= ~TcpHeader.SYN;
            data.receive(c, skb);
            c.ackPending |= TcpConnection.ACK_SCHEDULED | TcpConnection.ACK_NOW;
            sendCheck(c);
            tcp.acks.check(c);
            return;
        }
        skb.free();
        if (again) {
            sendCheck(c); // what goes out again carries the ACK
            return;
        }
        if (writing || c.hasUnsent() || c.settings.deferAccept != 0 || c.inPingPong()) {
            // Data follows at once, or soon: let it carry the ACK.
            c.ackPending |= TcpConnection.ACK_SCHEDULED;
            c.enterQuickAck(16);
            tcp.output.pushPending(c);
            if ((c.ackPending & TcpConnection.ACK_SCHEDULED) != 0) {
                c.ackPending |= TcpConnection.ACK_TIMER;
                c.ackTimer.set(c.nowNs() + c.delackMaxNs());
            }
        } else {
            tcp.output.sendAck(c);
        }
    }

    private static boolean tsEcrImpossible(TcpConnection c, ReceivedOptions options) {
        if (options.tsEcr == 0) {
            return false;
        }
        int first = (int) (c.retransStampNs / TcpConfig.MS) + c.tsOffset;
        return Seq.lt(options.tsEcr, first) || Seq.gt(options.tsEcr, c.timestamp());
    }

    /** What the peer's SYN or SYN-ACK agreed to. */
    private static void takeSynOptions(TcpConnection c, ReceivedOptions options) {
        c.timestampsOk = options.sawTimestamp && c.config.timestamps;
        c.sackOk = options.sackPermitted && c.config.sack;
        c.windowScaleOk = options.sawWindowScale && c.config.windowScaling;
        c.sndWscale = c.windowScaleOk ? options.windowScale : 0;
        if (!c.windowScaleOk) {
            c.rcvWscale = 0;
            c.windowClamp = Math.min(c.windowClamp == 0 ? 65_535 : c.windowClamp, 65_535);
        }
        int offered = options.sawMss ? options.mss : c.defaultMss();
        int own = c.settings.userMss;
        c.peerMss = own != 0 ? Math.min(offered, own) : offered;
        if (c.timestampsOk) {
            c.tsRecent = options.tsVal;
            c.tsRecentNs = c.nowNs();
        }
        c.sawTimestamp = c.timestampsOk;
    }

    // ---- the other synchronised states

    private void otherStates(TcpConnection c, SkBuff skb, ReceivedOptions options, int window, int urgentPointer) {
        if (c.state() == TcpState.CLOSE) {
            skb.free();
            return;
        }
        TcpRequest request = c.fastOpenRequest;
        if (request != null && !tcp.fastOpenServer.check(c, request, skb, options)) {
            skb.free();
            return;
        }
        if (!validator.accept(c, skb, options, window)) {
            skb.free();
            return;
        }
        if ((skb.cbFlags & TcpHeader.ACK) == 0) {
            skb.free();
            return;
        }
        boolean synRecv = c.state() == TcpState.SYN_RECV;
        if (!synRecvAckOk(c, skb, synRecv) || !processAck(c, skb, options, window, synRecv)) {
            return;
        }
        switch (c.state()) {
            case SYN_RECV -> {
                c.delivered++; // the SYN-ACK
                c.sndWl1 = skb.cbSeq;
                c.sndWnd = window << c.sndWscale;
                tcp.finishConnect(c);
                TcpSock sock = c.sock;
                if (sock != null) {
                    sock.stateChanged(EPOLLOUT | EPOLLWRNORM);
                }
            }
            case FIN_WAIT1 -> {
                tcp.fastOpenServer.established(c);
                if (!finWait1Acked(c, skb)) {
                    return;
                }
            }
            case CLOSING -> {
                if (c.sndUna == c.writeSeq) {
                    tcp.enterTimeWait(c, TcpState.TIME_WAIT, c.config.timeWaitNs);
                    skb.free();
                    return;
                }
            }
            case LAST_ACK -> {
                if (c.sndUna == c.writeSeq) {
                    tcp.peers.learn(c);
                    tcp.done(c);
                    skb.free();
                    return;
                }
            }
            default -> {}
        }
        urgent.receive(c, skb, urgentPointer);
        if (discardsData(c, skb)) {
            return;
        }
        data.receive(c, skb);
        if (c.state() != TcpState.CLOSE) {
            sendCheck(c);
            tcp.acks.check(c);
        }
    }

    private boolean synRecvAckOk(TcpConnection c, SkBuff skb, boolean synRecv) {
        if (synRecv && (Seq.leq(skb.cbAck, c.sndUna) || Seq.gt(skb.cbAck, c.sndNxt))) {
            tcp.responder.reset(c, skb);
            skb.free();
            return false;
        }
        return true;
    }

    /** FIN-WAIT-1 with our FIN acknowledged. @return false: the segment is used up */
    private boolean finWait1Acked(TcpConnection c, SkBuff skb) {
        if (c.sndUna != c.writeSeq) {
            return true;
        }
        tcp.setState(c, TcpState.FIN_WAIT2);
        c.shutdown |= Sock.SEND_SHUTDOWN;
        if (!c.isOrphan()) {
            TcpSock sock = c.sock;
            if (sock != null) {
                sock.stateChanged(EPOLLOUT);
            }
            return true;
        }
        boolean more = skb.cbEndSeq != skb.cbSeq
                && Seq.gt(skb.cbEndSeq - ((skb.cbFlags & TcpHeader.FIN) != 0 ? 1 : 0), c.rcvNxt);
        if (c.settings.linger2Ns < 0 || more) {
            // No FIN-WAIT-2 is wanted, or data came that nobody will read.
            mib.inc(Counter.TCPAbortOnData);
            tcp.responder.reset(c, skb);
            tcp.done(c);
            skb.free();
            return false;
        }
        long wait = tcp.finTimeoutNs(c);
        if (wait > c.config.timeWaitNs) {
            c.keepaliveTimer.set(c.nowNs() + wait - c.config.timeWaitNs);
            return true;
        }
        if ((skb.cbFlags & TcpHeader.FIN) == 0) {
            tcp.enterTimeWait(c, TcpState.FIN_WAIT2, wait);
            skb.free();
            return false;
        }
        c.keepaliveTimer.set(c.nowNs() + wait); // the FIN may lie beyond a hole
        return true;
    }

    /**
     * RFC 1122 §4.2.2.13: data after close, or after both sides were shut down, is answered by a reset.
     *
     * @return true: the segment is used up
     */
    private boolean discardsData(TcpConnection c, SkBuff skb) {
        TcpState state = c.state();
        boolean finReceived = state == TcpState.CLOSE_WAIT || state == TcpState.CLOSING || state == TcpState.LAST_ACK;
        if (finReceived && Seq.geq(skb.cbSeq, c.rcvNxt)) {
            skb.free();
            sendCheck(c);
            return true;
        }
        boolean noReader = finReceived || state == TcpState.FIN_WAIT1 || state == TcpState.FIN_WAIT2;
        if (noReader && (c.shutdown & Sock.RCV_SHUTDOWN) != 0 && skb.cbEndSeq != skb.cbSeq) {
            boolean fin = (skb.cbFlags & TcpHeader.FIN) != 0;
            // also what begins before a FIN that was accepted and goes on behind it: the stream had its end there
            if (Seq.gt(skb.cbEndSeq - (fin ? 1 : 0), c.rcvNxt)) {
                mib.inc(Counter.TCPAbortOnData);
                tcp.responder.reset(c, skb);
                tcp.abort(c, Errno.ECONNRESET.number());
                skb.free();
                return true;
            }
        }
        return false;
    }
}
