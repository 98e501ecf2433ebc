package dev.doorbell.kernel.netfilter.conntrack;

/** How long a connection is kept without a packet, by what it is; Linux's defaults. */
public enum ConntrackTimeout {
    GENERIC("generic_timeout", 600),
    ICMP("icmp_timeout", 30),
    UDP("udp_timeout", 30),
    /** Both ways for longer than a question and its answer take. */
    UDP_STREAM("udp_timeout_stream", 120),
    TCP_SYN_SENT("tcp_timeout_syn_sent", 120),
    TCP_SYN_RECV("tcp_timeout_syn_recv", 60),
    TCP_ESTABLISHED("tcp_timeout_established", 5 * 24 * 3600),
    TCP_FIN_WAIT("tcp_timeout_fin_wait", 120),
    TCP_CLOSE_WAIT("tcp_timeout_close_wait", 60),
    TCP_LAST_ACK("tcp_timeout_last_ack", 30),
    TCP_TIME_WAIT("tcp_timeout_time_wait", 120),
    TCP_CLOSE("tcp_timeout_close", 10),
    /** At most so long while the same is sent again and again, or while the peer's window is shut. */
    TCP_MAX_RETRANSMISSIONS("tcp_timeout_max_retrans", 300),
    /** At most so long while something is not acknowledged. */
    TCP_UNACKNOWLEDGED("tcp_timeout_unacknowledged", 300);

    private static final long SECOND_NS = 1_000_000_000L;

    private final String sysctl;
    private final int defaultSeconds;

    ConntrackTimeout(String sysctl, int defaultSeconds) {
        this.sysctl = sysctl;
        this.defaultSeconds = defaultSeconds;
    }

    /** The name behind net.netfilter.nf_conntrack_. */
    public String sysctl() {
        return sysctl;
    }

    long defaultNs() {
        return defaultSeconds * SECOND_NS;
    }
}
