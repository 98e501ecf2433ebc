package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;
import static dev.doorbell.kernel.tcp.TcpScript.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.tcp.TcpScript.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The state machine of RFC 9293 §3.3.2 and §3.10: one test per row of {@link TcpStateTable}, which explains the words. */
class TcpStateTableTest {
    private static final int DATA = 10, HOLE = 100, WINDOW = 65_000;
    private static final int UNREACHABLE = 3, TIME_EXCEEDED = 11, QUENCH = 4;
    private static final String NOTHING = "-";

    private final TcpScript t = new TcpScript();
    private TcpSock listener, sock;
    /** RCV.NXT, SND.UNA and SND.NXT of the state that the row begins in. */
    private int rcvNxt, sndUna, sndNxt;

    /** The row is about a connection, not about a listener. */
    private boolean connects;

    private String result = NOTHING;

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

    private void enter(String state) {
        connects = !state.equals("LISTEN") && !state.equals("request");
        switch (state) {
            case "CLOSE" -> sock = t.host.socket();
            case "LISTEN" -> listen();
            case "request" -> {
                listen();
                syn();
                numbers(1, 0, 1);
            }
            case "SYN_SENT" -> {
                connect();
                numbers(0, 0, 1);
            }
            case "SYN_RECV" -> {
                connect();
                syn();
                numbers(1, 0, 1);
            }
            default -> enterConnection(state);
        }
        t.sent.clear();
    }

    private void enterConnection(String state) {
        listen();
        syn();
        t.in(ACK, 1, 1, WINDOW, 0);
        sock = (TcpSock) listener.accept();
        numbers(1, 1, 1);
        switch (state) {
            case "ESTABLISHED" -> {}
            case "FIN_WAIT1" -> finish();
            case "FIN_WAIT2" -> {
                finish();
                t.in(ACK, 1, 2, WINDOW, 0);
                numbers(1, 2, 2);
            }
            case "CLOSING" -> {
                finish();
                t.in(FIN | ACK, 1, 1, WINDOW, 0);
                numbers(2, 1, 2);
            }
            case "TIME_WAIT" -> {
                finish();
                t.in(FIN | ACK, 1, 2, WINDOW, 0);
                numbers(2, 2, 2);
            }
            case "CLOSE_WAIT" -> {
                t.in(FIN | ACK, 1, 1, WINDOW, 0);
                numbers(2, 1, 1);
            }
            case "LAST_ACK" -> {
                t.in(FIN | ACK, 1, 1, WINDOW, 0);
                finish();
                numbers(2, 1, 2);
            }
            default -> throw new IllegalArgumentException(state);
        }
    }

    private void numbers(int received, int unacknowledged, int next) {
        rcvNxt = received;
        sndUna = unacknowledged;
        sndNxt = next;
    }

    private void listen() {
        listener = t.listen(5);
    }

    private void syn() {
        t.in(SYN, 0, 0, WINDOW, 0, SYN_OPTIONS);
    }

    private int connect() {
        if (sock == null) {
            sock = t.host.socket();
        }
        return sock.connect(new SockAddrIn(PEER, PEER_PORT), 0);
    }

    private void finish() {
        sock.shutdown(SHUT_WR);
        numbers(rcvNxt, sndUna, sndUna + 1);
    }

    // ---- events

    private void happen(String event) {
        switch (event) {
            case "SYN" -> t.in(SYN, rcvNxt, 0, WINDOW, 0, SYN_OPTIONS);
            case "SYN, larger" -> t.in(SYN, rcvNxt + HOLE, 0, WINDOW, 0, SYN_OPTIONS);
            case "SYN, smaller" -> t.in(SYN, rcvNxt - HOLE, 0, WINDOW, 0, SYN_OPTIONS);
            case "SYN ACK" -> t.in(SYN | ACK, rcvNxt, sndNxt, WINDOW, 0, SYN_OPTIONS);
            case "ACK" -> t.in(ACK, rcvNxt, sndNxt, WINDOW, 0);
            case "ACK, old" -> t.in(ACK, rcvNxt, sndUna - 1, WINDOW, 0);
            case "ACK, future" -> t.in(ACK, rcvNxt, sndNxt + HOLE, WINDOW, 0);
            case "data" -> t.in(ACK, rcvNxt, sndUna, WINDOW, DATA);
            case "data ACK" -> t.in(ACK, rcvNxt, sndNxt, WINDOW, DATA);
            case "data, hole" -> t.in(ACK, rcvNxt + HOLE, sndUna, WINDOW, DATA);
            case "data, old" -> t.in(ACK, rcvNxt - DATA, sndUna, WINDOW, DATA);
            case "data, beyond" -> t.in(ACK, rcvNxt + (1 << 28), sndUna, WINDOW, DATA);
            case "FIN" -> t.in(FIN | ACK, rcvNxt, sndUna, WINDOW, 0);
            case "FIN ACK" -> t.in(FIN | ACK, rcvNxt, sndNxt, WINDOW, 0);
            case "FIN, hole" -> t.in(FIN | ACK, rcvNxt + HOLE, sndUna, WINDOW, 0);
            case "FIN, old" -> t.in(FIN | ACK, rcvNxt - 1, sndNxt, WINDOW, 0);
            case "RST" -> t.in(RST, rcvNxt, 0, 0, 0);
            case "RST ACK" -> t.in(RST | ACK, rcvNxt, sndNxt, 0, 0);
            case "RST, window" -> t.in(RST, rcvNxt + HOLE, 0, 0, 0);
            case "RST, outside" -> t.in(RST, rcvNxt - HOLE, 0, 0, 0);
            case "no flags" -> t.in(0, rcvNxt, 0, WINDOW, 0);
            case "port unreachable" -> icmp(UNREACHABLE, 3, 0);
            case "host unreachable" -> icmp(UNREACHABLE, 1, 0);
            case "time exceeded" -> icmp(TIME_EXCEEDED, 0, 0);
            case "source quench" -> icmp(QUENCH, 0, 0);
            case "fragmentation needed" -> icmp(UNREACHABLE, 4, 1000);
            case "a minute" -> t.run(60_001);
            case "half an hour" -> t.run(1_800_000);
            default -> call(event);
        }
    }

