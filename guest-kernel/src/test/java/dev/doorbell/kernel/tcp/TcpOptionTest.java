package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;
import static dev.doorbell.kernel.tcp.TcpOptions.*;
import static dev.doorbell.kernel.tcp.TcpScript.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.tcp.TcpScript.Segment;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What socket options change on the wire. */
class TcpOptionTest {
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

    private long write(TcpSock sock, int bytes, int flags) {
        return sock.sendmsg(new Message().set(ByteBuffer.allocate(bytes)), flags);
    }

    // ---- when small packets go

    @Test
    void corkHoldsAPartialPacketUntilItIsPulled() {
        TcpSock sock = t.established();
        assertThat(set(sock, SOL_TCP, TCP_CORK, 1)).isZero();
        t.write(sock, 100);
        t.write(sock, 100);
        t.expectNothing();
        t.write(sock, 1000); // one full packet goes, the rest stays
        t.expect(ACK, 1, 1000, 1);
        t.expectNothing();
        assertThat(set(sock, SOL_TCP, TCP_CORK, 0)).isZero();
        t.expect(ACK | PSH, 1001, 200, 1);
        sock.release();
    }

    @Test
    void corkedBytesWithNothingInFlightGoAfterOneRetransmissionTimeout() {
        TcpSock sock = t.established();
        set(sock, SOL_TCP, TCP_CORK, 1);
        long start = t.world.nowNs();
        t.write(sock, 100);
        t.run(1000);
        assertThat(t.expect(ACK, 1, 100, 1).timeNs() - start).isEqualTo(300 * MS);
        sock.release();
    }

    @Test
    void settingNodelayPushesOnceEvenUnderACork() {
        TcpSock sock = t.established();
        set(sock, SOL_TCP, TCP_CORK, 1);
        t.write(sock, 100);
        t.expectNothing();
        set(sock, SOL_TCP, TCP_NODELAY, 1);
        t.expect(ACK, 1, 100, 1);
        t.write(sock, 100);
        t.expectNothing();
        sock.release();
    }

    @Test
    void moreHoldsAWriteForTheNextAndOnlyTheLastIsPushed() {
        TcpSock sock = t.established();
        assertThat(write(sock, 100, MSG_MORE)).isEqualTo(100);
        t.expectNothing();
        assertThat(write(sock, 50, 0)).isEqualTo(50);
        assertThat(t.expect(ACK, 1, 150, 1).flags() & PSH).isEqualTo(PSH);
        sock.release();
    }

    @Test
    void maximumSegmentSizeIsOfferedObeyedAndChecked() {
        TcpSock listener = t.listen(5);
        assertThat(set(listener, SOL_TCP, TCP_MAXSEG, 87)).isEqualTo(Errno.EINVAL.negated());
        assertThat(set(listener, SOL_TCP, TCP_MAXSEG, 32_768)).isEqualTo(Errno.EINVAL.negated());
        assertThat(set(listener, SOL_TCP, TCP_MAXSEG, 500)).isZero();
        t.in(SYN, 0, 0, 65_000, 0, SYN_OPTIONS);
        assertThat(t.expect(SYN | ACK, 0, 0, 1).options()).startsWith(2, 4, 500 >> 8, 500 & 0xFF);
        t.in(ACK, 1, 1, 65_000, 0);
        TcpSock sock = (TcpSock) listener.accept();
        t.write(sock, 1200);
        t.expect(ACK, 1, 500, 1);
        t.expect(ACK, 501, 500, 1);
        assertThat(get(sock, TCP_MAXSEG)).isEqualTo(500);
        sock.release();
        listener.release();
    }

    @Test
    void quickAckAnswersAtOnceWhatWasDelayed() {
        TcpSock sock = t.established();
        t.in(ACK, 1, 1, 65_000, 1000);
        t.read(sock, 1000);
        sock.connection.quickAcks = 0;
        t.sent.clear();
        t.in(ACK, 1001, 1, 65_000, 100);
        t.expectNothing();
        set(sock, SOL_TCP, TCP_QUICKACK, 1);
        t.expectNothing(); // while data waits to be read, so does the ACK
        set(sock, SOL_TCP, TCP_QUICKACK, 0);
        t.read(sock, 1000);
        set(sock, SOL_TCP, TCP_QUICKACK, 1);
        t.expect(ACK, 1, 0, 1101);
        sock.release();
    }

    // ---- urgent data

