package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The IEEE 1588 registers as Linux's initialisation uses them. */
class TimeSyncUnitTest {
    /** Period 1, value 40 << 18: nanoseconds << 18. */
    private static final int LINUX_TIMINCA = 0x01A0_0000;

    private final TestCard bench = new TestCard();

    private long systim() {
        long low = bench.read(SYSTIML) & 0xFFFF_FFFFL;
        return low | (long) bench.read(SYSTIMH) << 32;
    }

    @Test
    void withLinuxsIncrementItCountsNanoseconds() {
        bench.write(TIMINCA, LINUX_TIMINCA);
        long before = systim();
        bench.world.runFor(1_000_000);
        assertThat((systim() - before) >>> 18).isEqualTo(1_000_000);
    }

    @Test
    void readingsDifferByMultiplesOfTheValue() {
        bench.write(TIMINCA, LINUX_TIMINCA);
        long before = systim();
        for (int ns = 1; ns < 200; ns += 7) {
            bench.world.runFor(ns);
            long now = systim();
            assertThat(now).isGreaterThanOrEqualTo(before);
            assertThat((now - before) % (LINUX_TIMINCA & 0xFF_FFFF)).isZero();
            before = now;
        }
    }

    @Test
    void lowHalfLatchesTheHighOne() {
        bench.write(TIMINCA, LINUX_TIMINCA);
        bench.world.runFor(16_000); // just below 2^32
        long low = bench.read(SYSTIML) & 0xFFFF_FFFFL;
        bench.world.runFor(1_000);
        assertThat(low | (long) bench.read(SYSTIMH) << 32).isEqualTo(16_000L << 18);
    }

    @Test
    void withoutAValueItStandsStillAndWithoutAPeriodTheClockIsTheStep() {
        bench.runMs(1);
        assertThat(systim()).isZero();
        bench.write(TIMINCA, 1);
        bench.world.runFor(4_000);
        assertThat(systim()).isEqualTo(100);
        bench.write(TIMINCA, 10 << 24 | 1);
        bench.world.runFor(4_000);
        assertThat(systim()).isEqualTo(110);
        bench.write(TIMINCA, 0);
        bench.runMs(1);
        assertThat(systim()).isEqualTo(110);
    }

    @Test
    void itCanBeSetAndAdjustedBothWays() {
        bench.write(SYSTIML, 5);
        bench.write(SYSTIMH, 7);
        assertThat(systim()).isEqualTo(7L << 32 | 5);
        bench.write(TIMADJL, 10);
        bench.write(TIMADJH, 1);
        assertThat(systim()).isEqualTo(8L << 32 | 15);
        bench.write(TIMADJL, 15);
        bench.write(TIMADJH, 0x8000_0001);
        assertThat(systim()).isEqualTo(7L << 32);
    }

    /** Linux compares what it reads back, and reports hardware that does not take it. */
    @Test
    void controlsReadBackEnableAndTypeButNotValid() {
        bench.write(TSYNCTXCTL, -1);
        assertThat(bench.read(TSYNCTXCTL)).isEqualTo(0x10);
        bench.write(TSYNCRXCTL, -1);
        assertThat(bench.read(TSYNCRXCTL)).isEqualTo(0x1E);
        bench.write(RXMTRL, 0x0011_88F7);
        assertThat(bench.read(RXMTRL)).isEqualTo(0x0011_88F7);
        bench.write(RXUDP, 0x3F01);
        assertThat(bench.read(RXUDP)).isEqualTo(0x3F01);
        assertThat(bench.read(RXSTMPH) | bench.read(TXSTMPH)).isZero();
    }

    @Test
    void softwareResetStopsIt() {
        bench.write(TIMINCA, LINUX_TIMINCA);
        bench.runMs(1);
        bench.write(CTRL, CTRL_RST.mask());
        bench.runMs(1);
        assertThat(systim()).isZero();
    }
}
