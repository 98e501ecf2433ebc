package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;

/**
 * RACK, RFC 8985 §6: a packet is lost when one that was sent sufficiently later has been delivered. Works on the list of
 * entries in order of their last transmission.
 */
final class Rack {
    /** Added to the reordering timer: two ticks. */
    private static final long TIMER_SLACK_NS = 2 * TcpConfig.MS;

    /** §6.2 step 2: this entry was delivered. */
    void advance(TcpConnection c, TxSegment entry) {
        long now = c.nowNs();
        long rttUs = (now - entry.sentNs) / 1000;
        if (rttUs < c.rtt.minUs() && (entry.marks & (TxSegment.RETRANS | TxSegment.EVER_RETRANS)) != 0) {
            return; // too soon for the retransmission: it was the original
        }
        c.rackAdvanced = true;
        c.rackRttUs = rttUs;
        if (sentAfter(entry.sentOrder, entry.endSeq, c.rackSentOrder, c.rackEndSeq)) {
            c.rackSentOrder = entry.sentOrder;
            c.rackEndSeq = entry.endSeq;
        }
    }

    /** It was sent again, but what the peer acknowledges had come before that: the time since then tells nothing. */
    boolean isSpurious(TcpConnection c, TxSegment entry) {
        return (entry.marks & (TxSegment.RETRANS | TxSegment.EVER_RETRANS)) != 0 && c.echoesBefore(entry.sentNs);
    }

    /** By order, not by time: what goes out in answer to one batch of ACKs has one time. Parts of one buffer by sequence. */
    private static boolean sentAfter(long aOrder, int aSeq, long bOrder, int bSeq) {
        return aOrder > bOrder || (aOrder == bOrder && Seq.gt(aSeq, bSeq));
    }

    /** §6.2 step 4: how much later, microseconds. */
    private static long reorderingWindowUs(TcpConnection c) {
        if (c.reorderSeen == 0 && (c.caState >= TcpConnection.CA_RECOVERY || c.sackedOut >= c.reordering)) {
            return 0;
        }
        return Math.min((c.rtt.minUs() >> 2) * c.rackReoWndSteps, c.rtt.srttUs());
    }

    /** Microseconds until the entry counts as lost; 0 or less: it does. */
    static long remainingUs(TcpConnection c, TxSegment entry, long windowUs) {
        return c.rackRttUs + windowUs - (c.nowNs() - entry.sentNs) / 1000;
    }

    /**
     * §6.2 step 5: marks what is lost.
     *
     * @return microseconds until the next may be, 0: none waits
     */
    long detectLoss(TcpConnection c) {
        long windowUs = reorderingWindowUs(c);
        long timeout = 0;
        TxSegment entry = c.sendQueue.earliestSent;
        while (entry != null) {
            TxSegment later = entry.laterSent;
            if (!entry.is(TxSegment.LOST) || entry.is(TxSegment.RETRANS)) {
                if (!sentAfter(c.rackSentOrder, c.rackEndSeq, entry.sentOrder, entry.endSeq)) {
                    break;
                }
                long remaining = remainingUs(c, entry, windowUs);
                if (remaining <= 0) {
                    Scoreboard.markLost(c, entry);
                    c.sendQueue.unlinkSent(entry);
                } else {
                    timeout = Math.max(timeout, remaining);
                }
            }
            entry = later;
        }
        return timeout;
    }

    /**
     * After an ACK that delivered something: marks losses, and sets the reordering timer for what may follow.
     *
     * @return whether the timer is set: the retransmission timer then has to wait
     */
    boolean markLost(TcpConnection c) {
        if (!c.rackAdvanced) {
            return false;
        }
        c.rackAdvanced = false;
        long timeoutUs = detectLoss(c);
        if (timeoutUs > 0) {
            c.tcp.timers.resetTransmit(
                    c, TcpConnection.TIMER_REORDER, Math.min(timeoutUs * 1000 + TIMER_SLACK_NS, c.rtoNs));
        }
        return timeoutUs > 0;
    }
}