    @Test
    void inlineUrgentDataIsReadFromTheMarkOn() {
        TcpSock sock = t.established();
        sock.outOfBandInline = true;
        t.in(ACK | URG, 1, 1, 65_000, 3); // bytes 1 2 3, 3 is urgent
        t.in(ACK, 4, 1, 65_000, 4);
        assertThat(sock.ioctl(SIOCATMARK)).isZero();
        assertThat(t.read(sock, 100)).as("a read stops before the mark").isEqualTo(2);
        assertThat(sock.ioctl(SIOCATMARK)).isEqualTo(1);
        ByteBuffer rest = ByteBuffer.allocate(10);
        assertThat(sock.recvmsg(new Message().set(rest), 0)).isEqualTo(5);
        assertThat(rest.get(0)).isEqualTo((byte) 3);
        assertThat(sock.ioctl(SIOCATMARK)).isZero();
        assertThat(sock.recvmsg(new Message().set(rest.clear()), MSG_OOB)).isEqualTo(Errno.EINVAL.negated());
        sock.release();
    }

    @Test
    void outOfBandByteIsNotCountedNorReadInTheStreamAlsoWhenNobodyAskedForIt() {
        TcpSock sock = t.established();
        t.in(ACK | URG, 1, 1, 65_000, 3);
        t.in(ACK, 4, 1, 65_000, 4);
        assertThat(sock.ioctl(FIONREAD)).isEqualTo(2);
        assertThat(t.read(sock, 100)).isEqualTo(2);
        assertThat(sock.ioctl(SIOCATMARK)).isEqualTo(1);
        ByteBuffer rest = ByteBuffer.allocate(10);
        assertThat(sock.recvmsg(new Message().set(rest), 0)).isEqualTo(4);
        assertThat(rest.get(0)).isEqualTo((byte) 4);
        sock.release();
    }

    @Test
    void aNewerUrgentByteMovesTheMarkAndTheOldOneIsGone() {
        TcpSock sock = t.established();
        t.in(ACK | URG, 1, 1, 65_000, 1);
        t.in(ACK, 2, 1, 65_000, 1);
        t.in(ACK | URG, 3, 1, 65_000, 2); // bytes 3 4, 4 is urgent
        ByteBuffer in = ByteBuffer.allocate(10);
        assertThat(sock.recvmsg(new Message().set(in), 0)).isEqualTo(2);
        assertThat(in.get(0)).isEqualTo((byte) 2);
        assertThat(in.get(1)).isEqualTo((byte) 3);
        assertThat(sock.recvmsg(new Message().set(in.clear()), MSG_OOB)).isEqualTo(1);
        assertThat(in.get(0)).isEqualTo((byte) 4);
        sock.release();
    }

    @Test
    void sendingOutOfBandSetsThePointerOnePastTheByte() {
        TcpSock sock = t.established();
        assertThat(write(sock, 3, MSG_OOB)).isEqualTo(3);
        Segment s = t.expect(ACK | URG, 1, 3, 1);
        assertThat(s.urgent()).isEqualTo(3);
        t.in(ACK, 1, 4, 65_000, 0);
        t.write(sock, 5);
        t.expect(ACK, 4, 5, 1);
        sock.release();
    }

    // ---- low-water mark

    @Test
    void belowTheLowWaterMarkNothingIsReadyButARecvStillReads() {
        TcpSock sock = t.established();
        set(sock, SOL_SOCKET, SO_RCVLOWAT, 100);
        t.in(ACK | PSH, 1, 1, 65_000, 99);
        assertThat(sock.poll() & EPOLLIN).isZero();
        t.in(ACK | PSH, 100, 1, 65_000, 1);
        assertThat(sock.poll() & EPOLLIN).isEqualTo(EPOLLIN);
        assertThat(t.read(sock, 60)).isEqualTo(60);
        assertThat(sock.poll() & EPOLLIN).isZero();
        assertThat(t.read(sock, 60)).isEqualTo(40);
        t.in(FIN | ACK, 101, 1, 65_000, 0);
        assertThat(sock.poll() & EPOLLIN).as("the end is always ready").isEqualTo(EPOLLIN);
        sock.release();
    }

    // ---- ECN, RFC 3168

    private TcpSock ecnEstablished() {
        TcpSock listener = t.listen(5);
        t.in(SYN | ECE | CWR, 0, 0, 65_000, 0, SYN_OPTIONS);
        assertThat(t.expect(SYN | ACK | ECE, 0, 0, 1).ecn()).as("SYN-ACK").isZero();
        t.run(100);
        t.in(ACK, 1, 1, 65_000, 0);
        TcpSock sock = (TcpSock) listener.accept();
        listener.release();
        return sock;
    }

    @Test
    void congestionSeenIsEchoedUntilTheSenderHasReduced() {
        TcpSock sock = ecnEstablished();
        t.host.ecnIn = 3;
        t.in(ACK, 1, 1, 65_000, 1000);
        t.host.ecnIn = 2;
        assertThat(t.expect(ACK | ECE, 1, 0, 1001).ecn()).as("a pure ACK").isZero();
        t.in(ACK, 1001, 1, 65_000, 1000);
        t.expect(ACK | ECE, 1, 0, 2001);
        t.in(ACK | CWR, 2001, 1, 65_000, 1000);
        t.expect(ACK, 1, 0, 3001);
        t.read(sock, 4000);
        sock.release();
    }

