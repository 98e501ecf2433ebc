package dev.doorbell.kernel.icmpv6;

/** Types of ICMPv6 messages, RFC 4443, 2710, 3810, 4861. Those below 128 are errors. */
public final class Icmp6Types {
    public static final int FIRST_INFORMATIONAL = 128,
            ECHO_REQUEST = 128,
            ECHO_REPLY = 129,
            MLD_QUERY = 130,
            MLD1_REPORT = 131,
            MLD1_DONE = 132,
            ROUTER_SOLICITATION = 133,
            ROUTER_ADVERTISEMENT = 134,
            NEIGHBOUR_SOLICITATION = 135,
            NEIGHBOUR_ADVERTISEMENT = 136,
            REDIRECT = 137,
            MLD2_REPORT = 143;

    private Icmp6Types() {}
}
