package dev.doorbell.kernel.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.tcp.TcpMib.Counter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A stream whose sequence numbers and whose time stamps pass 2^32 while packets are lost, reordered and repeated. */
class TcpWrapTest {
    private static final long SECOND = 1_000_000_000L, MS = 1_000_000L;
    private static final int CLIENT_PORT = 40_000, PORT = 80;
    /** Bytes before the wrap at which the stream begins, about. */
    private static final int BEFORE = 150_000;

    private static final long BYTES = 3_000_000;

    @ParameterizedTest
    @CsvSource({"true, 1", "true, 2", "false, 1", "false, 2"})
    void theStreamPassesBothWrapsIntact(boolean clientSends, long seed) {
        try (TwoStacks net = new TwoStacks(seed)) {
            net.loss = 0.02;
            net.reorder = 0.02;
            net.duplicate = 0.01;
            TcpSock listener = net.listen(PORT);
            Endpoints ends = clientSends
                    ? new Endpoints().localV4(TwoStacks.CLIENT, CLIENT_PORT).remoteV4(TwoStacks.SERVER, PORT)
                    : new Endpoints().localV4(TwoStacks.SERVER, PORT).remoteV4(TwoStacks.CLIENT, CLIENT_PORT);
            Tcp tcp = clientSends ? net.client.tcp : net.server.tcp;
            long wrapMs = (1L << 32) - (tcp.timestampOffset(ends) & 0xFFFF_FFFFL);
            wrapMs += wrapMs < 1_000_000 ? 1L << 32 : 0;
            net.world.runFor(wrapMs * MS - 600 * SECOND);
            // The initial sequence number counts in steps of 64 ns.
            net.world.runFor((-BEFORE - tcp.initialSequence(ends) & 0xFFFF_FFFFL) << 6);

            TcpSock client = net.client.socket();
            client.bind(new SockAddrIn(0, CLIENT_PORT));
            client.connect(new SockAddrIn(TwoStacks.SERVER, PORT), 0);
            TcpSock server = net.accept(listener);
            TcpSock from = clientSends ? client : server, to = clientSends ? server : client;
            assertThat(from.connection.iss).isNegative();
            net.world.runFor(wrapMs * MS - 200 * MS - net.world.nowNs());
            assertThat(from.connection.timestamp()).isNegative();

            TwoStacks.Sender sender = net.new Sender(from, BYTES, 3);
            TwoStacks.Receiver receiver = net.new Receiver(to, 3);
            to.setListener(receiver::run);
            sender.run();
            assertThat(net.world.runUntil(() -> receiver.end, 300 * SECOND)).isTrue();
            assertThat(receiver.error).isZero();
            assertThat(receiver.received).isEqualTo(BYTES);
            assertThat(receiver.wrongAt).isEqualTo(-1);
            assertThat(net.world.nowNs()).as("time stamps wrapped meanwhile").isGreaterThan(wrapMs * MS);
            assertThat(Seq.gt(from.connection.sndNxt, from.connection.iss)).isTrue();
            assertThat(from.connection.sndNxt).as("so did sequence numbers").isPositive();
            assertThat(tcp.mib.get(Counter.TCPTimeouts)).as("timeouts").isLessThan(10);
        }
    }
}
