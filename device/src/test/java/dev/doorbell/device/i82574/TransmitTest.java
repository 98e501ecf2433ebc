package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.TxScript.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.device.spi.Timing;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/** Each kind of transmit descriptor through the whole card, seen from the wire, the ring and the registers. */
class TransmitTest {
    private final TestCard bench = new TestCard().linkUp();
    private final TxScript tx = new TxScript(bench, 0, 256).enable();

    private byte[] only() {
        assertThat(bench.wire.sent).hasSize(1);
        return bench.wire.sent.get(0).bytes();
    }

    @Test
    void legacyDescriptorSendsItsBytesAndReportsDone() {
        tx.legacy(frame(100), EOP | IFCS | RS).send();
        assertThat(only()).isEqualTo(frame(100));
        assertThat(tx.status(0)).isEqualTo(1);
        assertThat(tx.head()).isEqualTo(1);
        assertThat(bench.read(ICR)).isEqualTo(Interrupts.TXDW | Interrupts.TXQE);
    }

    @Test
    void doorbellReturnsBeforeTheRingIsRead() {
        tx.legacy(frame(100), EOP | IFCS | RS).ring();
        assertThat(bench.dma.reads).isZero();
        assertThat(bench.wire.sent).isEmpty();
    }

    @Test
    void descriptorWithoutRsIsNotTouched() {
        tx.legacy(frame(100), EOP | IFCS).send();
        assertThat(bench.wire.sent).hasSize(1);
        assertThat(tx.status(0)).isZero();
        assertThat(bench.dma.writes).isZero();
        assertThat(bench.read(ICR)).isEqualTo(Interrupts.TXQE);
    }

    @Test
    void writeBackChangesOnlyTheStatusByte() {
        tx.data(frame(100), EOP | IFCS | RS, IXSM | 0x10, 0x1234).send();
        assertThat(bench.ram.readLong(0x10_0008) >>> 32).isEqualTo(0x1234_0111L);
    }

    @Test
    void frameIsGatheredFromSeveralDescriptors() {
        byte[] f = frame(200);
        tx.legacy(Arrays.copyOfRange(f, 0, 30), IFCS)
                .legacy(Arrays.copyOfRange(f, 30, 31), IFCS)
                .legacy(new byte[0], IFCS)
                .legacy(Arrays.copyOfRange(f, 31, 200), EOP | IFCS | RS)
                .send();
        assertThat(only()).isEqualTo(f);
    }

    @Test
    void frameThatEndsInALaterDoorbellWaitsForIt() {
        byte[] f = frame(200);
        tx.legacy(Arrays.copyOfRange(f, 0, 120), IFCS).send();
        assertThat(bench.wire.sent).isEmpty();
        tx.legacy(Arrays.copyOfRange(f, 120, 200), EOP | IFCS | RS).send();
        assertThat(only()).isEqualTo(f);
    }

    @Test
    void frameOfMoreDescriptorsThanABurstIsOneFrame() {
        byte[] f = frame(1000);
        for (int i = 0; i < 100; i++) {
            tx.legacy(Arrays.copyOfRange(f, 10 * i, 10 * i + 10), i == 99 ? EOP | IFCS | RS : IFCS);
        }
        tx.send();
        assertThat(only()).isEqualTo(f);
    }

    @Test
    void longRingWrapsAndKeepsOrder() {
        for (int round = 0; round < 5; round++) {
            for (int i = 0; i < 200; i++) {
                byte[] f = frame(64);
                f[20] = (byte) round;
                f[21] = (byte) i;
                tx.legacy(f, EOP | IFCS | RS);
            }
            tx.send();
        }
        assertThat(bench.wire.sent).hasSize(1000);
        for (int n = 0; n < 1000; n++) {
            byte[] f = bench.wire.sent.get(n).bytes();
            assertThat(f[20]).isEqualTo((byte) (n / 200));
            assertThat(f[21]).isEqualTo((byte) (n % 200));
        }
        assertThat(tx.head()).isEqualTo(1000 % 256);
    }

    @Test
    void shortFramesArePaddedWithZerosWhenPspIsSet() {
        tx.legacy(frame(20), EOP | IFCS | RS).send();
        byte[] sent = only();
        assertThat(sent).hasSize(60).startsWith(frame(20));
        assertThat(Arrays.copyOfRange(sent, 20, 60)).containsOnly(0);
        assertThat(bench.read(PTC64)).isEqualTo(1);
    }

