package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;

/**
 * How fast the network delivers, as TCP_INFO shows it: each entry remembers how much had been delivered when it was
 * sent; when it is delivered itself, the difference over the time between (the longer of the send and the ACK interval)
 * is a sample. Samples taken while the application had nothing to send only count when they are higher.
 */
final class DeliveryRate {
    /** Send time of the entry that opened the current interval, and time of the last delivery. */
    private long firstSentNs, deliveredNs;
    /** Samples up to this count of delivered packets are limited by the application; 0: none. */
    private long applicationLimitedUntil;

    private long rateDelivered, rateIntervalUs;
    private boolean rateApplicationLimited;

    // the sample of the ACK that is being processed
    private boolean sampled, sampleLimited;
    private long priorDelivered, priorDeliveredNs, sendIntervalUs;
    private long lastOrder;
    private int lastEndSeq;
    private long samplePackets, sampleIntervalUs;
    private boolean valid;

    /** An entry goes out, for the first time or again. */
    void sent(TcpConnection c, TxSegment entry, long nowNs) {
        if (c.packetsOut == 0) {
            firstSentNs = nowNs;
            deliveredNs = nowNs;
        }
        entry.rateFirstSentNs = firstSentNs;
        entry.rateDeliveredNs = deliveredNs;
        entry.rateDelivered = c.delivered;
        entry.rateApplicationLimited = applicationLimitedUntil != 0;
        entry.rateSampled = true;
    }

    void startAck() {
        sampled = false;
        valid = false;
    }

    /** An entry was acknowledged or SACKed. */
    void delivered(TxSegment entry) {
        if (!entry.rateSampled) {
            return;
        }
        boolean later =
                entry.sentOrder > lastOrder || (entry.sentOrder == lastOrder && Seq.gt(entry.endSeq, lastEndSeq));
        if (!sampled || later) {
            sampled = true;
            priorDelivered = entry.rateDelivered;
            priorDeliveredNs = entry.rateDeliveredNs;
            sampleLimited = entry.rateApplicationLimited;
            lastOrder = entry.sentOrder;
            lastEndSeq = entry.endSeq;
            firstSentNs = entry.sentNs;
            sendIntervalUs = (firstSentNs - entry.rateFirstSentNs) / 1000;
        }
    }

    /** The end of an ACK that delivered {@code count} packets. */
    void endAck(TcpConnection c, int count, boolean reneging, long nowNs) {
        if (applicationLimitedUntil != 0 && c.delivered > applicationLimitedUntil) {
            applicationLimitedUntil = 0;
        }
        if (count > 0) {
            deliveredNs = nowNs;
        }
        if (!sampled || reneging) {
            return;
        }
        long packets = c.delivered - priorDelivered;
        long intervalUs = Math.max(sendIntervalUs, (nowNs - priorDeliveredNs) / 1000);
        if (intervalUs < c.rtt.minUs()) {
            return; // shorter than any round trip: ACKs were compressed
        }
        samplePackets = packets;
        sampleIntervalUs = Math.max(1, intervalUs);
        valid = true;
        if (!sampleLimited || packets * rateIntervalUs >= rateDelivered * intervalUs) {
            rateDelivered = packets;
            rateIntervalUs = intervalUs;
            rateApplicationLimited = sampleLimited;
        }
    }

    /** Before the application writes: what is in flight now was not limited by the network when nothing else waited. */
    void checkApplicationLimited(TcpConnection c) {
        if (c.writeSeq - c.sndNxt < c.mss
                && c.smallQueue.isEmpty()
                && c.inFlight() < c.window.cwnd
                && c.lostOut <= c.retransOut) {
            applicationLimitedUntil = Math.max(1, c.delivered + c.inFlight());
        }
    }

    /** Congestion control keeps the flight small on purpose: samples from now on say nothing about the path. */
    void limitedByChoice(TcpConnection c) {
        applicationLimitedUntil = Math.max(1, c.delivered + c.inFlight());
    }

    /** Whether the ACK being processed delivered a packet, of which {@link #priorDelivered()} then tells. */
    boolean hasDelivery() {
        return sampled;
    }

    /** Whether the ACK being processed measured a rate. */
    boolean hasSample() {
        return valid;
    }

    /** Packets delivered in {@link #sampleIntervalUs()}. */
    long samplePackets() {
        return samplePackets;
    }

    long sampleIntervalUs() {
        return sampleIntervalUs;
    }

    /** How much had been delivered when the packet was sent that this sample ends with. */
    long priorDelivered() {
        return priorDelivered;
    }

    boolean isSampleLimited() {
        return valid && sampleLimited;
    }

    boolean isApplicationLimited() {
        return rateApplicationLimited;
    }

    /** Bytes per second; 0: not measured yet. */
    long bytesPerSecond(int mss) {
        return rateIntervalUs == 0 ? 0 : rateDelivered * mss * 1_000_000L / rateIntervalUs;
    }
}
