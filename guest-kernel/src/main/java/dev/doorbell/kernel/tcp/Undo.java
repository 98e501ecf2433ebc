package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.kernel.tcp.TcpMib.Counter;

/**
 * Takes a window reduction back when the retransmission behind it was not needed: every retransmitted packet was
 * reported twice by DSACK (RFC 3708), or a timestamp echoes the original (RFC 3522).
 */
final class Undo {
    private static final int REO_WND_PERSIST = 16;

    private final LossRecovery recovery;
    private final Scoreboard scoreboard;
    private final TcpMib mib;

    Undo(Tcp tcp, LossRecovery recovery, Scoreboard scoreboard) {
        this.recovery = recovery;
        this.scoreboard = scoreboard;
        this.mib = tcp.mib;
    }

    private static boolean mayUndo(TcpConnection c) {
        return c.undoMarker != 0 && (c.undoRetrans == 0 || wasOnlyLate(c));
    }

    /**
     * What was acknowledged was the original: the ACK's timestamp is older than our first retransmission, or nothing
     * was retransmitted yet of what counts as lost. Without SACK the end of a recovery forgets when it began, and the
     * handshake forgets that its SYN was sent twice: neither tells anything.
     */
    private static boolean wasOnlyLate(TcpConnection c) {
        if (c.retransStampNs != 0) {
            return c.echoesBefore(c.retransStampNs);
        }
        return c.state() != TcpState.SYN_SENT && (c.sackOk || Seq.lt(c.sndUna, c.highSeq));
    }

    private static void restore(TcpConnection c, boolean unmarkLoss) {
        if (unmarkLoss) {
            for (TxSegment entry = c.sendQueue.rtxHead(); entry != null; entry = c.sendQueue.rtxNext(entry)) {
                entry.marks &= ~TxSegment.LOST;
            }
            c.lostOut = 0;
        }
        if (c.priorSsthresh != 0) {
            c.window.set(c.congestion.undo(c.window));
            if (c.priorSsthresh > c.window.ssthresh) {
                c.window.ssthresh = c.priorSsthresh;
                c.ecn &= ~TcpConnection.ECN_QUEUE_CWR;
            }
        }
        c.cwndStampNs = c.nowNs();
        c.undoMarker = 0;
        c.rackAdvanced = true; // look at all losses again
    }

    /** The end of a recovery or a timeout. @return true to stay in the state for one more ACK */
    boolean tryRecovery(TcpConnection c) {
        if (mayUndo(c)) {
            mib.inc(c.caState == TcpConnection.CA_LOSS ? Counter.TCPLossUndo : Counter.TCPFullUndo);
            restore(c, false);
        } else if (c.rackReoWndPersist > 0) {
            c.rackReoWndPersist--;
        }
        if (keepsFromReopening(c)) {
            return true;
        }
        recovery.setState(c, TcpConnection.CA_OPEN);
        return false;
    }

    /** RFC 6582 §6: without SACK the duplicates still under way must not start a second recovery. */
    private static boolean keepsFromReopening(TcpConnection c) {
        if (c.sndUna == c.highSeq && !c.sackOk) {
            if (!LossRecovery.anyRetransmitted(c)) {
                c.retransStampNs = 0;
            }
            return true;
        }
        return false;
    }

    boolean tryDsack(TcpConnection c) {
        if (c.undoMarker == 0 || c.undoRetrans != 0) {
            return false;
        }
        c.rackReoWndPersist = Math.min(REO_WND_PERSIST, c.rackReoWndPersist + 1);
        restore(c, false);
        mib.inc(Counter.TCPDSACKUndo);
        return true;
    }

    void tryDsackInRecovery(TcpConnection c) {
        if (tryDsack(c)) {
            recovery.tryKeepOpen(c);
        }
    }

    /** A partial ACK by a packet that was only late. @return true when nothing more is to be done for this ACK */
    boolean tryPartial(TcpConnection c, int priorUna) {
        if (c.undoMarker == 0 || !wasOnlyLate(c)) {
            return false;
        }
        scoreboard.checkReordering(c, priorUna, Scoreboard.highestSack(c), true);
        if (c.retransOut > 0) {
            return true;
        }
        if (!LossRecovery.anyRetransmitted(c)) {
            c.retransStampNs = 0;
        }
        restore(c, true);
        mib.inc(Counter.TCPPartialUndo);
        recovery.tryKeepOpen(c);
        return false;
    }

    /** A timeout proves spurious. @return true when it does */
    boolean tryLoss(TcpConnection c, boolean byFrto) {
        if (!byFrto && !mayUndo(c)) {
            return false;
        }
        restore(c, true);
        mib.inc(Counter.TCPLossUndo);
        if (byFrto) {
            mib.inc(Counter.TCPSpuriousRTOs);
        }
        c.retransmits = 0;
        if (keepsFromReopening(c)) {
            return true;
        }
        if (byFrto || c.sackOk) {
            recovery.setState(c, TcpConnection.CA_OPEN);
        }
        return true;
    }
}
