package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.kernel.tcp.TcpMib.Counter;

/**
 * The congestion states and the ways between them: fast recovery (RFC 6675, RFC 6582 without SACK) paced by PRR
 * (RFC 6937), recovery from a timeout with F-RTO (RFC 5682), and going back when a retransmission proves unnecessary
 * (Eifel, DSACK). Names and order follow Linux.
 *
 * <pre>
 *            dubious ACK          loss found
 *   OPEN ────────────▶ DISORDER ────────────▶ RECOVERY ──▶ (all up to highSeq acknowledged, or undone) OPEN
 *     └── ECE, local drop ──▶ CWR ──▶ OPEN                  timeout from any ──▶ LOSS ──▶ OPEN
 * </pre>
 */
final class LossRecovery {
    private static final long MIN_RENEGING_NS = 10 * TcpConfig.MS;

    private final Tcp tcp;
    private final Scoreboard scoreboard;
    private final Rack rack;
    private final Undo undo;
    private final TcpMib mib;

    LossRecovery(Tcp tcp, Scoreboard scoreboard, Rack rack) {
        this.tcp = tcp;
        this.scoreboard = scoreboard;
        this.rack = rack;
        this.mib = tcp.mib;
        this.undo = new Undo(tcp, this, scoreboard);
    }

    // ---- what an ACK means

    /** An ACK that is a duplicate, carries SACK or ECE, or comes while something is wrong. */
    void alert(TcpConnection c, AckContext context, int duplicates) {
        boolean advanced = context.is(AckContext.UNA_ADVANCED);
        boolean ece = context.is(AckContext.ECE);
        if (c.packetsOut == 0 && c.sackedOut != 0) {
            c.sackedOut = 0;
        }
        if (ece) {
            c.priorSsthresh = 0;
        }
        if (context.is(AckContext.RENEGING)) {
            // The peer may have dropped what it had SACKed: give it a moment, then start over.
            tcp.timers.resetTransmit(
                    c, TcpConnection.TIMER_RETRANSMIT, Math.max(c.rtt.srttUs() * 500L, MIN_RENEGING_NS));
            return;
        }
        if (c.caState == TcpConnection.CA_OPEN) {
            c.retransStampNs = 0;
        } else if (Seq.geq(c.sndUna, c.highSeq)) {
            switch (c.caState) {
                case TcpConnection.CA_CWR -> {
                    // One more ACK beyond, so that a half acknowledged flight does not end it.
                    if (c.sndUna != c.highSeq) {
                        endReduction(c);
                        setState(c, TcpConnection.CA_OPEN);
                    }
                }
                case TcpConnection.CA_RECOVERY -> {
                    if (!c.sackOk) {
                        scoreboard.resetDuplicates(c);
                    }
                    if (undo.tryRecovery(c)) {
                        return;
                    }
                    endReduction(c);
                }
                default -> {}
            }
        }
        boolean force = duplicates > 0;
        switch (c.caState) {
            case TcpConnection.CA_RECOVERY -> {
                if (!advanced) {
                    if (!c.sackOk && duplicates > 0) {
                        scoreboard.addDuplicates(c, duplicates);
                    }
                } else if (undo.tryPartial(c, context.priorUna)) {
                    return;
                }
                undo.tryDsackInRecovery(c);
                identifyLoss(c, context);
                if (c.caState != TcpConnection.CA_RECOVERY) {
                    if (c.lostOut == 0) {
                        tryToOpen(c, ece);
                        return;
                    }
                    enterRecovery(c, ece);
                }
            }
            case TcpConnection.CA_LOSS -> {
                processLoss(c, context, duplicates);
                if (c.caState != TcpConnection.CA_LOSS) {
                    c.rtoNs = c.rtt.hasSample() ? boundedRto(c) : c.rtoNs;
                }
                identifyLoss(c, context);
                if (c.caState != TcpConnection.CA_OPEN && !context.is(AckContext.LOST_RETRANS)) {
                    return;
                }
                if (c.caState == TcpConnection.CA_OPEN && c.lostOut == 0) {
                    tryToOpen(c, ece);
                    return;
                }
                if (c.caState == TcpConnection.CA_OPEN) {
                    enterRecovery(c, ece);
                }
            }
            default -> {
                if (!c.sackOk) {
                    if (advanced) {
                        scoreboard.resetDuplicates(c);
                    }
                    if (duplicates > 0) {
                        scoreboard.addDuplicates(c, duplicates);
                    }
                }
                if (c.caState <= TcpConnection.CA_DISORDER) {
                    undo.tryDsack(c);
                }
                identifyLoss(c, context);
                if (c.lostOut == 0) {
                    tryToOpen(c, ece);
                    return;
                }
                if (c.caState < TcpConnection.CA_CWR && c.mtuProber.failed()) {
                    retransmitLarger(c);
                    return;
                }
                enterRecovery(c, ece);
            }
        }
        if (!c.sackOk && force && c.lostOut == 0) {
            markHeadLost(c);
        }
        context.rexmit = AckContext.REXMIT_LOST;
    }

