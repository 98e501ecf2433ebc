package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.tcp.TcpMib.Counter;

/**
 * What happens when time passes: retransmission, loss probe and reordering, zero window probe, delayed ACK, keepalive and
 * FIN-WAIT-2. The first four share one timer per connection, as only one of them is ever wanted.
 */
final class TcpTimers {
    private static final long MIN_TIMEOUT_NS = 2 * TcpConfig.MS;
    /** When a probe could not be sent on this host. */
    private static final long RESOURCE_RETRY_NS = 500 * TcpConfig.MS;

    /** What retries are turned into a time by, whatever minimum is set. */
    private static final long MIN_RTO_NS = 200 * TcpConfig.MS;

    private static final int THIN_PACKETS = 4, THIN_RETRIES = 6;
    private static final long INITIAL_PROBE_NS = TcpConfig.SECOND;

    private final Tcp tcp;
    private final TcpMib mib;

    TcpTimers(Tcp tcp) {
        this.tcp = tcp;
        this.mib = tcp.mib;
    }

    // ---- arming

    void resetTransmit(TcpConnection c, int mode, long delayNs) {
        c.timerMode = mode;
        c.transmitTimer.set(c.nowNs() + Math.min(delayNs + c.pacing.delayNs(), c.rtoMaxNs()));
    }

    /** What was sent goes out again as soon as a timer can. */
    void resetTransmitSoon(TcpConnection c) {
        resetTransmit(c, TcpConnection.TIMER_RETRANSMIT, MIN_TIMEOUT_NS);
    }

    void clearTransmit(TcpConnection c) {
        c.timerMode = TcpConnection.TIMER_NONE;
        c.transmitTimer.stop();
    }

    /** RFC 6298 §5: counts from the last ACK of new data, or from the first packet's transmission after a probe. */
    void rearmRto(TcpConnection c) {
        if (c.fastOpenRequest != null) {
            return; // the timer belongs to the SYN-ACK
        }
        if (c.packetsOut == 0) {
            clearTransmit(c);
            return;
        }
        long delay = c.rtoNs;
        if (c.timerMode == TcpConnection.TIMER_REORDER || c.timerMode == TcpConnection.TIMER_LOSS_PROBE) {
            delay = Math.max(remainingRto(c), 1);
        }
        resetTransmit(c, TcpConnection.TIMER_RETRANSMIT, delay);
    }

    private static long remainingRto(TcpConnection c) {
        TxSegment head = c.sendQueue.rtxHead();
        return head == null ? c.rtoNs : head.sentNs + c.rtoNs - c.nowNs();
    }

    /** After an ACK of new data: the loss probe if one makes sense, else the retransmission timer. */
    void setTransmitTimer(TcpConnection c) {
        if (!scheduleLossProbe(c, true)) {
            rearmRto(c);
        }
    }

    /** RFC 8985 §7.2: two round trips after the last transmission, and time for a delayed ACK when one packet is out. */
    boolean scheduleLossProbe(TcpConnection c, boolean advancing) {
        if (!c.config.tlp()
                || c.packetsOut == 0
                || !c.sackOk
                || (c.caState != TcpConnection.CA_OPEN && c.caState != TcpConnection.CA_CWR)
                || c.state() == TcpState.SYN_SENT
                || c.state() == TcpState.SYN_RECV) {
            return false;
        }
        long timeout;
        if (c.rtt.hasSample()) {
            timeout = (c.rtt.srtt8Us() >> 2) * 1000L;
            timeout += c.packetsOut == 1 ? c.rtoMinNs() : MIN_TIMEOUT_NS;
        } else {
            timeout = INITIAL_PROBE_NS;
        }
        long rto = advancing ? c.rtoNs : remainingRto(c);
        if (rto > 0) {
            timeout = Math.min(timeout, rto);
        }
        resetTransmit(c, TcpConnection.TIMER_LOSS_PROBE, timeout);
        return true;
    }

    /** Data waits behind a closed window and nothing is in flight to draw an update. */
    void checkProbeTimer(TcpConnection c) {
        if (c.packetsOut == 0 && c.timerMode == TcpConnection.TIMER_NONE) {
            resetTransmit(c, TcpConnection.TIMER_PROBE0, probeBase(c));
        }
    }

    private static long probeBase(TcpConnection c) {
        return Math.max(c.rtoNs, c.rtoMinNs());
    }

    long probeInterval(TcpConnection c) {
        long when = probeBase(c) << Math.min(c.backoff, 30);
        return clampToUserTimeout(c, Math.min(when, c.rtoMaxNs()), c.probesStartNs);
    }

    private static long clampToUserTimeout(TcpConnection c, long delay, long startNs) {
        long limit = c.settings.userTimeoutNs;
        if (limit == 0 || startNs == 0) {
            return delay;
        }
        return Math.min(delay, Math.max(startNs + limit - c.nowNs(), TcpConfig.MS));
    }

