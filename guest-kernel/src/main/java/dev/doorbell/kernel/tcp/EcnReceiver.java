package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.skb.SkBuff;

/** The receiver's side of ECN, RFC 3168 §6.1.3: what congestion marks and CWR on accepted data do to the echo. */
final class EcnReceiver {
    /** Where {@link SkBuff#cbFlags} has the two ECN bits of the IP header, above TCP's flags. */
    static final int SHIFT = 8;

    private static final int NOT_ECT = 0, CONGESTION_EXPERIENCED = 3, QUICK_ACKS = 2;

    private EcnReceiver() {}

    /** A segment with data or FIN, inside the window, new or not: CWR ends the echo. */
    static void segment(TcpConnection c, SkBuff skb) {
        if ((c.ecn & TcpConnection.ECN_OK) != 0 && (skb.cbFlags & TcpHeader.CWR) != 0) {
            c.ecn &= ~TcpConnection.ECN_DEMAND_CWR;
            c.ackPending |= TcpConnection.ACK_NOW; // its window may be a single packet: do not delay
        }
    }

    /** New data, in order or not: a mark begins the echo. */
    static void data(TcpConnection c, SkBuff skb) {
        if ((c.ecn & TcpConnection.ECN_OK) == 0) {
            return;
        }
        switch (skb.cbFlags >>> SHIFT & 3) {
            case NOT_ECT -> {
                if ((c.ecn & TcpConnection.ECN_SEEN) != 0) {
                    c.enterQuickAck(QUICK_ACKS); // retransmissions are not marked: this is one, perhaps
                }
            }
            case CONGESTION_EXPERIENCED -> {
                if ((c.ecn & TcpConnection.ECN_DEMAND_CWR) == 0) {
                    c.enterQuickAck(QUICK_ACKS);
                    c.ecn |= TcpConnection.ECN_DEMAND_CWR;
                }
                c.ecn |= TcpConnection.ECN_SEEN;
            }
            default -> c.ecn |= TcpConnection.ECN_SEEN;
        }
    }
}
