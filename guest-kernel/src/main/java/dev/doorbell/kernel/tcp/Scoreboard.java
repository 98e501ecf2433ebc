package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.kernel.tcp.TcpMib.Counter;

/**
 * What the peer holds: marks send queue entries by SACK blocks (RFC 2018), recognises DSACK (RFC 2883), keeps the packet
 * counts that go with the marks, and measures reordering.
 */
final class Scoreboard {
    private static final int MAX_DSACK_STEPS = 0xFF, REO_WND_PERSIST = 16;

    private final TcpMib mib;
    private final Rack rack;
    private final int[] start = new int[ReceivedOptions.MAX_SACK_BLOCKS];
    private final int[] end = new int[ReceivedOptions.MAX_SACK_BLOCKS];

    Scoreboard(TcpMib mib, Rack rack) {
        this.mib = mib;
        this.rack = rack;
    }

    /** Applies the SACK blocks of an ACK. */
    void sackBlocks(TcpConnection c, ReceivedOptions options, int ack, AckContext context) {
        int blocks = options.sackBlocks;
        if (c.sackedOut == 0) {
            c.highestSack = c.sndUna;
        }
        int first = 0;
        if (isDsack(options, ack)) {
            duplicate(c, options.sackStart[0], options.sackEnd[0], context);
            first = 1; // news of data that the peer has, whoever sent it twice
        }
        if (c.packetsOut == 0 || Seq.lt(ack, context.priorUna - c.maxWindow)) {
            return;
        }
        int n = 0;
        for (int i = first; i < blocks; i++) {
            int from = options.sackStart[i];
            int to = options.sackEnd[i];
            if (ack != c.sndUna && Seq.leq(to, c.sndUna)) {
                continue; // the ACK is late
            }
            if (!isValid(c, from, to)) {
                mib.inc(Counter.TCPSACKDiscard);
                continue;
            }
            if (Seq.leq(to, c.sndUna)) {
                continue;
            }
            int at = n++; // insertion sort by left edge: at most four
            while (at > 0 && Seq.gt(start[at - 1], from)) {
                start[at] = start[at - 1];
                end[at] = end[at - 1];
                at--;
            }
            start[at] = from;
            end[at] = to;
        }
        mark(c, n, context);
        if (c.caState != TcpConnection.CA_LOSS || c.undoMarker != 0) {
            checkReordering(c, context.reorderedFrom, highestSack(c), false);
        }
    }

    /** End of the highest packet that the peer holds. */
    static int highestSack(TcpConnection c) {
        return c.sackedOut > 0 ? c.highestSack : c.sndUna;
    }

    private static boolean isDsack(ReceivedOptions o, int ack) {
        if (Seq.geq(o.sackStart[0], o.sackEnd[0])) {
            return false;
        }
        if (Seq.lt(o.sackStart[0], ack)) {
            return true;
        }
        return o.sackBlocks > 1 && Seq.leq(o.sackEnd[0], o.sackEnd[1]) && Seq.geq(o.sackStart[0], o.sackStart[1]);
    }

    private void duplicate(TcpConnection c, int from, int to, AckContext context) {
        mib.inc(Seq.lt(from, c.sndUna) ? Counter.TCPDSACKRecv : Counter.TCPDSACKOfoRecv);
        int mss = Math.max(1, c.mss);
        int packets = (to - from + mss - 1) / mss;
        boolean old = Seq.lt(from, c.sndUna - c.maxWindow) || Seq.gt(to, c.sndNxt) || to - from > c.maxWindow;
        c.dsackDuplicates += old ? 0 : packets;
        if (old || c.dsackDuplicates > c.totalRetransmissions) {
            // more than we sent again: it was the network that made two of one
            mib.inc(old ? Counter.TCPDSACKIgnoredOld : Counter.TCPDSACKIgnoredDubious);
            return;
        }
        mib.add(Counter.TCPDSACKRecvSegs, packets);
        context.flags |= AckContext.DSACKING;
        if (packets == 1 && c.tlpHighSeq != 0 && c.tlpRetransmission && to == c.tlpHighSeq) {
            context.flags |= AckContext.DSACK_TLP;
        } else if (c.reorderSeen != 0) {
            c.rackDsackSeen = true;
        }
        if (c.undoMarker != 0 && c.undoRetrans > 0 && Seq.leq(to, context.priorUna) && Seq.gt(to, c.undoMarker)) {
            c.undoRetrans = Math.max(0, c.undoRetrans - packets);
        } else if (Seq.gt(to, context.priorUna)) {
            retransmittedInVain(c, from, to);
        }
    }

