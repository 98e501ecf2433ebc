package dev.doorbell.kernel.netfilter.conntrack;

/** What is known of one end of a TCP connection: struct ip_ct_tcp_state. Sequence numbers wrap. */
final class TcpWindow {
    /** Bits of {@link #flags}. */
    static final int WINDOW_SCALE = 0x01,
            SACK_PERMITTED = 0x02,
            CLOSE_INIT = 0x04,
            LIBERAL = 0x08,
            DATA_UNACKNOWLEDGED = 0x10,
            MAX_ACK_SET = 0x20;

    /** Highest sequence number sent, plus one. */
    int end;
    /** Highest sequence number that the peer allows. */
    int maxEnd;
    /** Largest window it ever offered, scaled; 0: nothing seen of it yet. */
    int maxWindow;
    /** Highest acknowledgment it sent. */
    int maxAck;

    int scale;
    int flags;

    void clear() {
        end = 0;
        maxEnd = 0;
        maxWindow = 0;
        maxAck = 0;
        scale = 0;
        flags = 0;
    }

    boolean has(int bits) {
        return (flags & bits) != 0;
    }
}