    private void icmp(int type, int code, int info) {
        IcmpErrors.handle(t.host.tcp, flow(), t.iss + sndUna, type, code, info, null);
    }

    private void call(String event) {
        TcpSock on = sock != null ? sock : listener;
        long returned =
                switch (event) {
                    case "connect" -> on.connect(new SockAddrIn(PEER, PEER_PORT), 0);
                    case "listen" -> on.listen(5);
                    case "send" -> t.write(on, DATA);
                    case "send, half an hour" -> t.write(on, DATA) + pass(1_800_000);
                    case "receive" -> t.read(on, DATA);
                    case "shutdown WR" -> on.shutdown(SHUT_WR);
                    case "shutdown RD" -> on.shutdown(SHUT_RD);
                    case "close" -> release(on, -1);
                    case "abort" -> release(on, 0);
                    case "close, a minute" -> release(on, -1) + pass(60_001);
                    case "close, data" -> release(on, -1) + arrive();
                    default -> throw new IllegalArgumentException(event);
                };
        result = returned < 0 ? name((int) returned) : Long.toString(returned);
    }

    private long release(TcpSock on, int linger) {
        if (linger >= 0) {
            on.lingerSeconds = linger;
        }
        on.release();
        if (on == sock) {
            sock = null;
        } else {
            listener = null;
        }
        return 0;
    }

    private long pass(long ms) {
        t.run(ms);
        return 0;
    }

    private long arrive() {
        t.sent.clear();
        t.in(ACK, rcvNxt, sndUna, WINDOW, DATA);
        return 0;
    }

    private static String name(int negated) {
        return Errno.of(negated).name();
    }

    // ---- outcome

    private Flow flow() {
        return t.host.tcp.flows.find(new Endpoints().localV4(US, t.localPort).remoteV4(PEER, PEER_PORT));
    }

    /** Of the flow with the peer; without one, of the socket that the row is about. */
    private String state() {
        Flow flow = flow();
        TcpSock left = connects ? sock : listener;
        TcpState state = flow != null ? flow.state() : left != null ? left.state() : TcpState.CLOSE;
        return state == TcpState.NEW_SYN_RECV ? "request" : state.name();
    }

    private String answers() {
        List<String> all = new ArrayList<>();
        for (Segment s : t.sent) {
            String text = text(s);
            int last = all.size() - 1;
            if (last >= 0 && all.get(last).startsWith(text)) {
                all.set(last, text + " ...");
            } else {
                all.add(text);
            }
        }
        return all.isEmpty() ? NOTHING : String.join(" + ", all);
    }

    private String text(Segment s) {
        StringBuilder out = new StringBuilder();
        String[] names = {"FIN", "SYN", "RST"};
        for (int bit = names.length - 1; bit >= 0; bit--) {
            out.append((s.flags() & 1 << bit) != 0 ? names[bit] + " " : "");
        }
        boolean ofNothing = (s.flags() & (RST | ACK)) == (RST | ACK) && s.seq() + t.iss == 0; // the number itself is 0
        out.append((s.flags() & ACK) != 0 ? "ACK " : "").append(ofNothing ? 0 : s.seq());
        out.append((s.flags() & ACK) != 0 ? "," + s.ack() : "");
        return out.append(s.length() > 0 ? " data" : "").toString();
    }

    /** A call's result, or the error that the socket now has. */
    private String result() {
        if (!result.equals(NOTHING)) {
            return result;
        }
        int error = sock == null ? 0 : sock.takeError();
        return error == 0 ? NOTHING : name(error);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void eachEventLeadsWhereTheTableSays(TcpStateTable.Row row) {
        enter(row.state());
        assertThat(state()).as("the way there").isEqualTo(row.state());
        happen(row.event());
        assertThat(state()).as("state").isEqualTo(row.next());
        assertThat(answers()).as("answer").isEqualTo(row.answer());
        assertThat(result()).as("result").isEqualTo(row.result());
    }

    static Stream<TcpStateTable.Row> rows() {
        return TcpStateTable.rows().stream();
    }
}
