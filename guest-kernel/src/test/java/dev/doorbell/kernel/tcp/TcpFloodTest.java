package dev.doorbell.kernel.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.tcp.TcpMib.Counter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Numbers: a million SYNs, many open connections, a day of virtual time on a bad wire. Scaled for every run by the
 * properties {@code doorbell.synFlood} (SYNs, 200,000), {@code doorbell.connections} (10,000), {@code doorbell.soakHours}
 * (2) and {@code doorbell.soakConnections} (300); the full figures are 1,000,000, 100,000, 24 and 10,000.
 */
class TcpFloodTest {
    private static final int SERVER = 0x0A00_0001, FLOODER = 0x5000_0000, PORT = 80;
    private static final int SYN = 2, ACK = 16;
    /** Heap per open idle connection that leaves room for 100,000 in 4 GiB many times over. */
    private static final long MAX_BYTES_PER_CONNECTION = 6 << 10;

    private static byte[] segment(int source, int sourcePort, int flags, int seq, int ack) {
        ByteBuffer b = ByteBuffer.allocate(24);
        b.putShort((short) sourcePort).putShort((short) PORT).putInt(seq).putInt(ack);
        b.put((byte) (6 << 4)).put((byte) flags).putShort((short) 65_000).putInt(0);
        b.put(new byte[] {2, 4, 0x05, (byte) 0xB4});
        return TcpScript.withChecksum(b.array(), source, SERVER);
    }

    /** The last SYN-ACK that went to {@code port}. */
    private static final class SynAck {
        int port, iss;
        boolean seen;

        void take(byte[] bytes) {
            ByteBuffer b = ByteBuffer.wrap(bytes);
            if ((b.getShort(2) & 0xFFFF) == port && bytes[13] == (SYN | ACK)) {
                iss = b.getInt(4);
                seen = true;
            }
        }
    }

    private static TcpSock listen(TcpHost host, int backlog) {
        TcpSock listener = host.socket();
        listener.bind(new SockAddrIn(0, PORT));
        listener.listen(backlog);
        return listener;
    }

    @Test
    void aFloodOfSynsIsAnsweredFromNoMemoryAndServiceGoesOn() {
        int syns = Integer.getInteger("doorbell.synFlood", 200_000);
        VirtualTime world = new VirtualTime(1);
        try (TcpHost host = new TcpHost(world, SERVER, 7)) {
            TcpSock listener = listen(host, 256);
            SynAck answer = new SynAck();
            host.wire = answer::take;
            SplittableRandom random = new SplittableRandom(9);
            int served = 0;
            for (int i = 0; i < syns; i++) {
                host.receive(FLOODER + i, segment(FLOODER + i, 1024 + (i & 0x7FFF), SYN, random.nextInt(), 0), 0);
                if (i % 1000 == 999) {
                    world.runFor(1_000_000); // a million SYNs a second
                    assertThat(host.tcp.flowCount()).isLessThanOrEqualTo(256 + served);
                }
                if (i % 20_000 == 19_999) {
                    served += serveOne(host, listener, answer, 50_000 + served);
                }
            }
            assertThat(served).isEqualTo(syns / 20_000);
            assertThat(host.tcp.mib().get(Counter.SyncookiesSent)).isGreaterThan(syns - 1000L - served * 300L);
            assertThat(host.skbs.outstanding())
                    .as("buffers of half-open connections")
                    .isZero();
            listener.release();
            world.runFor(70 * TcpConfig.SECOND);
        }
    }

    /** A real client: three segments, and a byte each way. */
    private static int serveOne(TcpHost host, TcpSock listener, SynAck answer, int port) {
        int client = 0x0A00_0002;
        answer.port = port;
        answer.seen = false;
        host.receive(client, segment(client, port, SYN, 1000, 0), 0);
        assertThat(answer.seen).as("SYN-ACK to a real client").isTrue();
        host.receive(client, segment(client, port, ACK, 1001, answer.iss + 1), 0);
        TcpSock child = (TcpSock) listener.accept();
        assertThat(child).as("its connection").isNotNull();
        assertThat(child.sendmsg(new Message().set(ByteBuffer.allocate(1)), 0)).isEqualTo(1);
        child.lingerSeconds = 0;
        child.release();
        return 1;
    }

