package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.tcp.TcpMib.Counter;

/** Sends again what was lost: by the scoreboard while the congestion window allows, or one entry for a timer. */
final class Retransmitter {
    private final Tcp tcp;
    private final SegmentWriter writer;
    private final TcpMib mib;

    Retransmitter(Tcp tcp, SegmentWriter writer) {
        this.tcp = tcp;
        this.writer = writer;
        this.mib = tcp.mib;
    }

    /** Retransmits entries marked lost, first first, as far as the window goes. RFC 6675 NextSeg rule 1. */
    void sendLost(TcpConnection c) {
        if (c.packetsOut == 0) {
            return;
        }
        boolean rearm = false;
        TxSegment first = c.sendQueue.rtxHead();
        int most = c.pacing.packetsPerBuffer(Math.max(1, c.mss));
        for (TxSegment entry = first; entry != null; entry = c.sendQueue.rtxNext(entry)) {
            if (c.pacing.mustWait()) {
                break;
            }
            int room = Math.min(c.window.cwnd - c.inFlight(), most);
            if (room <= 0 || c.retransOut >= c.lostOut) {
                break;
            }
            if (!entry.is(TxSegment.LOST) || entry.is(TxSegment.SACKED | TxSegment.RETRANS)) {
                continue;
            }
            if (c.smallQueue.isFull()) {
                break;
            }
            mib.inc(c.caState == TcpConnection.CA_LOSS ? Counter.TCPSlowStartRetrans : Counter.TCPFastRetrans);
            if (retransmit(c, entry, room) != 0) {
                break;
            }
            tcp.recovery.prrSent(c, entry.packets);
            rearm |= entry == first && c.timerMode != TcpConnection.TIMER_REORDER;
        }
        if (rearm) {
            tcp.timers.resetTransmit(c, TcpConnection.TIMER_RETRANSMIT, c.rtoNs);
        }
    }

    /**
     * Sends an entry again, at most {@code packets} of it.
     *
     * @return 0 or a negated errno
     */
    int retransmit(TcpConnection c, TxSegment entry, int packets) {
        if (Seq.lt(entry.seq, c.sndUna) && entry.length() > 0) {
            int before = entry.packets;
            c.sendQueue.trimHead(entry, c.sndUna - entry.seq);
            entry.cutInto(entry.mss);
            Scoreboard.adjust(c, entry, before - entry.packets);
        }
        if (!tcp.refreshPath(c)) {
            return Errno.EHOSTUNREACH.negated();
        }
        int mss = tcp.output.currentMss(c);
        int window = c.windowEnd() - entry.seq;
        if (window <= 0) {
            if (entry.seq != c.sndUna) {
                return Errno.EAGAIN.negated();
            }
            window = mss;
        }
        int limit = mss * packets;
        if (limit > window) {
            limit = window < mss ? window : window / mss * mss; // of a window that shrank, what is left
        }
        if (entry.length() > limit) {
            Scoreboard.fragment(c, entry, limit, mss);
        } else {
            int before = entry.packets;
            entry.cutInto(mss);
            Scoreboard.adjust(c, entry, before - entry.packets);
            if (entry.length() < mss && (entry.flags & TcpHeader.SYN) == 0) {
                collapse(c, entry, mss);
            }
        }
        int flags = entry.flags;
        if ((flags & TcpHeader.SYN) == 0 || c.state() == TcpState.SYN_RECV) {
            flags |= TcpHeader.ACK;
        } else {
            flags &= ~(TcpHeader.ECE | TcpHeader.CWR); // RFC 3168 §6.1.1.1: perhaps ECN is what is being dropped
        }
        mib.add(Counter.RetransSegs, entry.packets);
        if ((flags & TcpHeader.SYN) != 0) {
            mib.inc(Counter.TCPSynRetrans);
        }
        c.totalRetransmissions += entry.packets;
        c.bytesRetransmitted += entry.length();
        int error = writer.send(c, entry, entry.seq, flags, true);
        if (error == 0) {
            entry.marks |= TxSegment.RETRANS | TxSegment.EVER_RETRANS;
            c.retransOut += entry.packets;
            c.sendQueue.sentNow(entry);
            entry.sentNs = c.nowNs();
        } else {
            mib.inc(Counter.TCPRetransFail);
        }
        if (c.retransStampNs == 0) {
            c.retransStampNs = c.nowNs();
        }
        if (c.undoRetrans < 0) {
            c.undoRetrans = 0;
        }
        c.undoRetrans += entry.packets;
        entry.transmissions++;
        return error;
    }

    /** Joins the following small entries into this one, as far as one packet and the peer's window go. */
    private static void collapse(TcpConnection c, TxSegment entry, int mss) {
        if (entry.packets > 1) {
            return;
        }
        while (true) {
            TxSegment next = c.sendQueue.rtxNext(entry);
            if (next == null
                    || next.packets > 1
                    || next.is(TxSegment.SACKED)
                    || entry.endOfRecord
                    || (entry.flags & TcpHeader.FIN) != 0
                    || entry.length() + next.length() > mss
                    || Seq.gt(next.endSeq, c.windowEnd())
                    || !entry.canAbsorb(next)) {
                return;
            }
            int fin = next.flags & TcpHeader.FIN;
            int end = next.endSeq;
            c.packetsOut -= next.packets;
            if (next.is(TxSegment.LOST)) {
                c.lostOut -= next.packets;
            }
            if (next.is(TxSegment.RETRANS)) {
                c.retransOut -= next.packets;
            }
            if (!c.sackOk && c.sackedOut > 0) {
                c.sackedOut--;
            }
            entry.marks |= next.marks & TxSegment.EVER_RETRANS;
            c.sendQueue.joinNext(entry);
            entry.flags |= fin;
            entry.endSeq = end;
        }
    }

    /** Tail loss probe, RFC 8985 §7.3: new data if there is any, else the last packet again. */
    void sendLossProbe(TcpConnection c) {
        if (c.tlpHighSeq != 0) {
            tcp.timers.rearmRto(c);
            return;
        }
        c.tlpRetransmission = false;
        int before = c.packetsOut;
        TxSegment fresh = c.sendQueue.sendHead;
        boolean sent = false;
        if (fresh != null && Seq.leq(Math.min(fresh.length(), c.mss) + fresh.seq, c.windowEnd())) {
            tcp.output.writeXmit(c, tcp.output.currentMss(c), TcpOutput.NAGLE_OFF, TcpOutput.PROBE);
            sent = c.packetsOut > before;
        }
        if (!sent) {
            TxSegment last = c.sendQueue.rtxTail();
            if (last == null) {
                return;
            }
            int mss = tcp.output.currentMss(c);
            if (last.packets > 1 && last.length() > (last.packets - 1) * mss) {
                last = Scoreboard.fragment(c, last, (last.packets - 1) * mss, mss);
            }
            if (retransmit(c, last, 1) == 0) {
                c.tlpRetransmission = true;
                sent = true;
            }
        }
        if (sent) {
            c.tlpHighSeq = c.sndNxt;
            mib.inc(Counter.TCPLossProbes);
            c.timerMode = TcpConnection.TIMER_NONE;
        }
        tcp.timers.rearmRto(c);
    }
}
