package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;
import static dev.doorbell.kernel.tcp.TcpScript.*;
import static dev.doorbell.kernel.tcp.TcpState.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.tcp.TcpScript.Segment;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The state machine of RFC 9293 §3.3.2 and §3.10, a row per test. ISS and IRS are 0; "ours" is our FIN, "theirs" the
 * peer's. An answer of "-" is none; sequence numbers are those of the answer.
 *
 * <pre>
 * state        event                                next          answer
 * CLOSE        connect                              SYN_SENT      SYN
 * CLOSE        SYN                                  CLOSE         RST ACK 0, 1
 * CLOSE        ACK                                  CLOSE         RST with SEQ = SEG.ACK
 * LISTEN       SYN                                  request       SYN ACK
 * LISTEN       ACK                                  LISTEN        RST with SEQ = SEG.ACK
 * LISTEN       RST                                  LISTEN        -
 * LISTEN       nothing set                          LISTEN        -
 * request      ACK                                  ESTABLISHED   -
 * request      RST, exact                           LISTEN        -
 * request      SYN again                            request       SYN ACK
 * request      ACK of something else                request       RST with SEQ = SEG.ACK
 * SYN_SENT     SYN ACK                              ESTABLISHED   ACK
 * SYN_SENT     SYN                                  SYN_RECV      SYN ACK
 * SYN_SENT     RST ACK, good                        CLOSE         -
 * SYN_SENT     RST without ACK                      SYN_SENT      -
 * SYN_SENT     ACK, bad                             SYN_SENT      RST with SEQ = SEG.ACK
 * SYN_SENT     close                                CLOSE         -
 * SYN_RECV     ACK                                  ESTABLISHED   -
 * SYN_RECV     RST                                  CLOSE         -
 * SYN_RECV     close                                FIN_WAIT1     FIN ACK
 * ESTABLISHED  close                                FIN_WAIT1     FIN ACK
 * ESTABLISHED  FIN                                  CLOSE_WAIT    ACK
 * ESTABLISHED  FIN beyond a hole                    ESTABLISHED   ACK
 * ESTABLISHED  RST, exact                           CLOSE         -
 * ESTABLISHED  RST in the window                    ESTABLISHED   ACK
 * ESTABLISHED  SYN                                  ESTABLISHED   ACK
 * ESTABLISHED  abort                                CLOSE         RST ACK
 * ESTABLISHED  segment without ACK                  ESTABLISHED   -
 * FIN_WAIT1    ACK of ours                          FIN_WAIT2     -
 * FIN_WAIT1    FIN                                  CLOSING       ACK
 * FIN_WAIT1    FIN and ACK of ours                  TIME_WAIT     ACK
 * FIN_WAIT1    RST, exact                           CLOSE         -
 * FIN_WAIT2    FIN                                  TIME_WAIT     ACK
 * FIN_WAIT2    RST, exact                           CLOSE         -
 * CLOSING      ACK of ours                          TIME_WAIT     -
 * CLOSING      RST at theirs                        CLOSE         -
 * CLOSE_WAIT   close                                LAST_ACK      FIN ACK
 * CLOSE_WAIT   RST, exact                           CLOSE         -
 * CLOSE_WAIT   FIN again                            CLOSE_WAIT    ACK
 * LAST_ACK     ACK of ours                          CLOSE         -
 * LAST_ACK     RST at theirs                        CLOSE         -
 * LAST_ACK     FIN again                            LAST_ACK      ACK
 * TIME_WAIT    FIN again                            TIME_WAIT     ACK
 * TIME_WAIT    RST, exact                           gone          -
 * TIME_WAIT    SYN, larger                          request       SYN ACK
 * TIME_WAIT    SYN, smaller                         TIME_WAIT     ACK
 * TIME_WAIT    a minute                             gone          -
 * </pre>
 */
class TcpStateTableTest {
    private static final Answer NONE = null;

    private final TcpScript t = new TcpScript();
    private TcpSock listener, sock;

    record Answer(int flags, int seq, int ack) {}

    /** Something that happens. */
    interface Step extends Consumer<TcpStateTableTest> {}

    @AfterEach
    void everythingIsGivenBack() {
        if (sock != null) {
            sock.release();
        }
        if (listener != null) {
            listener.release();
        }
        t.close();
    }

    // ---- ways into each state

