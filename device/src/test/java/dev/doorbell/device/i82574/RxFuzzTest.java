package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.dma.DmaResult;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.device.spi.Timing;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a driver writes, memory holds or the bus answers: no exception, bounded work, every frame accounted for. */
class RxFuzzTest {
    private static final Register[] TARGETS = {
        RCTL, RCTL, RDBAL0, RDBAH0, RDLEN0, RDH0, RDT0, RDT0, RDT0, RDBAL1, RDLEN1, RDH1, RDT1, RDT1, RFCTL, RXCSUM,
        MRQC, PSRCTL, CTRL, VET, FCT, FCRTH, FCRTL, PBA, RXDCTL0, RSRPD
    };
    private static final int[] SAVOURY = {
        0, 1, 2, 7, 8, 15, 16, 128, 256, 0x1000, 0xFFFF, 0x8000, -1, 1 << 15, 2, 2 | 1 << 5
    };

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void hostileDriver(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        RxBed bed = new RxBed(Timing.values()[(int) (seed % 3)], seed);
        bed.up(16);
        byte[] frame = new byte[3000];
        for (int round = 0; round < 4000; round++) {
            switch (random.nextInt(8)) {
                case 0, 1 -> bed.write(TARGETS[random.nextInt(TARGETS.length)], value(random));
                case 2 -> bed.ram.writeLong(RxBed.RING + 8L * random.nextInt(64), random.nextLong(-1, 0x20_0000));
                case 3 -> bed.readResult = result(random);
                case 4 -> bed.writeResult = result(random);
                case 5 -> {
                    if (random.nextInt(8) == 0) {
                        bed.regs.softReset();
                        bed.rx.reset();
                        bed.regs.set(STATUS_LU, 1);
                    } else {
                        bed.up(8 << random.nextInt(3), random.nextInt() | 0x1000018);
                    }
                }
                default -> {
                    random.nextBytes(frame);
                    if (random.nextBoolean()) {
                        System.arraycopy(RxBed.frame(64), 0, frame, 0, 12);
                        frame[12] = random.nextBoolean() ? (byte) 0x08 : (byte) 0x86;
                        frame[13] = frame[12] == 8 ? 0 : (byte) 0xDD;
                    }
                    bed.rx.receive(bed.on(java.util.Arrays.copyOf(frame, random.nextInt(frame.length)))
                            .fcsGood(random.nextInt(10) != 0)
                            .checksumsVerified(random.nextInt(4) == 0)
                            .partialChecksum(random.nextInt(4) == 0 ? random.nextInt(64) : 0, random.nextInt(64)));
                }
            }
            long before = bed.accesses;
            bed.time.runFor(random.nextInt(100_000));
            assertThat(bed.accesses - before).as("work per round").isLessThan(5_000);
        }
        bed.regs.softReset();
        bed.rx.reset();
        assertThat(bed.rx.truth().seen)
                .isEqualTo(bed.rx.truth().delivered + bed.rx.truth().allDrops());
    }

    private static int value(SplittableRandom random) {
        return random.nextInt(3) == 0 ? random.nextInt() : SAVOURY[random.nextInt(SAVOURY.length)];
    }

    private static DmaResult result(SplittableRandom random) {
        DmaResult[] all = DmaResult.values();
        return random.nextInt(3) != 0 ? DmaResult.OK : all[random.nextInt(all.length)];
    }

    /** With a driver that behaves, every timing delivers the same bytes in the same order. */
    @ParameterizedTest
    @EnumSource(Timing.class)
    void wellBehavedDriverGetsEveryFrameInOrder(Timing timing) {
        for (long seed = 1; seed <= 10; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            RxBed bed = new RxBed(timing, seed);
            bed.up(16, 1 << 26 | 1 << 5);
            int sent = 0, got = 0, clean = 0;
            int[] lengths = new int[500];
            int spanned = 0;
            while (got < lengths.length) {
                if (sent < lengths.length && bed.rx.hasRoom(5000)) {
                    lengths[sent] = random.nextInt(60, 5000);
                    byte[] frame = RxBed.frame(lengths[sent]);
                    frame[14] = (byte) sent;
                    bed.send(frame);
                    sent++;
                }
                bed.time.runFor(random.nextInt(20_000));
                while ((bed.legacyStatus(clean) & RxStatus.DD) != 0) {
                    if (spanned == 0) {
                        assertThat(bed.ram.readByte(RxBed.buffer(clean) + 14)).isEqualTo((byte) got);
                    }
                    spanned += bed.legacyLength(clean);
                    if ((bed.legacyStatus(clean) & RxStatus.EOP) != 0) {
                        assertThat(spanned).isEqualTo(lengths[got]);
                        got++;
                        spanned = 0;
                    }
                    bed.ram.writeLong(RxBed.RING + clean * 16L + 8, 0);
                    bed.write(RDT0, clean);
                    clean = (clean + 1) % 16;
                }
            }
            assertThat(bed.rx.truth().allDrops()).isZero();
        }
    }
}