    private void identifyLoss(TcpConnection c, AckContext context) {
        if (c.packetsOut == 0) {
            return;
        }
        if (!c.sackOk) {
            boolean threshold = c.caState < TcpConnection.CA_RECOVERY && c.sackedOut >= c.reordering;
            boolean partial = c.caState == TcpConnection.CA_RECOVERY && context.is(AckContext.UNA_ADVANCED);
            if (threshold || partial) {
                markHeadLost(c);
            }
        } else {
            int before = c.retransOut;
            if (rack.markLost(c)) {
                context.flags &= ~AckContext.SET_TIMER;
            }
            if (before > c.retransOut) {
                context.flags |= AckContext.LOST_RETRANS;
            }
        }
    }

    /** NewReno, RFC 6582: the first packet not acknowledged is the hole. */
    private static void markHeadLost(TcpConnection c) {
        TxSegment head = c.sendQueue.rtxHead();
        if (head == null || head.is(TxSegment.LOST)) {
            return;
        }
        if (head.packets > 1) {
            Scoreboard.fragment(c, head, head.mss, head.mss);
        }
        Scoreboard.markLost(c, head);
    }

    void tryToOpen(TcpConnection c, boolean ece) {
        if (!anyRetransmitted(c)) {
            c.retransStampNs = 0;
        }
        if (ece) {
            enterCwr(c);
        }
        if (c.caState != TcpConnection.CA_CWR) {
            tryKeepOpen(c);
        }
    }

    void tryKeepOpen(TcpConnection c) {
        int state =
                c.sackedOut + c.lostOut > 0 || anyRetransmitted(c) ? TcpConnection.CA_DISORDER : TcpConnection.CA_OPEN;
        if (c.caState != state) {
            setState(c, state);
            c.highSeq = c.sndNxt;
        }
    }

    static boolean anyRetransmitted(TcpConnection c) {
        if (c.retransOut > 0) {
            return true;
        }
        TxSegment head = c.sendQueue.rtxHead();
        return head != null && head.is(TxSegment.EVER_RETRANS);
    }

    void setState(TcpConnection c, int state) {
        c.caState = state;
    }

    // ---- window reduction

    private void startReduction(TcpConnection c) {
        c.highSeq = c.sndNxt;
        c.tlpHighSeq = 0;
        c.window.count = 0;
        c.priorCwnd = c.window.cwnd;
        c.window.prior = c.window.cwnd;
        c.prrDelivered = 0;
        c.prrOut = 0;
        c.window.ssthresh = c.congestion.ssthresh(c.window);
        queueCwr(c);
    }

    private static void queueCwr(TcpConnection c) {
        if ((c.ecn & TcpConnection.ECN_OK) != 0) {
            c.ecn |= TcpConnection.ECN_QUEUE_CWR;
        }
    }

    void prrSent(TcpConnection c, int packets) {
        if (inReduction(c)) {
            c.prrOut += packets;
        }
    }

    static boolean inReduction(TcpConnection c) {
        return c.caState == TcpConnection.CA_CWR || c.caState == TcpConnection.CA_RECOVERY;
    }