    @Test
    void paddingNeverShowsAnEarlierFrame() {
        tx.legacy(frame(1500), EOP | IFCS | RS).send();
        tx.legacy(frame(20), EOP | IFCS | RS).send();
        assertThat(Arrays.copyOfRange(bench.wire.sent.get(1).bytes(), 20, 60)).containsOnly(0);
    }

    @Test
    void framesBelow17BytesAreIllegalAndNotSent() {
        tx.legacy(frame(16), EOP | IFCS | RS).legacy(frame(17), EOP | IFCS | RS).send();
        assertThat(bench.wire.sent).hasSize(1);
        assertThat(tx.status(0)).isEqualTo(1);
    }

    @Test
    void withoutIfcsTheDriversFcsIsJudgedAndTakenOff() {
        byte[] f = frame(80);
        CRC32 crc = new CRC32();
        crc.update(f);
        int fcs = (int) crc.getValue();
        byte[] good = concat(f, new byte[] {(byte) fcs, (byte) (fcs >> 8), (byte) (fcs >> 16), (byte) (fcs >> 24)});
        byte[] bad = concat(f, new byte[4]);
        tx.legacy(good, EOP | RS).legacy(bad, EOP | RS).send();
        assertThat(bench.wire.sent).extracting(TestCard.Sent::fcsGood).containsExactly(true, false);
        assertThat(bench.wire.sent.get(0).bytes()).isEqualTo(f);
    }

    @Test
    void legacyChecksumGoesWhereCsoSays() {
        byte[] f = frame(101);
        f[50] = 0;
        f[51] = 0;
        tx.legacy(f, EOP | IFCS | RS | IC, 50, 34, 0).send();
        byte[] sent = only();
        assertThat(sum(sent, 34, 101)).isEqualTo(0xFFFF);
    }

    @Test
    void legacyChecksumIsAskedForByTheDescriptorWithEop() {
        byte[] f = frame(101);
        tx.legacy(Arrays.copyOf(f, 60), IFCS | IC, 50, 34, 0)
                .legacy(Arrays.copyOfRange(f, 60, 101), EOP | IFCS | RS)
                .legacy(Arrays.copyOf(f, 60), IFCS)
                .legacy(Arrays.copyOfRange(f, 60, 101), EOP | IFCS | RS | IC, 50, 34, 0)
                .send();
        assertThat(bench.wire.sent.get(0).bytes()).isEqualTo(f);
        assertThat(Arrays.copyOfRange(bench.wire.sent.get(1).bytes(), 50, 52))
                .isNotEqualTo(Arrays.copyOfRange(f, 50, 52));
    }

    @Test
    void legacyChecksumOutsideTheFrameIsNotInserted() {
        tx.legacy(frame(100), EOP | IFCS | RS | IC, 99, 34, 0)
                .legacy(frame(100), EOP | IFCS | RS | IC, 50, 200, 0)
                .send();
        assertThat(bench.wire.sent).allSatisfy(s -> assertThat(s.bytes()).isEqualTo(frame(100)));
    }

    @Test
    void linuxPartialChecksumInsertsOnlyTheTransportChecksum() {
        byte[] f = frame(120);
        f[50] = 0x12;
        f[51] = 0x34;
        tx.context(0, 0, 0, 34, 50, 0, 0, 0, 0, 0)
                .data(f, EOP | IFCS | RS, TXSM, 0)
                .send();
        byte[] sent = only();
        assertThat(sent[0]).as("no IP checksum at offset 0").isEqualTo(f[0]);
        assertThat(sum(sent, 34, 120) + 0x1234)
                .as("with the seed as pseudo header")
                .isEqualTo(0xFFFF);
    }

    @Test
    void ixsmSumsFromIpcssToIpcse() {
        byte[] f = frame(120);
        f[24] = 0;
        f[25] = 0;
        tx.context(14, 24, 33, 34, 50, 0, 0, CONTEXT_IPV4 | CONTEXT_TCP, 0, 0)
                .data(f, EOP | IFCS | RS, IXSM, 0)
                .send();
        byte[] sent = only();
        assertThat(sum(sent, 14, 34)).isEqualTo(0xFFFF);
        assertThat(Arrays.copyOfRange(sent, 34, 120)).isEqualTo(Arrays.copyOfRange(f, 34, 120));
    }

