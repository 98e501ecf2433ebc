package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;
import static dev.doorbell.kernel.tcp.TcpOptions.*;
import static dev.doorbell.kernel.tcp.TcpScript.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.tcp.TcpScript.Segment;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How options and shutdowns decide about the beginning and the end of a connection: queues, TIME-WAIT, half closes. */
class TcpLifecycleTest {
    private final TcpScript t = new TcpScript();

    @AfterEach
    void everythingIsGivenBack() {
        t.close();
    }

    private static int set(TcpSock sock, int level, int name, int value) {
        return sock.setsockopt(level, name, ByteBuffer.allocate(4).putInt(0, value));
    }

    private static int get(TcpSock sock, int name) {
        ByteBuffer into = ByteBuffer.allocate(4);
        assertThat(sock.getsockopt(SOL_TCP, name, into)).isEqualTo(4);
        return into.getInt(0);
    }

    // ---- opening

    @Test
    void deferredAcceptWaitsForDataAndGivesUpInTheEnd() {
        TcpSock listener = t.listen(5);
        set(listener, SOL_TCP, TCP_DEFER_ACCEPT, 3);
        t.in(SYN, 0, 0, 65_000, 0, SYN_OPTIONS);
        t.expect(SYN | ACK, 0, 0, 1);
        t.in(ACK, 1, 1, 65_000, 0);
        assertThat(listener.poll() & EPOLLIN).as("a bare ACK").isZero();
        t.in(ACK | PSH, 1, 1, 65_000, 10);
        assertThat(listener.poll() & EPOLLIN).isEqualTo(EPOLLIN);
        TcpSock sock = (TcpSock) listener.accept();
        assertThat(t.read(sock, 10)).isEqualTo(10);
        t.sent.clear();
        sock.release();
        t.sent.clear();
        t.peerPort++;
        t.in(SYN, 0, 0, 65_000, 0, SYN_OPTIONS);
        t.in(ACK, 1, 1, 65_000, 0);
        int before = t.host.tcp.flowCount();
        t.run(200_000);
        assertThat(t.host.tcp.flowCount()).as("requests").isLessThan(before);
        assertThat(listener.accept()).isNull();
        listener.release();
    }

    @Test
    void acceptQueueHoldsBacklogPlusOneAndDropsTheAckBehind() {
        t.host.config.synCookies = 0;
        TcpSock listener = t.listen(1);
        for (int i = 0; i < 3; i++) {
            t.peerPort = PEER_PORT + i;
            t.in(SYN, 0, 0, 65_000, 0, SYN_OPTIONS);
            t.in(ACK, 1, 1, 65_000, 0);
        }
        assertThat(t.host.tcp.mib().get(TcpMib.Counter.ListenOverflows)).isEqualTo(1);
        TcpSock first = (TcpSock) listener.accept();
        TcpSock second = (TcpSock) listener.accept();
        assertThat(listener.accept()).isNull();
        t.sent.clear();
        t.in(SYN, 0, 0, 65_000, 0, SYN_OPTIONS); // there is room again
        t.expect(SYN | ACK, 0, 0, 1);
        t.in(ACK, 1, 1, 65_000, 0);
        TcpSock third = (TcpSock) listener.accept();
        assertThat(third).isNotNull();
        first.release();
        second.release();
        third.release();
        listener.release();
    }

    @Test
    void aCookieIsTakenAlsoAfterTheQueueHasDrained() {
        TcpSock listener = t.listen(1);
        t.peerPort = 1000;
        t.in(SYN, 0, 0, 65_000, 0, SYN_OPTIONS);
        int firstIss = t.iss;
        t.peerPort = 1001;
        t.in(SYN, 0, 0, 65_000, 0, SYN_OPTIONS);
        int cookie = t.iss;
        t.iss = firstIss;
        t.peerPort = 1000;
        t.in(RST, 1, 0, 0, 0);
        assertThat(t.host.tcp.flowCount()).isZero();
        t.iss = cookie;
        t.peerPort = 1001;
        t.in(ACK, 1, 1, 65_000, 0);
        assertThat(listener.accept()).isNotNull();
        listener.release();
    }

