package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.reg.RegisterFile;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The register test of {@code ethtool -t}, as Linux runs it: patterns written and compared in all 32 bits. */
class LinuxRegisterTest {
    private static final int[] PATTERNS = {0x5A5A_5A5A, 0xA5A5_A5A5, 0, -1};

    private final RegisterFile regs = MacRegisters.newFile();

    @ParameterizedTest
    @CsvSource({
        "FCAL, 0x0028, 1, 4, FFFFFFFF, FFFFFFFF",
        "FCAH, 0x002C, 1, 4, 0000FFFF, FFFFFFFF",
        "FCT, 0x0030, 1, 4, 0000FFFF, FFFFFFFF",
        "VET, 0x0038, 1, 4, 0000FFFF, FFFFFFFF",
        "RDTR, 0x2820, 1, 4, 0000FFFF, FFFFFFFF",
        "RDBAH0, 0x2804, 1, 4, FFFFFFFF, FFFFFFFF",
        "RDLEN0, 0x2808, 1, 4, 000FFF80, 000FFFFF",
        "RDH0, 0x2810, 1, 4, 0000FFFF, 0000FFFF",
        "RDT0, 0x2818, 1, 4, 0000FFFF, 0000FFFF",
        "FCRTH, 0x2168, 1, 4, 0000FFF8, 0000FFF8",
        "FCTTV, 0x0170, 1, 4, 0000FFFF, 0000FFFF",
        "TIPG, 0x0410, 1, 4, 3FFFFFFF, 3FFFFFFF",
        "TDBAH0, 0x3804, 1, 4, FFFFFFFF, FFFFFFFF",
        "TDLEN0, 0x3808, 1, 4, 000FFF80, 000FFFFF",
        "RDBAL0, 0x2800, 1, 4, FFFFFFF0, FFFFFFFF",
        "TXCW, 0x0178, 1, 4, C000FFFF, 0000FFFF",
        "TDBAL0, 0x3800, 1, 4, FFFFFFF0, FFFFFFFF",
        "TIDV, 0x3820, 1, 4, 0000FFFF, 0000FFFF",
        "RAH, 0x5404, 15, 8, 8003FFFF, FFFFFFFF",
        "MTA, 0x5200, 128, 4, FFFFFFFF, FFFFFFFF",
    })
    void patternTest(String name, String offset, int count, int stride, String mask, String write) {
        int readable = Integer.parseUnsignedInt(mask, 16);
        int written = Integer.parseUnsignedInt(write, 16);
        for (int i = 0; i < count; i++) {
            int at = Integer.decode(offset) + i * stride;
            for (int pattern : PATTERNS) {
                regs.write(at, pattern & written);
                assertThat(regs.read(at)).as(name + "[" + i + "]").isEqualTo(pattern & written & readable);
            }
        }
    }

    @Test
    void setAndCheckOfControlRegisters() {
        setAndCheck(RCTL.offset(), -1, 0);
        setAndCheck(RCTL.offset(), 0x06DF_B3FE, 0x003F_FFFB);
        setAndCheck(TCTL.offset(), -1, 0);
        setAndCheck(RCTL.offset(), 0x06DF_B3FE, -1);
    }

    private void setAndCheck(int offset, int mask, int value) {
        regs.write(offset, value & mask);
        assertThat(regs.read(offset) & mask).isEqualTo(value & mask);
    }

    @Test
    void statusKeepsItsReadOnlyBits() {
        int before = regs.read(STATUS.offset());
        regs.write(STATUS.offset(), 0x7FFF_F033);
        assertThat(regs.read(STATUS.offset()) & 0x7FFF_F033).isEqualTo(before & 0x7FFF_F033);
    }

