package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.TxScript.*;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What guests have done to other models of this family, and what becomes of it here: the card stays up, the work is
 * bounded, and the next good frame goes out.
 */
class HostileTransmitTest {
    private final TestCard bench = new TestCard().linkUp();
    private TxScript tx = new TxScript(bench, 0, 256).enable();

    @AfterEach
    void theCardStillWorks() {
        bench.write(CTRL, 1 << 26);
        bench.runMs(30);
        bench.wire.sent.clear();
        tx = new TxScript(bench, 0, 64).enable();
        tx.legacy(frame(100), EOP | IFCS | RS).send();
        assertThat(bench.wire.sent).hasSize(1);
    }

    @Test
    void segmentSizeOfZeroEndsAndCountsAsFailed() {
        tx.context(14, 24, 33, 34, 50, 0, 1000, TSE | CONTEXT_TCP | CONTEXT_IPV4, 54, 0)
                .data(TransmitTest.tcpRequest(1000), EOP | IFCS | TSE | RS, IXSM | TXSM, 0)
                .context(14, 24, 33, 34, 50, 0, 1000, TSE | CONTEXT_TCP | CONTEXT_IPV4, 0, 0)
                .data(TransmitTest.tcpRequest(1000), EOP | IFCS | TSE | RS, IXSM | TXSM, 0)
                .send();
        assertThat(bench.wire.sent).isEmpty();
        assertThat(bench.read(TSCTFC)).isEqualTo(2);
        assertThat(tx.status(1)).isEqualTo(1);
        assertThat(tx.status(3)).isEqualTo(1);
    }

    @Test
    void headAndTailOutsideTheRingDoNothing() {
        for (int[] h : new int[][] {{0xFFFF, 1}, {1, 0xFFFF}, {256, 0}, {0xFFFF, 0xFFFF}, {0, 256}}) {
            bench.write(TDH0, h[0]);
            bench.write(TDT0, h[1]);
            bench.runMs(1);
        }
        assertThat(bench.dma.reads).isZero();
    }

    @Test
    void ringOfNoLengthDoesNothing() {
        bench.write(TDLEN0, 0);
        bench.write(TDH0, 0);
        bench.write(TDT0, 5);
        bench.runMs(1);
        assertThat(bench.dma.reads).isZero();
    }

    @Test
    void ringOutsideOfMemoryIsTriedOncePerDoorbell() {
        bench.write(TDBAH0, 0x7FFF_FFFF);
        bench.write(TDT0, 5);
        bench.runMs(10);
        assertThat(bench.dma.reads).isEqualTo(1);
        assertThat(tx.head()).isZero();
        bench.write(TDT0, 6);
        bench.runMs(10);
        assertThat(bench.dma.reads).isEqualTo(2);
    }

    @Test
    void bufferOutsideOfMemoryLosesItsFrameOnly() {
        tx.raw(0x7FFF_FFFF_0000L, 100L | EOP | IFCS | RS)
                .legacy(frame(80), EOP | IFCS | RS)
                .send();
        assertThat(bench.wire.sent).extracting(s -> s.bytes().length).containsExactly(80);
        assertThat(tx.status(0)).isEqualTo(1);
    }

    @Test
    void refusedWriteBackDoesNotStopTheQueue() {
        bench.dma.refuseWrites = true;
        tx.legacy(frame(80), EOP | IFCS | RS).legacy(frame(80), EOP | IFCS | RS).send();
        assertThat(bench.wire.sent).hasSize(2);
        assertThat(tx.status(0)).isZero();
        bench.dma.refuseWrites = false;
    }

    @Test
    void endlessPacketIsSwallowedWithoutGrowing() {
        for (int round = 0; round < 40; round++) {
            for (int i = 0; i < 200; i++) {
                tx.raw(0x20_0000, 0xF_FFFFL | DATA | IFCS);
            }
            tx.send();
        }
        tx.raw(0x20_0000, 100L | DATA | EOP | IFCS | RS)
                .legacy(frame(80), EOP | IFCS | RS)
                .send();
        assertThat(bench.wire.sent).extracting(s -> s.bytes().length).containsExactly(80);
    }

    @Test
    void manyFragmentsMakeOneFrame() {
        byte[] f = frame(1000);
        for (int i = 0; i < 250; i++) {
            tx.data(Arrays.copyOfRange(f, i * 4, i * 4 + 4), i == 249 ? EOP | IFCS | RS : IFCS, 0, 0);
        }
        tx.send();
        assertThat(bench.wire.sent.get(0).bytes()).isEqualTo(f);
    }

    @Test
    void segmentationOfNonIpFollowsTheOffsetsWithoutHarm() {
        byte[] f = new byte[600];
        Arrays.fill(f, (byte) 0xFF);
        tx.context(14, 24, 33, 34, 50, 0, 546, TSE | CONTEXT_TCP | CONTEXT_IPV4, 54, 100)
                .data(f, EOP | IFCS | TSE | RS, IXSM | TXSM, 0)
                .send();
        assertThat(bench.wire.sent).hasSize(6);
        bench.wire.maxTrainBytes = 65_536;
        tx.data(f, EOP | IFCS | TSE | RS, IXSM | TXSM, 0).send();
        assertThat(bench.wire.sent).as("and never travels as a train").hasSize(12);
    }

