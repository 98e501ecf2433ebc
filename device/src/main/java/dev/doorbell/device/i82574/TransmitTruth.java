package dev.doorbell.device.i82574;

import java.util.SortedMap;

/**
 * What really happened on the transmit side, next to the architected statistics: never cleared, never saturated, every
 * packet that did not leave with its reason.
 */
final class TransmitTruth {
    private static final TxDrop[] REASONS = TxDrop.values();

    private final long[] drops = new long[REASONS.length];
    /** Frames handed to the wire or looped back, segments one by one; PAUSE frames are not among them. */
    long sent;
    /** Their octets, FCS included. */
    long sentOctets;

    void drop(TxDrop reason) {
        drops[reason.ordinal()]++;
    }

    /** Adds "tx.sent", "tx.drop.TOO_LONG" …, for reports. Allocates. */
    void addTo(SortedMap<String, Long> all) {
        all.put("tx.sent", sent);
        all.put("tx.sent.octets", sentOctets);
        for (TxDrop reason : REASONS) {
            all.put("tx.drop." + reason, drops[reason.ordinal()]);
        }
    }
}