    // ---- the transmit timer

    void transmitTimer(TcpConnection c) {
        if (c.state() == TcpState.CLOSE) {
            return;
        }
        int mode = c.timerMode;
        switch (mode) {
            case TcpConnection.TIMER_REORDER -> tcp.recovery.reorderTimeout(c);
            case TcpConnection.TIMER_LOSS_PROBE -> tcp.retransmitter.sendLossProbe(c);
            case TcpConnection.TIMER_RETRANSMIT -> {
                c.timerMode = TcpConnection.TIMER_NONE;
                retransmitTimeout(c);
            }
            case TcpConnection.TIMER_PROBE0 -> {
                c.timerMode = TcpConnection.TIMER_NONE;
                probeTimeout(c);
            }
            default -> {}
        }
    }

    private void retransmitTimeout(TcpConnection c) {
        TcpRequest request = c.fastOpenRequest;
        if (request != null) {
            tcp.fastOpenServer.synAckTimeout(c, request);
            return;
        }
        TxSegment head = c.sendQueue.rtxHead();
        if (c.packetsOut == 0 || head == null) {
            return;
        }
        boolean handshake = c.state() == TcpState.SYN_SENT || c.state() == TcpState.SYN_RECV;
        mib.inc(Counter.TCPTimeouts);
        if (c.sndWnd == 0 && !c.isOrphan() && !handshake) {
            // The peer shrank its window under our data: as long as it answers, this is a probe.
            if (c.nowNs() - c.lastAckReceivedNs > c.rtoMaxNs() || userTimeoutOver(c)) {
                fail(c);
                return;
            }
            tcp.recovery.enterLoss(c);
            tcp.retransmitter.retransmit(c, head, 1);
        } else {
            if (timedOut(c)) {
                return;
            }
            if (c.retransmits == 0) {
                mib.inc(failureCounter(c));
            }
            if (!handshake || c.state() == TcpState.SYN_RECV) {
                tcp.recovery.enterLoss(c);
            } else {
                enterSynLoss(c, head);
            }
            countTimeout(c);
            TxSegment first = c.sendQueue.rtxHead();
            if (first != null && congestedHere(tcp.retransmitter.retransmit(c, first, 1))) {
                resetTransmit(c, TcpConnection.TIMER_RETRANSMIT, RESOURCE_RETRY_NS);
                return;
            }
        }
        backOff(c);
        resetTransmit(c, TcpConnection.TIMER_RETRANSMIT, clampToUserTimeout(c, c.rtoNs, c.retransStampNs));
    }

    /** RFC 6298 §5.5; SYNs at first, and streams of few packets on request, at constant distance. */
    private static void backOff(TcpConnection c) {
        boolean thin = c.settings.thinLinearTimeouts
                && c.state() == TcpState.ESTABLISHED
                && c.packetsOut < THIN_PACKETS
                && c.retransmits <= THIN_RETRIES;
        if (thin) {
            c.backoff = 0;
            c.rtoNs = LossRecovery.boundedRto(c);
        } else if (c.state() != TcpState.SYN_SENT || c.totalTimeouts > c.config.synLinearTimeouts) {
            c.backoff++;
            c.rtoNs = Math.min(c.rtoNs << 1, c.rtoMaxNs());
        }
    }

    private static void countTimeout(TcpConnection c) {
        if (c.retransmits == 0) {
            c.timeoutRecoveries++;
            c.timeoutStampNs = c.nowNs();
        }
        c.retransmits++;
        c.totalTimeouts++;
    }

    private static void enterSynLoss(TcpConnection c, TxSegment syn) {
        Scoreboard.markLost(c, syn);
        c.window.set(1);
        c.caState = TcpConnection.CA_LOSS;
        c.highSeq = c.sndNxt;
    }

    private static Counter failureCounter(TcpConnection c) {
        return switch (c.caState) {
            case TcpConnection.CA_RECOVERY -> c.sackOk ? Counter.TCPSackRecoveryFail : Counter.TCPRenoRecoveryFail;
            case TcpConnection.CA_LOSS -> Counter.TCPLossFailures;
            default -> c.sackOk ? Counter.TCPSackFailures : Counter.TCPRenoFailures;
        };
    }

    private static boolean userTimeoutOver(TcpConnection c) {
        long limit = c.settings.userTimeoutNs;
        return limit != 0 && c.retransStampNs != 0 && c.nowNs() - c.retransStampNs >= limit;
    }