    private static final Step CLOSED = test -> {};
    private static final Step LISTENING = test -> test.listener = test.t.listen(5);
    private static final Step REQUEST = LISTENING.andThen(segment(SYN, 0, 0))::accept;
    private static final Step SYN_SENT_STATE = test -> test.connect();
    private static final Step SYN_RECV_STATE = SYN_SENT_STATE.andThen(segment(SYN, 0, 0))::accept;
    private static final Step OPEN = test -> test.sock = test.t.established();
    private static final Step CLOSE_CALL = test -> test.sock.shutdown(SHUT_WR);
    private static final Step FIN_WAIT1_STATE = OPEN.andThen(CLOSE_CALL)::accept;
    private static final Step FIN_WAIT2_STATE = FIN_WAIT1_STATE.andThen(segment(ACK, 1, 2))::accept;
    private static final Step CLOSING_STATE = FIN_WAIT1_STATE.andThen(segment(FIN | ACK, 1, 1))::accept;
    private static final Step CLOSE_WAIT_STATE = OPEN.andThen(segment(FIN | ACK, 1, 1))::accept;
    private static final Step LAST_ACK_STATE = CLOSE_WAIT_STATE.andThen(CLOSE_CALL)::accept;
    private static final Step TIME_WAIT_STATE = test -> {
        LISTENING.accept(test);
        test.t.in(SYN, 0, 0, 65_000, 0, SYN_OPTIONS);
        test.t.in(ACK, 1, 1, 65_000, 0);
        test.sock = (TcpSock) test.listener.accept();
        test.sock.shutdown(SHUT_WR);
        test.t.in(FIN | ACK, 1, 2, 65_000, 0);
        assertThat(test.t.host.tcp.timeWaitCount()).isEqualTo(1);
    };
    private static final Step ABORT = test -> {
        test.sock.lingerSeconds = 0;
        test.sock.release();
    };

    private void connect() {
        sock = t.host.socket();
        sock.connect(new SockAddrIn(PEER, PEER_PORT), 0);
    }

    private static Step segment(int flags, int seq, int ack) {
        return test -> {
            int[] options = (flags & SYN) != 0 ? SYN_OPTIONS : new int[0];
            test.t.in(flags, seq, ack, 65_000, 0, options);
        };
    }

    private static Arguments row(String state, Step way, String event, Step step, TcpState next, Answer answer) {
        return arguments(state + ", " + event, way, step, next, answer);
    }

    private static Answer rst(int seq) {
        return new Answer(RST, seq, 0);
    }

    private static Answer ack(int seq, int ack) {
        return new Answer(ACK, seq, ack);
    }

    private static Answer synAck() {
        return new Answer(SYN | ACK, 0, 1);
    }

