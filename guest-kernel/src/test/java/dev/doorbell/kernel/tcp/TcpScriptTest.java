package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.tcp.TcpScript.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbHead;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.tcp.TcpMib.Counter;
import dev.doorbell.kernel.tcp.TcpScript.Segment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Segment by segment: what goes in, what must come out and when. */
class TcpScriptTest {
    private final TcpScript t = new TcpScript();

    @AfterEach
    void everythingIsGivenBack() {
        t.close();
    }

    // ---- opening

    @Test
    void synIsRepeatedFourTimesEachSecondThenAtDoublingDistanceAndGivenUp() {
        TcpSock sock = t.host.socket();
        assertThat(sock.connect(new SockAddrIn(PEER, PEER_PORT), 0)).isEqualTo(Errno.EINPROGRESS.negated());
        t.run(400_000);
        assertThat(t.sent.stream().map(s -> s.timeNs() / (1000 * MS)))
                .containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 7L, 11L, 19L, 35L, 67L);
        assertThat(sock.pendingError()).isEqualTo(Errno.ETIMEDOUT.number());
        sock.release();
        t.sent.clear();
    }

    @Test
    void withoutLinearTimeoutsASynIsRepeatedAt1_3_7_15_31_63SecondsAndThenGivenUp() {
        t.host.config.synLinearTimeouts = 0;
        TcpSock sock = t.host.socket();
        assertThat(sock.connect(new SockAddrIn(PEER, PEER_PORT), 0)).isEqualTo(Errno.EINPROGRESS.negated());
        for (long second : new long[] {0, 1, 3, 7, 15, 31, 63}) {
            t.run(second * 1000 - t.world.nowNs() / MS);
            assertThat(t.expect(SYN, 0, 0, 0).timeNs()).isEqualTo(second * 1000 * MS);
        }
        t.run(200_000);
        t.expectNothing();
        assertThat(sock.pendingError()).isEqualTo(Errno.ETIMEDOUT.number());
        sock.release();
    }

    @Test
    void synSentRefusesABadAckAndIsRefusedByAGoodReset() {
        TcpSock sock = t.host.socket();
        sock.connect(new SockAddrIn(PEER, PEER_PORT), 0);
        t.expect(SYN, 0, 0, 0);
        t.in(SYN | ACK, 0, 77, 1000, 0);
        assertThat(t.expect(RST, 77, 0, 0).flags()).isEqualTo(RST);
        t.in(RST, 0, 0, 0, 0);
        assertThat(sock.state()).isEqualTo(TcpState.SYN_SENT);
        t.in(RST | ACK, 0, 1, 0, 0);
        assertThat(sock.pendingError()).isEqualTo(Errno.ECONNREFUSED.number());
        sock.release();
    }

    @Test
    void simultaneousOpenEstablishesOneConnection() {
        TcpSock sock = t.host.socket();
        sock.connect(new SockAddrIn(PEER, PEER_PORT), 0);
        t.expect(SYN, 0, 0, 0);
        t.in(SYN, 0, 0, 65_000, 0, SYN_OPTIONS);
        t.expect(SYN | ACK, 0, 0, 1);
        t.in(SYN | ACK, 0, 1, 65_000, 0, SYN_OPTIONS);
        assertThat(sock.state()).isEqualTo(TcpState.ESTABLISHED);
        sock.release();
    }

    @Test
    void closedPortAnswersWithResetAndNeverAResetWithOne() {
        t.in(SYN, 0, 0, 1000, 0);
        Segment rst = t.expect(RST | ACK, 0, 0, 1);
        assertThat(rst.seq()).isZero();
        t.in(RST, 0, 0, 1000, 0);
        t.expectNothing();
    }

    @Test
    void fullAcceptQueueDropsTheAckAndTheSynAckIsRepeated() {
        TcpSock listener = t.listen(0);
        t.in(SYN, 0, 0, 65_000, 0, SYN_OPTIONS);
        t.expect(SYN | ACK, 0, 0, 1);
        t.run(1000);
        assertThat(t.expect(SYN | ACK, 0, 0, 1).timeNs()).isEqualTo(1000 * MS);
        t.in(RST, 1, 0, 0, 0);
        t.run(10_000);
        t.expectNothing();
        listener.release();
    }

    @Test
    void synOptionsOfferMssSackTimestampsAndScaleInLinuxOrder() {
        t.host.config.timestamps = true;
        TcpSock sock = t.host.socket();
        sock.connect(new SockAddrIn(PEER, PEER_PORT), 0);
        Segment syn = t.expect(SYN, 0, 0, 0);
        assertThat(syn.options()).hasSize(20).startsWith(2, 4, 0x05, 0xB4, 4, 2, 8, 10);
        assertThat(syn.options()[17]).isEqualTo((byte) 3);
        assertThat(syn.window()).isEqualTo(64_240);
        sock.release();
    }

    // ---- sending

    @Test
    void retransmissionFollowsTheProbeAndDoublesExactly() {
        TcpSock sock = t.established();
        long start = t.world.nowNs();
        t.write(sock, 1000);
        t.expect(ACK, 1, 1000, 1);
        // RTT 100 ms: probe at 2 SRTT + 200 ms bounded by RTO = 100 + max(200, 200) = 300 ms.
        t.run(300);
        assertThat(t.expect(ACK, 1, 1000, 1).timeNs() - start).isEqualTo(300 * MS);
        t.run(300);
        assertThat(t.expect(ACK, 1, 1000, 1).timeNs() - start).isEqualTo(600 * MS);
        t.run(600);
        assertThat(t.expect(ACK, 1, 1000, 1).timeNs() - start).isEqualTo(1200 * MS);
        t.run(1200);
        assertThat(t.expect(ACK, 1, 1000, 1).timeNs() - start).isEqualTo(2400 * MS);
        t.in(ACK, 1, 1001, 65_000, 0);
        t.run(10_000);
        t.expectNothing();
        sock.release();
    }

    @Test
    void tenSegmentsLeaveFirstAndSlowStartDoubles() {
        TcpSock sock = t.established();
        t.write(sock, 40_000);
        for (int i = 0; i < 10; i++) {
            t.expect(ACK, 1 + i * 1000, 1000, 1);
        }
        t.expectNothing();
        t.run(100);
        t.in(ACK, 1, 10_001, 65_000, 0);
        for (int i = 10; i < 30; i++) {
            t.expect(ACK, 1 + i * 1000, 1000, 1);
        }
        t.expectNothing();
        assertThat(info(sock).getInt(TcpInfo.SND_CWND)).isEqualTo(20);
        sock.release();
    }

    @Test
    void threeSackedSegmentsBehindAHoleRepairItAtOnce() {
        TcpSock sock = t.established();
        t.write(sock, 10_000);
        t.sent.clear();
        t.run(100);
        t.in(ACK, 1, 1, 65_000, 0, t.sack(1001, 2001));
        t.in(ACK, 1, 1, 65_000, 0, t.sack(1001, 3001));
        t.expectNothing();
        t.in(ACK, 1, 1, 65_000, 0, t.sack(1001, 4001));
        t.expect(ACK, 1, 1000, 1);
        assertThat(info(sock).get(TcpInfo.CA_STATE)).isEqualTo((byte) TcpConnection.CA_RECOVERY);
        assertThat(info(sock).getInt(TcpInfo.SND_SSTHRESH)).isEqualTo(7);
        t.run(100);
        t.in(ACK, 1, 10_001, 65_000, 0);
        assertThat(info(sock).get(TcpInfo.CA_STATE)).isEqualTo((byte) TcpConnection.CA_OPEN);
        assertThat(t.host.tcp.mib().get(Counter.TCPTimeouts)).isZero();
        sock.release();
    }

    @Test
    void nagleHoldsTheSecondSmallWriteUntilTheFirstIsAcknowledged() {
        TcpSock sock = t.established();
        t.write(sock, 100);
        t.expect(ACK, 1, 100, 1);
        t.write(sock, 100);
        t.expectNothing();
        t.in(ACK, 1, 101, 65_000, 0);
        t.expect(ACK, 101, 100, 1);
        ByteBuffer on = ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(0, 1);
        assertThat(sock.setsockopt(6, TcpOptions.TCP_NODELAY, on)).isZero();
        t.write(sock, 100);
        t.expect(ACK, 201, 100, 1);
        sock.release();
    }

    @Test
    void closedWindowIsProbedAtDoublingIntervalsForAsLongAsThePeerAnswers() {
        TcpSock sock = t.established();
        t.in(ACK, 1, 1, 0, 0);
        long start = t.world.nowNs();
        t.write(sock, 500);
        t.expectNothing();
        long at = 0;
        for (long wait : new long[] {300, 600, 1200, 2400}) {
            t.run(wait);
            at += wait;
            assertThat(t.expect(ACK, 0, 0, 1).timeNs() - start).isEqualTo(at * MS);
            t.in(ACK, 1, 1, 0, 0);
        }
        t.in(ACK, 1, 1, 65_000, 0);
        t.expect(ACK, 1, 500, 1);
        sock.release();
    }

    @Test
    void ackOfWhatWasNotSentIsAnsweredAndIgnored() {
        TcpSock sock = t.established();
        t.in(ACK, 1, 5001, 65_000, 0);
        t.expect(ACK, 1, 0, 1);
        t.in(ACK | PSH, 1, 1, 65_000, 10);
        assertThat(t.read(sock, 100)).isEqualTo(10);
        sock.release();
    }

    // ---- receiving

    @Test
    void firstSegmentIsAcknowledgedAtOnceAndALoneOneLaterAfter40Milliseconds() {
        TcpSock sock = t.established();
        t.in(ACK | PSH, 1, 1, 65_000, 1000);
        t.expect(ACK, 1, 0, 1001);
        assertThat(t.read(sock, 2000)).isEqualTo(1000);
        sock.connection.quickAcks = 0;
        t.sent.clear();
        t.in(ACK, 1001, 1, 65_000, 100);
        t.expectNothing();
        t.run(39);
        t.expectNothing();
        t.run(161);
        t.expect(ACK, 1, 0, 1101);
        assertThat(t.read(sock, 2000)).isEqualTo(100);
        sock.release();
    }

    @Test
    void dataBehindAHoleIsSackedNewestFirstAndTheHoleAcknowledgesAll() {
        TcpSock sock = t.established();
        t.in(ACK, 1001, 1, 65_000, 1000);
        assertThat(sackBlocks(t.expect(ACK, 1, 0, 1))).containsExactly(1001, 2001);
        t.in(ACK, 3001, 1, 65_000, 1000);
        assertThat(sackBlocks(t.expect(ACK, 1, 0, 1))).containsExactly(3001, 4001, 1001, 2001);
        t.in(ACK, 1001, 1, 65_000, 1000); // again: reported as a duplicate first
        assertThat(sackBlocks(t.expect(ACK, 1, 0, 1))).startsWith(1001, 2001);
        t.in(ACK, 1, 1, 65_000, 1000);
        assertThat(sackBlocks(t.expect(ACK, 1, 0, 2001))).containsExactly(3001, 4001);
        t.in(ACK, 2001, 1, 65_000, 1000);
        t.expect(ACK, 1, 0, 4001);
        ByteBuffer all = ByteBuffer.allocate(4000);
        assertThat(sock.recvmsg(new Message().set(all), 0)).isEqualTo(4000);
        for (int i = 0; i < 4000; i++) {
            assertThat(all.get(i)).isEqualTo((byte) (1 + i));
        }
        sock.release();
    }

    @Test
    void urgentByteIsReadOutOfBandAndTheStreamSkipsIt() {
        TcpSock sock = t.established();
        t.in(ACK | URG, 1, 1, 65_000, 3);
        assertThat(sock.poll() & 2).isEqualTo(2);
        ByteBuffer one = ByteBuffer.allocate(4);
        assertThat(sock.recvmsg(new Message().set(one), 1)).isEqualTo(1);
        assertThat(one.get(0)).isEqualTo((byte) 3);
        assertThat(t.read(sock, 10)).isEqualTo(2);
        sock.release();
    }

    @Test
    void headerInAFragmentIsPulledAndAShortOneCounted() {
        TcpSock sock = t.established();
        byte[] segment = new byte[40];
        ByteBuffer.wrap(segment)
                .putShort((short) PEER_PORT)
                .putShort((short) PORT)
                .putInt(PEER_ISS + 1)
                .putInt(t.iss + 1)
                .putShort((short) 0x5010)
                .putShort((short) 65_000);
        for (int bytes : new int[] {40, 19}) {
            SkBuff skb = t.host.skbs.alloc(64, 64);
            SkbHead block = t.host.skbs.allocHead(64);
            t.host.ram.write(block.gpa(), segment, 0, bytes);
            skb.addFrag(block, block.gpa(), bytes);
            skb.ipSummed = SkBuff.CHECKSUM_UNNECESSARY;
            t.host.tcp.demux.receive(skb, new Endpoints().localV4(US, 0).remoteV4(PEER, 0), 0);
        }
        assertThat(t.read(sock, 100)).isEqualTo(20);
        assertThat(t.host.tcp.mib().get(Counter.InErrs)).isEqualTo(1);
        assertThat(t.host.skbs.drops().get(DropReason.TCP_BAD_HEADER)).isEqualTo(1);
        sock.release();
    }

    // ---- blind attacks, RFC 5961

    @Test
    void onlyTheExactResetResets() {
        TcpSock sock = t.established();
        t.in(RST, 500, 0, 0, 0);
        t.expect(ACK, 1, 0, 1);
        t.in(RST, 600, 0, 0, 0); // the second within half a second draws nothing
        t.in(RST, 1_000_000, 0, 0, 0);
        t.expectNothing();
        assertThat(sock.state()).isEqualTo(TcpState.ESTABLISHED);
        t.in(RST, 1, 0, 0, 0);
        assertThat(sock.pendingError()).isEqualTo(Errno.ECONNRESET.number());
        assertThat(t.read(sock, 1)).isEqualTo(Errno.ECONNRESET.negated());
        assertThat(t.read(sock, 1)).isZero();
        assertThat(t.write(sock, 1)).isEqualTo(Errno.EPIPE.negated());
        sock.release();
    }

    @Test
    void synInsideAConnectionIsChallenged() {
        TcpSock sock = t.established();
        t.in(SYN, 1, 0, 1000, 0);
        t.expect(ACK, 1, 0, 1);
        assertThat(sock.state()).isEqualTo(TcpState.ESTABLISHED);
        assertThat(t.host.tcp.mib().get(Counter.TCPSYNChallenge)).isEqualTo(1);
        sock.release();
    }

    // ---- closing

    @Test
    void activeCloseGoesThroughFinWaitToTimeWaitForOneMinute() {
        TcpSock sock = t.established();
        sock.shutdown(1);
        t.expect(FIN | ACK, 1, 0, 1);
        assertThat(sock.state()).isEqualTo(TcpState.FIN_WAIT1);
        t.in(ACK, 1, 2, 65_000, 0);
        assertThat(sock.state()).isEqualTo(TcpState.FIN_WAIT2);
        t.in(ACK, 1, 2, 65_000, 5);
        assertThat(t.read(sock, 10)).isEqualTo(5);
        t.sent.clear();
        t.in(FIN | ACK, 6, 2, 65_000, 0);
        t.expect(ACK, 2, 0, 7);
        sock.release();
        assertThat(t.host.tcp.timeWaitCount()).isEqualTo(1);
        t.run(30_000);
        t.in(FIN | ACK, 6, 2, 65_000, 0);
        t.expect(ACK, 2, 0, 7); // again, and the minute starts over
        t.run(59_000);
        assertThat(t.host.tcp.timeWaitCount()).isEqualTo(1);
        t.run(1_001);
        assertThat(t.host.tcp.timeWaitCount()).isZero();
    }

    @Test
    void simultaneousCloseGoesThroughClosing() {
        TcpSock sock = t.established();
        sock.shutdown(1);
        t.expect(FIN | ACK, 1, 0, 1);
        t.in(FIN | ACK, 1, 1, 65_000, 0);
        t.expect(ACK, 2, 0, 2);
        assertThat(sock.state()).isEqualTo(TcpState.CLOSING);
        t.in(ACK, 2, 2, 65_000, 0);
        assertThat(t.host.tcp.timeWaitCount()).isEqualTo(1);
        sock.release();
    }

    @Test
    void passiveCloseGoesThroughCloseWaitAndLastAck() {
        TcpSock sock = t.established();
        t.in(FIN | ACK, 1, 1, 65_000, 0);
        t.expect(ACK, 1, 0, 2);
        assertThat(sock.state()).isEqualTo(TcpState.CLOSE_WAIT);
        assertThat(t.read(sock, 1)).isZero();
        t.write(sock, 10);
        t.expect(ACK, 1, 10, 2);
        sock.release();
        t.expect(FIN | ACK, 11, 0, 2);
        t.in(ACK, 2, 12, 65_000, 0);
        assertThat(t.host.tcp.flowCount()).isZero();
    }

    @Test
    void closeWithUnreadDataResets() {
        TcpSock sock = t.established();
        t.in(ACK | PSH, 1, 1, 65_000, 10);
        t.sent.clear();
        sock.release();
        t.expect(RST | ACK, 1, 0, 11);
        assertThat(t.host.tcp.flowCount()).isZero();
    }

    @Test
    void lingerZeroResetsAndForgetsQueuedData() {
        TcpSock sock = t.established();
        t.write(sock, 500);
        t.expect(ACK, 1, 500, 1);
        sock.lingerSeconds = 0;
        sock.release();
        t.expect(RST | ACK, 501, 0, 1);
        assertThat(t.host.tcp.flowCount()).isZero();
    }

    @Test
    void dataAfterCloseIsAnsweredByAReset() {
        TcpSock sock = t.established();
        sock.release();
        t.expect(FIN | ACK, 1, 0, 1);
        t.in(ACK, 1, 2, 65_000, 100);
        assertThat(t.sent.poll().flags() & RST).isEqualTo(RST);
        assertThat(t.host.tcp.flowCount()).isZero();
    }

    @Test
    void keepaliveProbesAnIdlePeerAndGivesItUp() {
        TcpSock sock = t.established();
        ByteBuffer v = ByteBuffer.allocate(4).order(ByteOrder.nativeOrder());
        sock.setsockopt(6, TcpOptions.TCP_KEEPIDLE, v.putInt(0, 10));
        sock.setsockopt(6, TcpOptions.TCP_KEEPINTVL, v.putInt(0, 2));
        sock.setsockopt(6, TcpOptions.TCP_KEEPCNT, v.putInt(0, 3));
        sock.setsockopt(1, 9, v.putInt(0, 1));
        long start = t.world.nowNs();
        t.run(20_000);
        for (int i = 0; i < 3; i++) {
            assertThat(t.expect(ACK, 0, 0, 1).timeNs() - start).isEqualTo((10_000 + i * 2000L) * MS);
        }
        t.expect(RST | ACK, 1, 0, 1);
        assertThat(sock.pendingError()).isEqualTo(Errno.ETIMEDOUT.number());
        sock.release();
    }

    // ---- paths, stamps, floods

    @Test
    void fragmentationNeededShrinksPacketsAndResendsThemAtOnce() {
        TcpSock sock = t.established();
        t.write(sock, 3000);
        t.sent.clear();
        TcpConnection c = sock.connection;
        IcmpErrors.handle(t.host.tcp, c, c.sndUna - 5, 3, 4, 700, null); // not about anything in flight
        t.expectNothing();
        IcmpErrors.handle(t.host.tcp, c, c.sndUna, 3, 4, 700, null);
        t.expect(ACK, 1, 660, 1);
        IcmpErrors.handle(t.host.tcp, c, c.sndUna, 3, 4, 68, null);
        assertThat(c.mss).isEqualTo(552 - 40);
        t.in(ACK, 1, 3001, 65_000, 0);
        t.run(600_000);
        t.write(sock, 1000);
        t.sent.clear();
        assertThat(c.mss).as("forgotten after ten minutes").isEqualTo(1000);
        sock.release();
    }

    @Test
    void icmpUnreachableFailsAnAttemptAndSparesAConnection() {
        TcpSock attempt = t.host.socket();
        attempt.connect(new SockAddrIn(PEER, 1), 0);
        t.sent.clear();
        TcpConnection c = attempt.connection;
        IcmpErrors.handle(t.host.tcp, c, c.iss, 3, 3, 0, null);
        assertThat(attempt.pendingError()).isEqualTo(Errno.ECONNREFUSED.number());
        attempt.release();
        t.issKnown = false;
        t.localPort = PORT;
        TcpSock sock = t.established();
        IcmpErrors.handle(t.host.tcp, sock.connection, sock.connection.sndUna, 3, 3, 0, null);
        assertThat(sock.state()).isEqualTo(TcpState.ESTABLISHED);
        sock.release();
    }

    @Test
    void fullSynQueueAnswersWithCookiesAndACookieOpensAConnection() {
        TcpSock listener = t.listen(1);
        for (int i = 0; i < 50; i++) {
            t.peerPort = 1000 + i;
            t.in(SYN, 0, 0, 65_000, 0, SYN_OPTIONS);
        }
        assertThat(t.host.tcp.flowCount()).isEqualTo(1);
        assertThat(t.host.tcp.mib().get(Counter.SyncookiesSent)).isEqualTo(49);
        t.sent.clear();
        t.in(ACK, 1, 1, 65_000, 0);
        assertThat(listener.accept()).isNotNull();
        t.in(ACK, 1, 99, 65_000, 0); // invented
        listener.release();
    }

    @Test
    void segmentWithAnOlderTimestampIsAcknowledgedAndDropped() {
        t.host.config.timestamps = true;
        TcpSock listener = t.listen(5);
        t.in(SYN, 0, 0, 65_000, 0, stamp(100, 0));
        int ours = tsVal(t.sent.poll());
        t.in(ACK, 1, 1, 65_000, 0, stamp(101, ours));
        TcpSock sock = (TcpSock) listener.accept();
        listener.release();
        t.in(ACK | PSH, 1, 1, 65_000, 10, stamp(50, ours));
        t.expect(ACK, 1, 0, 1);
        assertThat(t.read(sock, 10)).isEqualTo(Errno.EAGAIN.negated());
        t.in(ACK | PSH, 1, 1, 65_000, 10, stamp(102, ours));
        t.expect(ACK, 1, 0, 11);
        assertThat(t.read(sock, 10)).isEqualTo(10);
        assertThat(t.host.tcp.mib().get(Counter.PAWSEstab)).isEqualTo(1);
        sock.release();
    }

    @Test
    void malformedOptionsEndParsingAndHurtNobody() {
        TcpSock listener = t.listen(5);
        t.in(SYN, 0, 0, 65_000, 0, 200, 6, 0, 0, 0, 0, 2, 0, 1, 1, 1, 1);
        t.expect(SYN | ACK, 0, 0, 1);
        t.in(ACK, 1, 1, 65_000, 0, 5, 3, 1, 1);
        TcpSock sock = (TcpSock) listener.accept();
        assertThat(sock.connection.mss).isEqualTo(536);
        sock.release();
        listener.release();
    }

    @Test
    void badSackBlocksAreIgnored() {
        TcpSock sock = t.established();
        t.write(sock, 5000);
        t.sent.clear();
        t.in(ACK, 1, 1, 65_000, 0, t.sack(2001, 1001, 4001, 90_001, -5000, -4000));
        ByteBuffer info = info(sock);
        assertThat(info.getInt(TcpInfo.SACKED)).isZero();
        assertThat(info.getInt(TcpInfo.UNACKED)).isEqualTo(5);
        t.in(ACK, 1, 5001, 65_000, 0);
        sock.release();
    }

    @Test
    void userTimeoutEndsAConnectionThatGetsNoAnswer() {
        TcpSock sock = t.established();
        ByteBuffer v = ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(0, 3000);
        assertThat(sock.setsockopt(6, TcpOptions.TCP_USER_TIMEOUT, v)).isZero();
        t.write(sock, 100);
        t.run(4000);
        assertThat(sock.pendingError()).isEqualTo(Errno.ETIMEDOUT.number());
        sock.release();
    }

    private static int[] stamp(int value, int echo) {
        ByteBuffer b = ByteBuffer.allocate(12).putInt(0x0101_080A).putInt(value).putInt(echo);
        int[] bytes = new int[12];
        for (int i = 0; i < 12; i++) {
            bytes[i] = b.get(i);
        }
        return bytes;
    }

    private static int tsVal(Segment synAck) {
        byte[] options = synAck.options();
        for (int i = 4; i + 10 <= options.length; i++) {
            if (options[i] == 8 && options[i + 1] == 10) {
                return ByteBuffer.wrap(options).getInt(i + 2);
            }
        }
        throw new AssertionError("no timestamps in " + synAck);
    }

    private static int[] sackBlocks(Segment s) {
        ByteBuffer b = ByteBuffer.wrap(s.options());
        if (b.capacity() < 4 || b.get(2) != 5) {
            return new int[0];
        }
        int[] edges = new int[(b.get(3) - 2) / 4];
        for (int i = 0; i < edges.length; i++) {
            edges[i] = b.getInt(4 + i * 4) - PEER_ISS;
        }
        return edges;
    }

    private static ByteBuffer info(TcpSock sock) {
        ByteBuffer info = ByteBuffer.allocate(TcpInfo.BYTES).order(ByteOrder.nativeOrder());
        assertThat(sock.getsockopt(6, TcpOptions.TCP_INFO, info)).isEqualTo(TcpInfo.BYTES);
        return info;
    }
}