    /** Proportional rate reduction: how many may be sent for {@code delivered} packets that left the network. */
    void reduce(TcpConnection c, int delivered, int newlyLost, boolean advanced) {
        if (delivered <= 0 || c.priorCwnd == 0) {
            return;
        }
        c.prrDelivered += delivered;
        int delta = c.window.ssthresh - c.inFlight();
        int send;
        if (delta < 0) {
            long share = (long) c.window.ssthresh * c.prrDelivered + c.priorCwnd - 1;
            send = (int) (share / c.priorCwnd) - c.prrOut;
        } else {
            send = Math.max(c.prrDelivered - c.prrOut, delivered);
            if (advanced && newlyLost == 0) {
                send++;
            }
            send = Math.min(delta, send);
        }
        send = Math.max(send, c.prrOut > 0 ? 0 : 1);
        c.window.set(c.inFlight() + send);
    }

    void endReduction(TcpConnection c) {
        boolean known = c.window.ssthresh < CongestionWindow.INFINITE_SSTHRESH;
        if (known && !c.congestion.ownsWindow() && (c.caState == TcpConnection.CA_CWR || c.undoMarker != 0)) {
            c.window.set(c.window.ssthresh);
            c.cwndStampNs = c.nowNs();
        }
        c.congestion.event(CongestionControl.Event.COMPLETE_CWR, c.window, c.nowNs(), c.lastDataSentNs);
    }

    /** Congestion without loss: ECN, or a drop on this host. */
    void enterCwr(TcpConnection c) {
        c.priorSsthresh = 0;
        if (c.caState < TcpConnection.CA_CWR) {
            c.undoMarker = 0;
            startReduction(c);
            setState(c, TcpConnection.CA_CWR);
        }
    }

    void enterRecovery(TcpConnection c, boolean ece) {
        mib.inc(c.sackOk ? Counter.TCPSackRecovery : Counter.TCPRenoRecovery);
        c.priorSsthresh = 0;
        initUndo(c);
        if (!inReduction(c)) {
            if (!ece) {
                c.priorSsthresh = TcpOutput.currentSsthresh(c);
            }
            startReduction(c);
        }
        setState(c, TcpConnection.CA_RECOVERY);
    }

    private static void initUndo(TcpConnection c) {
        c.undoMarker = c.sndUna;
        int underWay = c.retransOut + (c.tlpHighSeq != 0 && c.tlpRetransmission ? 1 : 0);
        // Below 0: nothing was retransmitted that a DSACK could prove unnecessary.
        c.undoRetrans = underWay > 0 ? underWay : -1;
    }

    /** The window reduction of a tail loss that the probe repaired, RFC 8985 §7.4.2. */
    void lossProbeRepaired(TcpConnection c) {
        startReduction(c);
        setState(c, TcpConnection.CA_CWR);
        endReduction(c);
        tryKeepOpen(c);
        mib.inc(Counter.TCPLossProbeRecovery);
    }

    // ---- timeout

    /** The retransmission timer expired: everything that is not known to have arrived counts as lost. */
    void enterLoss(TcpConnection c) {
        boolean fresh = c.caState < TcpConnection.CA_RECOVERY;
        markTimeoutLost(c);
        if (c.caState <= TcpConnection.CA_DISORDER
                || Seq.leq(c.highSeq, c.sndUna)
                || (c.caState == TcpConnection.CA_LOSS && c.retransmits == 0)) {
            c.priorSsthresh = TcpOutput.currentSsthresh(c);
            c.priorCwnd = c.window.cwnd;
            c.window.prior = c.window.cwnd;
            c.window.ssthresh = c.congestion.ssthresh(c.window);
            c.congestion.event(CongestionControl.Event.LOSS, c.window, c.nowNs(), c.lastDataSentNs);
            initUndo(c);
        }
        c.window.set(c.inFlight() + 1);
        c.window.count = 0;
        c.cwndStampNs = c.nowNs();
        if (c.caState <= TcpConnection.CA_DISORDER && c.sackedOut >= c.config.reordering) {
            c.reordering = Math.min(c.reordering, c.config.reordering);
        }
        setState(c, TcpConnection.CA_LOSS);
        c.highSeq = c.sndNxt;
        c.tlpHighSeq = 0;
        queueCwr(c);
        c.frto = c.config.frto && (fresh || c.retransmits > 0);
    }