    static Stream<Arguments> table() {
        Step wait = test -> test.t.run(60_001);
        return Stream.of(
                row("CLOSE", CLOSED, "connect", SYN_SENT_STATE, SYN_SENT, new Answer(SYN, 0, 0)),
                row("CLOSE", CLOSED, "SYN", segment(SYN, 0, 0), CLOSE, new Answer(RST | ACK, 0, 1)),
                row("CLOSE", CLOSED, "ACK", segment(ACK, 7, 9), CLOSE, rst(9)),
                row("LISTEN", LISTENING, "SYN", segment(SYN, 0, 0), NEW_SYN_RECV, synAck()),
                row("LISTEN", LISTENING, "ACK", segment(ACK, 7, 9), LISTEN, rst(9)),
                row("LISTEN", LISTENING, "RST", segment(RST, 7, 0), LISTEN, NONE),
                row("LISTEN", LISTENING, "nothing set", segment(0, 7, 0), LISTEN, NONE),
                row("request", REQUEST, "ACK", segment(ACK, 1, 1), ESTABLISHED, NONE),
                row("request", REQUEST, "RST, exact", segment(RST, 1, 0), LISTEN, NONE),
                row("request", REQUEST, "SYN again", segment(SYN, 0, 0), NEW_SYN_RECV, synAck()),
                row("request", REQUEST, "ACK of something else", segment(ACK, 1, 77), NEW_SYN_RECV, rst(77)),
                row("SYN_SENT", SYN_SENT_STATE, "SYN ACK", segment(SYN | ACK, 0, 1), ESTABLISHED, ack(1, 1)),
                row("SYN_SENT", SYN_SENT_STATE, "SYN", segment(SYN, 0, 0), SYN_RECV, synAck()),
                row("SYN_SENT", SYN_SENT_STATE, "RST ACK, good", segment(RST | ACK, 0, 1), CLOSE, NONE),
                row("SYN_SENT", SYN_SENT_STATE, "RST without ACK", segment(RST, 0, 0), SYN_SENT, NONE),
                row("SYN_SENT", SYN_SENT_STATE, "ACK, bad", segment(ACK, 0, 77), SYN_SENT, rst(77)),
                row("SYN_SENT", SYN_SENT_STATE, "close", CLOSE_CALL, CLOSE, NONE),
                row("SYN_RECV", SYN_RECV_STATE, "ACK", segment(ACK, 1, 1), ESTABLISHED, NONE),
                row("SYN_RECV", SYN_RECV_STATE, "RST", segment(RST, 1, 0), CLOSE, NONE),
                row("SYN_RECV", SYN_RECV_STATE, "close", CLOSE_CALL, FIN_WAIT1, new Answer(FIN | ACK, 1, 1)),
                row("ESTABLISHED", OPEN, "close", CLOSE_CALL, FIN_WAIT1, new Answer(FIN | ACK, 1, 1)),
                row("ESTABLISHED", OPEN, "FIN", segment(FIN | ACK, 1, 1), CLOSE_WAIT, ack(1, 2)),
                row("ESTABLISHED", OPEN, "FIN beyond a hole", segment(FIN | ACK, 9, 1), ESTABLISHED, ack(1, 1)),
                row("ESTABLISHED", OPEN, "RST, exact", segment(RST, 1, 0), CLOSE, NONE),
                row("ESTABLISHED", OPEN, "RST in the window", segment(RST, 9, 0), ESTABLISHED, ack(1, 1)),
                row("ESTABLISHED", OPEN, "SYN", segment(SYN, 1, 0), ESTABLISHED, ack(1, 1)),
                row("ESTABLISHED", OPEN, "abort", ABORT, CLOSE, new Answer(RST | ACK, 1, 1)),
                row("ESTABLISHED", OPEN, "segment without ACK", segment(0, 1, 0), ESTABLISHED, NONE),
                row("FIN_WAIT1", FIN_WAIT1_STATE, "ACK of ours", segment(ACK, 1, 2), FIN_WAIT2, NONE),
                row("FIN_WAIT1", FIN_WAIT1_STATE, "FIN", segment(FIN | ACK, 1, 1), CLOSING, ack(2, 2)),
                row("FIN_WAIT1", FIN_WAIT1_STATE, "FIN and ACK", segment(FIN | ACK, 1, 2), TIME_WAIT, ack(2, 2)),
                row("FIN_WAIT1", FIN_WAIT1_STATE, "RST, exact", segment(RST, 1, 0), CLOSE, NONE),
                row("FIN_WAIT2", FIN_WAIT2_STATE, "FIN", segment(FIN | ACK, 1, 2), TIME_WAIT, ack(2, 2)),
                row("FIN_WAIT2", FIN_WAIT2_STATE, "RST, exact", segment(RST, 1, 0), CLOSE, NONE),
                row("CLOSING", CLOSING_STATE, "ACK of ours", segment(ACK, 2, 2), TIME_WAIT, NONE),
                row("CLOSING", CLOSING_STATE, "RST at theirs", segment(RST, 1, 0), CLOSE, NONE),
                row("CLOSE_WAIT", CLOSE_WAIT_STATE, "close", CLOSE_CALL, LAST_ACK, new Answer(FIN | ACK, 1, 2)),
                row("CLOSE_WAIT", CLOSE_WAIT_STATE, "RST, exact", segment(RST, 2, 0), CLOSE, NONE),
                row("CLOSE_WAIT", CLOSE_WAIT_STATE, "FIN again", segment(FIN | ACK, 1, 1), CLOSE_WAIT, ack(1, 2)),
                row("LAST_ACK", LAST_ACK_STATE, "ACK of ours", segment(ACK, 2, 2), CLOSE, NONE),
                row("LAST_ACK", LAST_ACK_STATE, "RST at theirs", segment(RST, 1, 0), CLOSE, NONE),
                row("LAST_ACK", LAST_ACK_STATE, "FIN again", segment(FIN | ACK, 1, 1), LAST_ACK, ack(2, 2)),
                row("TIME_WAIT", TIME_WAIT_STATE, "FIN again", segment(FIN | ACK, 1, 2), TIME_WAIT, ack(2, 2)),
                row("TIME_WAIT", TIME_WAIT_STATE, "RST, exact", segment(RST, 2, 0), LISTEN, NONE),
                row(
                        "TIME_WAIT",
                        TIME_WAIT_STATE,
                        "SYN, larger",
                        segment(SYN, 9, 0),
                        NEW_SYN_RECV,
                        new Answer(SYN | ACK, 0, 10)),
                row("TIME_WAIT", TIME_WAIT_STATE, "SYN, smaller", segment(SYN, -9, 0), TIME_WAIT, ack(2, 2)),
                row("TIME_WAIT", TIME_WAIT_STATE, "a minute", wait, LISTEN, NONE));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("table")
    void row(String name, Step way, Step step, TcpState next, Answer answer) {
        way.accept(this);
        t.sent.clear();
        step.accept(this);
        if (answer == null) {
            t.expectNothing();
        } else {
            Segment sent = t.expect(answer.flags, answer.seq, 0, answer.ack);
            assertThat(sent).isNotNull();
            t.expectNothing();
        }
        assertThat(state()).isEqualTo(next);
    }

    /** Of the flow with the peer; without one, of whoever is left. */
    private TcpState state() {
        Flow flow =
                t.host.tcp.flows.find(new Endpoints().localV4(US, t.localPort).remoteV4(PEER, PEER_PORT));
        if (flow != null) {
            return flow.state();
        }
        return listener != null ? LISTEN : CLOSE;
    }
}