    /** A DSACK about packets that are still in the queue: those of them that were sent again need not have been. */
    private static void retransmittedInVain(TcpConnection c, int from, int to) {
        TxSegment entry = c.sendQueue.rtxHead();
        while (entry != null && Seq.lt(entry.seq, to)) {
            boolean inside = Seq.geq(entry.seq, from) && Seq.leq(entry.endSeq, to);
            if (inside
                    && (entry.marks & (TxSegment.RETRANS | TxSegment.EVER_RETRANS)) != 0
                    && c.undoMarker != 0
                    && Seq.gt(entry.endSeq, c.undoMarker)) {
                c.undoRetrans = Math.max(0, c.undoRetrans - entry.packets);
            }
            entry = c.sendQueue.rtxNext(entry);
        }
    }

    private static boolean isValid(TcpConnection c, int from, int to) {
        return Seq.lt(from, to) && Seq.leq(to, c.sndNxt) && Seq.lt(from, c.sndNxt) && Seq.geq(from, c.sndUna);
    }

    private void mark(TcpConnection c, int blocks, AckContext context) {
        TxSegment entry = c.sendQueue.rtxHead();
        for (int i = 0; i < blocks && entry != null; i++) {
            while (entry != null && Seq.lt(entry.seq, end[i])) {
                if (Seq.leq(entry.endSeq, start[i]) || entry.is(TxSegment.SACKED)) {
                    entry = c.sendQueue.rtxNext(entry);
                    continue;
                }
                entry = markOne(c, entry, start[i], end[i], context);
            }
        }
    }

    /** One entry that overlaps the block; cuts it at packet borders when it is covered in part. @return the next */
    private @org.jspecify.annotations.Nullable TxSegment markOne(
            TcpConnection c, TxSegment entry, int from, int to, AckContext context) {
        int mss = Math.max(1, entry.mss);
        TxSegment covered = entry;
        if (Seq.gt(from, entry.seq)) {
            // Begins inside: the covered part starts at the next packet border.
            int offset = (from - entry.seq + mss - 1) / mss * mss;
            if (offset >= entry.length()) {
                return c.sendQueue.rtxNext(entry);
            }
            covered = fragment(c, entry, offset, mss);
        }
        if (Seq.lt(to, covered.endSeq)) {
            int offset = (to - covered.seq) / mss * mss;
            if (offset <= 0) {
                return c.sendQueue.rtxNext(covered);
            }
            if (offset < covered.length()) {
                fragment(c, covered, offset, mss);
            }
        }
        delivered(c, covered, context);
        return c.sendQueue.rtxNext(covered);
    }

    private void delivered(TcpConnection c, TxSegment entry, AckContext context) {
        int packets = entry.packets;
        rack.advance(c, entry);
        c.rate.delivered(entry);
        if (entry.is(TxSegment.RETRANS)) {
            // A retransmission was delivered, or its original: the hole is gone either way.
            if (entry.is(TxSegment.LOST)) {
                entry.marks &= ~TxSegment.LOST;
                c.lostOut -= packets;
            }
            entry.marks &= ~TxSegment.RETRANS;
            c.retransOut -= packets;
        } else {
            if (!entry.is(TxSegment.EVER_RETRANS)) {
                if (Seq.lt(entry.seq, context.priorHighestSack)) {
                    context.reorderedFrom = Seq.min(context.reorderedFrom, entry.seq);
                }
                if (Seq.leq(entry.endSeq, c.highSeq)) {
                    context.flags |= AckContext.ORIG_SACK_ACKED;
                }
                if (context.firstSackedNs == 0) {
                    context.firstSackedNs = entry.sentNs;
                }
                context.lastSackedNs = entry.sentNs;
            }
            if (entry.is(TxSegment.LOST)) {
                entry.marks &= ~TxSegment.LOST;
                c.lostOut -= packets;
            }
        }
        entry.marks |= TxSegment.SACKED;
        entry.rateSampled = false; // the cumulative ACK is no second delivery
        context.flags |= AckContext.DATA_SACKED;
        c.sackedOut += packets;
        c.delivered += packets;
        c.sendQueue.unlinkSent(entry);
        if (c.sackedOut == packets || Seq.gt(entry.endSeq, c.highestSack)) {
            c.highestSack = entry.endSeq;
        }
    }