    private void markTimeoutLost(TcpConnection c) {
        TxSegment head = c.sendQueue.rtxHead();
        boolean reneged = head != null && head.is(TxSegment.SACKED);
        if (reneged) {
            mib.inc(Counter.TCPSACKReneging);
            c.sackedOut = 0;
        } else if (!c.sackOk) {
            scoreboard.resetDuplicates(c);
        }
        for (TxSegment entry = head; entry != null; entry = c.sendQueue.rtxNext(entry)) {
            if (reneged) {
                entry.marks &= ~TxSegment.SACKED;
            } else if (entry != head
                    && c.sackOk
                    && c.config.rack()
                    && !entry.is(TxSegment.SACKED)
                    && Rack.remainingUs(c, entry, 0) > 0) {
                continue; // sent too recently to be judged
            }
            Scoreboard.markLost(c, entry);
        }
    }

    private void processLoss(TcpConnection c, AckContext context, int duplicates) {
        boolean recovered = Seq.geq(c.sndUna, c.highSeq);
        boolean advanced = context.is(AckContext.UNA_ADVANCED);
        if (advanced && undo.tryLoss(c, false)) {
            return;
        }
        if (c.frto) {
            // RFC 5682: an original transmission was delivered after the timeout, so nothing was lost.
            if (context.is(AckContext.ORIG_SACK_ACKED) && undo.tryLoss(c, true)) {
                return;
            }
            if (Seq.gt(c.sndNxt, c.highSeq)) {
                if (context.is(AckContext.DATA_SACKED) || duplicates > 0) {
                    c.frto = false;
                }
            } else if (advanced && !recovered) {
                c.highSeq = c.sndNxt;
                if (c.hasUnsent() && Seq.gt(c.windowEnd(), c.sndNxt)) {
                    context.rexmit = AckContext.REXMIT_NEW;
                    return;
                }
                c.frto = false;
            }
        }
        if (recovered) {
            undo.tryRecovery(c);
            return;
        }
        if (!c.sackOk) {
            if (Seq.gt(c.sndNxt, c.highSeq) && duplicates > 0) {
                scoreboard.addDuplicates(c, duplicates);
            } else if (advanced) {
                scoreboard.resetDuplicates(c);
            }
        }
        context.rexmit = AckContext.REXMIT_LOST;
    }

    /**
     * Segments larger than the path takes were lost for their size, not by congestion: they are sent again in smaller
     * ones, and the window stays as it is.
     */
    void retransmitLarger(TcpConnection c) {
        int mss = tcp.output.currentMss(c);
        for (TxSegment entry = c.sendQueue.rtxHead(); entry != null; entry = c.sendQueue.rtxNext(entry)) {
            if (entry.length() > mss && entry.mss > mss && !entry.is(TxSegment.SACKED)) {
                Scoreboard.markLost(c, entry);
            }
        }
        if (c.lostOut == 0) {
            return;
        }
        if (!c.sackOk) {
            scoreboard.addDuplicates(c, 0);
        }
        retransmitWithoutCongestion(c);
    }

    /** What is marked lost goes out again, in slow start, from a window that is not reduced. */
    void retransmitWithoutCongestion(TcpConnection c) {
        if (c.caState != TcpConnection.CA_LOSS) {
            c.highSeq = c.sndNxt;
            c.window.ssthresh = TcpOutput.currentSsthresh(c);
            c.priorSsthresh = 0;
            c.undoMarker = 0;
            setState(c, TcpConnection.CA_LOSS);
        }
        tcp.retransmitter.sendLost(c);
    }

    // ---- timers of recovery

    /** RACK's reordering timer: what was waited for has not come. */
    void reorderTimeout(TcpConnection c) {
        int before = c.inFlight();
        int lostBefore = c.lostOut;
        rack.detectLoss(c);
        if (before != c.inFlight()) {
            if (c.caState != TcpConnection.CA_RECOVERY) {
                enterRecovery(c, false);
                reduce(c, 1, c.lostOut - lostBefore, false);
            }
            tcp.retransmitter.sendLost(c);
        }
        if (c.timerMode != TcpConnection.TIMER_RETRANSMIT) {
            tcp.timers.rearmRto(c);
        }
    }

    static long boundedRto(TcpConnection c) {
        return Math.min(c.rtt.timeoutUs() * 1000, c.rtoMaxNs());
    }
}
