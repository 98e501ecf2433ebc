package dev.doorbell.kernel.tcp;

/** Connection states, RFC 9293 §3.3.2, with Linux's numbers as TCP_INFO shows them. */
public enum TcpState {
    ESTABLISHED(1),
    SYN_SENT(2),
    SYN_RECV(3),
    FIN_WAIT1(4),
    FIN_WAIT2(5),
    TIME_WAIT(6),
    CLOSE(7),
    CLOSE_WAIT(8),
    LAST_ACK(9),
    LISTEN(10),
    CLOSING(11),
    NEW_SYN_RECV(12);

    private final int number;

    TcpState(int number) {
        this.number = number;
    }

    /** linux/tcp_states.h. */
    public int number() {
        return number;
    }

    /** True in the states in which the application's data may still be sent. */
    boolean maySend() {
        return this == ESTABLISHED || this == CLOSE_WAIT;
    }
}
