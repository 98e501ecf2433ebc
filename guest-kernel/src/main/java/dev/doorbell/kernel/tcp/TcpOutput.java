package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.tcp.TcpMib.Counter;

/**
 * Sending: what of the queue may go now (congestion window, peer's window, Nagle, silly window avoidance, TSO deferral),
 * acknowledgements, SYN, FIN and RST. Retransmission is in {@link Retransmitter}.
 */
final class TcpOutput {
    /** {@link #writeXmit}'s {@code only}: send everything, one entry, or one entry whatever the congestion window says. */
    static final int ALL = 0, ONE = 1, PROBE = 2;

    /** Nagle as the caller wants it: by the socket's options, off for this once, or held back (MSG_MORE). */
    static final int NAGLE_DEFAULT = 0, NAGLE_OFF = 1, NAGLE_MORE = 2;

    /** Largest IP packet less the largest headers: what one entry may hold. */
    static final int GSO_MAX = 65_535 - 60 - 60;

    private static final int OK = 0, CWND = 1, RWND = 2, LATER = 3;

    private final Tcp tcp;
    private final SegmentWriter writer;
    private final TcpMib mib;

    TcpOutput(Tcp tcp, SegmentWriter writer) {
        this.tcp = tcp;
        this.writer = writer;
        this.mib = tcp.mib;
    }

    // ---- segment sizes

    /** Data bytes of a full packet, from the path's MTU and the peer's MSS; stores it. RFC 9293 §3.7.1. */
    int syncMss(TcpConnection c, int mtu) {
        c.mtuProber.routeMtu(mtu);
        int mss = boundToHalfWindow(c, mssFor(c, mtu));
        c.pathMtu = mtu;
        int limit = c.mtuProber.limit();
        if (limit < mtu) {
            mss = Math.min(mss, mssFor(c, limit));
        }
        c.mss = mss;
        return mss;
    }

    /** Data bytes that a packet of {@code mtu} bytes carries, within the peer's MSS. */
    static int mssFor(TcpConnection c, int mtu) {
        int most = Math.min(mtu - c.ipHeaderBytes() - TcpHeader.MIN_LENGTH, c.peerMss);
        return Math.max(most, c.config.minSndMss) - c.optionBytes();
    }

    /** A packet should not fill more than half of the largest window ever offered. */
    private static int boundToHalfWindow(TcpConnection c, int bytes) {
        int cut = c.maxWindow > 536 ? c.maxWindow >> 1 : c.maxWindow;
        return cut != 0 && bytes > cut ? Math.max(cut, 68 - 40) : bytes;
    }

    /** Data bytes that fit a packet now, less the SACK blocks that travel with it. */
    int currentMss(TcpConnection c) {
        int mtu = c.pathMtuNow();
        if (mtu != c.pathMtu) {
            syncMss(c, mtu);
        }
        return c.mss - SegmentWriter.sackBytes(SegmentWriter.sackBlocksToSend(c));
    }

    /** Bytes per send queue entry: as many full packets as one buffer may carry, at most half the peer's window. */
    int sizeGoal(TcpConnection c, int mss) {
        int goal = boundToHalfWindow(c, GSO_MAX);
        return Math.max(goal / mss, 1) * mss;
    }

    // ---- data

    /** Sends what may be sent; when nothing is in flight and nothing could be, sees to the zero window probe. */
    void push(TcpConnection c, int mss, int nagle) {
        if (c.state() == TcpState.CLOSE) {
            return;
        }
        if (writeXmit(c, mss, nagle, ALL)) {
            tcp.timers.checkProbeTimer(c);
        }
    }

    void pushPending(TcpConnection c) {
        if (c.hasUnsent()) {
            push(c, currentMss(c), NAGLE_DEFAULT);
        }
    }