    @Test
    void echoHalvesTheWindowOncePerWindowAndRetransmissionsAreNotCapable() {
        TcpSock sock = ecnEstablished();
        t.write(sock, 10_000);
        for (int i = 0; i < 10; i++) {
            assertThat(t.expect(ACK, 1 + i * 1000, 1000, 1).ecn()).isEqualTo(2);
        }
        t.run(100);
        t.in(ACK | ECE, 1, 1001, 65_000, 0);
        t.in(ACK | ECE, 1, 2001, 65_000, 0);
        assertThat(sock.connection.window.ssthresh).isEqualTo(7);
        assertThat(sock.connection.caState).isEqualTo(TcpConnection.CA_CWR);
        t.in(ACK, 1, 10_001, 65_000, 0);
        t.write(sock, 100);
        Segment reduced = t.expect(ACK | CWR, 10_001, 100, 1);
        assertThat(reduced.ecn()).isEqualTo(2);
        t.run(400);
        assertThat(t.expect(ACK, 10_001, 100, 1).ecn()).as("sent again").isZero();
        sock.release();
    }

    @Test
    void activeOpenAsksForEcnOnceAndNotInARepeatedSyn() {
        t.host.config.ecn = 1;
        TcpSock sock = t.host.socket();
        sock.connect(new SockAddrIn(PEER, PEER_PORT), 0);
        t.expect(SYN | ECE | CWR, 0, 0, 0);
        t.run(1000);
        t.expect(SYN, 0, 0, 0);
        sock.release();
    }

    // ---- TCP_INFO

    @Test
    void infoFieldsLieWhereTheirHeaderPutsThem() {
        TcpSock sock = t.established();
        t.write(sock, 3500);
        t.in(ACK | PSH, 1, 1001, 60_000, 20);
        ByteBuffer info = ByteBuffer.allocate(300);
        assertThat(sock.getsockopt(SOL_TCP, TCP_INFO, info)).isEqualTo(TcpInfo.BYTES);
        // tcpi_state, snd_mss, unacked, pmtu, rtt, snd_cwnd, advmss: struct tcp_info of linux/tcp.h
        assertThat(info.get(0)).isEqualTo((byte) 1);
        assertThat(info.get(5)).as("options: SACK").isEqualTo((byte) 2);
        assertThat(info.getInt(8)).as("rto").isEqualTo((int) (sock.connection.rtoNs / 1000));
        assertThat(info.getInt(16)).as("snd_mss").isEqualTo(1000);
        assertThat(info.getInt(24)).as("unacked").isEqualTo(3);
        assertThat(info.getInt(60)).as("pmtu").isEqualTo(1500);
        assertThat(info.getInt(80)).as("snd_cwnd").isEqualTo(10);
        assertThat(info.getInt(84)).as("advmss").isEqualTo(1460);
        assertThat(info.getInt(88)).as("reordering").isEqualTo(3);
        assertThat(info.getLong(120)).as("bytes_acked").isEqualTo(1000);
        assertThat(info.getLong(128)).as("bytes_received").isEqualTo(20);
        assertThat(info.getInt(144)).as("notsent_bytes").isZero();
        assertThat(info.getInt(152)).as("data_segs_in").isEqualTo(1);
        assertThat(info.getInt(156)).as("data_segs_out").isEqualTo(4);
        assertThat(info.getLong(200)).as("bytes_sent").isEqualTo(3500);
        assertThat(info.getInt(228)).as("snd_wnd").isEqualTo(60_000);
        ByteBuffer shorter = ByteBuffer.allocate(10);
        assertThat(sock.getsockopt(SOL_TCP, TCP_INFO, shorter)).isEqualTo(10);
        t.read(sock, 20);
        sock.release();
    }

    @Test
    void newAcknowledgementsConfirmTheNextHop() {
        TcpSock sock = t.established();
        t.write(sock, 10);
        int before = t.host.confirmations;
        t.in(ACK, 1, 11, 65_000, 0);
        t.in(ACK, 1, 11, 65_000, 0);
        assertThat(t.host.confirmations).isEqualTo(before + 1);
        sock.release();
    }

    @Test
    void ephemeralPortsFollowNoConstantStep() {
        Set<Integer> steps = new HashSet<>();
        TcpSock[] all = new TcpSock[50];
        for (int i = 0; i < all.length; i++) {
            all[i] = t.host.socket();
            all[i].connect(new SockAddrIn(PEER, 1000 + i), 0);
            assertThat(all[i].ends.localPort).isBetween(32_768, 60_999);
            if (i > 0) {
                steps.add(all[i].ends.localPort - all[i - 1].ends.localPort);
            }
        }
        assertThat(steps).hasSizeGreaterThan(40);
        for (TcpSock sock : all) {
            sock.release();
        }
    }
}
