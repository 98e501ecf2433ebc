package dev.doorbell.kernel.tcp;

/**
 * How a connection's congestion window grows and shrinks. One instance per connection; the connection decides when there
 * was a loss, this decides by how much.
 */
interface CongestionControl {
    /** What {@link #event} may tell. */
    enum Event {
        /** First transmission when nothing was in flight. */
        TX_START,
        /** The window was restarted after idle time. */
        CWND_RESTART,
        /** A window reduction is over. */
        COMPLETE_CWR,
        /** A retransmission timeout. */
        LOSS
    }

    /** As TCP_CONGESTION names it. */
    String name();

    /** The slow start threshold after a loss now, in segments. */
    int ssthresh(CongestionWindow window);

    /**
     * Grows the window.
     *
     * @param acked segments newly acknowledged
     * @param limited whether the window, not the application, limits sending (RFC 7661); no growth otherwise
     */
    void avoid(CongestionWindow window, int una, int acked, boolean limited, long nowNs);

    /** The window to go back to when a reduction proves unnecessary. */
    default int undo(CongestionWindow window) {
        return Math.max(window.cwnd, window.prior);
    }

    /** An acknowledgement with an RTT measurement, in microseconds. */
    default void sample(CongestionWindow window, int una, int nxt, long rttUs, long nowNs) {}

    default void event(Event event, CongestionWindow window, long nowNs, long lastSentNs) {}

    /**
     * Whether {@link #control} sets window and pacing rate after each ACK; if not, {@link #avoid} grows the window, the
     * connection reduces it, and nothing is paced.
     */
    default boolean ownsWindow() {
        return false;
    }

    /**
     * After each ACK, for an algorithm that owns the window.
     *
     * @param rate with the delivery rate sample of this ACK
     * @param acked packets newly delivered
     * @param newlyLost packets newly marked lost
     */
    default void control(TcpConnection c, DeliveryRate rate, AckContext ack, int acked, int newlyLost) {}

    /** A new instance by TCP_CONGESTION name; null: no such algorithm. */
    static @org.jspecify.annotations.Nullable CongestionControl create(String name, TcpConfig config, TcpMib mib) {
        return switch (name) {
            case "cubic" -> new Cubic(config.hystart, mib);
            case "bbr" -> new Bbr();
            case "reno" -> new Reno();
            default -> null;
        };
    }
}
