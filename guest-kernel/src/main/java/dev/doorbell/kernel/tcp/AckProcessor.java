package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.tcp.TcpMib.Counter;

/**
 * What an acknowledgement does: RFC 9293 §3.10.7.4 "fifth, check the ACK field" with everything that RTT measurement,
 * SACK, RACK-TLP and congestion control hang on it.
 */
final class AckProcessor {
    /** The ACK was used. */
    static final int OK = 1;
    /** It is older than SND.UNA, and harmless. */
    static final int OLD = 0;
    /** It acknowledges what was not sent: drop, answer with an ACK. */
    static final int UNSENT = -1;
    /** It is so old that it may be an attack: challenged, drop. RFC 5961 §5. */
    static final int TOO_OLD = -2;

    private final Tcp tcp;
    private final Scoreboard scoreboard;
    private final Rack rack;
    private final TcpMib mib;
    private final AckContext context = new AckContext();

    AckProcessor(Tcp tcp, Scoreboard scoreboard, Rack rack) {
        this.tcp = tcp;
        this.scoreboard = scoreboard;
        this.rack = rack;
        this.mib = tcp.mib;
    }

    /** @param flags {@link AckContext} bits to begin with; @return one of the constants above */
    int process(TcpConnection c, SkBuff skb, ReceivedOptions options, int rawWindow, int flags) {
        int ack = skb.cbAck;
        int seq = skb.cbSeq;
        context.start(c, flags);
        c.rate.startAck();
        if (Seq.lt(ack, c.sndUna)) {
            if (Seq.lt(ack, c.sndUna - c.maxWindow)) {
                if (!context.is(AckContext.NO_CHALLENGE)) {
                    tcp.responder.challengeAck(c);
                }
                return TOO_OLD;
            }
            return old(c, skb, options);
        }
        if (Seq.gt(ack, c.sndNxt)) {
            return UNSENT;
        }
        if (Seq.gt(ack, c.sndUna)) {
            context.flags |= AckContext.UNA_ADVANCED;
            c.retransmits = 0;
            if (c.timeoutStampNs != 0) {
                c.timeoutRecoveryNs += c.nowNs() - c.timeoutStampNs;
                c.timeoutStampNs = 0;
            }
            c.path.confirm();
        }
        if (context.is(AckContext.UPDATE_TS_RECENT)) {
            tcp.input.replaceTsRecent(c, seq);
        }
        if (!context.is(AckContext.SLOW_PATH) && context.is(AckContext.UNA_ADVANCED)) {
            c.sndWl1 = seq;
            advanceUna(c, ack);
            context.flags |= AckContext.WINDOW_UPDATE;
            mib.inc(Counter.TCPHPAcks);
        } else {
            if (seq != skb.cbEndSeq) {
                context.flags |= AckContext.DATA;
            } else {
                mib.inc(Counter.TCPPureAcks);
            }
            updateWindow(c, skb, ack, seq, rawWindow);
            if (c.sackOk && options.sackBlocks > 0) {
                scoreboard.sackBlocks(c, options, ack, context);
            }
            if ((c.ecn & TcpConnection.ECN_OK) != 0
                    && (skb.cbFlags & (TcpHeader.ECE | TcpHeader.SYN)) == TcpHeader.ECE) {
                context.flags |= AckContext.ECE;
            }
        }
        c.softError = 0;
        c.probesOut = 0;
        c.lastAckReceivedNs = c.nowNs();
        if (context.priorPackets == 0) {
            if (context.is(AckContext.DSACKING)) {
                tcp.recovery.alert(c, context, 0);
            }
            afterProbe(c);
            lossProbeAcked(c, ack);
            return OK;
        }
        cleanQueue(c);
        SendNotices notices = c.notices;
        if (notices != null) {
            notices.acknowledged();
        }
        scoreboard.updateReorderingWindow(c);
        if (c.tlpHighSeq != 0) {
            lossProbeAcked(c, ack);
        }
        boolean dubious = !context.is(AckContext.NOT_DUPLICATE)
                || context.is(AckContext.CA_ALERT)
                || c.caState != TcpConnection.CA_OPEN;
        if (dubious) {
            int duplicates = 0;
            if (!context.is(AckContext.UNA_ADVANCED | AckContext.NOT_DUPLICATE | AckContext.DSACKING)) {
                duplicates = Math.max(1, skb.gsoSegments);
            }
            tcp.recovery.alert(c, context, duplicates);
        }
        if (context.is(AckContext.SET_TIMER)) {
            tcp.timers.setTransmitTimer(c);
        }
        controlCongestion(c, ack);
        retransmit(c);
        return OK;
    }