    /** R2 of RFC 9293 §3.8.3. @return true when the connection was given up */
    private boolean timedOut(TcpConnection c) {
        boolean expired;
        boolean reset = true;
        if (c.state() == TcpState.SYN_SENT || c.state() == TcpState.SYN_RECV) {
            int limit = c.settings.synCount != 0 ? c.settings.synCount : c.config.synRetries;
            // The linear timeouts add to the count, but not to the time that so many doublings would take.
            int doublings = limit;
            limit += c.state() == TcpState.SYN_SENT ? c.config.synLinearTimeouts : 0;
            expired = c.retransmits >= limit || over(c, doublings, c.config.rtoInitialNs, c.settings.userTimeoutNs);
            reset = false;
        } else {
            if (over(c, c.config.retries1, MIN_RTO_NS, 0)) {
                c.mtuProber.blackHoleSuspected();
            }
            int limit = c.config.retries2;
            if (c.isOrphan()) {
                boolean alive = c.rtoNs < c.rtoMaxNs();
                limit = orphanRetries(c, alive);
                reset = alive || !over(c, limit, MIN_RTO_NS, 0);
            }
            expired = over(c, limit, MIN_RTO_NS, c.settings.userTimeoutNs);
        }
        tcp.fastOpenClient.timedOut(c, expired);
        if (expired) {
            if (c.isOrphan() && reset) {
                tcp.output.sendActiveReset(c);
            }
            fail(c);
        }
        return expired;
    }

    private static int orphanRetries(TcpConnection c, boolean alive) {
        int retries = c.config.orphanRetries;
        if (c.softError != 0 && !alive) {
            return 0;
        }
        return retries == 0 && alive ? 8 : retries;
    }

    /**
     * True when as much time has passed since the first retransmission as {@code boundary} of them take, from
     * {@code baseNs} on.
     */
    private static boolean over(TcpConnection c, int boundary, long baseNs, long userTimeoutNs) {
        if (c.retransmits == 0 || c.retransStampNs == 0) {
            return false;
        }
        long limit = userTimeoutNs != 0 ? userTimeoutNs : backoffTime(baseNs, c.rtoMaxNs(), boundary);
        return c.nowNs() - c.retransStampNs >= limit;
    }

    /** Time that {@code retries} doublings of {@code baseNs} take, none longer than {@code rtoMaxNs}. */
    static long backoffTime(long baseNs, long rtoMaxNs, int retries) {
        int doublings = 63 - Long.numberOfLeadingZeros(Math.max(rtoMaxNs / baseNs, 1));
        if (retries <= doublings) {
            return ((2L << retries) - 1) * baseNs;
        }
        return ((2L << doublings) - 1) * baseNs + (retries - doublings) * rtoMaxNs;
    }

    /** The peer is gone: ETIMEDOUT, or what ICMP had said. */
    void fail(TcpConnection c) {
        mib.inc(Counter.TCPAbortOnTimeout);
        int error = c.softError != 0 ? c.softError : Errno.ETIMEDOUT.number();
        tcp.abort(c, error);
    }

    /**
     * RFC 6069: an ICMP unreachable about a retransmission says that the path is broken, not congested; one doubling is
     * taken back.
     */
    void revertBackoff(TcpConnection c, int seq) {
        TxSegment head = c.sendQueue.rtxHead();
        if (seq != c.sndUna || c.retransmits == 0 || c.backoff == 0 || head == null || c.fastOpenRequest != null) {
            return;
        }
        c.backoff--;
        long base = c.rtt.hasSample() ? LossRecovery.boundedRto(c) : c.config.rtoInitialNs;
        c.rtoNs = Math.min(base << Math.min(c.backoff, 30), c.rtoMaxNs());
        long remaining = head.sentNs + c.rtoNs - c.nowNs();
        if (remaining > 0) {
            resetTransmit(c, TcpConnection.TIMER_RETRANSMIT, remaining);
        } else {
            retransmitTimeout(c);
        }
    }

    // ---- zero window

    private void probeTimeout(TcpConnection c) {
        if (c.packetsOut != 0 || !c.hasUnsent()) {
            c.probesOut = 0;
            c.probesStartNs = 0;
            return;
        }
        long limit = c.settings.userTimeoutNs;
        if (c.probesStartNs == 0) {
            c.probesStartNs = c.nowNs();
        } else if (limit != 0 && c.nowNs() - c.probesStartNs >= limit) {
            fail(c);
            return;
        }
        int most = c.config.retries2;
        if (c.isOrphan()) {
            boolean alive = probeBase(c) << Math.min(c.backoff, 30) < c.rtoMaxNs();
            most = orphanRetries(c, alive);
            if (!alive && c.backoff >= most) {
                fail(c);
                return;
            }
        }
        if (c.probesOut >= most) {
            fail(c);
            return;
        }
        sendProbe0(c);
    }

