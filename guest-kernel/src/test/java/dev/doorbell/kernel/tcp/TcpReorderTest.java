package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.tcp.TcpScript.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.kernel.tcp.TcpMib.Counter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Packets that are late or come twice, and what they must not be taken for: RFC 8985 §6.2, RFC 2883, RFC 7323 §5. */
class TcpReorderTest {
    private static final long MS = 1_000_000;
    private static final int STREAMS = 8;

    private final List<TcpConnection> connections = new ArrayList<>();

    /** Eight streams over 10 ms, for so long; first sequence numbers lie in both halves of their space. */
    private void exchange(TwoStacks net, long ms) {
        net.delayNs = 5 * MS;
        net.bitsPerSecond = 100_000_000;
        List<TwoStacks.Receiver> receivers = new ArrayList<>();
        TcpSock listener = net.listen(80);
        for (int i = 0; i < STREAMS; i++) {
            TcpSock client = net.connect(80);
            TcpSock server = net.accept(listener);
            TwoStacks.Receiver receiver = net.new Receiver(server, i);
            server.setListener(receiver::run);
            net.new Sender(client, Long.MAX_VALUE, i).run();
            receivers.add(receiver);
            connections.add(client.connection);
        }
        assertThat(connections).anyMatch(c -> c.iss < 0).anyMatch(c -> c.iss > 0);
        net.world.runFor(ms * MS);
        assertThat(receivers).allMatch(r -> r.wrongAt < 0);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void latePacketsAreSentAgainUntilDsacksHaveWidenedTheReorderingWindowAndThenNoMore(long seed) {
        try (TwoStacks net = new TwoStacks(seed)) {
            net.reorder = 0.2;
            net.lateNs = 3 * MS; // a quarter of the round trip, where the window begins, is less
            exchange(net, 1000);
            TcpMib sender = net.client.tcp.mib;
            long before = sender.get(Counter.TCPFastRetrans), sent = sender.get(Counter.TCPOrigDataSent);
            assertThat(connections).filteredOn(c -> c.rackReoWndSteps > 1).hasSizeGreaterThan(STREAMS / 2);
            net.world.runFor(2000 * MS);
            long again = sender.get(Counter.TCPFastRetrans) - before;
            assertThat(again).isLessThan((sender.get(Counter.TCPOrigDataSent) - sent) / 200);
        }
    }

    @Test
    void whatTheNetworkDoublesDoesNotWidenTheReorderingWindow() {
        try (TwoStacks net = new TwoStacks(4)) {
            net.duplicate = 0.1;
            net.reorder = 0.01;
            net.lateNs = MS;
            exchange(net, 2000);
            TcpMib sender = net.client.tcp.mib;
            assertThat(sender.get(Counter.TCPDSACKIgnoredDubious)).isGreaterThan(100);
            assertThat(IntStream.range(0, STREAMS).map(i -> connections.get(i).rackReoWndSteps))
                    .allMatch(steps -> steps <= 2);
        }
    }

    // ---- time stamps: what is late is not always old

    private static int[] join(int[] a, int[] b) {
        return IntStream.concat(IntStream.of(a), IntStream.of(b)).toArray();
    }

    private static int[] stamp(int value, int echo) {
        byte[] bytes = ByteBuffer.allocate(12)
                .put(new byte[] {1, 1, 8, 10})
                .putInt(value)
                .putInt(echo)
                .array();
        return IntStream.range(0, bytes.length).map(i -> bytes[i]).toArray();
    }

    /** A connection with time stamps on which five segments are out; the peer's clock stands at 200. */
    private static TcpSock fiveOut(TcpScript t) {
        t.host.config.timestamps = true;
        TcpSock listener = t.listen(5);
        t.in(SYN, 0, 0, 65_000, 0, join(SYN_OPTIONS, stamp(100, 0)));
        t.sent.clear();
        t.run(100);
        t.in(ACK, 1, 1, 65_000, 0, stamp(199, 0));
        TcpSock sock = (TcpSock) listener.accept();
        listener.release();
        t.in(ACK, 1, 1, 65_000, 10, stamp(200, 0));
        t.write(sock, 5 * 988);
        t.sent.clear();
        return sock;
    }

    private static void end(TcpScript t, TcpSock sock) {
        t.in(ACK, 11, 1 + 5 * 988, 65_000, 0, stamp(300, 0));
        sock.release();
        t.close();
    }

    @Test
    void sackBlocksOfAnAckThatWasOvertakenAreTaken() {
        TcpScript t = new TcpScript();
        TcpSock sock = fiveOut(t);
        TcpConnection c = sock.connection;
        t.in(ACK, 11, 1, 65_000, 0, join(stamp(210, 0), t.sack(1 + 3 * 988, 1 + 4 * 988)));
        t.in(ACK, 11, 1, 65_000, 0, stamp(220, 0));
        assertThat(c.sackedOut).isEqualTo(1);
        t.in(ACK, 11, 1, 65_000, 0, join(stamp(205, 0), t.sack(1 + 2 * 988, 1 + 3 * 988)));
        assertThat(c.sackedOut).isEqualTo(2);
        assertThat(t.host.tcp.mib().get(Counter.PAWSEstab)).isZero();
        assertThat(c.tsRecent).as("goes forward only").isEqualTo(220);
        end(t, sock);
    }

    @Test
    void anOvertakenAckThatWouldChangeTheWindowOrIsOlderThanATimeoutIsNot() {
        TcpScript t = new TcpScript();
        TcpSock sock = fiveOut(t);
        TcpConnection c = sock.connection;
        int[] block = t.sack(1 + 2 * 988, 1 + 3 * 988);
        t.in(ACK, 11, 1, 65_000, 0, stamp(1000, 0));
        t.in(ACK, 11, 1, 65_010, 0, join(stamp(990, 0), block));
        t.in(ACK, 11, 1, 65_000, 0, join(stamp(200, 0), block));
        t.in(ACK, 11, 1 + 988, 65_000, 0, join(stamp(990, 0), block));
        assertThat(c.sackedOut).isZero();
        assertThat(c.packetsOut).isEqualTo(5);
        assertThat(t.host.tcp.mib().get(Counter.PAWSEstab)).isEqualTo(3);
        t.in(ACK, 11, 1 + 5 * 988, 65_000, 0, stamp(1300, 0));
        sock.release();
        t.close();
    }
}
