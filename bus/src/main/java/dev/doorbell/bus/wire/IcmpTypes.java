package dev.doorbell.bus.wire;

/** ICMP types and codes, RFC 792, 1122, 1812. */
public final class IcmpTypes {
    public static final int ECHO_REPLY = 0,
            DEST_UNREACH = 3,
            SOURCE_QUENCH = 4,
            REDIRECT = 5,
            ECHO = 8,
            TIME_EXCEEDED = 11,
            PARAMETER_PROBLEM = 12,
            TIMESTAMP = 13,
            TIMESTAMP_REPLY = 14,
            INFO_REQUEST = 15,
            INFO_REPLY = 16,
            ADDRESS_MASK = 17,
            ADDRESS_MASK_REPLY = 18;

    /** Codes of {@link #DEST_UNREACH}. */
    public static final int NET_UNREACH = 0,
            HOST_UNREACH = 1,
            PROTOCOL_UNREACH = 2,
            PORT_UNREACH = 3,
            FRAGMENTATION_NEEDED = 4,
            SOURCE_ROUTE_FAILED = 5,
            NET_UNKNOWN = 6,
            HOST_UNKNOWN = 7,
            HOST_ISOLATED = 8,
            NET_PROHIBITED = 9,
            HOST_PROHIBITED = 10,
            NET_UNREACH_TOS = 11,
            HOST_UNREACH_TOS = 12,
            PACKET_FILTERED = 13,
            PRECEDENCE_VIOLATION = 14,
            PRECEDENCE_CUTOFF = 15;

    /** Codes of {@link #TIME_EXCEEDED}. */
    public static final int TTL_EXCEEDED = 0, REASSEMBLY_TIME_EXCEEDED = 1;

    /** Code of {@link #REDIRECT}: for this destination only. */
    public static final int REDIRECT_HOST = 1;

    private IcmpTypes() {}

    /** True for a question or its answer, which have an identifier; false for what reports an error. RFC 1122 3.2.2. */
    public static boolean isQuery(int type) {
        return switch (type) {
            case ECHO,
                    ECHO_REPLY,
                    TIMESTAMP,
                    TIMESTAMP_REPLY,
                    INFO_REQUEST,
                    INFO_REPLY,
                    ADDRESS_MASK,
                    ADDRESS_MASK_REPLY -> true;
            default -> false;
        };
    }
}