    @Test
    void anOpenConnectionCostsLittleAndNoPacketMemory() {
        int count = Integer.getInteger("doorbell.connections", 10_000);
        VirtualTime world = new VirtualTime(1);
        try (TcpHost host = new TcpHost(world, SERVER, 7)) {
            host.config.somaxconn = 65_535;
            TcpSock listener = listen(host, 60_000);
            SynAck answer = new SynAck();
            host.wire = answer::take;
            List<TcpSock> open = new ArrayList<>(count);
            open(host, listener, answer, open, 1000); // tables and pools are there now
            long before = usedHeap();
            open(host, listener, answer, open, count);
            long perConnection = (usedHeap() - before) / Math.max(1, count - 1000);
            assertThat(open).hasSize(count).allMatch(s -> s.state() == TcpState.ESTABLISHED);
            assertThat(perConnection).as("bytes per connection").isLessThan(MAX_BYTES_PER_CONNECTION);
            assertThat(host.skbs.outstanding()).isZero();
            for (TcpSock sock : open) {
                sock.lingerSeconds = 0;
                sock.release();
            }
            assertThat(host.tcp.flowCount()).isZero();
            listener.release();
        }
    }

    private static void open(TcpHost host, TcpSock listener, SynAck answer, List<TcpSock> open, int count) {
        for (int i = open.size(); i < count; i++) {
            int client = 0x0B00_0000 + i / 60_000;
            answer.port = 1024 + i % 60_000;
            host.receive(client, segment(client, answer.port, SYN, 1000, 0), 0);
            host.receive(client, segment(client, answer.port, ACK, 1001, answer.iss + 1), 0);
            open.add((TcpSock) listener.accept());
        }
    }

    private static long usedHeap() {
        Runtime runtime = Runtime.getRuntime();
        long used = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            used = Math.min(used, runtime.totalMemory() - runtime.freeMemory());
        }
        return used;
    }

    @Test
    void aLongTimeOnABadWireEndsWithNothingLeft() {
        int hours = Integer.getInteger("doorbell.soakHours", 2);
        int connections = Integer.getInteger("doorbell.soakConnections", 300);
        try (TwoStacks two = new TwoStacks(11)) {
            two.loss = 0.05;
            two.duplicate = 0.02;
            two.reorder = 0.1;
            two.delayNs = 20_000_000;
            for (TcpHost host : List.of(two.client, two.server)) {
                host.config.somaxconn = 65_535;
                host.config.keepaliveTimeNs = 600 * TcpConfig.SECOND;
            }
            TcpSock listener = two.server.socket();
            listener.keepAlive = true;
            listener.bind(new SockAddrIn(0, PORT));
            listener.listen(60_000);
            SplittableRandom random = new SplittableRandom(12);
            List<TcpSock> clients = new ArrayList<>();
            List<TcpSock> servers = new ArrayList<>();
            for (int i = 0; i < connections; i++) {
                clients.add(two.connect(PORT));
            }
            Message message = new Message();
            ByteBuffer chunk = ByteBuffer.allocate(200_000); // shared: ten thousand sockets are asked every minute
            long[] bytes = new long[2];
            for (int minute = 0; minute < hours * 60; minute++) {
                for (int i = 0; i < connections / 10; i++) {
                    TcpSock from = clients.get(random.nextInt(connections));
                    bytes[0] +=
                            Math.max(0, from.sendmsg(message.set(chunk.clear().limit(1 + random.nextInt(3000))), 0));
                }
                two.world.runFor(60 * TcpConfig.SECOND);
                TcpSock accepted;
                while ((accepted = (TcpSock) listener.accept()) != null) {
                    servers.add(accepted);
                }
                for (TcpSock to : servers) {
                    bytes[1] += Math.max(0, to.recvmsg(message.set(chunk.clear()), 0));
                }
            }
            two.world.runFor(600 * TcpConfig.SECOND);
            for (TcpSock to : servers) {
                bytes[1] += Math.max(0, to.recvmsg(message.set(chunk.clear()), 0));
            }
            assertThat(servers).hasSize(connections);
            assertThat(bytes[1]).as("what arrived of %d bytes", bytes[0]).isEqualTo(bytes[0]);
            clients.forEach(TcpSock::release);
            two.world.runFor(60 * TcpConfig.SECOND);
            servers.forEach(TcpSock::release);
            listener.release();
            two.world.runFor(2000 * TcpConfig.SECOND);
            assertThat(two.client.tcp.flowCount() + two.server.tcp.flowCount())
                    .as("flows")
                    .isZero();
            assertThat(two.client.skbs.outstanding() + two.server.skbs.outstanding())
                    .as("buffers")
                    .isZero();
            assertThat(two.world.nextEventNs()).as("timers").isEqualTo(Long.MAX_VALUE);
        }
    }
}