    @Test
    void udpChecksumOfZeroGoesOutAsOnes() {
        byte[] f = new byte[100];
        f[0] = 2;
        f[60] = (byte) 0xFF;
        f[61] = (byte) 0xFF;
        tx.context(0, 0, 0, 34, 40, 0, 0, 0, 0, 0)
                .data(f, EOP | IFCS | RS, TXSM, 0)
                .send();
        byte[] sent = only();
        assertThat(sent[40]).isEqualTo((byte) 0xFF);
        assertThat(sent[41]).isEqualTo((byte) 0xFF);
    }

    @Test
    void contextLastsForManyPacketsAndIsKeptPerQueue() {
        TxScript other = new TxScript(bench, 1, 64);
        byte[] f = frame(100);
        f[24] = 0;
        f[25] = 0;
        tx.context(14, 24, 33, 34, 50, 0, 0, 0, 0, 0).send();
        other.context(14, 30, 33, 34, 50, 0, 0, 0, 0, 0).send();
        tx.data(f, EOP | IFCS | RS, IXSM, 0).data(f, EOP | IFCS | RS, IXSM, 0).send();
        other.data(f, EOP | IFCS | RS, IXSM, 0).send();
        assertThat(bench.wire.sent).hasSize(3);
        assertThat(bench.wire.sent.get(0).bytes()[24]).isNotZero();
        assertThat(bench.wire.sent.get(1).bytes())
                .isEqualTo(bench.wire.sent.get(0).bytes());
        assertThat(bench.wire.sent.get(2).bytes()[24]).isZero();
    }

    @Test
    void contextDescriptorWithRsIsWrittenBack() {
        tx.context(14, 24, 33, 34, 50, 0, 0, RS, 0, 0).send();
        assertThat(tx.status(0)).isEqualTo(1);
        assertThat(bench.read(ICR) & Interrupts.TXDW).isEqualTo(Interrupts.TXDW);
    }

    @Test
    void vlanTagIsInsertedBehindTheSourceAddress() {
        bench.write(CTRL, bench.read(CTRL) | 1 << 30);
        byte[] f = frame(100);
        tx.data(f, EOP | IFCS | RS | VLE, 0, 0x6123)
                .legacy(f, EOP | IFCS | RS | VLE, 0, 0, 0x0005)
                .send();
        byte[] expected =
                concat(Arrays.copyOf(f, 12), new byte[] {(byte) 0x81, 0, 0x61, 0x23}, Arrays.copyOfRange(f, 12, 100));
        assertThat(bench.wire.sent.get(0).bytes()).isEqualTo(expected);
        expected[14] = 0;
        expected[15] = 5;
        assertThat(bench.wire.sent.get(1).bytes()).isEqualTo(expected);
    }

    @Test
    void vleIsIgnoredWithoutVme() {
        tx.data(frame(100), EOP | IFCS | RS | VLE, 0, 0x6123).send();
        assertThat(only()).isEqualTo(frame(100));
    }

    @Test
    void tagCountsTowardsTheMinimumLength() {
        bench.write(CTRL, bench.read(CTRL) | 1 << 30);
        tx.legacy(frame(58), EOP | IFCS | RS | VLE, 0, 0, 7).send();
        assertThat(only()).hasSize(62);
    }

    @Test
    void nothingIsSentBeforeTctlEnAndNothingIsLost() {
        bench.write(TCTL, 0);
        tx.legacy(frame(100), EOP | IFCS | RS).send();
        assertThat(bench.wire.sent).isEmpty();
        tx.enable();
        bench.settle();
        assertThat(bench.wire.sent).hasSize(1);
    }

    @Test
    void queueWithoutArbitrationWaits() {
        bench.write(TARC0, 0x003);
        tx.legacy(frame(100), EOP | IFCS | RS).send();
        assertThat(bench.wire.sent).isEmpty();
        bench.write(TARC0, 0x403);
        bench.settle();
        assertThat(bench.wire.sent).hasSize(1);
    }

    @Test
    void withTheLinkDownDescriptorsStayInTheRing() {
        bench.card.carrierChanged(false);
        tx.legacy(frame(100), EOP | IFCS | RS).send();
        assertThat(bench.wire.sent).isEmpty();
        assertThat(tx.head()).isZero();
        bench.card.carrierChanged(true);
        bench.runMs(20);
        assertThat(bench.wire.sent).hasSize(1);
    }

