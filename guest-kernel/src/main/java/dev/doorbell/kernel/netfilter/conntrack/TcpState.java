package dev.doorbell.kernel.netfilter.conntrack;

/** What conntrack thinks of a TCP connection. */
public enum TcpState {
    NONE(ConntrackTimeout.TCP_CLOSE),
    SYN_SENT(ConntrackTimeout.TCP_SYN_SENT),
    SYN_RECV(ConntrackTimeout.TCP_SYN_RECV),
    ESTABLISHED(ConntrackTimeout.TCP_ESTABLISHED),
    FIN_WAIT(ConntrackTimeout.TCP_FIN_WAIT),
    CLOSE_WAIT(ConntrackTimeout.TCP_CLOSE_WAIT),
    LAST_ACK(ConntrackTimeout.TCP_LAST_ACK),
    TIME_WAIT(ConntrackTimeout.TCP_TIME_WAIT),
    CLOSE(ConntrackTimeout.TCP_CLOSE),
    /** SYNs crossed: simultaneous open. */
    SYN_SENT2(ConntrackTimeout.TCP_SYN_SENT),
    /** Not a state: the packet cannot be in this place. */
    INVALID(ConntrackTimeout.TCP_CLOSE),
    /** Not a state: the packet says nothing about the connection, the peer shall decide. */
    IGNORE(ConntrackTimeout.TCP_CLOSE);

    private final ConntrackTimeout timeout;

    TcpState(ConntrackTimeout timeout) {
        this.timeout = timeout;
    }

    /** How long it is kept in this state without a packet. */
    public ConntrackTimeout timeout() {
        return timeout;
    }
}