    @Test
    void legacyAndDataDescriptorsMixedAreDroppedUpToEop() {
        tx.legacy(frame(50), IFCS)
                .data(frame(50), IFCS | TSE, IXSM | TXSM, 0)
                .legacy(frame(50), EOP | IFCS | RS)
                .legacy(frame(80), EOP | IFCS | RS)
                .send();
        assertThat(bench.wire.sent).extracting(s -> s.bytes().length).containsExactly(80);
        assertThat(tx.status(2)).isEqualTo(1);
    }

    /** Context, data, empty data with EOP, other context, data: sizes changed while loop-back is on. */
    @Test
    void contextChangedInsideAPacketDoesNotAffectIt() {
        bench.write(RCTL, 1 << 6);
        tx.context(14, 24, 33, 34, 50, 0, 0x2000, TSE | CONTEXT_TCP | CONTEXT_IPV4, 0x3F, 0x10)
                .data(frame(0x10), IFCS | TSE, 0, 0)
                .data(new byte[0], EOP | IFCS | TSE | RS, 0, 0)
                .context(14, 24, 33, 34, 50, 0, 0xF_FFFF, TSE | CONTEXT_TCP | CONTEXT_IPV4, 0xFF, 0xF)
                .data(frame(0x400), EOP | IFCS | TSE | RS, 0, 0)
                .send();
        bench.runMs(10);
        assertThat(bench.read(TSCTFC)).isEqualTo(2);
        bench.write(RCTL, 0);
    }

    @Test
    void snapshotIsTakenAtTheFirstDataDescriptor() {
        byte[] f = TransmitTest.tcpRequest(2000);
        tx.context(14, 24, 33, 34, 50, 0, 2000, TSE | CONTEXT_TCP | CONTEXT_IPV4, 54, 1000)
                .data(Arrays.copyOf(f, 100), IFCS | TSE, IXSM | TXSM, 0)
                .context(14, 24, 33, 34, 50, 0, 50, TSE | CONTEXT_TCP | CONTEXT_IPV4, 60, 10)
                .data(Arrays.copyOfRange(f, 100, 2054), EOP | IFCS | TSE | RS, IXSM | TXSM, 0)
                .send();
        assertThat(bench.wire.sent).extracting(s -> s.bytes().length).containsExactly(1054, 1054);
    }

    @Test
    void oneByteSegmentsAreSentInBoundedSteps() {
        tx.context(14, 24, 33, 34, 50, 0, 60_000, TSE | CONTEXT_TCP | CONTEXT_IPV4, 54, 1)
                .data(TransmitTest.tcpRequest(60_000), EOP | IFCS | TSE | RS, IXSM | TXSM, 0)
                .ring();
        int[] most = {0, 0};
        bench.world.runUntil(
                () -> {
                    int now = bench.wire.sent.size();
                    most[0] = Math.max(most[0], now - most[1]);
                    most[1] = now;
                    return now == 60_000;
                },
                1_000_000_000);
        assertThat(bench.wire.sent).hasSize(60_000);
        assertThat(most[0]).as("frames in one step").isLessThanOrEqualTo(128);
    }

    /** Each of these frames is padded; the payload of the next one lies right behind it in the card. */
    @Test
    void paddingOfAShortSegmentLeavesThePayloadBehindItAlone() {
        byte[] request = TransmitTest.tcpRequest(20);
        tx.context(14, 24, 33, 34, 50, 0, 20, TSE | CONTEXT_TCP | CONTEXT_IPV4, 54, 2)
                .data(request, EOP | IFCS | TSE | RS, IXSM | TXSM, 0)
                .send();
        assertThat(bench.wire.sent)
                .hasSize(10)
                .allSatisfy(sent -> assertThat(sent.bytes()).hasSize(60).endsWith(0, 0, 0, 0));
        for (int k = 0; k < 10; k++) {
            assertThat(Arrays.copyOfRange(bench.wire.sent.get(k).bytes(), 54, 56))
                    .as("segment " + k)
                    .isEqualTo(Arrays.copyOfRange(request, 54 + 2 * k, 56 + 2 * k));
        }
    }

    @Test
    void segmentLongerThanTheChipSendsFailsTheRequest() {
        byte[] request = TransmitTest.tcpRequest(40_000);
        tx.context(14, 24, 33, 34, 50, 0, 40_000, TSE | CONTEXT_TCP | CONTEXT_IPV4, 54, 16_288 - 54)
                .data(request, EOP | IFCS | TSE | RS, IXSM | TXSM, 0)
                .context(14, 24, 33, 34, 50, 0, 40_000, TSE | CONTEXT_TCP | CONTEXT_IPV4, 54, 16_289 - 54)
                .data(request, EOP | IFCS | TSE | RS, IXSM | TXSM, 0)
                .send();
        assertThat(bench.wire.sent)
                .extracting(s -> s.bytes().length)
                .containsExactly(16_288, 16_288, 40_000 - 2 * 16_234 + 54);
        assertThat(bench.read(TSCTC)).isEqualTo(1);
        assertThat(bench.read(TSCTFC)).isEqualTo(1);
        assertThat(tx.status(3)).isEqualTo(1);
    }