    @Test
    void loopBackNeedsNoLink() {
        bench.card.carrierChanged(false);
        tx.legacy(frame(100), EOP | IFCS | RS).send();
        bench.write(RCTL, 1 << 6);
        bench.settle();
        assertThat(tx.status(0)).isEqualTo(1);
        assertThat(bench.wire.sent).isEmpty();
    }

    @Test
    void busMasterOffHoldsTheRingUntilItIsOn() {
        bench.card.configWrite(4, 2, 0x3);
        tx.legacy(frame(100), EOP | IFCS | RS).send();
        assertThat(bench.wire.sent).isEmpty();
        bench.card.configWrite(4, 2, 0x7);
        bench.settle();
        assertThat(bench.wire.sent).hasSize(1);
    }

    @Test
    void masterDisableStopsNewRequestsAndDropsItsStatusBit() {
        bench.write(CTRL, bench.read(CTRL) | 1 << 2);
        assertThat(bench.read(STATUS) & 1 << 19).isZero();
        tx.legacy(frame(100), EOP | IFCS | RS).send();
        assertThat(bench.wire.sent).isEmpty();
        bench.write(CTRL, bench.read(CTRL) & ~(1 << 2));
        bench.settle();
        assertThat(bench.wire.sent).hasSize(1);
        assertThat(bench.read(STATUS) & 1 << 19).isNotZero();
    }

    @Test
    void pausedTransmitterShowsTxoffAndGoesOnByItself() {
        bench.write(CTRL, bench.read(CTRL) | 1 << 27); // RFCE
        bench.write(FCT, 0x8808);
        bench.write(FCAL, 0x00C2_8001);
        bench.write(FCAH, 0x0100);
        bench.write(RCTL, 0x2);
        byte[] pause = Arrays.copyOf(
                java.util.HexFormat.of().parseHex("0180c2000001" + "001b21112233" + "8808" + "0001" + "03e8"), 60);
        bench.arrive(pause); // 1000 quanta: 512 us at 1000 Mb/s
        tx.legacy(frame(100), EOP | IFCS | RS).send();
        assertThat(bench.read(STATUS) & 1 << 4).isNotZero();
        assertThat(bench.wire.sent).isEmpty();
        bench.runMs(1);
        assertThat(bench.wire.sent).hasSize(1);
        assertThat(bench.read(STATUS) & 1 << 4).isZero();
    }

    /** A burst that is on the chip when the XOFF comes waits there, behind the one frame that is on the wire. */
    @Test
    void pauseInTheMiddleOfABurstStopsTheRestOfIt() {
        bench.write(CTRL, bench.read(CTRL) | 1 << 27); // RFCE
        bench.write(FCT, 0x8808);
        bench.write(FCAL, 0x00C2_8001);
        bench.write(FCAH, 0x0100);
        bench.write(RCTL, 0x2);
        tx.context(14, 24, 33, 34, 50, 0, 2000, TSE | CONTEXT_TCP | CONTEXT_IPV4, 54, 10)
                .data(tcpRequest(2000), EOP | IFCS | TSE | RS, IXSM | TXSM, 0)
                .ring();
        bench.world.runUntil(() -> !bench.wire.sent.isEmpty(), 1_000_000);
        int before = bench.wire.sent.size();
        byte[] pause = java.util.HexFormat.of().parseHex("0180c2000001" + "001b21112233" + "8808" + "0001" + "03e8");
        bench.arrive(Arrays.copyOf(pause, 60)); // 1000 quanta: 512 us
        bench.world.runFor(511_000);
        assertThat(bench.wire.sent).as("one step at most").hasSize(before).hasSizeLessThan(200);
        assertThat(tx.status(1)).isZero();
        bench.world.runFor(2_000);
        assertThat(bench.wire.sent).hasSize(200);
        assertThat(tx.status(1)).isEqualTo(1);
        assertThat(bench.read(STATUS) & 1 << 19).isNotZero();
    }

