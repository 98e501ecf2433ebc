package dev.doorbell.kernel.socket;

/**
 * Ancillary data of one message, the cmsgs decoded. The caller owns and reuses it; a receive call sets {@link #present}
 * anew. For sending, the caller sets the bits and the fields.
 */
public final class ControlMessages {
    /** Bits of {@link #present}. */
    public static final int PKTINFO = 1, TTL = 2, TOS = 4, TIMESTAMP = 8, EXTENDED_ERROR = 16, DROPS = 32, INQ = 512;

    /** SCM_TIMESTAMPING: when what was sent was handed down, left or was acknowledged. */
    public static final int TIMESTAMPING = 1024;

    /** UDP_SEGMENT: how the message is cut into datagrams. */
    public static final int SEGMENT = 2048;

    /** The same of level SOL_IPV6. */
    public static final int PKTINFO6 = 64, HOP_LIMIT = 128, TRAFFIC_CLASS = 256;

    /** Which of the fields below hold something. */
    public int present;

    /** IP_PKTINFO: the interface; 0 when sending means any. */
    public int interfaceIndex;
    /** IP_PKTINFO: local address the datagram was for; when sending, the source to use (0: by route). */
    public int localAddress;
    /** IP_PKTINFO: destination in the header (a group or broadcast address, perhaps). */
    public int headerDestination;

    /** IPV6_PKTINFO: what the datagram was sent to; when sending, the source to use (all zero: by route). */
    public long addressHigh, addressLow;

    /** IPV6_HOPLIMIT; IPV6_TCLASS. */
    public int hopLimit, trafficClass;

    /** UDP_SEGMENT: bytes of data in each datagram, unsigned 16 bits. */
    public int segmentBytes;

    public int ttl;
    public int tos;
    /** SO_TIMESTAMPNS: when it arrived; SCM_TIMESTAMPING: when it happened; in the world's time. */
    public long timestampNs;
    /** SO_RXQ_OVFL: datagrams this socket dropped so far. */
    public int drops;

    /** TCP_CM_INQ: bytes of the stream that are left to read; 1 at its end. */
    public int receivable;

    /** IP_RECVERR, struct sock_extended_err: errno (positive), origin, ICMP type and code, info (an MTU), data. */
    public int errorNumber, errorOrigin, errorType, errorCode, errorInfo, errorData;
    /** IP_RECVERR: who sent the ICMP error; 0 for an IPv6 address. */
    public int offender;
    /** The same for either family, IPv4 mapped; all zero: this host. */
    public long offenderHigh, offenderLow;

    /**
     * IPv6 extension headers and IPv4 options: of what was received, or of what is sent, where IPv6's take the place of the
     * socket's own. They need no bit in {@link #present}.
     */
    public final HeaderList headers = new HeaderList();

    /** Forgets everything. */
    public void clear() {
        present = 0;
        headers.clear();
    }

    public boolean has(int bit) {
        return (present & bit) != 0;
    }
}