    private int old(TcpConnection c, SkBuff skb, ReceivedOptions options) {
        // Old, but its SACK blocks may be news.
        if (c.sackOk && options.sackBlocks > 0) {
            scoreboard.sackBlocks(c, options, skb.cbAck, context);
            tcp.recovery.alert(c, context, 0);
            retransmit(c);
        }
        return OLD;
    }

    private void advanceUna(TcpConnection c, int ack) {
        // As Linux counts: an active opener's SYN is a byte acknowledged, a listener's is not.
        boolean listeners = c.sndUna == c.iss && ack != c.iss && (c.listener != null || c.fastOpenRequest != null);
        c.bytesAcked += ack - c.sndUna - (listeners ? 1 : 0);
        c.sndUna = ack;
    }

    /** RFC 9293: SND.WND from a segment that is newer by sequence or acknowledgment number. */
    private void updateWindow(TcpConnection c, SkBuff skb, int ack, int seq, int rawWindow) {
        int window = (skb.cbFlags & TcpHeader.SYN) != 0 ? rawWindow : rawWindow << c.sndWscale;
        if (Seq.gt(ack, c.sndUna) || Seq.gt(seq, c.sndWl1) || (seq == c.sndWl1 && (window > c.sndWnd || window == 0))) {
            if (window != c.sndWnd || Seq.gt(ack, c.sndUna)) {
                context.flags |= AckContext.WINDOW_UPDATE;
            }
            c.sndWl1 = seq;
            if (window != c.sndWnd) {
                c.sndWnd = window;
                if (c.hasUnsent()) {
                    tcp.output.restartAfterIdle(c); // a window that was closed for long tells nothing about the path
                }
                if (window > c.maxWindow) {
                    c.maxWindow = window;
                    tcp.output.syncMss(c, c.pathMtu);
                }
            }
        }
        advanceUna(c, ack);
    }

