package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.tcp.TcpScript.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.kernel.core.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When a retransmission timer tries again, and from when it counts the time until it gives up. RFC 6298, RFC 9293 §3.8.3. */
class TcpTimersTest {
    private static final long HOUR = 3_600_000;

    private final TcpScript t = new TcpScript();
    private TcpSock sock;

    @BeforeEach
    void open() {
        sock = t.established();
    }

    @AfterEach
    void everythingIsGivenBack() {
        t.host.routed = true;
        t.host.refusal = 0;
        sock.release();
        t.close();
    }

    @Test
    void aRetransmissionOfAnEarlierFlightDoesNotAgeALaterOne() {
        t.write(sock, 3000);
        t.run(250);
        assertThat(t.sent).as("with the loss probe").hasSize(4);
        t.in(ACK, 1, 3001, 65_000, 0);
        t.run(HOUR);
        t.sent.clear();
        t.write(sock, 100);
        t.run(10_000);
        assertThat(t.sent).as("goes on trying").hasSizeGreaterThan(3);
        assertThat(sock.pendingError()).isZero();
        t.in(ACK, 1, 3101, 65_000, 0);
        assertThat(sock.connection.packetsOut).isZero();
    }

    @Test
    void withoutARouteTheTimeoutDoublesAsAfterALoss() {
        t.write(sock, 100);
        t.host.routed = false;
        t.run(30_000);
        assertThat(sock.connection.retransmits).isBetween(5, 7);
        assertThat(sock.connection.rtoNs).isGreaterThan(10_000 * TcpScript.MS);
        t.sent.clear();
        t.host.routed = true;
        t.run(30_000);
        assertThat(t.sent).isNotEmpty();
        t.in(ACK, 1, 101, 65_000, 0);
    }

    @Test
    void aFullQueueHereIsTriedAgainEachHalfSecondWithoutDoubling() {
        t.write(sock, 100);
        t.sent.clear();
        t.host.refusal = Errno.ENOBUFS.negated();
        t.run(5000);
        assertThat(sock.connection.retransmits).isBetween(9, 12);
        assertThat(sock.connection.backoff).isZero();
        t.host.refusal = 0;
        t.run(600);
        assertThat(t.sent).hasSize(1);
        t.in(ACK, 1, 101, 65_000, 0);
        assertThat(sock.connection.packetsOut).isZero();
    }

    @Test
    void aZeroWindowIsProbedEachHalfSecondWhileTheQueueHereIsFullAndBacksOffWithoutARoute() {
        t.in(ACK, 1, 1, 0, 0);
        t.write(sock, 100);
        t.host.refusal = Errno.ENOBUFS.negated();
        t.run(4000);
        assertThat(sock.connection.probesOut).isBetween(6, 9);
        t.host.refusal = 0;
        t.host.routed = false;
        int before = sock.connection.probesOut;
        t.run(4000);
        assertThat(sock.connection.probesOut - before).isBetween(1, 5);
        assertThat(sock.connection.backoff).isPositive();
        t.host.routed = true;
        t.in(ACK, 1, 1, 65_000, 0);
        t.in(ACK, 1, 101, 65_000, 0);
    }
}
