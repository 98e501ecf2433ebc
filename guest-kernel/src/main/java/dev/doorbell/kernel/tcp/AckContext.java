package dev.doorbell.kernel.tcp;

/** What one incoming ACK has told so far, handed along the steps of its processing. One per stack, reused. */
final class AckContext {
    static final int DATA = 0x01,
            WINDOW_UPDATE = 0x02,
            DATA_ACKED = 0x04,
            RETRANS_DATA_ACKED = 0x08,
            SYN_ACKED = 0x10,
            DATA_SACKED = 0x20,
            ECE = 0x40,
            LOST_RETRANS = 0x80,
            SLOW_PATH = 0x100,
            ORIG_SACK_ACKED = 0x200,
            UNA_ADVANCED = 0x400,
            DSACKING = 0x800,
            SET_TIMER = 0x1000,
            RENEGING = 0x2000,
            UPDATE_TS_RECENT = 0x4000,
            NO_CHALLENGE = 0x8000,
            DSACK_TLP = 0x10000;
    static final int ACKED = DATA_ACKED | SYN_ACKED;
    static final int NOT_DUPLICATE = DATA | WINDOW_UPDATE | ACKED;
    static final int CA_ALERT = DATA_SACKED | ECE | DSACKING;
    static final int FORWARD = ACKED | DATA_SACKED;

    /** What to retransmit at the end. */
    static final int REXMIT_NONE = 0, REXMIT_LOST = 1, REXMIT_NEW = 2;

    int flags;
    int priorUna, priorHighestSack, priorPackets;
    long priorDelivered;
    int priorLost;
    int priorInFlight;
    /** Of this ACK's SACK blocks: send times of the first and last newly delivered original transmission; 0: none. */
    long firstSackedNs, lastSackedNs;

    int reorderedFrom;
    /** RTT that congestion control sees, microseconds; below 0: none. */
    long rttUs;

    int rexmit;

    void start(TcpConnection c, int flags) {
        this.flags = flags;
        priorUna = c.sndUna;
        priorHighestSack = Scoreboard.highestSack(c);
        priorPackets = c.packetsOut;
        priorDelivered = c.delivered;
        priorLost = c.lostOut;
        priorInFlight = c.inFlight();
        firstSackedNs = lastSackedNs = 0;
        reorderedFrom = c.sndNxt;
        rttUs = -1;
        rexmit = REXMIT_NONE;
    }

    boolean is(int bits) {
        return (flags & bits) != 0;
    }
}