    /** Takes acknowledged entries off the queue and measures the RTT. */
    private void cleanQueue(TcpConnection c) {
        long now = c.nowNs();
        long firstSent = 0;
        long lastSent = 0;
        int ackedPackets = 0;
        int reorderedFrom = context.priorHighestSack;
        boolean wholeHead = true;
        TxSegment entry;
        while ((entry = c.sendQueue.rtxHead()) != null) {
            int packets = entry.packets;
            boolean whole = Seq.leq(entry.endSeq, c.sndUna);
            int startSeq = entry.seq;
            int endSeq = entry.endSeq;
            if (!whole) {
                if (packets == 1 || Seq.leq(c.sndUna, entry.seq)) {
                    break;
                }
                packets = trimAcked(c, entry);
                wholeHead = false;
                if (packets == 0) {
                    break;
                }
            }
            if (entry.is(TxSegment.RETRANS | TxSegment.EVER_RETRANS)) {
                if (entry.is(TxSegment.RETRANS)) {
                    c.retransOut -= packets;
                }
                context.flags |= AckContext.RETRANS_DATA_ACKED;
            } else if (!entry.is(TxSegment.SACKED)) {
                lastSent = entry.sentNs;
                if (firstSent == 0) {
                    firstSent = lastSent;
                }
                reorderedFrom = Seq.min(reorderedFrom, startSeq);
                if (Seq.leq(endSeq, c.highSeq)) {
                    context.flags |= AckContext.ORIG_SACK_ACKED;
                }
            }
            if (entry.is(TxSegment.SACKED)) {
                c.sackedOut -= packets;
            } else if (c.sackOk) {
                c.delivered += packets;
                if (!rack.isSpurious(c, entry)) {
                    rack.advance(c, entry);
                }
            }
            c.rate.delivered(entry);
            if (entry.is(TxSegment.LOST)) {
                c.lostOut -= packets;
            }
            c.packetsOut -= packets;
            ackedPackets += packets;
            if ((entry.flags & TcpHeader.SYN) == 0) {
                context.flags |= AckContext.DATA_ACKED;
            } else {
                context.flags |= AckContext.SYN_ACKED;
                c.retransStampNs = 0;
            }
            if (!whole) {
                break;
            }
            c.sendQueue.remove(entry);
        }
        if (entry != null && entry.is(TxSegment.SACKED)) {
            context.flags |= AckContext.RENEGING;
        }
        if (entry == null) {
            c.chronograph.stop(Chronograph.BUSY, c.sendQueue.isEmpty(), now);
        }
        if (Seq.gt(c.sndUna, c.sndUrgent) && c.urgentMode) {
            c.urgentMode = false;
        }
        boolean measured = measureRtt(c, now, firstSent, lastSent);
        if (context.is(AckContext.ACKED)) {
            context.flags |= AckContext.SET_TIMER;
            c.mtuProber.acknowledged();
            if (!c.sackOk) {
                scoreboard.removeDuplicates(c, ackedPackets);
                if (context.is(AckContext.RETRANS_DATA_ACKED)) {
                    context.flags &= ~AckContext.ORIG_SACK_ACKED;
                }
            } else if (Seq.lt(reorderedFrom, context.priorHighestSack)) {
                scoreboard.checkReordering(c, reorderedFrom, Scoreboard.highestSack(c), false);
            }
        } else if (measured
                && wholeHead
                && entry != null
                && context.firstSackedNs != 0
                && context.firstSackedNs < entry.sentNs) {
            context.flags |= AckContext.SET_TIMER;
        }
        if (context.is(AckContext.ACKED) || context.rttUs >= 0) {
            c.congestion.sample(c.window, c.sndUna, c.sndNxt, context.rttUs, now);
        }
    }

    /** An entry of several packets acknowledged in part. @return packets acknowledged */
    private static int trimAcked(TcpConnection c, TxSegment entry) {
        int before = entry.packets;
        c.sendQueue.trimHead(entry, c.sndUna - entry.seq);
        entry.cutInto(Math.max(1, entry.mss));
        return before - entry.packets;
    }

    /** RFC 6298 §3, RFC 7323 §4: from the segment's send time, or from the timestamp echoed when it was sent again. */
    private boolean measureRtt(TcpConnection c, long now, long firstSent, long lastSent) {
        long rttUs = -1;
        if (firstSent != 0 && !context.is(AckContext.RETRANS_DATA_ACKED)) {
            rttUs = Math.max(1, (now - firstSent) / 1000);
            context.rttUs = Math.max(1, (now - lastSent) / 1000);
        }
        long sackRttUs = -1;
        if (context.firstSackedNs != 0) {
            sackRttUs = Math.max(1, (now - context.firstSackedNs) / 1000);
            context.rttUs = Math.max(1, (now - context.lastSackedNs) / 1000);
        }
        if (rttUs < 0) {
            rttUs = sackRttUs;
        }
        if (rttUs < 0 && c.timestampsOk && c.sawTimestamp && c.receivedTsEcr != 0 && context.is(AckContext.ACKED)) {
            int delta = c.timestamp() - c.receivedTsEcr;
            if (delta >= 0 && delta < Integer.MAX_VALUE / 1000) {
                rttUs = Math.max(delta, 1) * 1000L;
                context.rttUs = rttUs;
            }
        }
        if (rttUs < 0) {
            return false;
        }
        c.rtt.sampleMin(now / 1000, context.rttUs);
        c.rtt.sample(rttUs, c.sndUna, c.sndNxt, c.rtoMinNs() / 1000);
        c.rtoNs = LossRecovery.boundedRto(c);
        c.backoff = 0;
        return true;
    }