    /**
     * The transmit loop.
     *
     * @return true when nothing is in flight though data waits: only a probe can move it
     */
    boolean writeXmit(TcpConnection c, int mss, int nagle, int only) {
        int sent = 0;
        int limitedBy = OK;
        boolean cwndLimited = false;
        if (only == ALL) {
            int probed = c.mtuProber.probe();
            if (probed == MtuProber.WAIT) {
                return false;
            }
            sent = probed == MtuProber.SENT ? 1 : 0;
        }
        int most = c.pacing.packetsPerBuffer(mss);
        TxSegment entry;
        while ((entry = c.sendQueue.sendHead) != null) {
            if (c.pacing.mustWait()) {
                break;
            }
            entry.cutInto(mss);
            int quota = c.window.cwnd - c.inFlight();
            if (quota <= 0) {
                cwndLimited = true;
                if (only != PROBE) {
                    limitedBy = CWND;
                    break;
                }
                quota = 1;
            }
            // At least two buffers per window: the second is on its way while the first is being acknowledged.
            quota = Math.min(Math.min(quota, Math.max(c.window.cwnd >> 1, 1)), most);
            if (!fitsWindow(c, entry, mss)) {
                limitedBy = RWND;
                break;
            }
            if (entry.packets == 1) {
                if (!nagleAllows(c, entry, mss, entry.next == null ? nagle : NAGLE_OFF)) {
                    break;
                }
            } else if (only == ALL) {
                int defer = shouldDefer(c, entry, mss, most);
                if (defer != OK) {
                    cwndLimited |= defer == CWND;
                    limitedBy = defer == RWND ? RWND : limitedBy;
                    break;
                }
            }
            if (only != PROBE && c.smallQueue.isFull()) {
                break;
            }
            int limit = mss;
            if (entry.packets > 1) {
                limit = splitPoint(c, entry, mss, only == PROBE ? 1 : quota, nagle);
            }
            if (entry.length() > limit) {
                c.sendQueue.split(entry, limit, mss);
            }
            if (!sendNew(c, entry)) {
                break;
            }
            sent += entry.packets;
            if (entry.length() < mss) {
                c.sndSml = entry.endSeq;
            }
            if (only != ALL) {
                break;
            }
        }
        if (limitedBy == RWND) {
            c.chronograph.start(Chronograph.RWND_LIMITED, c.nowNs());
        } else {
            c.chronograph.stop(Chronograph.RWND_LIMITED, c.sendQueue.isEmpty(), c.nowNs());
        }
        if (sent > 0) {
            cwndLimited |= c.inFlight() >= c.window.cwnd;
            tcp.recovery.prrSent(c, sent);
            if (only != PROBE) {
                tcp.timers.scheduleLossProbe(c, false);
            }
            validateCwnd(c, cwndLimited);
            return false;
        }
        if (cwndLimited && limitedBy == CWND) {
            c.cwndLimited = true;
        }
        return c.packetsOut == 0 && c.hasUnsent();
    }

    /**
     * First transmission of the send head.
     *
     * @return false: it was dropped on this host, and stays unsent until an ACK or a probe's turn comes
     */
    private boolean sendNew(TcpConnection c, TxSegment entry) {
        if (c.inFlight() == 0) {
            c.congestion.event(CongestionControl.Event.TX_START, c.window, c.nowNs(), c.lastDataSentNs);
        }
        entry.sentNs = c.nowNs();
        entry.transmissions = 1;
        if (writer.send(c, entry, entry.seq, entry.flags | TcpHeader.ACK, false) < 0) {
            entry.transmissions = 0;
            tcp.recovery.enterCwr(c); // full queues here are congestion like any other
            return false;
        }
        newDataSent(c, entry);
        return true;
    }

    /**
     * Sends the send head for a probe.
     *
     * @return 0 or a negated errno, in which case it was not sent
     */
    int sendOne(TcpConnection c, TxSegment entry) {
        entry.sentNs = c.nowNs();
        entry.transmissions = 1;
        int error = writer.send(c, entry, entry.seq, entry.flags | TcpHeader.ACK, false);
        if (error == 0) {
            newDataSent(c, entry);
        }
        return error;
    }

    /** Bookkeeping behind a first transmission. */
    void newDataSent(TcpConnection c, TxSegment entry) {
        int prior = c.packetsOut;
        if (prior == 0) {
            c.retransStampNs = 0; // what was retransmitted before has arrived: it must not age this flight
        }
        c.sendQueue.advanceSendHead();
        c.sendQueue.sentNow(entry);
        c.sndNxt = entry.endSeq;
        c.packetsOut += entry.packets;
        if (prior == 0 || c.timerMode == TcpConnection.TIMER_LOSS_PROBE) {
            tcp.timers.rearmRto(c);
        }
        mib.add(Counter.TCPOrigDataSent, entry.packets);
    }

    private static boolean fitsWindow(TcpConnection c, TxSegment entry, int mss) {
        int end = entry.length() > mss ? entry.seq + mss : entry.endSeq;
        return Seq.leq(end, c.windowEnd());
    }

    /** Nagle with Minshall's refinement: a small packet waits only for another small one that is not acknowledged. */
    private static boolean nagleAllows(TcpConnection c, TxSegment entry, int mss, int nagle) {
        if (nagle == NAGLE_OFF || c.urgentMode || (entry.flags & TcpHeader.FIN) != 0) {
            return true;
        }
        return !nagleHolds(c, entry.length() < mss, nagle);
    }

