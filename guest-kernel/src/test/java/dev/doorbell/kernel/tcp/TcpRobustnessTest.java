package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.tcp.TcpScript.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.tcp.TcpMib.Counter;
import dev.doorbell.kernel.tcp.TcpScript.Segment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What an attacker may send to one connection or port: no exception, nothing kept beyond a bound, few answers, and the
 * connection goes on. The laws of the end ({@link TcpScript#close}) hold for each: all buffers are given back.
 */
class TcpRobustnessTest {
    private static final int MANY = 20_000;

    private final TcpScript t = new TcpScript();
    private TcpSock sock;

    @AfterEach
    void everythingIsGivenBack() {
        if (sock != null) {
            sock.lingerSeconds = 0;
            sock.release();
        }
        t.close();
    }

    private void assertAlive() {
        assertThat(sock.state()).isEqualTo(TcpState.ESTABLISHED);
        t.sent.clear();
        TcpConnection c = sock.connection;
        t.in(ACK | PSH, c.rcvNxt - PEER_ISS, c.sndNxt - t.iss, 65_000, 10);
        assertThat(t.read(sock, 100)).as("data still arrives").isGreaterThanOrEqualTo(10);
    }

    // ---- floods without a connection

    @Test
    void floodsWithoutAConnectionDrawOneResetEachAndResetsNone() {
        for (int i = 0; i < MANY; i++) {
            t.peerPort = 1 + i % 60_000;
            t.in(ACK, i, i, 1000, 0);
        }
        assertThat(t.sent).hasSize(MANY).allMatch(s -> s.flags() == RST);
        t.sent.clear();
        for (int i = 0; i < MANY; i++) {
            t.peerPort = 1 + i % 60_000;
            t.in(RST | (i & ACK), i, i, 1000, 0);
        }
        t.expectNothing();
        assertThat(t.host.tcp.flowCount()).isZero();
    }

    @Test
    void nullAndChristmasTreeSegmentsToAListenerLeaveNothing() {
        TcpSock listener = t.listen(5);
        for (int flags = 0; flags < 256; flags++) {
            t.peerPort = 2000 + flags;
            if ((flags & (SYN | ACK | RST | FIN)) != SYN) {
                t.in(flags, 1, 1, 1000, 0);
            }
        }
        assertThat(t.host.tcp.flowCount()).isZero();
        assertThat(t.sent).allMatch(s -> (s.flags() & RST) != 0);
        t.sent.clear();
        listener.release();
    }

    // ---- blind attacks on a connection, RFC 5961

    @Test
    void aSweepOfResetsOverTheWindowEndsNothingAndIsAnsweredTwiceASecond() {
        sock = t.established();
        int window = sock.connection.receiveWindow();
        int swept = 0;
        for (int seq = 2; seq < window; seq += 7) {
            t.in(RST, seq, 0, 0, 0);
            swept++;
        }
        assertThat(swept).isGreaterThan(5000);
        assertThat(t.sent).hasSizeLessThanOrEqualTo(1);
        assertAlive();
    }

    @Test
    void aSweepOfSynsEndsNothingAndIsAnsweredTwiceASecond() {
        sock = t.established();
        for (int i = 0; i < MANY; i++) {
            t.in(SYN, i * 104_729, 0, 1000, 0, SYN_OPTIONS);
            if (i % 2000 == 1999) {
                t.run(100);
            }
        }
        assertThat(t.sent).as("in a second").hasSizeLessThanOrEqualTo(3);
        assertAlive();
    }

    @Test
    void blindDataOutsideTheAcknowledgeableRangeIsNotTaken() {
        sock = t.established();
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < MANY; i++) {
            int ack = random.nextInt();
            if (ack - 1 > 0 || ack < -65_000) {
                t.in(ACK | PSH, 1, ack, 65_000, 1);
            }
        }
        assertThat(t.read(sock, 10)).isEqualTo(Errno.EAGAIN.negated());
        assertAlive();
    }

    @Test
    void theBudgetOfChallengesCannotBeCounted() {
        // CVE-2016-5696: with a limit for the whole stack, its size changes from second to second.
        t.host.config.challengeAckLimit = 100;
        t.host.config.invalidRateLimitNs = 0;
        sock = t.established();
        java.util.Set<Integer> sizes = new java.util.HashSet<>();
        for (int second = 0; second < 10; second++) {
            t.run(1000);
            t.sent.clear();
            for (int i = 0; i < 300; i++) {
                t.in(RST, 100 + i, 0, 0, 0);
            }
            assertThat(t.sent).hasSizeBetween(50, 150);
            sizes.add(t.sent.size());
        }
        assertThat(sizes).hasSizeGreaterThan(3);
        assertAlive();
    }

    @Test
    void forgedIcmpErrorsChangeNothing() {
        sock = t.established();
        TcpConnection c = sock.connection;
        t.write(sock, 1000);
        SplittableRandom random = new SplittableRandom(2);
        for (int i = 0; i < MANY; i++) {
            int seq = random.nextInt();
            if (seq - c.sndUna < 0 || seq - c.sndNxt > 0) {
                IcmpErrors.handle(t.host.tcp, c, seq, 3, i % 16, 68 + i % 1500, null);
                IcmpErrors.handle(t.host.tcp, c, seq, 4, 0, 0, null);
            }
        }
        assertThat(c.pathMtu).isEqualTo(1500);
        assertThat(c.softError).isZero();
        t.in(ACK, 1, 1001, 65_000, 0);
        assertAlive();
    }

    // ---- acknowledgements that lie

    @Test
    void acknowledgingWhatWasNotSentGainsNothing() {
        sock = t.established();
        t.write(sock, 20_000);
        t.sent.clear();
        int cwnd = sock.connection.window.cwnd;
        for (int i = 0; i < MANY; i++) {
            t.in(ACK, 1, 10_002 + i, 65_000, 0);
        }
        assertThat(sock.connection.window.cwnd).isEqualTo(cwnd);
        assertThat(sock.connection.sndUna).isEqualTo(t.iss + 1);
        assertThat(t.sent).hasSizeLessThanOrEqualTo(2);
        t.in(ACK, 1, 10_001, 65_000, 0);
    }

    @Test
    void dividedAcknowledgementsGrowTheWindowNoFasterThanWholeOnes() {
        sock = t.established();
        t.write(sock, 10_000);
        for (int byteAt = 2; byteAt <= 10_001; byteAt++) {
            t.in(ACK, 1, byteAt, 65_000, 0);
        }
        assertThat(sock.connection.window.cwnd).isLessThanOrEqualTo(20);
    }

    @Test
    void spoofedDuplicateAcknowledgementsRetransmitOncePerSegmentAndDoNotInflate() {
        sock = t.established();
        t.write(sock, 10_000);
        t.sent.clear();
        for (int i = 0; i < MANY; i++) {
            t.in(ACK, 1, 1, 65_000, 0);
        }
        assertThat(t.sent).hasSizeLessThanOrEqualTo(12);
        assertThat(sock.connection.window.cwnd).isLessThanOrEqualTo(12);
        t.in(ACK, 1, 10_001, 65_000, 0);
    }

    @Test
    void badSackBlocksAreDiscardedOneByOne() {
        sock = t.established();
        t.write(sock, 10_000);
        int[][] bad = {
            {5001, 4001}, {20_001, 30_001}, {-5000, -4000}, {1001, 1001}, {9001, 99_001}, {1, Integer.MIN_VALUE}
        };
        for (int[] block : bad) {
            t.in(ACK, 1, 1, 65_000, 0, t.sack(block));
            assertThat(sock.connection.sackedOut)
                    .as("%d-%d", block[0], block[1])
                    .isZero();
        }
        assertThat(t.host.tcp.mib().get(Counter.TCPSACKDiscard)).isPositive();
        t.in(ACK, 1, 10_001, 65_000, 0);
        assertAlive();
    }

    @Test
    void sacksThatCutTheQueueIntoPiecesCutItNoFinerThanPackets() {
        // CVE-2019-11478: entries are cut at packet borders only, so their number is that of packets.
        sock = t.established();
        for (int round = 0; round < 6; round++) {
            t.write(sock, 100_000);
            int una = sock.connection.sndUna - t.iss;
            int nxt = sock.connection.sndNxt - t.iss;
            for (int at = una + 1; at + 3 < nxt; at += 2) {
                t.in(ACK, 1, una, 65_000, 0, t.sack(at, at + 1));
            }
            int packets = (sock.connection.writeSeq - sock.connection.sndUna) / 1000 + 2;
            assertThat(t.host.tcp.queuedSegments()).isLessThanOrEqualTo(packets);
            t.in(ACK, 1, sock.connection.sndNxt - t.iss, 65_000, 0);
            t.run(10);
            t.sent.clear();
        }
    }

    @Test
    void aTinyMssIsHeldToTheFloor() {
        TcpSock listener = t.listen(5);
        t.in(SYN, 0, 0, 65_000, 0, 2, 4, 0, 1, 1, 1, 4, 2);
        t.expect(SYN | ACK, 0, 0, 1);
        t.in(ACK, 1, 1, 65_000, 0);
        sock = (TcpSock) listener.accept();
        listener.release();
        t.write(sock, 480);
        assertThat(t.sent).hasSize(10).allMatch(s -> s.length() == t.host.config.minSndMss);
        t.in(ACK, 1, 481, 65_000, 0);
    }

    // ---- memory of the receiver

    @Test
    void oneByteAtEverySecondPositionStaysWithinTheBufferAndCostsAboutTheSameEach() {
        t.host.config.rmemMax = 1 << 20;
        sock = t.established();
        int window = sock.connection.receiveWindow();
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 3 * MANY; i++) {
            t.in(ACK, 3 + 2 * random.nextInt(window / 2 - 2), 1, 65_000, 1);
            assertThat(sock.connection.receiveMemory).isLessThanOrEqualTo(t.host.config.rmemMax + 1024);
            t.sent.clear();
        }
        assertThat(sock.connection.outOfOrder.count()).isLessThanOrEqualTo(t.host.config.rmemMax / 768 + 1);
        assertThat(t.host.skbs.outstanding()).isLessThanOrEqualTo(t.host.config.rmemMax / 768 + 2);
        assertAlive();
    }

    @Test
    void aHoleThatIsNeverFilledDoesNotStopTheStream() {
        sock = t.established();
        for (int at = 1001; at < 60_000; at += 1000) {
            t.in(ACK, at, 1, 65_000, 1000);
        }
        t.sent.clear();
        for (int i = 0; i < MANY; i++) {
            t.in(ACK, 1001 + i % 50 * 1000, 1, 65_000, 1000); // the same again and again
        }
        assertThat(sock.connection.outOfOrder.count()).isLessThanOrEqualTo(60);
        t.in(ACK, 1, 1, 65_000, 1000);
        assertThat(t.read(sock, 100_000)).isEqualTo(60_000);
    }

    @Test
    void tinySegmentsInOrderAreMergedAndCounted() {
        sock = t.established();
        for (int i = 0; i < 10_000; i++) {
            t.in(ACK, 1 + i, 1, 65_000, 1);
        }
        assertThat(t.host.skbs.outstanding()).as("buffers of 10,000 bytes").isLessThan(200);
        assertThat(sock.connection.receiveMemory)
                .isLessThanOrEqualTo(sock.connection.settings.receiveBufferBytes + 1024);
        long read = t.read(sock, 20_000);
        assertThat(read).isEqualTo(10_000);
    }

    // ---- windows

    @Test
    void aClosedWindowHoldsAnOrphanForMinutesNotForEver() {
        TcpSock closing = t.established();
        t.in(ACK, 1, 1, 0, 0);
        t.write(closing, 1000);
        closing.release();
        for (int second = 0; second < 1200 && t.host.tcp.flowCount() > 0; second++) {
            t.run(1000);
            if (!t.sent.isEmpty()) { // every probe is answered: the window stays shut
                t.sent.clear();
                t.in(ACK, 1, 1, 0, 0);
            }
        }
        assertThat(t.host.tcp.flowCount()).isZero();
        assertThat(t.world.nowNs()).isLessThan(600 * TcpConfig.SECOND);
    }

    @Test
    void aWindowOpenedByteByByteDrawsNoTinySegments() {
        sock = t.established();
        t.in(ACK, 1, 1, 0, 0);
        t.write(sock, 5000);
        t.sent.clear();
        for (int i = 1; i < 200; i++) {
            t.in(ACK, 1, 1, i, 0);
            t.run(1);
        }
        assertThat(t.sent.stream().filter(s -> s.length() > 0).count()).isLessThanOrEqualTo(1);
        t.in(ACK, 1, sock.connection.sndNxt - t.iss, 65_000, 0);
    }

    @Test
    void windowsThatShrinkJumpAndWrapNeverMakeNegativeRoom() {
        sock = t.established();
        SplittableRandom random = new SplittableRandom(4);
        t.write(sock, 60_000);
        for (int i = 0; i < MANY; i++) {
            int una = sock.connection.sndUna - t.iss;
            int nxt = sock.connection.sndNxt - t.iss;
            t.in(ACK, 1, una + random.nextInt(nxt - una + 1), random.nextInt(65_536), 0);
            t.run(random.nextInt(3));
            t.sent.clear();
            assertThat(sock.connection.inFlight()).isNotNegative();
            assertThat(sock.connection.packetsOut).isNotNegative();
        }
        assertThat(sock.state()).isEqualTo(TcpState.ESTABLISHED);
    }

    // ---- urgent data

    @Test
    void urgentPointersOfAllKindsNeitherUnderflowNorReadTooMuch() {
        sock = t.established();
        SplittableRandom random = new SplittableRandom(5);
        int seq = 1;
        for (int i = 0; i < 5000; i++) {
            int length = random.nextInt(20);
            inUrgent(seq, random.nextInt(65_536) >> random.nextInt(16), length);
            seq += length;
            t.run(1);
            t.sent.clear();
            long n = t.read(sock, 7);
            assertThat(n).isBetween(-11L, 7L);
            if (i % 3 == 0) {
                while (t.read(sock, 1000) > 0) {
                    t.sent.clear();
                }
            }
        }
        assertThat(sock.state()).isEqualTo(TcpState.ESTABLISHED);
    }

    private void inUrgent(int seq, int pointer, int length) {
        t.urgentPointer = pointer;
        t.in(ACK | URG, seq, 1, 65_000, length);
        t.urgentPointer = -1;
    }

    // ---- options and headers

    @Test
    void everyLengthOfEveryOptionEndsParsingAndTheConnectionStillOpens() {
        TcpSock listener = t.listen(10_000);
        int opened = 0;
        for (int kind = 0; kind < 256; kind++) {
            for (int length : new int[] {0, 1, 2, 3, 4, 10, 40, 255}) {
                t.peerPort = 1024 + opened;
                t.in(SYN, 0, 0, 1000, 0, kind, length, 0, 0);
                assertThat(t.sent.poll())
                        .as("SYN with option %d of length %d", kind, length)
                        .isNotNull();
                t.in(RST, 1, 0, 0, 0);
                opened++;
            }
        }
        t.sent.clear();
        assertThat(t.host.tcp.flowCount()).isZero();
        listener.release();
    }

    @Test
    void everyTruncationAndEveryFlippedBitOfASegmentIsDealtWith() {
        sock = t.established();
        byte[] whole = t.segment(ACK | PSH, 1, 1, 65_000, 30, 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2);
        long errors = t.host.tcp.mib().get(Counter.InErrs);
        for (int length = 0; length < whole.length; length++) {
            t.host.receive(PEER, java.util.Arrays.copyOf(whole, length), 0);
        }
        assertThat(t.host.tcp.mib().get(Counter.InErrs)).isEqualTo(errors + whole.length);
        for (int bit = 0; bit < whole.length * 8; bit++) {
            byte[] flipped = whole.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            t.host.receive(PEER, flipped, 0);
        }
        assertThat(t.host.tcp.mib().get(Counter.InErrs))
                .as("all fail the checksum")
                .isEqualTo(errors + 9L * whole.length);
        for (int bit = 0; bit < whole.length * 8; bit++) {
            byte[] flipped = whole.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            t.host.receive(PEER, TcpScript.withChecksum(flipped), 0);
            t.sent.clear();
        }
    }

    @Test
    void randomSegmentsInEveryStateThrowNothingAndLeakNothing() {
        SplittableRandom random = new SplittableRandom(6);
        for (int round = 0; round < 400; round++) {
            t.issKnown = false;
            TcpSock one = round % 2 == 0 ? t.established() : t.host.socket();
            if (round % 2 == 1) {
                one.connect(new dev.doorbell.kernel.socket.SockAddrIn(PEER, PEER_PORT), 0);
            }
            switch (round % 5) {
                case 1 -> one.shutdown(1);
                case 2 -> t.write(one, 5000);
                case 3 -> t.in(FIN | ACK, 1, 1, 1000, 0);
                default -> {}
            }
            for (int i = 0; i < 60; i++) {
                int seq = random.nextInt(8) == 0 ? random.nextInt() : random.nextInt(3000) - 500;
                int ack = random.nextInt(8) == 0 ? random.nextInt() : random.nextInt(6000) - 500;
                int[] options = new int[4 * random.nextInt(6)];
                for (int k = 0; k < options.length; k++) {
                    options[k] = random.nextInt(4) == 0 ? random.nextInt(256) : random.nextInt(10);
                }
                t.in(random.nextInt(256), seq, ack, random.nextInt(65_536), random.nextInt(100), options);
                t.run(random.nextInt(50));
                t.sent.clear();
            }
            one.lingerSeconds = 0;
            one.release();
            t.peerPort = PEER_PORT;
            t.localPort = PORT;
            t.run(130_000);
            t.sent.clear();
        }
    }

    // ---- timestamps

    @Test
    void timestampsMayWrapButNotGoBack() {
        t.host.config.timestamps = true;
        TcpSock listener = t.listen(5);
        t.in(SYN, 0, 0, 65_000, 0, stamp(0xFFFF_FFF0, 0, 2, 4, 3, 0xE8));
        t.expect(SYN | ACK, 0, 0, 1);
        t.in(ACK, 1, 1, 65_000, 0, stamp(0xFFFF_FFF1, 0));
        sock = (TcpSock) listener.accept();
        listener.release();
        int seq = 1;
        for (int value : new int[] {0xFFFF_FFFF, 0, 5, 100}) {
            t.in(ACK, seq, 1, 65_000, 10, stamp(value, 0));
            seq += 10;
        }
        assertThat(t.read(sock, 100)).isEqualTo(40);
        t.in(ACK, seq, 1, 65_000, 10, stamp(100 + (1 << 31) + 5, 0));
        t.in(ACK, seq, 1, 65_000, 10, stamp(98, 0)); // older by one would pass
        assertThat(t.read(sock, 100)).as("both are old").isEqualTo(Errno.EAGAIN.negated());
        t.in(ACK, seq, 1, 65_000, 10, stamp(101, 0));
        assertThat(t.read(sock, 100)).isEqualTo(10);
    }

    private static int[] stamp(int value, int echo, int... before) {
        int[] all = java.util.Arrays.copyOf(before, before.length + 12);
        int[] option = {
            1, 1, 8, 10, value >>> 24, value >>> 16, value >>> 8, value, echo >>> 24, echo >>> 16, echo >>> 8, echo
        };
        System.arraycopy(option, 0, all, before.length, option.length);
        return all;
    }

    // ---- tables

    @Test
    void aFloodOfClosedConnectionsFillsTimeWaitToItsLimitAndNoFurther() {
        t.host.config.maxTwBuckets = 500;
        TcpSock listener = t.listen(10);
        for (int i = 0; i < 5000; i++) {
            t.peerPort = 1024 + i;
            t.in(SYN, 0, 0, 65_000, 0, SYN_OPTIONS);
            t.in(ACK, 1, 1, 65_000, 0);
            TcpSock child = (TcpSock) listener.accept();
            child.shutdown(1);
            t.in(FIN | ACK, 1, 2, 65_000, 0);
            child.release();
            t.sent.clear();
        }
        assertThat(t.host.tcp.timeWaitCount()).isEqualTo(500);
        assertThat(t.host.tcp.mib().get(Counter.TCPTimeWaitOverflow)).isEqualTo(4500);
        t.run(60_001);
        assertThat(t.host.tcp.flowCount()).isZero();
        listener.release();
    }

    @Test
    void aSynFromOurselvesToOurselvesStartsNoStorm() {
        TcpSock listener = t.listen(10);
        t.peerPort = PORT;
        t.host.wire = bytes -> {
            t.sent.add(new Segment(0, 0, 0, 0, 0, new byte[0], 0, 0, 0));
            if (t.sent.size() < 1000) {
                t.host.receive(US, bytes, 0); // what the host sends to itself comes back
            }
        };
        t.host.receive(US, t.segmentFrom(US, SYN, 0, 0, 1000, 0), 0);
        assertThat(t.sent).hasSizeLessThan(10);
        t.sent.clear();
        listener.release();
    }

    @Test
    void initialSequenceNumbersOfNeighbouringPortsAreUnrelated() {
        TcpSock listener = t.listen(5000);
        java.util.Set<Integer> steps = new java.util.HashSet<>();
        int before = 0;
        for (int i = 0; i < 1000; i++) {
            t.peerPort = 2000 + i;
            t.in(SYN, 0, 0, 1000, 0);
            steps.add(t.iss - before >> 16);
            before = t.iss;
            t.in(RST, 1, 0, 0, 0);
        }
        assertThat(steps).hasSizeGreaterThan(950);
        t.sent.clear();
        listener.release();
    }
}