    /**
     * Whether this host had no room for the packet: then it is tried again soon. Without a way out (no route, the interface
     * is down) the timers back off as if the packet had been lost.
     */
    private static boolean congestedHere(int error) {
        return error == Errno.ENOBUFS.negated() || error == Errno.ENOMEM.negated();
    }

    private void sendProbe0(TcpConnection c) {
        boolean congested = congestedHere(writeWakeup(c));
        if (c.packetsOut != 0 || !c.hasUnsent()) {
            c.probesOut = 0;
            c.backoff = 0;
            c.probesStartNs = 0;
            return;
        }
        c.probesOut++;
        if (congested) {
            resetTransmit(c, TcpConnection.TIMER_PROBE0, RESOURCE_RETRY_NS);
            return;
        }
        if (c.backoff < c.config.retries2) {
            c.backoff++;
        }
        resetTransmit(c, TcpConnection.TIMER_PROBE0, probeInterval(c));
    }

    /** Sends whatever draws an answer: data if the window has a crack, else an old sequence number. */
    int writeWakeup(TcpConnection c) {
        mib.inc(Counter.TCPWinProbe);
        TxSegment entry = c.sendQueue.sendHead;
        if (entry != null && Seq.lt(entry.seq, c.windowEnd())) {
            int mss = tcp.output.currentMss(c);
            int room = c.windowEnd() - entry.seq;
            int bytes = Math.min(Math.min(room, mss), entry.length());
            if (bytes < entry.length()) {
                c.sendQueue.split(entry, bytes, mss);
            }
            entry.cutInto(mss);
            entry.flags |= TcpHeader.PSH;
            return tcp.output.sendOne(c, entry);
        }
        if (c.urgentMode && Seq.gt(c.sndUrgent, c.sndUna)) {
            tcp.output.sendProbe(c, true);
        }
        return tcp.output.sendProbe(c, false);
    }

    // ---- delayed ACK

    void delayedAck(TcpConnection c) {
        if (c.state() == TcpState.CLOSE || (c.ackPending & TcpConnection.ACK_TIMER) == 0) {
            return;
        }
        c.ackPending &= ~TcpConnection.ACK_TIMER;
        if ((c.ackPending & TcpConnection.ACK_SCHEDULED) != 0) {
            if (c.inPingPong()) {
                // The session was not interactive after all.
                c.pingpong = 0;
                c.ackTimeoutNs = c.config.delackMinNs;
            } else {
                c.ackTimeoutNs = Math.min(c.ackTimeoutNs << 1, c.rtoNs);
            }
            tcp.output.sendAck(c);
            mib.inc(Counter.DelayedACKs);
        }
    }

    // ---- keepalive, FIN-WAIT-2

    void armKeepalive(TcpConnection c) {
        if (c.settings.keepAlive && c.state() != TcpState.CLOSE && c.state() != TcpState.SYN_SENT) {
            c.keepaliveTimer.set(c.nowNs() + c.settings.keepIdleNs(c.config));
        }
    }

    void keepalive(TcpConnection c) {
        if (c.state() == TcpState.CLOSE) {
            return;
        }
        if (c.state() == TcpState.FIN_WAIT2 && c.isOrphan()) {
            long rest = tcp.finTimeoutNs(c) - c.config.timeWaitNs;
            if (c.settings.linger2Ns >= 0 && rest > 0) {
                tcp.enterTimeWait(c, TcpState.FIN_WAIT2, rest);
            } else {
                tcp.output.sendActiveReset(c);
                tcp.done(c);
            }
            return;
        }
        if (!c.settings.keepAlive || c.state() == TcpState.SYN_SENT) {
            return;
        }
        long idleLimit = c.settings.keepIdleNs(c.config);
        if (c.packetsOut > 0 || c.hasUnsent()) {
            c.keepaliveTimer.set(c.nowNs() + idleLimit);
            return;
        }
        long idle = c.nowNs() - Math.max(c.lastAckReceivedNs, c.lastReceivedNs);
        if (idle < idleLimit) {
            c.keepaliveProbesOut = 0;
            c.keepaliveTimer.set(c.nowNs() + idleLimit - idle);
            return;
        }
        long user = c.settings.userTimeoutNs;
        boolean over = user != 0
                ? idle >= user && c.keepaliveProbesOut > 0
                : c.keepaliveProbesOut >= c.settings.keepCount(c.config);
        if (over) {
            tcp.output.sendActiveReset(c);
            fail(c);
            return;
        }
        mib.inc(Counter.TCPKeepAlive);
        if (tcp.output.sendProbe(c, false) >= 0) {
            c.keepaliveProbesOut++;
            c.keepaliveTimer.set(c.nowNs() + c.settings.keepIntervalNs(c.config));
        } else {
            c.keepaliveTimer.set(c.nowNs() + RESOURCE_RETRY_NS);
        }
    }
}