    private static boolean nagleHolds(TcpConnection c, boolean partial, int nagle) {
        if (!partial || nagle == NAGLE_OFF) {
            return false;
        }
        if (nagle == NAGLE_MORE || c.settings.cork) {
            return true;
        }
        return !c.nagleOff() && c.packetsOut != 0 && Seq.gt(c.sndSml, c.sndUna) && Seq.leq(c.sndSml, c.sndNxt);
    }

    /** Bytes of a large entry to send now: what windows allow, in whole packets unless a partial one may go. */
    private static int splitPoint(TcpConnection c, TxSegment entry, int mss, int quota, int nagle) {
        int window = c.windowEnd() - entry.seq;
        long most = (long) mss * quota;
        if (most <= window && entry.next != null && entry.length() >= most) {
            return (int) most;
        }
        int needed = Math.min(entry.length(), window);
        if (most <= needed) {
            return (int) most;
        }
        int partial = needed % mss;
        boolean last = entry.next == null;
        if (partial != 0 && needed > partial && (needed < entry.length() || (last && nagleHolds(c, true, nagle)))) {
            return needed - partial;
        }
        return needed;
    }

    /** Whether waiting a moment for the next ACK would give a larger buffer to send. */
    private static int shouldDefer(TcpConnection c, TxSegment entry, int mss, int most) {
        if (c.caState >= TcpConnection.CA_RECOVERY) {
            return OK;
        }
        long now = c.nowNs();
        if (now - c.lastSentNs > TcpConfig.MS) {
            return OK;
        }
        int sendWindow = c.windowEnd() - entry.seq;
        long congestionWindow = (long) (c.window.cwnd - c.inFlight()) * mss;
        long limit = Math.min(sendWindow, congestionWindow);
        if (limit >= (long) most * mss) {
            return OK;
        }
        if (entry.next != null && limit >= entry.length()) {
            return OK;
        }
        int divisor = c.config.tsoWinDivisor;
        if (divisor > 0) {
            long chunk = Math.min(c.sndWnd, (long) c.window.cwnd * mss) / divisor;
            if (limit >= chunk) {
                return OK;
            }
        }
        TxSegment first = c.sendQueue.rtxHead();
        if (first == null
                || first.sentNs + c.rtt.srttUs() * 1000L - now > Math.min(c.rtt.srttUs() * 500L, TcpConfig.MS)) {
            return OK; // the next ACK is far: rather a smooth clock than a large buffer
        }
        if (congestionWindow < sendWindow) {
            if (congestionWindow <= entry.length()) {
                return CWND;
            }
        } else if (sendWindow <= entry.length()) {
            return RWND;
        }
        return entry.endOfRecord || (entry.flags & TcpHeader.FIN) != 0 ? OK : LATER;
    }

    /** RFC 7661: remembers whether the window was used, and lets one that was not decay. */
    private void validateCwnd(TcpConnection c, boolean limited) {
        if (Seq.geq(c.sndUna, c.cwndUsageSeq) || limited || (!c.cwndLimited && c.packetsOut > c.maxPacketsOut)) {
            c.cwndLimited = limited;
            c.maxPacketsOut = c.packetsOut;
            c.cwndUsageSeq = c.sndNxt;
        }
        long now = c.nowNs();
        if (c.isCwndLimited()) {
            c.cwndStampNs = now;
            return;
        }
        if (c.config.slowStartAfterIdle && !c.congestion.ownsWindow() && now - c.cwndStampNs >= c.rtoNs) {
            applicationLimited(c, now);
        }
        TcpSock sock = c.sock;
        if (!c.hasUnsent() && sock != null && sock.wantsSpace && c.state().maySend()) {
            c.chronograph.start(Chronograph.SNDBUF_LIMITED, now);
        }
    }

    private static void applicationLimited(TcpConnection c, long now) {
        if (c.caState == TcpConnection.CA_OPEN) {
            int used = Math.max(c.maxPacketsOut, c.initialCwnd());
            if (used < c.window.cwnd) {
                c.window.ssthresh = currentSsthresh(c);
                c.window.set((c.window.cwnd + used) >> 1);
            }
            c.maxPacketsOut = 0;
        }
        c.cwndStampNs = now;
    }

    static int currentSsthresh(TcpConnection c) {
        int cwnd = c.window.cwnd;
        boolean reducing = c.caState == TcpConnection.CA_CWR || c.caState == TcpConnection.CA_RECOVERY;
        return reducing ? c.window.ssthresh : Math.max(c.window.ssthresh, (cwnd >> 1) + (cwnd >> 2));
    }

