package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;
import static dev.doorbell.kernel.tcp.TcpScript.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.doorbell.kernel.tcp.TcpScript.Segment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** SO_MAX_PACING_RATE, and the rates and times that TCP_INFO tells. */
class TcpPacingTest {
    private LateWorld machine;
    private final TcpScript t = new TcpScript(world -> machine = new LateWorld(world, "tcp pacing", 0));
    private TcpSock sock;

    @BeforeEach
    void open() {
        sock = t.established();
    }

    @AfterEach
    void everythingIsGivenBack() {
        sock.release();
        t.close();
    }

    private void maxPacingRate(long bytesPerSecond) {
        ByteBuffer value = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(bytesPerSecond)
                .flip();
        assertThat(sock.setsockopt(SOL_SOCKET, SO_MAX_PACING_RATE, value)).isZero();
    }

    private ByteBuffer info() {
        ByteBuffer into = ByteBuffer.allocate(TcpInfo.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(sock.getsockopt(SOL_TCP, TcpOptions.TCP_INFO, into)).isEqualTo(TcpInfo.BYTES);
        return into.flip();
    }

    /** Acknowledges everything at once, a round trip later. */
    private void acknowledgeAll() {
        t.run(100);
        t.in(ACK, 1, sock.connection.sndNxt - t.iss, 65_000, 0);
    }

    @Test
    void withoutTheOptionAWindowLeavesAtOnce() {
        t.write(sock, 10_000);
        assertThat(t.sent)
                .hasSize(10)
                .allMatch(s -> s.timeNs() == t.sent.getFirst().timeNs());
    }

    @Test
    void withItPacketsLeaveAtTheRateOnceTheFirstTenAreGone() {
        maxPacingRate(104_000); // a packet of 1040 bytes each 10 ms
        t.write(sock, 10_000);
        assertThat(t.sent).hasSize(10);
        acknowledgeAll();
        t.sent.clear();
        t.write(sock, 20_000);
        t.run(200);
        assertThat(t.sent).hasSize(20);
        long first = t.sent.getFirst().timeNs();
        int i = 0;
        for (Segment s : t.sent) {
            // In buffers of two packets, and half the first interval is given back to the late sender.
            assertThat((s.timeNs() - first) / 1e7).as("packet %d", i).isCloseTo(i, within(2.1));
            i++;
        }
    }

    /** Sends the first ten unpaced, then has twenty wait at 10 ms each on a path of 100 ms. */
    private void twentyWait() {
        maxPacingRate(104_000);
        t.write(sock, 10_000);
        acknowledgeAll();
        t.sent.clear();
        t.write(sock, 20_000);
    }

    private long sentWithin(long fromMs, long untilMs) {
        return t.sent.stream()
                .filter(s -> s.timeNs() >= fromMs * TcpScript.MS && s.timeNs() < untilMs * TcpScript.MS)
                .count();
    }

    private long mostAtOnce() {
        return t.sent.stream()
                .mapToLong(s -> t.sent.stream()
                        .filter(other -> other.timeNs() == s.timeNs())
                        .count())
                .max()
                .orElseThrow();
    }

    @Test
    void aTimerThatIsLateIsMadeUpForAtOnce() {
        long start = t.world.nowNs() / TcpScript.MS + 100;
        machine.lateNs = 25 * TcpScript.MS; // two packets more than the one that was due
        twentyWait();
        t.run(300);
        assertThat(sentWithin(start, start + 205)).as("10 ms each").isBetween(17L, 20L);
        assertThat(mostAtOnce()).isBetween(3L, 6L);
    }

    @Test
    void whatIsMadeUpForIsHalfARoundTripAtMost() {
        machine.lateNs = 150 * TcpScript.MS;
        twentyWait();
        t.run(160);
        machine.lateNs = 0;
        t.run(300);
        assertThat(mostAtOnce())
                .as("50 ms at 10 ms each, in buffers of two, and what was due")
                .isBetween(4L, 9L);
    }

    @Test
    void idleTimeIsNotMadeUpFor() {
        twentyWait();
        t.run(1000);
        acknowledgeAll();
        t.sent.clear();
        t.run(1000);
        t.write(sock, 10_000);
        long now = t.world.nowNs();
        assertThat(t.sent.stream().filter(s -> s.timeNs() == now).count()).isBetween(1L, 2L);
        t.run(200);
        assertThat(t.sent).hasSize(10);
    }

    @Test
    void retransmissionsArePacedToo() {
        maxPacingRate(104_000); // 10 ms a packet
        t.write(sock, 10_000);
        acknowledgeAll();
        t.write(sock, 10_000);
        t.run(200);
        t.sent.clear();
        int una = 10_001;
        t.in(ACK, 1, una, 65_000, 0, t.sack(una + 6000, una + 10_000));
        t.run(500);
        assertThat(t.sent.stream().map(Segment::timeNs).distinct().count()).isGreaterThan(2);
    }

    @Test
    void theOptionIsReadBackInFourAndInEightBytes() {
        maxPacingRate(5_000_000_000L);
        ByteBuffer eight = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(sock.getsockopt(SOL_SOCKET, SO_MAX_PACING_RATE, eight)).isEqualTo(8);
        assertThat(eight.getLong(0)).isEqualTo(5_000_000_000L);
        ByteBuffer four = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(sock.getsockopt(SOL_SOCKET, SO_MAX_PACING_RATE, four)).isEqualTo(4);
        assertThat(four.getInt(0)).as("more than it can say").isEqualTo(-1);
    }

    @Test
    void infoTellsPacingAndDeliveryRate() {
        assertThat(info().getLong(TcpInfo.MAX_PACING_RATE)).isEqualTo(-1);
        t.write(sock, 10_000);
        acknowledgeAll();
        ByteBuffer info = info();
        // Ten packets of 1000 bytes in 100 ms.
        assertThat(info.getLong(TcpInfo.DELIVERY_RATE)).isCloseTo(100_000, within(1_000L));
        long perRtt = 1000L * sock.connection.window.cwnd;
        assertThat(info.getLong(TcpInfo.PACING_RATE)).isCloseTo(perRtt * 10 * 2, within(perRtt));
        maxPacingRate(12_345);
        assertThat(info().getLong(TcpInfo.PACING_RATE)).isEqualTo(12_345);
    }

    @Test
    void aRateMeasuredWhileNothingWaitedIsMarkedApplicationLimited() {
        t.write(sock, 10_000);
        acknowledgeAll();
        t.write(sock, 100);
        acknowledgeAll();
        t.write(sock, 100);
        acknowledgeAll();
        assertThat(info().getLong(TcpInfo.DELIVERY_RATE))
                .as("a slow writer does not lower it")
                .isGreaterThan(90_000);
        assertThat(info().get(TcpInfo.RATE_FLAGS) & 1).isEqualTo(1);
    }

    @Test
    void timeIsChargedToWhatHeldTheSender() {
        t.write(sock, 1000);
        acknowledgeAll();
        t.run(400); // idle
        assertThat(info().getLong(TcpInfo.BUSY_TIME)).isEqualTo(100_000);
        t.write(sock, 500);
        t.in(ACK, 1, 1001, 0, 0); // the window closes
        t.write(sock, 5000);
        t.run(100);
        t.in(ACK, 1, 1501, 0, 0);
        t.run(50);
        assertThat(info().getLong(TcpInfo.RWND_LIMITED)).isGreaterThanOrEqualTo(50_000);
        assertThat(info().getLong(TcpInfo.SNDBUF_LIMITED)).isZero();
        t.in(ACK, 1, 1501, 65_000, 0);
        acknowledgeAll();
    }

    @Test
    void timeoutsAreCountedWithTheTimeTheyTook() {
        t.write(sock, 1000);
        t.run(2500);
        t.in(ACK, 1, 1001, 65_000, 0);
        ByteBuffer info = info();
        assertThat(info.getShort(TcpInfo.TOTAL_RTO)).isEqualTo((short) 3);
        assertThat(info.getShort(TcpInfo.TOTAL_RTO_RECOVERIES)).isEqualTo((short) 1);
        assertThat(info.getInt(TcpInfo.TOTAL_RTO_TIME)).isBetween(1800, 2500);
    }
}