    @Test
    void swxoffSendsAPauseFrame() {
        bench.write(FCAL, 0x00C2_8001);
        bench.write(FCAH, 0x0100);
        bench.write(FCT, 0x8808);
        bench.write(FCTTV, 0x0680);
        bench.write(TCTL, bench.read(TCTL) | 1 << 22);
        bench.settle();
        assertThat(Arrays.copyOf(only(), 18))
                .isEqualTo(
                        java.util.HexFormat.of().parseHex("0180c2000001" + "525400123456" + "8808" + "0001" + "0680"));
        assertThat(bench.read(XOFFTXC)).isEqualTo(1);
        assertThat(bench.read(TCTL) & 1 << 22).isZero();
    }

    @Test
    void statisticsCountFramesOctetsAndDestinations() {
        byte[] broadcast = frame(100);
        Arrays.fill(broadcast, 0, 6, (byte) 0xFF);
        byte[] multicast = frame(300);
        multicast[0] = 1;
        tx.legacy(frame(60), EOP | IFCS | RS)
                .legacy(broadcast, EOP | IFCS | RS)
                .legacy(multicast, EOP | IFCS | RS)
                .legacy(frame(1514), EOP | IFCS | RS)
                .send();
        assertThat(bench.read(GPTC)).isEqualTo(4);
        assertThat(bench.read(TPT)).isEqualTo(4);
        assertThat(bench.read(0x4090)).as("GOTCL").isEqualTo(60 + 100 + 300 + 1514 + 16);
        assertThat(bench.read(BPTC)).isEqualTo(1);
        assertThat(bench.read(MPTC)).isEqualTo(1);
        assertThat(bench.read(PTC64)).isEqualTo(1);
        assertThat(bench.read(PTC127)).isEqualTo(1);
        assertThat(bench.read(PTC511)).isEqualTo(1);
        assertThat(bench.read(PTC1522)).isEqualTo(1);
        assertThat(bench.read(GPTC)).as("cleared by reading").isZero();
    }

    @Test
    void lowThresholdRaisesTxdLowWhenTheRingRunsLow() {
        bench.write(TXDCTL0, 1 << 25); // 8 descriptors
        for (int i = 0; i < 4; i++) {
            tx.legacy(frame(60), EOP | IFCS | RS);
        }
        tx.send();
        assertThat(bench.read(ICR) & Interrupts.TXD_LOW).as("never was above").isZero();
        for (int i = 0; i < 20; i++) {
            tx.legacy(frame(60), EOP | IFCS | RS);
        }
        tx.send();
        assertThat(bench.read(ICR) & Interrupts.TXD_LOW).isNotZero();
    }

    @Test
    void segmentsAreCutAndCounted() {
        tx.context(14, 24, 33, 34, 50, 0, 3000, TSE | CONTEXT_TCP | CONTEXT_IPV4, 54, 1000)
                .data(Arrays.copyOf(tcpRequest(3000), 54), IFCS | TSE, IXSM | TXSM, 0)
                .data(Arrays.copyOfRange(tcpRequest(3000), 54, 3054), EOP | IFCS | TSE | RS, IXSM | TXSM, 0)
                .send();
        assertThat(bench.wire.sent).extracting(s -> s.bytes().length).containsExactly(1054, 1054, 1054);
        assertThat(bench.read(GPTC)).isEqualTo(3);
        assertThat(bench.read(TSCTC)).isEqualTo(1);
        assertThat(bench.read(0x4090)).isEqualTo(3 * 1058);
        assertThat(tx.status(1)).isZero();
        assertThat(tx.status(2)).isEqualTo(1);
    }

    @Test
    void segmentsGetTheVlanTagEach() {
        bench.write(CTRL, bench.read(CTRL) | 1 << 30);
        tx.context(14, 24, 33, 34, 50, 0, 2000, TSE | CONTEXT_TCP | CONTEXT_IPV4, 54, 1000)
                .data(tcpRequest(2000), EOP | IFCS | TSE | RS | VLE, IXSM | TXSM, 0x0042)
                .send();
        assertThat(bench.wire.sent).hasSize(2).allSatisfy(s -> {
            assertThat(s.bytes()).hasSize(1058);
            assertThat(Arrays.copyOfRange(s.bytes(), 12, 18)).containsExactly(0x81, 0, 0, 0x42, 8, 0);
            assertThat(sum(s.bytes(), 18, 38)).isEqualTo(0xFFFF);
        });
    }