    /** Before new data after a pause of more than an RTO: back to the initial window, RFC 5681 §4.1. */
    void restartAfterIdle(TcpConnection c) {
        if (!c.config.slowStartAfterIdle || c.packetsOut != 0 || c.congestion.ownsWindow()) {
            return;
        }
        long idle = c.nowNs() - c.lastDataSentNs;
        if (idle <= c.rtoNs) {
            return;
        }
        int restart = Math.min(c.initialCwnd(), c.window.cwnd);
        int cwnd = c.window.cwnd;
        c.congestion.event(CongestionControl.Event.CWND_RESTART, c.window, c.nowNs(), c.lastDataSentNs);
        c.window.ssthresh = currentSsthresh(c);
        for (long left = idle - c.rtoNs; left > 0 && cwnd > restart; left -= c.rtoNs) {
            cwnd >>= 1;
        }
        c.window.set(Math.max(cwnd, restart));
        c.cwndStampNs = c.nowNs();
        c.maxPacketsOut = 0;
    }

    // ---- control segments

    /** Active open: SYN, with ECE and CWR when ECN is to be asked for. */
    void sendSyn(TcpConnection c) {
        int flags = TcpHeader.SYN;
        if (c.config.ecn == 1) {
            flags |= TcpHeader.ECE | TcpHeader.CWR;
        }
        TxSegment syn = c.sendQueue.newEntry(c.iss);
        syn.flags = flags;
        syn.endSeq = c.iss + 1;
        c.writeSeq = c.iss + 1;
        syn.sentNs = c.nowNs();
        syn.transmissions = 1;
        c.sendQueue.advanceSendHead();
        c.sendQueue.sentNow(syn);
        c.packetsOut = 1;
        c.sndNxt = c.writeSeq;
        c.pushedSeq = c.writeSeq;
        c.retransStampNs = c.nowNs();
        TcpSock sock = c.sock;
        FastOpenRequest fast = sock == null ? null : sock.fastOpen;
        if (fast != null) {
            tcp.fastOpenClient.sendSyn(c, syn, fast);
        } else {
            writer.send(c, syn, c.iss, flags, false);
        }
        tcp.timers.resetTransmit(c, TcpConnection.TIMER_RETRANSMIT, c.rtoNs);
    }

    /** An ACK now. */
    void sendAck(TcpConnection c) {
        if (c.state() == TcpState.CLOSE) {
            return;
        }
        if (writer.send(c, null, acceptableSeq(c), TcpHeader.ACK, false) < 0) {
            // No memory: try again soon, as a delayed ACK.
            c.ackPending |= TcpConnection.ACK_SCHEDULED | TcpConnection.ACK_TIMER;
            c.ackTimer.set(c.nowNs() + c.delackMaxNs());
        }
    }

    /** SND.NXT, or the edge of a window that the peer has taken back: what it will find acceptable. */
    private static int acceptableSeq(TcpConnection c) {
        int beyond = c.sndNxt - c.windowEnd();
        return beyond <= 0 || beyond < 1 << c.sndWscale ? c.sndNxt : c.windowEnd();
    }

    /** Nothing but a header with a sequence number the peer has seen: draws an ACK. */
    int sendProbe(TcpConnection c, boolean urgent) {
        return writer.send(c, null, urgent ? c.sndUna : c.sndUna - 1, TcpHeader.ACK, false);
    }

    /** Appends FIN behind the last byte, to the last entry if that was not sent yet. */
    void sendFin(TcpConnection c) {
        TxSegment last = c.sendQueue.sendHead == null ? null : c.sendQueue.tail;
        if (last == null) {
            last = c.sendQueue.newEntry(c.writeSeq);
        }
        c.chronograph.start(Chronograph.BUSY, c.nowNs());
        last.flags |= TcpHeader.FIN;
        last.endSeq++;
        c.writeSeq++;
        push(c, currentMss(c), NAGLE_OFF);
    }

    /** Aborts: RST with SEQ = SND.NXT, RFC 9293 §3.10.5. */
    void sendActiveReset(TcpConnection c) {
        mib.inc(Counter.OutRsts);
        writer.send(c, null, acceptableSeq(c), TcpHeader.RST | TcpHeader.ACK, false);
    }

    /** SYN-ACK of a simultaneous open. */
    void sendSynAck(TcpConnection c) {
        TxSegment syn = c.sendQueue.rtxHead();
        if (syn == null || (syn.flags & TcpHeader.SYN) == 0) {
            return;
        }
        syn.flags = TcpHeader.SYN | TcpHeader.ACK | ((c.ecn & TcpConnection.ECN_OK) != 0 ? TcpHeader.ECE : 0);
        syn.sentNs = c.nowNs();
        writer.send(c, syn, syn.seq, syn.flags, false);
    }
}