    /** Cuts a sent entry, keeping the packet counts right. @return the second part */
    static TxSegment fragment(TcpConnection c, TxSegment entry, int offset, int mss) {
        int before = entry.packets;
        TxSegment rest = c.sendQueue.split(entry, offset, mss);
        adjust(c, entry, before - entry.packets - rest.packets);
        return rest;
    }

    /** An entry's packet count has shrunk by {@code less}. */
    static void adjust(TcpConnection c, TxSegment entry, int less) {
        if (less == 0) {
            return;
        }
        c.packetsOut -= less;
        if (entry.is(TxSegment.SACKED)) {
            c.sackedOut -= less;
        }
        if (entry.is(TxSegment.RETRANS)) {
            c.retransOut -= less;
        }
        if (entry.is(TxSegment.LOST)) {
            c.lostOut -= less;
        }
        if (!c.sackOk && c.sackedOut > 0) {
            c.sackedOut = Math.max(0, c.sackedOut - less);
        }
    }

    /** Marks an entry lost, once. */
    static void markLost(TcpConnection c, TxSegment entry) {
        if (entry.is(TxSegment.SACKED)) {
            return;
        }
        if (entry.is(TxSegment.LOST)) {
            if (entry.is(TxSegment.RETRANS)) { // the retransmission is lost as well
                entry.marks &= ~TxSegment.RETRANS;
                c.retransOut -= entry.packets;
                c.tcp.mib.add(Counter.TCPLostRetransmit, entry.packets);
            }
            return;
        }
        c.lostOut += entry.packets;
        entry.marks |= TxSegment.LOST;
        if (entry.is(TxSegment.RETRANS)) {
            entry.marks &= ~TxSegment.RETRANS;
            c.retransOut -= entry.packets;
            c.tcp.mib.add(Counter.TCPLostRetransmit, entry.packets);
        }
    }

    /** Delivery out of order reached back to {@code from}, with {@code highest} already SACKed. */
    void checkReordering(TcpConnection c, int from, int highest, boolean byTimestamp) {
        if (!Seq.lt(from, highest)) {
            return;
        }
        int distance = highest - from;
        int mss = Math.max(1, c.mss);
        if (distance > c.reordering * mss) {
            c.reordering = Math.min((distance + mss - 1) / mss, c.config.maxReordering);
        }
        c.reorderSeen++;
        mib.inc(byTimestamp ? Counter.TCPTSReorder : Counter.TCPSACKReorder);
    }

    /** RFC 8985 §6.2 step 4: DSACKs widen RACK's reordering window, at most once per round trip. */
    void updateReorderingWindow(TcpConnection c) {
        if (!c.rate.hasDelivery()) {
            return;
        }
        if (c.rate.priorDelivered() < c.rackDsackDelivered) {
            c.rackDsackSeen = false; // about packets that were sent before the window was widened
        }
        if (c.rackDsackSeen) {
            c.rackReoWndSteps = Math.min(MAX_DSACK_STEPS, c.rackReoWndSteps + 1);
            c.rackDsackSeen = false;
            c.rackDsackDelivered = c.delivered;
            c.rackReoWndPersist = REO_WND_PERSIST;
        } else if (c.rackReoWndPersist == 0) {
            c.rackReoWndSteps = 1;
        }
    }

    // ---- without SACK: duplicate ACKs stand for delivered packets

    void addDuplicates(TcpConnection c, int count) {
        int before = c.sackedOut;
        c.sackedOut += count;
        limitDuplicates(c);
        int added = c.sackedOut - before;
        if (added > 0) {
            c.delivered += added;
        }
    }

    void resetDuplicates(TcpConnection c) {
        c.sackedOut = 0;
    }

    /** A cumulative ACK took away {@code acked} packets, of which one was the hole. */
    void removeDuplicates(TcpConnection c, int acked) {
        if (acked > 0) {
            c.delivered += Math.max(acked - c.sackedOut, 1);
            c.sackedOut = acked - 1 >= c.sackedOut ? 0 : c.sackedOut - (acked - 1);
        }
        limitDuplicates(c);
    }

    private void limitDuplicates(TcpConnection c) {
        int holes = Math.min(Math.max(c.lostOut, 1), c.packetsOut);
        if (c.sackedOut + holes > c.packetsOut) {
            int excess = c.sackedOut + holes - c.packetsOut;
            c.sackedOut = c.packetsOut - holes;
            if (excess > 0 && c.packetsOut > c.reordering) {
                c.reordering = Math.min(c.packetsOut, c.config.maxReordering);
                c.reorderSeen++;
                mib.inc(Counter.TCPRenoReorder);
            }
        }
    }
}
