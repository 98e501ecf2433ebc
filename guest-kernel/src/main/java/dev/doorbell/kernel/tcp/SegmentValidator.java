package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.tcp.TcpMib.Counter;

/**
 * Whether a segment may be processed in a synchronised state: PAWS (RFC 7323 §5.3), the window, RST and SYN (RFC 9293
 * §3.10.7.4 first to fourth, RFC 5961 §3 and §4).
 */
final class SegmentValidator {
    /** Timestamps are not compared after such a long silence: RFC 7323 §5.5. */
    private static final int PAWS_WINDOW = 1;

    private static final long PAWS_IDLE_NS = 24L * 24 * 3600 * TcpConfig.SECOND;

    private final Tcp tcp;
    private final TcpMib mib;

    SegmentValidator(Tcp tcp) {
        this.tcp = tcp;
        this.mib = tcp.mib;
    }

    /** @return false: not to be processed; what had to be answered was. The buffer stays the caller's */
    boolean accept(TcpConnection c, SkBuff skb, ReceivedOptions options, int rawWindow) {
        boolean rst = (skb.cbFlags & TcpHeader.RST) != 0;
        // R1: a reset is taken whatever its time stamp says
        if (!rst && c.sawTimestamp && pawsDiscards(c, options) && !isOvertakenAck(c, skb, options, rawWindow)) {
            mib.inc(Counter.PAWSEstab);
            if ((skb.cbFlags & TcpHeader.SYN) != 0) {
                tcp.responder.challengeSyn(c);
            } else {
                tcp.responder.duplicateAck(c, skb, Counter.TCPACKSkippedPAWS);
            }
            return false;
        }
        boolean old = Seq.lt(skb.cbEndSeq, c.rcvWup);
        if (old || isBeyondWindow(c, skb)) {
            if (!old) {
                mib.inc(Counter.BeyondWindow);
            }
            if (!rst) {
                if ((skb.cbFlags & TcpHeader.SYN) != 0) {
                    tcp.responder.challengeSyn(c);
                } else {
                    tcp.responder.duplicateAck(c, skb, Counter.TCPACKSkippedSeq);
                }
            } else if (atFin(c, skb.cbSeq)) {
                reset(c);
            }
            return false;
        }
        if (rst) {
            // RFC 5961 §3: only the exact number resets. Linux also takes the right edge of what was SACKed.
            int expected = c.rcvNxt;
            if (c.sackBlocks > 0) {
                int most = c.sackEnd[0];
                for (int i = 1; i < c.sackBlocks; i++) {
                    most = Seq.max(most, c.sackEnd[i]);
                }
                if (skb.cbSeq == most) {
                    expected = most;
                }
            }
            if (skb.cbSeq == expected || atFin(c, skb.cbSeq)) {
                reset(c);
            } else {
                tcp.responder.challengeAck(c);
            }
            return false;
        }
        if ((skb.cbFlags & TcpHeader.SYN) != 0) {
            if (c.state() == TcpState.SYN_RECV
                    && (skb.cbFlags & TcpHeader.ACK) != 0
                    && skb.cbAck == c.sndNxt
                    && skb.cbSeq + 1 == c.rcvNxt
                    && skb.cbEndSeq == c.rcvNxt) {
                return true; // the other half of a simultaneous open: its SYN is a duplicate, and acknowledged as one
            }
            tcp.responder.challengeSyn(c);
            return false;
        }
        return true;
    }

    /** A reset that names the octet of a FIN we have got already: sent by a peer that forgot the connection. */
    private static boolean atFin(TcpConnection c, int seq) {
        return seq == c.rcvNxt - 1
                && (c.state() == TcpState.CLOSE_WAIT
                        || c.state() == TcpState.LAST_ACK
                        || c.state() == TcpState.CLOSING);
    }

    /** A FIN may lie beyond the window, and so may the end of the data while nothing waits to be read. */
    private static boolean isBeyondWindow(TcpConnection c, SkBuff skb) {
        int limit = c.rcvNxt + c.receiveWindow();
        int fin = (skb.cbFlags & TcpHeader.FIN) != 0 ? 1 : 0;
        if (Seq.leq(skb.cbEndSeq - fin, limit)) {
            return false;
        }
        return Seq.gt(skb.cbSeq, limit) || !c.receiveQueue.isEmpty();
    }

    /** Older by one is not old: the two were sent within a tick, and overtook each other. */
    private static boolean pawsDiscards(TcpConnection c, ReceivedOptions options) {
        return c.tsRecent - options.tsVal > PAWS_WINDOW && c.nowNs() - c.tsRecentNs < PAWS_IDLE_NS;
    }

    /**
     * An ACK without data that the network was late with: no sequence number, acknowledgment or window of it is news, so it
     * can do no harm, but its SACK blocks are the only report of what the peer got, or got twice. Linux takes it too.
     */
    private static boolean isOvertakenAck(TcpConnection c, SkBuff skb, ReceivedOptions options, int rawWindow) {
        int window = rawWindow << c.sndWscale;
        return isPureAck(skb)
                && skb.cbSeq == c.rcvNxt
                && skb.cbAck == c.sndUna
                && Seq.leq(skb.cbSeq, c.sndWl1)
                && (skb.cbSeq != c.sndWl1 || (window != 0 && window <= c.sndWnd))
                && (c.tsRecent - options.tsVal) * TcpConfig.MS <= c.rtoNs + c.rtoNs / 5;
    }

    private static boolean isPureAck(SkBuff skb) {
        return (skb.cbFlags & (TcpHeader.ACK | TcpHeader.SYN)) == TcpHeader.ACK && skb.cbSeq == skb.cbEndSeq;
    }

    /** A valid RST. */
    void reset(TcpConnection c) {
        Errno error;
        switch (c.state()) {
            case SYN_SENT -> error = Errno.ECONNREFUSED;
            case CLOSE_WAIT -> error = Errno.EPIPE;
            case CLOSE -> {
                return;
            }
            default -> error = Errno.ECONNRESET;
        }
        tcp.abort(c, error.number());
    }
}