    private void lossProbeAcked(TcpConnection c, int ack) {
        if (c.tlpHighSeq == 0 || Seq.lt(ack, c.tlpHighSeq)) {
            return;
        }
        if (!c.tlpRetransmission || context.is(AckContext.DSACK_TLP)) {
            c.tlpHighSeq = 0;
        } else if (Seq.gt(ack, c.tlpHighSeq)) {
            c.tlpHighSeq = 0;
            tcp.recovery.lossProbeRepaired(c);
        } else if (!context.is(AckContext.UNA_ADVANCED | AckContext.NOT_DUPLICATE | AckContext.DATA_SACKED)) {
            c.tlpHighSeq = 0;
        }
    }

    /** Nothing was in flight: the ACK answers a zero window probe, or opens the window. */
    private void afterProbe(TcpConnection c) {
        TxSegment waiting = c.sendQueue.sendHead;
        if (waiting == null) {
            return;
        }
        if (Seq.leq(waiting.endSeq, c.windowEnd()) || c.sndWnd >= c.mss) {
            c.backoff = 0;
            c.probesStartNs = 0;
            if (c.timerMode == TcpConnection.TIMER_PROBE0) {
                tcp.timers.clearTransmit(c);
            }
        } else {
            tcp.timers.resetTransmit(c, TcpConnection.TIMER_PROBE0, tcp.timers.probeInterval(c));
        }
    }

    private void controlCongestion(TcpConnection c, int ack) {
        int delivered = (int) (c.delivered - context.priorDelivered);
        if (delivered > 0) {
            mib.add(Counter.TCPDelivered, delivered);
            if (context.is(AckContext.ECE)) {
                c.deliveredCe += delivered;
                mib.add(Counter.TCPDeliveredCE, delivered);
            }
        }
        c.rate.endAck(c, delivered, context.is(AckContext.RENEGING), c.nowNs());
        if (c.congestion.ownsWindow()) {
            c.congestion.control(c, c.rate, context, delivered, Math.max(0, c.lostOut - context.priorLost));
            return;
        }
        adjustWindow(c, ack, delivered);
        c.pacing.update();
    }

    private void adjustWindow(TcpConnection c, int ack, int delivered) {
        if (LossRecovery.inReduction(c)) {
            int lost = Math.max(0, c.lostOut - context.priorLost);
            tcp.recovery.reduce(c, delivered, lost, context.is(AckContext.UNA_ADVANCED));
            return;
        }
        boolean mayRaise =
                c.reordering > c.config.reordering ? context.is(AckContext.FORWARD) : context.is(AckContext.DATA_ACKED);
        if (mayRaise && delivered > 0) {
            c.congestion.avoid(c.window, ack, delivered, c.isCwndLimited(), c.nowNs());
            c.cwndStampNs = c.nowNs();
        }
    }

    private void retransmit(TcpConnection c) {
        if (context.rexmit == AckContext.REXMIT_NONE || c.state() == TcpState.SYN_SENT) {
            return;
        }
        if (context.rexmit == AckContext.REXMIT_NEW) {
            tcp.output.push(c, tcp.output.currentMss(c), TcpOutput.NAGLE_OFF);
            if (Seq.gt(c.sndNxt, c.highSeq)) {
                return;
            }
            c.frto = false;
        }
        tcp.retransmitter.sendLost(c);
    }
}