    @Test
    void reusePortSpreadsConnectionsOverAllListenersAndKeepsAHandshakeTogether() {
        TcpSock[] group = new TcpSock[4];
        for (int i = 0; i < group.length; i++) {
            group[i] = t.host.socket();
            group[i].reusePort = true;
            assertThat(group[i].bind(new SockAddrIn(0, PORT))).isZero();
            assertThat(group[i].listen(500)).isZero();
        }
        for (int i = 0; i < 400; i++) {
            t.peerPort = 10_000 + i;
            t.in(SYN, 0, 0, 65_000, 0, SYN_OPTIONS);
            t.in(ACK, 1, 1, 65_000, 0);
        }
        int sum = 0;
        for (TcpSock listener : group) {
            int accepted = listener.listenerOrNull().acceptable();
            assertThat(accepted).isBetween(60, 140);
            sum += accepted;
        }
        assertThat(sum).isEqualTo(400);
        TcpSock stranger = t.host.socket();
        assertThat(stranger.bind(new SockAddrIn(0, PORT))).isEqualTo(Errno.EADDRINUSE.negated());
        for (TcpSock listener : group) {
            listener.release();
        }
    }

    // ---- TIME-WAIT

    /** Leaves one connection of the listener's port in TIME-WAIT, with our and the peer's FIN at 1. */
    private TcpSock timeWait(boolean stamped) {
        t.host.config.timestamps = stamped;
        TcpSock listener = t.listen(5);
        if (stamped) {
            t.in(SYN, 0, 0, 65_000, 0, stamp(100));
        } else {
            t.in(SYN, 0, 0, 65_000, 0, SYN_OPTIONS);
        }
        t.in(ACK, 1, 1, 65_000, 0, stamped ? stamp(101) : new int[0]);
        TcpSock sock = (TcpSock) listener.accept();
        sock.release();
        t.in(FIN | ACK, 1, 2, 65_000, 0, stamped ? stamp(102) : new int[0]);
        assertThat(t.host.tcp.timeWaitCount()).isEqualTo(1);
        t.sent.clear();
        return listener;
    }

    private static int[] stamp(int value) {
        return new int[] {1, 1, 8, 10, 0, 0, value >> 8, value & 0xFF, 0, 0, 0, 0};
    }

    @Test
    void aServersPortWithTimeWaitIsBoundAgainOnlyWithReuseAddress() {
        TcpSock listener = timeWait(false);
        listener.release();
        TcpSock plain = t.host.socket();
        assertThat(plain.bind(new SockAddrIn(0, PORT))).isEqualTo(Errno.EADDRINUSE.negated());
        TcpSock reusing = t.host.socket();
        reusing.reuseAddress = true;
        assertThat(reusing.bind(new SockAddrIn(0, PORT))).isZero();
        assertThat(reusing.listen(1)).isZero();
        reusing.release();
        plain.release();
    }

    @Test
    void newerTimestampOrLargerSequenceNumberOpensTimeWaitAnewAndOlderOnesAreAcknowledged() {
        TcpSock listener = timeWait(true);
        t.in(SYN, -500, 0, 65_000, 0, stamp(102)); // same stamp, smaller number
        t.expect(ACK, 2, 0, 2);
        int old = t.iss;
        t.in(SYN, -500, 0, 65_000, 0, stamp(103));
        Segment synAck = t.expect(SYN | ACK, 0, 0, -499);
        assertThat(synAck.flags()).isEqualTo(SYN | ACK);
        assertThat(t.iss - old).as("beyond the old connection's numbers").isEqualTo(2 + 65_535 + 2);
        listener.release();
    }

    @Test
    void aSynForTimeWaitWithoutAListenerIsAcknowledgedAndKillsNothing() {
        TcpSock listener = timeWait(true);
        listener.release();
        t.in(SYN, 70_000, 0, 65_000, 0, stamp(200));
        t.expect(ACK, 2, 0, 2);
        assertThat(t.host.tcp.timeWaitCount()).isEqualTo(1);
    }

    @Test
    void anActiveOpenReusesTimeWaitByTimestampsAfterASecond() {
        t.host.config.timestamps = true;
        t.host.config.twReuse = 1;
        TcpSock sock = t.host.socket();
        sock.bind(new SockAddrIn(0, 5555));
        sock.connect(new SockAddrIn(PEER, PEER_PORT), 0);
        t.in(SYN | ACK, 0, 1, 65_000, 0, stamp(100));
        sock.release();
        t.in(FIN | ACK, 1, 2, 65_000, 0, stamp(101));
        assertThat(t.host.tcp.timeWaitCount()).isEqualTo(1);
        int old = t.iss;
        TcpSock again = t.host.socket();
        again.reuseAddress = true;
        assertThat(again.bind(new SockAddrIn(0, 5555)))
                .as("the first had no SO_REUSEADDR")
                .isNegative();
        Endpoints ends = new Endpoints().localV4(US, 5555).remoteV4(PEER, PEER_PORT);
        assertThat(t.host.tcp.mayUse(ends)).isFalse();
        t.run(1100);
        assertThat(t.host.tcp.mayUse(ends)).isTrue();
        again.ends.localPort = 5555;
        t.sent.clear();
        again.connect(new SockAddrIn(PEER, PEER_PORT), 0);
        t.expect(SYN, 0, 0, 0);
        assertThat(t.iss - old).isEqualTo(2 + 65_535 + 2);
        again.release();
    }

