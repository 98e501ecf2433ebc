package dev.doorbell.kernel.socket;

/**
 * Ancillary data of one message, the cmsgs decoded. The caller owns and reuses it; a receive call sets {@link #present}
 * anew. For sending, the caller sets the bits and the fields.
 */
public final class ControlMessages {
    /** Bits of {@link #present}. */
    public static final int PKTINFO = 1, TTL = 2, TOS = 4, TIMESTAMP = 8, EXTENDED_ERROR = 16, DROPS = 32;

    /** Which of the fields below hold something. */
    public int present;

    /** IP_PKTINFO: the interface; 0 when sending means any. */
    public int interfaceIndex;
    /** IP_PKTINFO: local address the datagram was for; when sending, the source to use (0: by route). */
    public int localAddress;
    /** IP_PKTINFO: destination in the header (a group or broadcast address, perhaps). */
    public int headerDestination;

    public int ttl;
    public int tos;
    /** SO_TIMESTAMPNS: when it arrived, in the world's time. */
    public long timestampNs;
    /** SO_RXQ_OVFL: datagrams this socket dropped so far. */
    public int drops;

    /** IP_RECVERR, struct sock_extended_err: errno (positive), origin, ICMP type and code, info (an MTU). */
    public int errorNumber, errorOrigin, errorType, errorCode, errorInfo;
    /** IP_RECVERR: who sent the ICMP error. */
    public int offender;

    /** Forgets everything. */
    public void clear() {
        present = 0;
    }

    public boolean has(int bit) {
        return (present & bit) != 0;
    }
}