    @Test
    void linkThatTakesTrainsGetsTheRequestWholeAndTheCountsStayTheSame() {
        bench.wire.maxTrainBytes = 65_536;
        tx.context(14, 24, 33, 34, 50, 0, 2500, TSE | CONTEXT_TCP | CONTEXT_IPV4, 54, 1000)
                .data(tcpRequest(2500), EOP | IFCS | TSE | RS, IXSM | TXSM, 0)
                .send();
        assertThat(bench.wire.sent).hasSize(1);
        TestCard.Sent train = bench.wire.sent.get(0);
        assertThat(train.bytes()).hasSize(2554);
        assertThat(train.segmentBytes()).isEqualTo(1000);
        assertThat(train.headerBytes()).isEqualTo(54);
        assertThat(train.checksumStart()).isEqualTo(34);
        assertThat(train.checksumOffset()).isEqualTo(16);
        assertThat(bench.read(GPTC)).isEqualTo(3);
        assertThat(bench.read(TPT)).isEqualTo(3);
        assertThat(bench.read(0x4090)).isEqualTo(1058 + 1058 + 558);
        assertThat(bench.read(PTC1522)).isEqualTo(2);
        assertThat(bench.read(PTC1023)).isEqualTo(1);
        assertThat(bench.read(TSCTC)).isEqualTo(1);
    }

    @Test
    void transmitQueuesReportByTheirOwnMsixCauses() {
        bench.enableMsix(5);
        bench.write(IVAR, 0x8000_0000 | 0xB << 12 | 0x9 << 8 | 0x8);
        bench.write(IMS, Interrupts.TXQ0 | Interrupts.TXQ1);
        TxScript other = new TxScript(bench, 1, 64);
        tx.legacy(frame(60), EOP | IFCS | RS).send();
        other.legacy(frame(60), EOP | IFCS | RS).send();
        assertThat(bench.interrupts.vectors).containsExactly(1, 3);
        assertThat(bench.read(ICS) & Interrupts.TXDW).isZero();
    }

    @Test
    void interruptComesAfterTheWriteBack() {
        bench.write(IMS, Interrupts.TXDW);
        tx.legacy(frame(60), EOP | IFCS | RS).ring();
        bench.world.runUntil(() -> bench.interrupts.line, 1_000_000_000);
        assertThat(tx.status(0)).isEqualTo(1);
    }

    @Test
    void realisticTimingTakesItsTime() {
        TestCard slow = new TestCard(Timing.REALISTIC, 1);
        slow.runMs(3_000);
        TxScript script = new TxScript(slow, 0, 64).enable();
        script.legacy(frame(60), EOP | IFCS | RS).send();
        assertThat(slow.wire.sent).isEmpty();
        slow.world.runFor(5_000);
        assertThat(slow.wire.sent).hasSize(1);
        assertThat(script.status(0)).isEqualTo(1);
    }

    @Test
    void hostileTimingKeepsOrderAndLosesNothing() {
        for (int seed = 0; seed < 20; seed++) {
            TestCard bad = new TestCard(Timing.HOSTILE, seed);
            bad.runMs(6_000);
            TxScript script = new TxScript(bad, 0, 64).enable();
            for (int i = 0; i < 50; i++) {
                byte[] f = frame(64);
                f[20] = (byte) i;
                script.legacy(f, EOP | IFCS | RS).ring();
                bad.world.runFor(3_000L * i);
            }
            bad.runMs(10);
            assertThat(bad.wire.sent).hasSize(50);
            for (int i = 0; i < 50; i++) {
                assertThat(bad.wire.sent.get(i).bytes()[20]).isEqualTo((byte) i);
            }
        }
    }

    /** Ethernet, IPv4, TCP without options, as Linux prepares it. */
    static byte[] tcpRequest(int payload) {
        byte[] head = java.util.HexFormat.of()
                .parseHex("001b21112233525400123456" + "0800" + "45000000123440004006" + "0000" + "0a0000010a000002"
                        + "30390050000010001122334450181000" + "14090000");
        return Arrays.copyOf(head, 54 + payload);
    }

    /** RFC 1071, word by word. */
    static int sum(byte[] b, int from, int to) {
        int sum = 0;
        for (int i = from; i < to; i++) {
            sum += (i - from & 1) == 0 ? (b[i] & 0xFF) << 8 : b[i] & 0xFF;
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }
}