    // ---- closing

    @Test
    void negativeLinger2ResetsInsteadOfFinWait2() {
        TcpSock sock = t.established();
        set(sock, SOL_TCP, TCP_LINGER2, -1);
        assertThat(get(sock, TCP_LINGER2)).isEqualTo(-1);
        sock.release();
        t.expect(FIN | ACK, 1, 0, 1);
        t.in(ACK, 1, 2, 65_000, 0);
        t.expect(RST, 2, 0, 0);
        assertThat(t.host.tcp.flowCount()).isZero();
    }

    @Test
    void orphanedFinWait2EndsAfterLinger2() {
        TcpSock sock = t.established();
        set(sock, SOL_TCP, TCP_LINGER2, 5);
        sock.release();
        t.expect(FIN | ACK, 1, 0, 1);
        t.in(ACK, 1, 2, 65_000, 0);
        t.run(4900);
        assertThat(t.host.tcp.flowCount()).isEqualTo(1);
        t.run(200);
        assertThat(t.host.tcp.flowCount()).isZero();
        t.in(FIN | ACK, 1, 2, 65_000, 0);
        t.expect(RST, 2, 0, 0);
    }

    @Test
    void anOrphanWhoseFinBeyondAHoleNeverComesEndsToo() {
        TcpSock sock = t.established();
        sock.release();
        t.expect(FIN | ACK, 1, 0, 1);
        t.in(FIN | ACK, 1001, 2, 65_000, 0); // acknowledges ours; its own lies beyond a hole
        t.run(130_000);
        assertThat(t.host.tcp.flowCount()).isZero();
    }

    @Test
    void bothHalvesShutDownMeansDataIsAnsweredByAReset() {
        TcpSock sock = t.established();
        sock.shutdown(SHUT_RDWR);
        t.expect(FIN | ACK, 1, 0, 1);
        t.in(ACK, 1, 2, 65_000, 0);
        t.in(ACK | PSH, 1, 2, 65_000, 10);
        t.expect(RST, 2, 0, 0);
        assertThat(sock.pendingError()).isEqualTo(Errno.ECONNRESET.number());
        sock.release();
    }

    @Test
    void ourHalfClosedStillReceivesAndTheirsClosedStillSends() {
        TcpSock sock = t.established();
        sock.shutdown(SHUT_WR);
        t.expect(FIN | ACK, 1, 0, 1);
        assertThat(t.write(sock, 1)).isEqualTo(Errno.EPIPE.negated());
        t.in(ACK | PSH, 1, 2, 65_000, 700);
        assertThat(t.read(sock, 1000)).isEqualTo(700);
        sock.release();
        t.sent.clear();
        t.host.tcp.close();

        t.peerPort++;
        TcpSock other = t.established();
        t.in(FIN | ACK, 1, 1, 65_000, 0);
        t.expect(ACK, 1, 0, 2);
        assertThat(other.poll() & (EPOLLIN | EPOLLRDHUP | EPOLLOUT | EPOLLHUP))
                .isEqualTo(EPOLLIN | EPOLLRDHUP | EPOLLOUT);
        assertThat(t.read(other, 10)).isZero();
        t.write(other, 800);
        t.expect(ACK | PSH, 1, 800, 2);
        t.in(ACK, 2, 801, 65_000, 0);
        other.shutdown(SHUT_WR);
        t.expect(FIN | ACK, 801, 0, 2);
        t.in(ACK, 2, 802, 65_000, 0);
        assertThat(other.poll() & EPOLLHUP).isEqualTo(EPOLLHUP);
        other.release();
    }

    @Test
    void readShutDownReadsWhatIsThereThenZero() {
        TcpSock sock = t.established();
        t.in(ACK | PSH, 1, 1, 65_000, 5);
        sock.shutdown(SHUT_RD);
        assertThat(t.read(sock, 10)).isEqualTo(5);
        assertThat(t.read(sock, 10)).isZero();
        assertThat(t.write(sock, 10)).isEqualTo(10);
        sock.release();
    }
}
