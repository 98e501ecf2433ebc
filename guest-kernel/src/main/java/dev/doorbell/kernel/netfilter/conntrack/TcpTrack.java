package dev.doorbell.kernel.netfilter.conntrack;

/** A TCP connection's state in the tracker: struct ip_ct_tcp. */
final class TcpTrack {
    /** Bits of {@link #lastFlags} besides TcpWindow's: an answer to a SYN in LAST_ACK may be a challenge, RFC 5961. */
    static final int EXPECT_CHALLENGE_ACK = 0x40, SIMULTANEOUS_OPEN = 0x80;

    final TcpWindow[] ends = {new TcpWindow(), new TcpWindow()};
    TcpState state = TcpState.NONE;
    /** Direction, row and numbers of the segment before this. */
    int lastDirection;

    int lastRow = TcpTransitions.NOTHING;
    int lastSequence;
    int lastAck;
    int lastEnd;
    int lastWindow;
    /** Of a SYN that was ignored: window scale and flags it offered. */
    int lastScale;

    int lastFlags;
    /** Identical pure acknowledgments in a row. */
    int retransmissions;
}
