package dev.doorbell.kernel.ipv4;

/** The counters of /proc/net/snmp and netstat that this stack keeps, with Linux's names. */
public enum Mib {
    IP_IN_RECEIVES("Ip", "InReceives"),
    IP_IN_HDR_ERRORS("Ip", "InHdrErrors"),
    IP_IN_ADDR_ERRORS("Ip", "InAddrErrors"),
    IP_FORW_DATAGRAMS("Ip", "ForwDatagrams"),
    IP_IN_UNKNOWN_PROTOS("Ip", "InUnknownProtos"),
    IP_IN_DISCARDS("Ip", "InDiscards"),
    IP_IN_DELIVERS("Ip", "InDelivers"),
    IP_OUT_REQUESTS("Ip", "OutRequests"),
    IP_OUT_DISCARDS("Ip", "OutDiscards"),
    IP_OUT_NO_ROUTES("Ip", "OutNoRoutes"),
    IP_REASM_TIMEOUT("Ip", "ReasmTimeout"),
    IP_REASM_REQDS("Ip", "ReasmReqds"),
    IP_REASM_OKS("Ip", "ReasmOKs"),
    IP_REASM_FAILS("Ip", "ReasmFails"),
    IP_FRAG_OKS("Ip", "FragOKs"),
    IP_FRAG_FAILS("Ip", "FragFails"),
    IP_FRAG_CREATES("Ip", "FragCreates"),
    IP_IN_NO_ROUTES("IpExt", "InNoRoutes"),
    IP_IN_TRUNCATED_PKTS("IpExt", "InTruncatedPkts"),
    IP_IN_MCAST_PKTS("IpExt", "InMcastPkts"),
    IP_OUT_MCAST_PKTS("IpExt", "OutMcastPkts"),
    IP_IN_BCAST_PKTS("IpExt", "InBcastPkts"),
    IP_OUT_BCAST_PKTS("IpExt", "OutBcastPkts"),
    IP_IN_CSUM_ERRORS("IpExt", "InCsumErrors"),
    IP_REASM_OVERLAPS("IpExt", "ReasmOverlaps"),
    ICMP_IN_MSGS("Icmp", "InMsgs"),
    ICMP_IN_ERRORS("Icmp", "InErrors"),
    ICMP_IN_CSUM_ERRORS("Icmp", "InCsumErrors"),
    ICMP_IN_DEST_UNREACHS("Icmp", "InDestUnreachs"),
    ICMP_IN_TIME_EXCDS("Icmp", "InTimeExcds"),
    ICMP_IN_PARM_PROBS("Icmp", "InParmProbs"),
    ICMP_IN_SRC_QUENCHS("Icmp", "InSrcQuenchs"),
    ICMP_IN_REDIRECTS("Icmp", "InRedirects"),
    ICMP_IN_ECHOS("Icmp", "InEchos"),
    ICMP_IN_ECHO_REPS("Icmp", "InEchoReps"),
    ICMP_IN_TIMESTAMPS("Icmp", "InTimestamps"),
    ICMP_IN_TIMESTAMP_REPS("Icmp", "InTimestampReps"),
    ICMP_IN_ADDR_MASKS("Icmp", "InAddrMasks"),
    ICMP_IN_ADDR_MASK_REPS("Icmp", "InAddrMaskReps"),
    ICMP_OUT_MSGS("Icmp", "OutMsgs"),
    ICMP_OUT_ERRORS("Icmp", "OutErrors"),
    ICMP_OUT_RATE_LIMIT_GLOBAL("Icmp", "OutRateLimitGlobal"),
    ICMP_OUT_RATE_LIMIT_HOST("Icmp", "OutRateLimitHost"),
    ICMP_OUT_DEST_UNREACHS("Icmp", "OutDestUnreachs"),
    ICMP_OUT_TIME_EXCDS("Icmp", "OutTimeExcds"),
    ICMP_OUT_PARM_PROBS("Icmp", "OutParmProbs"),
    ICMP_OUT_ECHO_REPS("Icmp", "OutEchoReps"),
    ICMP_OUT_TIMESTAMP_REPS("Icmp", "OutTimestampReps"),
    UDP_IN_DATAGRAMS("Udp", "InDatagrams"),
    UDP_NO_PORTS("Udp", "NoPorts"),
    UDP_IN_ERRORS("Udp", "InErrors"),
    UDP_OUT_DATAGRAMS("Udp", "OutDatagrams"),
    UDP_RCVBUF_ERRORS("Udp", "RcvbufErrors"),
    UDP_SNDBUF_ERRORS("Udp", "SndbufErrors"),
    UDP_IN_CSUM_ERRORS("Udp", "InCsumErrors"),
    UDP_IGNORED_MULTI("Udp", "IgnoredMulti");

    private final String group;
    private final String text;

    Mib(String group, String text) {
        this.group = group;
        this.text = text;
    }

    /** The line it is in: "Ip", "IpExt", "Icmp", "Udp". */
    public String group() {
        return group;
    }

    /** Name within the group, "InReceives". */
    public String text() {
        return text;
    }
}