    /** The receiver is on while the ring registers hold patterns: frames that arrive then must do no harm. */
    @Test
    void patternsInTheRingOfAnEnabledReceiverDoNoHarm() {
        RxBed bed = new RxBed();
        bed.write(RDBAH0, -1).write(RDLEN0, 0xF_FFFF).write(RDH0, 0xFFFF).write(RDT0, 0xFFFF);
        bed.write(RCTL, 0x001F_B3FA);
        for (int pattern : PATTERNS) {
            bed.write(RDBAL0, pattern).sendAndRun(RxBed.frame(64));
        }
        bed.write(RCTL, 0x06DF_B3FE).sendAndRun(RxBed.frame(64));
        assertThat(bed.accesses).isZero();
    }

    @Test
    void packetBufferSplitFollowsTheWriteAtOnce() {
        RxBed bed = new RxBed();
        bed.write(PBA, 32);
        assertThat(bed.read(PBA)).isEqualTo(8 << 16 | 32);
        bed.regs.softReset();
        assertThat(bed.read(PBA)).isEqualTo(8 << 16 | 32);
    }

    @Test
    void rxdctl0WriteReachesBothQueues() {
        RxBed bed = new RxBed();
        bed.write(RXDCTL0, 0x0104_0420);
        assertThat(bed.read(RXDCTL1)).isEqualTo(0x0104_0420);
        bed.write(RXDCTL1, 1);
        assertThat(bed.read(RXDCTL0)).isEqualTo(0x0104_0420);
    }

    @Test
    void legacyAliasesReachTheirRegisters() {
        int[][] pairs = {
            {0x0004, 0x0000}, {0x0108, 0x2820}, {0x0110, 0x2800}, {0x0114, 0x2804}, {0x0118, 0x2808},
            {0x0120, 0x2810}, {0x0128, 0x2818}, {0x0160, 0x2168}, {0x0168, 0x2160}, {0x0420, 0x3800},
            {0x0424, 0x3804}, {0x0428, 0x3808}, {0x0430, 0x3810}, {0x0438, 0x3818}, {0x0440, 0x3820},
            {0x0040, 0x5400}, {0x00BC, 0x547C}, {0x0600, 0x5600}, {0x07FC, 0x57FC}, {0x8000, 0x2410},
            {0x8008, 0x2418}, {0x8010, 0x3410}, {0x8018, 0x3418}
        };
        for (int[] pair : pairs) {
            regs.write(pair[0], 0x0000_1780);
            assertThat(regs.read(pair[1])).as(Integer.toHexString(pair[0])).isEqualTo(regs.read(pair[0]));
            assertThat(regs.read(pair[1]) & 0x1000)
                    .as(Integer.toHexString(pair[0]))
                    .isEqualTo(0x1000 & regs.read(pair[0]));
            assertThat(map().nameAt(pair[0])).isEqualTo(map().nameAt(pair[1]));
        }
    }

    @Test
    void anyWriteAnywhereIsHarmless() {
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 200_000; i++) {
            int offset = random.nextInt(0x2_0100) - 0x80;
            regs.write(offset, random.nextInt());
            regs.read(offset);
            regs.read(offset, 1 << random.nextInt(4));
            regs.write(offset, 1 << random.nextInt(4), random.nextLong());
        }
        regs.reset();
        assertThat(regs.get(PBA)).isEqualTo(0x0014_0014);
    }

    @Test
    void statisticsAreAllClearOnRead() {
        for (int offset = 0x4000; offset < 0x4128; offset += 4) {
            String name = map().nameAt(offset);
            if (name == null) {
                continue;
            }
            regs.set(map().find(name), 7);
            assertThat(regs.read(offset)).as(name).isEqualTo(7);
            if (List.of("GORCL", "GOTCL", "TORL", "TOTL").contains(name)) {
                regs.read(offset + 4); // the low half of a pair waits for the high one
            }
            assertThat(regs.get(map().find(name))).as(name).isZero();
        }
        assertThat(regs.get(GORC)).isZero();
        assertThat(regs.get(TOT)).isZero();
    }
}
