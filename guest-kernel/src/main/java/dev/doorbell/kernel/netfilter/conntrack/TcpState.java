package dev.doorbell.kernel.netfilter.conntrack;

/** What conntrack thinks of a TCP connection, with the time that it is kept in this state without a packet. */
public enum TcpState {
    NONE(0),
    SYN_SENT(120),
    SYN_RECV(60),
    ESTABLISHED(5 * 24 * 3600),
    FIN_WAIT(120),
    CLOSE_WAIT(60),
    LAST_ACK(30),
    TIME_WAIT(120),
    CLOSE(10),
    /** SYNs crossed: simultaneous open. */
    SYN_SENT2(120),
    /** Not a state: the packet cannot be in this place. */
    INVALID(0),
    /** Not a state: the packet says nothing about the connection, the peer shall decide. */
    IGNORE(0);

    private final long timeoutNs;

    TcpState(int timeoutSeconds) {
        timeoutNs = timeoutSeconds * 1_000_000_000L;
    }

    /** As in net.netfilter.nf_conntrack_tcp_timeout_*. */
    public long timeoutNs() {
        return timeoutNs;
    }
}
