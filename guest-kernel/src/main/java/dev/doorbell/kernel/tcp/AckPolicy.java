package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.skb.SkBuff;

/** When to acknowledge: at once, or with luck on the back of data. RFC 1122 §4.2.3.2, RFC 5681 §4.2, as Linux does. */
final class AckPolicy {
    /** Quick ACKs at the start of a connection, so that the peer's slow start is not held up. */
    private static final int INITIAL_QUICK_ACKS = 16;

    private static final long HALF_SECOND_NS = 500 * TcpConfig.MS;
    private static final int MIN_PEER_MSS = 536;

    private final Tcp tcp;

    AckPolicy(Tcp tcp) {
        this.tcp = tcp;
    }

    /** In-order data came: adapts the delay to its rhythm. */
    void dataReceived(TcpConnection c, SkBuff skb) {
        int bytes = skb.length();
        c.ackPending |= TcpConnection.ACK_SCHEDULED;
        measurePeerMss(c, skb);
        ReceiveWindow.measureRtt(c, c.rcvNxt, bytes);
        long now = c.nowNs();
        long min = c.config.delackMinNs;
        if (c.ackTimeoutNs == 0) {
            c.boostQuickAcks(INITIAL_QUICK_ACKS);
            c.ackTimeoutNs = min;
        } else {
            long gap = now - c.lastDataInNs;
            if (gap <= min / 2) {
                c.ackTimeoutNs = (c.ackTimeoutNs >> 1) + min / 2;
            } else if (gap < c.ackTimeoutNs) {
                c.ackTimeoutNs = Math.min((c.ackTimeoutNs >> 1) + gap, c.rtoNs);
            } else if (gap > c.rtoNs) {
                c.boostQuickAcks(INITIAL_QUICK_ACKS); // a pause: the peer slow-starts again
            }
        }
        c.lastDataInNs = now;
        EcnReceiver.data(c, skb);
        ReceiveWindow.grow(c, bytes, ReceiveQueue.memoryOf(skb));
    }

    /** What the peer's full packets seem to carry. */
    static void measurePeerMss(TcpConnection c, SkBuff skb) {
        int bytes = skb.gsoSize != 0 ? skb.gsoSize : skb.length();
        if (bytes >= c.peerMssEstimate) {
            if (bytes != c.peerMssEstimate) {
                ReceiveWindow.measureOverhead(c, skb.length(), ReceiveQueue.memoryOf(skb));
            }
            c.peerMssEstimate = Math.min(bytes, c.advertisedMss);
        } else if (bytes >= MIN_PEER_MSS) {
            c.peerMssEstimate = Math.max(bytes, MIN_PEER_MSS);
        } else {
            c.ackPending |= (c.ackPending & TcpConnection.ACK_PUSHED) != 0
                    ? TcpConnection.ACK_PUSHED2
                    : TcpConnection.ACK_PUSHED;
        }
    }

    /** After a segment was processed: acknowledges what is due. */
    void check(TcpConnection c) {
        if ((c.ackPending & TcpConnection.ACK_SCHEDULED) == 0 && (c.ackPending & TcpConnection.ACK_NOW) == 0) {
            return;
        }
        boolean full = c.rcvNxt - c.rcvWup > c.peerMssEstimate
                && (c.rcvNxt - c.copiedSeq < c.settings.receiveLowWater || ReceiveWindow.choose(c) >= c.rcvWnd);
        if (full || c.inQuickAckMode() || (c.ackPending & TcpConnection.ACK_NOW) != 0 || !c.outOfOrder.isEmpty()) {
            tcp.output.sendAck(c);
        } else {
            delay(c);
        }
    }

    void delay(TcpConnection c) {
        long min = c.config.delackMinNs;
        long ato = c.ackTimeoutNs;
        if (ato > min) {
            long most = HALF_SECOND_NS;
            if (c.inPingPong() || (c.ackPending & TcpConnection.ACK_PUSHED) != 0) {
                most = c.delackMaxNs();
            }
            if (c.rtt.hasSample()) {
                most = Math.min(most, Math.max(c.rtt.srttUs() * 1000L, min));
            }
            ato = Math.min(ato, most);
        }
        ato = Math.min(ato, c.delackMaxNs());
        long now = c.nowNs();
        long at = now + ato;
        if ((c.ackPending & TcpConnection.ACK_TIMER) != 0) {
            long due = c.ackTimer.deadlineNs();
            if (due <= now + (ato >> 2)) {
                tcp.output.sendAck(c);
                return;
            }
            at = Math.min(at, due);
        }
        c.ackPending |= TcpConnection.ACK_SCHEDULED | TcpConnection.ACK_TIMER;
        c.ackTimer.set(at);
    }

    /** The application read: says so when the window opened by much, or an ACK waits for nothing better. */
    void afterRead(TcpConnection c, int copied) {
        boolean now = false;
        if ((c.ackPending & TcpConnection.ACK_SCHEDULED) != 0) {
            boolean pushed = (c.ackPending & TcpConnection.ACK_PUSHED2) != 0
                    || ((c.ackPending & TcpConnection.ACK_PUSHED) != 0 && !c.inPingPong());
            now = c.rcvNxt - c.rcvWup > c.peerMssEstimate || (copied > 0 && pushed && c.receiveMemory == 0);
        }
        if (copied > 0 && !now && (c.shutdown & dev.doorbell.kernel.socket.Sock.RCV_SHUTDOWN) == 0) {
            int promised = c.receiveWindow();
            if (2 * promised <= c.windowClamp) {
                int next = ReceiveWindow.choose(c);
                now = next != 0 && next >= 2 * promised;
            }
        }
        if (now) {
            tcp.output.sendAck(c);
        }
    }
}