    @Test
    void loopBackNeverRecursesAndPadsShortFrames() {
        bench.write(RCTL, 0x2 | 1 << 6 | 1 << 3 | 1 << 15);
        for (int i = 0; i < 200; i++) {
            tx.legacy(frame(17 + i % 40), EOP | IFCS | RS);
        }
        tx.send();
        bench.runMs(1);
        assertThat(bench.wire.sent).isEmpty();
        assertThat(bench.read(TPR)).isEqualTo(200);
        assertThat(bench.read(RUC)).isZero();
    }

    @Test
    void emptyPacketIsConsumed() {
        tx.legacy(new byte[0], EOP | IFCS | RS).send();
        assertThat(bench.wire.sent).isEmpty();
        assertThat(tx.status(0)).isEqualTo(1);
    }

    @Test
    void frameLongerThanTheChipSendsIsDropped() {
        tx.legacy(frame(16_288), EOP | IFCS | RS)
                .legacy(frame(16_289), EOP | IFCS | RS)
                .send();
        assertThat(bench.wire.sent).extracting(s -> s.bytes().length).containsExactly(16_288);
        assertThat(tx.status(1)).isEqualTo(1);
    }

    @Test
    void everyPacketThatDoesNotLeaveIsCountedWithItsReason() {
        tx.legacy(frame(100), EOP | IFCS | RS)
                .legacy(frame(50), IFCS)
                .data(frame(50), EOP | IFCS | RS, 0, 0)
                .raw(0x7FFF_FFFF_0000L, 100L | EOP | IFCS | RS)
                .legacy(frame(16_289), EOP | IFCS | RS)
                .legacy(frame(16), EOP | IFCS | RS)
                .legacy(frame(20), EOP | RS) // 16 and its FCS
                .context(14, 24, 33, 34, 50, 0, 9, TSE | CONTEXT_TCP | CONTEXT_IPV4, 54, 0)
                .data(frame(100), EOP | IFCS | TSE | RS, 0, 0)
                .send();
        assertThat(bench.card.trueCounters())
                .containsEntry("tx.sent", 1L)
                .containsEntry("tx.sent.octets", 104L)
                .containsEntry("tx.drop.MIXED_DESCRIPTORS", 1L)
                .containsEntry("tx.drop.DATA_REFUSED", 1L)
                .containsEntry("tx.drop.TOO_LONG", 1L)
                .containsEntry("tx.drop.TOO_SHORT", 2L)
                .containsEntry("tx.drop.SEGMENTATION", 1L);
    }

    @Test
    void reservedDescriptorTypesAreConsumed() {
        for (int type = 2; type < 16; type++) {
            tx.raw(-1L, (long) type << 20 | DEXT | EOP | RS);
        }
        tx.legacy(frame(80), EOP | IFCS | RS).send();
        assertThat(bench.wire.sent).hasSize(1);
        assertThat(tx.head()).isEqualTo(15);
    }

    @Test
    void ringRewrittenUnderABurstAbandonsIt() {
        tx.legacy(frame(80), EOP | IFCS | RS).ring();
        bench.write(TDH0, 0);
        bench.write(TDT0, 0);
        bench.settle();
        assertThat(bench.wire.sent).isEmpty();
        assertThat(tx.head()).isZero();
    }

    @Test
    void resetInTheMiddleOfAPacketForgetsIt() {
        tx.legacy(frame(80), IFCS).send();
        tx.legacy(frame(80), IFCS).ring();
        bench.write(CTRL, 1 << 26);
        bench.settle();
        assertThat(bench.wire.sent).isEmpty();
        assertThat(bench.read(TDH0)).isZero();
    }

    @Test
    void randomDescriptorsNeitherThrowNorSpin() {
        SplittableRandom random = new SplittableRandom(7);
        for (int seed = 0; seed < 300; seed++) {
            tx = new TxScript(bench, seed & 1, 64).enable();
            bench.write(CTRL, 0x4000_0041 | random.nextInt(2) << 30);
            bench.write(RCTL, random.nextInt() & 0xC0);
            bench.wire.maxTrainBytes = random.nextBoolean() ? 65_536 : 0;
            for (int i = 0; i < 40; i++) {
                long low = random.nextBoolean() ? random.nextInt(TestCard.RAM_BYTES) : random.nextLong();
                long high = random.nextLong();
                if (random.nextInt(4) != 0) {
                    high = high & ~0xF0_0000L | (random.nextBoolean() ? 0x10_0000L : 0) | DEXT;
                }
                if (random.nextInt(3) != 0) {
                    high &= ~0xF_8000L;
                }
                tx.raw(low, high);
            }
            tx.send();
            bench.wire.sent.clear();
        }
        bench.runMs(10);
    }
}
