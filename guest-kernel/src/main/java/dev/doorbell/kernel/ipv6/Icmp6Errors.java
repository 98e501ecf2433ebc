package dev.doorbell.kernel.ipv6;

import dev.doorbell.kernel.skb.SkBuff;

/** Who sends ICMPv6 errors for the layers below it. */
public interface Icmp6Errors {
    /** Types of errors, RFC 4443 §3. */
    int DESTINATION_UNREACHABLE = 1, PACKET_TOO_BIG = 2, TIME_EXCEEDED = 3, PARAMETER_PROBLEM = 4;

    /** Codes of {@link #DESTINATION_UNREACHABLE}. */
    int NO_ROUTE = 0, PROHIBITED = 1, ADDRESS_UNREACHABLE = 3, PORT_UNREACHABLE = 4;

    /** Codes of {@link #TIME_EXCEEDED}. */
    int HOP_LIMIT_EXCEEDED = 0, REASSEMBLY_TIME_EXCEEDED = 1;

    /** Codes of {@link #PARAMETER_PROBLEM}; the last is RFC 7112's. */
    int ERRONEOUS_FIELD = 0, UNRECOGNIZED_NEXT_HEADER = 1, UNRECOGNIZED_OPTION = 2, INCOMPLETE_CHAIN = 3;

    /**
     * Answers a packet with an error, unless RFC 4443 §2.4 (e) or the rate limit forbids it.
     *
     * @param skb networkHeader and dev set; stays the caller's
     * @param info MTU, or the offset of what is wrong from the IP header on
     */
    void send(SkBuff skb, int type, int code, int info);

    /** One of our own packets cannot be sent: tells its protocol. data() at its IP header; stays the caller's. */
    void localError(SkBuff skb, int type, int code, int info);
}
