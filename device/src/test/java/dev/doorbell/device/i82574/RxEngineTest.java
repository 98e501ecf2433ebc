package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.RxStatus.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.dma.DmaResult;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RxEngineTest {
    private static final int SECRC = 1 << 26, BAM = 1 << 15, LPE = 1 << 5;
    private static final int EXSTEN = 1 << 15, PCSD = 1 << 13;

    private final RxBed bed = new RxBed();

    @Test
    void frameArrivesInTheBufferAndDescriptorSaysSo() {
        bed.up(8).sendAndRun(RxBed.frame(100));
        assertThat(bed.bufferBytes(0, 100)).isEqualTo(RxBed.frame(100));
        assertThat(bed.legacyLength(0)).isEqualTo(100);
        assertThat(bed.legacyStatus(0)).isEqualTo(DD | EOP | IXSM);
        assertThat(bed.legacyErrors(0)).isZero();
        assertThat(bed.descriptorLow(0)).as("address kept").isEqualTo(RxBed.buffer(0));
        assertThat(bed.read(RDH0)).isEqualTo(1);
        assertThat(bed.causes & Interrupts.RXQ0).isNotZero();
    }

    @Test
    void extendedWriteBackOverwritesTheAddress() {
        bed.write(RFCTL, EXSTEN).write(RXCSUM, PCSD | 0x300).up(8).sendAndRun(RxBed.frame(60));
        assertThat(bed.descriptorLow(0)).isZero();
        assertThat(bed.extendedStatus(0)).isEqualTo(DD | EOP | IXSM);
        assertThat(bed.extendedLength(0)).isEqualTo(60);
    }

    @Test
    void bytes8To15OfAFetchedDescriptorDoNotMatter() {
        bed.up(8);
        bed.ram.writeLong(RxBed.RING + 8, -1L);
        bed.sendAndRun(RxBed.frame(64));
        assertThat(bed.legacyLength(0)).isEqualTo(64);
        assertThat(bed.legacyStatus(0)).isEqualTo(DD | EOP | IXSM);
        assertThat(bed.legacyTag(0)).isZero();
    }

    @Test
    void nothingTouchesMemoryInsideTheCallThatBringsTheFrame() {
        bed.up(8).send(RxBed.frame(64));
        assertThat(bed.accesses).isZero();
        bed.run();
        assertThat(bed.accesses).isPositive();
    }

    @Test
    void doorbellOnlySchedules() {
        bed.up(8).write(RDT0, 0).sendAndRun(RxBed.frame(64));
        long before = bed.accesses;
        bed.write(RDT0, 7);
        assertThat(bed.accesses).isEqualTo(before);
        bed.run();
        assertThat(bed.legacyStatus(0) & DD).isEqualTo(DD);
    }

    @Test
    void doneBitIsSeenLastBehindDataAndTheOtherFields() {
        bed.up(8);
        int[] write = {0};
        bed.insideWrite = () -> {
            write[0]++;
            if (write[0] == 3) { // 1 data, 2 fields, 3 the same with DD
                assertThat(bed.bufferBytes(0, 64)).isEqualTo(RxBed.frame(64));
                assertThat(bed.legacyLength(0)).isEqualTo(64);
                assertThat(bed.legacyStatus(0)).isEqualTo(EOP | IXSM);
            }
        };
        bed.sendAndRun(RxBed.frame(64));
        assertThat(write[0]).isEqualTo(3);
        assertThat(bed.legacyStatus(0)).isEqualTo(DD | EOP | IXSM);
    }

    @Test
    void burstIsOneFetchOneWriteBackOneReport() {
        bed.up(64);
        for (int i = 0; i < 10; i++) {
            bed.send(RxBed.frame(64));
        }
        bed.run();
        assertThat(bed.rx.truth().descriptorFetches).isEqualTo(1);
        assertThat(bed.rx.truth().writeBacks).isEqualTo(1);
        assertThat(bed.receivedCalls).isEqualTo(1);
        assertThat(bed.read(RDH0)).isEqualTo(10);
    }

    @Test
    void ringWrapsManyTimes() {
        bed.up(8);
        for (int i = 0; i < 100; i++) {
            byte[] sent = RxBed.frame(60 + i);
            bed.sendAndRun(sent);
            int slot = i % 8;
            assertThat(bed.legacyLength(slot)).isEqualTo(60 + i);
            assertThat(bed.bufferBytes(slot, sent.length)).isEqualTo(sent);
            bed.ram.writeLong(RxBed.RING + slot * 16L + 8, 0);
            bed.write(RDT0, slot);
        }
        assertThat(bed.rx.truth().delivered).isEqualTo(100);
    }

    @Test
    void fullRingHoldsTheFrameInThePacketBufferAndCountsRnbc() {
        bed.up(8);
        for (int i = 0; i < 8; i++) {
            bed.send(RxBed.frame(60 + i));
        }
        bed.run();
        assertThat(bed.read(RNBC)).isEqualTo(1);
        assertThat(bed.read(MPC)).isZero();
        bed.write(RDT0, 3).run();
        assertThat(bed.legacyLength(7)).isEqualTo(67);
        assertThat(bed.read(RNBC)).isZero();
    }

    @Test
    void fullPacketBufferLosesFramesAndSaysOverrun() {
        bed.up(8).write(RDT0, 0);
        int sent = 0;
        while (bed.drops(RxDrop.FIFO_FULL) == 0) {
            bed.send(RxBed.frame(1514));
            sent++;
        }
        assertThat(sent - 1).isEqualTo(20 * 1024 / 1536);
        assertThat(bed.read(MPC)).isEqualTo(1);
        assertThat(bed.causes).isEqualTo(Interrupts.RXO);
        bed.write(RDT0, 7).run();
        assertThat(bed.rx.truth().delivered).isEqualTo(7);
    }

    @ParameterizedTest
    @CsvSource({"2048, 0", "1024, 0x10000", "512, 0x20000", "256, 0x30000", "1024, 0x08000000", "3072, 0x18000000"})
    void jumboFrameSpansDescriptorsOfTheBufferSize(int size, String rctl) {
        bed.up(64, SECRC | LPE | Integer.decode(rctl)).sendAndRun(RxBed.frame(4000));
        int used = (4000 + size - 1) / size;
        assertThat(bed.read(RDH0)).isEqualTo(used);
        for (int i = 0; i < used; i++) {
            boolean last = i == used - 1;
            assertThat(bed.legacyStatus(i)).isEqualTo(last ? DD | EOP | IXSM : DD);
            assertThat(bed.legacyLength(i)).isEqualTo(last ? 4000 - (used - 1) * size : size);
        }
    }

    @Test
    void frameThatFillsItsBuffersExactlyEndsThere() {
        bed.up(16, SECRC | LPE).sendAndRun(RxBed.frame(4096));
        assertThat(bed.read(RDH0)).isEqualTo(2);
        assertThat(bed.legacyStatus(1)).isEqualTo(DD | EOP | IXSM);
        assertThat(bed.legacyLength(1)).isEqualTo(2048);
    }

    @Test
    void frameWaitsUntilAllTheDescriptorsItNeedsAreThere() {
        bed.up(16, SECRC | LPE).write(RDT0, 2).sendAndRun(RxBed.frame(6000));
        assertThat(bed.read(RDH0)).as("no half chain").isZero();
        assertThat(bed.read(RNBC)).isEqualTo(1);
        bed.write(RDT0, 3).run();
        assertThat(bed.read(RDH0)).isEqualTo(3);
    }

    @Test
    void frameLargerThanTheRingIsLostNotStuck() {
        bed.up(8, SECRC | LPE | 3 << 16).send(RxBed.frame(4000)).sendAndRun(RxBed.frame(64));
        assertThat(bed.drops(RxDrop.RING_TOO_SMALL)).isEqualTo(1);
        assertThat(bed.legacyLength(0)).isEqualTo(64);
    }

    @Test
    void fcsIsTheRealCrcWhenItIsKept() {
        byte[] sent = RxBed.frame(100);
        bed.up(8, BAM).sendAndRun(sent);
        CRC32 crc = new CRC32();
        crc.update(sent);
        assertThat(bed.legacyLength(0)).isEqualTo(104);
        assertThat(bed.ram.readInt(RxBed.buffer(0) + 100)).isEqualTo((int) crc.getValue());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void fcsMayStraddleTwoBuffers(int inFirst) {
        int bytes = 1024 - inFirst;
        byte[] sent = RxBed.frame(bytes);
        bed.up(8, 1 << 16).sendAndRun(sent);
        CRC32 crc = new CRC32();
        crc.update(sent);
        byte[] kept = new byte[4];
        System.arraycopy(bed.bufferBytes(0, 1024), bytes, kept, 0, inFirst);
        System.arraycopy(bed.bufferBytes(1, 4), 0, kept, inFirst, 4 - inFirst);
        int value = (int) crc.getValue();
        assertThat(kept).containsExactly((byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24));
        assertThat(bed.legacyLength(1)).isEqualTo(4 - inFirst);
    }

    @Test
    void nullBufferIsSkippedAndLosesNoData() {
        bed.up(16, SECRC | LPE);
        bed.ram.writeLong(RxBed.RING, 0);
        bed.ram.writeLong(RxBed.RING + 32, 0);
        byte[] sent = RxBed.frame(4000);
        bed.sendAndRun(sent);
        assertThat(bed.legacyStatus(0)).isEqualTo(DD);
        assertThat(bed.legacyLength(0)).isZero();
        assertThat(bed.legacyStatus(2)).isEqualTo(DD);
        assertThat(bed.legacyStatus(3)).isEqualTo(DD | EOP | IXSM);
        byte[] got = new byte[4000];
        System.arraycopy(bed.bufferBytes(1, 2048), 0, got, 0, 2048);
        System.arraycopy(bed.bufferBytes(3, 1952), 0, got, 2048, 1952);
        assertThat(got).isEqualTo(sent);
    }

    @Test
    void ringOfNullBuffersEnds() {
        bed.up(16);
        for (int i = 0; i < 16; i++) {
            bed.ram.writeLong(RxBed.RING + i * 16L, 0);
        }
        bed.sendAndRun(RxBed.frame(64));
        assertThat(bed.read(RDH0)).isEqualTo(15);
        assertThat(bed.rx.truth().delivered).isZero();
        assertThat(bed.accesses).isLessThan(50);
    }

    @Test
    void rxdmt0ComesOnceWhenTheRingRunsDownToTheThreshold() {
        bed.up(16); // 15 free, threshold 8
        for (int i = 0; i < 6; i++) {
            bed.sendAndRun(RxBed.frame(64));
        }
        assertThat(bed.causes & Interrupts.RXDMT0).isZero();
        bed.sendAndRun(RxBed.frame(64));
        assertThat(bed.causes & Interrupts.RXDMT0).isNotZero();
        bed.causes = 0;
        bed.sendAndRun(RxBed.frame(64));
        assertThat(bed.causes & Interrupts.RXDMT0).isZero();
    }

    @Test
    void smallPacketDetectCountsTheFcs() {
        bed.write(RSRPD, 100).up(16).sendAndRun(RxBed.frame(97));
        assertThat(bed.causes & Interrupts.SRPD).isZero();
        bed.sendAndRun(RxBed.frame(96));
        assertThat(bed.causes & Interrupts.SRPD).isNotZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"UNMAPPED", "PERMISSION", "POISONED"})
    void refusedDataIsReportedToTheDriver(DmaResult refusal) {
        bed.up(8).send(RxBed.frame(64));
        int[] writes = {0};
        bed.insideWrite = () -> bed.writeResult = ++writes[0] == 1 ? refusal : DmaResult.OK;
        bed.run();
        assertThat(bed.legacyStatus(0)).isEqualTo(DD | EOP | IXSM);
        assertThat(bed.legacyErrors(0)).isEqualTo(RXE >>> 24);
        assertThat(bed.bufferBytes(0, 64)).isEqualTo(new byte[64]);
        assertThat(bed.rx.truth().refusals).isEqualTo(1);
    }

    @Test
    void unmappedRingDoesNotHangTheCard() {
        bed.up(8).readResult = DmaResult.UNMAPPED;
        bed.sendAndRun(RxBed.frame(64));
        assertThat(bed.read(RDH0)).isZero();
        assertThat(bed.accesses).isLessThan(5);
        bed.readResult = DmaResult.OK;
        bed.sendAndRun(RxBed.frame(65));
        assertThat(bed.legacyLength(0)).isEqualTo(64);
        assertThat(bed.legacyLength(1)).isEqualTo(65);
    }

    @Test
    void withoutBusMasteringFramesAreLost() {
        bed.up(8).readResult = DmaResult.BUS_MASTER_OFF;
        bed.sendAndRun(RxBed.frame(64));
        assertThat(bed.drops(RxDrop.BUS_MASTER_OFF)).isEqualTo(1);
        bed.readResult = DmaResult.OK;
        bed.master.allowed(false);
        bed.sendAndRun(RxBed.frame(64));
        assertThat(bed.drops(RxDrop.BUS_MASTER_OFF)).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 7", "128, 8, 3", "128, 0, 8", "128, 65535, 65535", "0xFFF80, 65535, 65535", "128, 5, 5"})
    void hostileRingYieldsNoDescriptors(String length, int head, int tail) {
        bed.up(8);
        bed.write(RDLEN0, Integer.decode(length)).write(RDH0, head).write(RDT0, tail);
        bed.sendAndRun(RxBed.frame(64));
        assertThat(bed.accesses).isZero();
        assertThat(bed.read(RDH0)).isEqualTo(head);
    }

    @Test
    void rewrittenRingForgetsFetchedDescriptors() {
        bed.up(8).sendAndRun(RxBed.frame(64));
        bed.ram.copyTo(RxBed.RING, bed.ram, RxBed.RING1, 128);
        bed.ram.writeLong(RxBed.RING1 + 16, 0x8_0000);
        bed.write(RDBAL0, RxBed.RING1).sendAndRun(RxBed.frame(70));
        assertThat(bed.ram.bytes(0x8_0000, 70)).isEqualTo(RxBed.frame(70));
    }

    @Test
    void nothingPendingSurvivesAReset() {
        bed.up(8).send(RxBed.frame(64));
        bed.regs.softReset();
        bed.rx.reset();
        bed.run();
        assertThat(bed.accesses).isZero();
        assertThat(bed.drops(RxDrop.FLUSHED)).isEqualTo(1);
        assertThat(bed.time.runUntil(() -> false, 1)).isFalse();
    }

    @Test
    void resetFromInsideADmaWriteStopsTheStep() {
        bed.up(8).send(RxBed.frame(64)).send(RxBed.frame(64));
        bed.insideWrite = () -> {
            bed.insideWrite = () -> {};
            bed.regs.softReset();
            bed.rx.reset();
        };
        bed.run();
        assertThat(bed.accesses).isEqualTo(2);
        assertThat(bed.read(RDH0)).isZero();
        assertThat(bed.causes).isZero();
    }

    @Test
    void receiverSwitchedOffFlushesThePacketBuffer() {
        bed.up(8).write(RDT0, 0).sendAndRun(RxBed.frame(64));
        bed.write(RCTL, 0).write(RDT0, 7).write(RCTL, 2).run();
        assertThat(bed.drops(RxDrop.FLUSHED)).isEqualTo(1);
        assertThat(bed.legacyStatus(0)).isZero();
    }

    @Test
    void linkIsAskedToComeBackWhenThereIsRoomAgain() {
        bed.up(64).write(RDT0, 0);
        while (bed.rx.hasRoom(1514)) {
            bed.send(RxBed.frame(1514));
        }
        assertThat(bed.drops(RxDrop.FIFO_FULL)).isZero();
        bed.run();
        assertThat(bed.receiverReady).isZero();
        bed.write(RDT0, 63).run();
        assertThat(bed.receiverReady).isEqualTo(1);
        assertThat(bed.rx.hasRoom(1514)).isTrue();
    }

    @Test
    void xoffAboveTheHighWaterMarkAndXonBelowTheLow() {
        bed.write(CTRL, 1 << 28 | 1 << 6)
                .write(FCRTH, 8192)
                .write(FCRTL, 0x8000_1000)
                .write(FCTTV, 0x680);
        bed.up(64).write(RDT0, 0);
        for (int i = 0; i < 8; i++) {
            bed.send(RxBed.frame(1514));
        }
        assertThat(bed.sentPauses).containsExactly(0x680);
        bed.write(RDT0, 63).run();
        assertThat(bed.sentPauses).containsExactly(0x680, 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x0000_0800, 0x0000_0C00, 0x0200_0000})
    void reservedFormatsAndSizesReceiveNothing(int rctl) {
        bed.up(8, SECRC | rctl).sendAndRun(RxBed.frame(64));
        assertThat(bed.drops(RxDrop.BUFFER_FORMAT)).isEqualTo(1);
        assertThat(bed.read(RDH0)).isZero();
    }
}
