package dev.doorbell.kernel.driver.e1000e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Moderation by kind of traffic.
 *
 * <pre>
 *   traffic seen             rate
 *   few small packets        70000/s, 20000/s when conservative
 *   many packets, medium     20000/s
 *   large packets            4000/s
 * </pre>
 */
class ItrTest {
    private final FakeRegisters registers = new FakeRegisters();

    @AfterEach
    void close() {
        registers.close();
    }

    @Test
    void fixedRateIsWrittenInUnitsOf256ns() {
        Itr itr = new Itr(registers.hw, 8_000);
        itr.write();
        assertThat(registers.read(Registers.ITR)).isEqualTo(488);
        assertThat(itr.isAdaptive()).isFalse();
        itr.msix(true);
        itr.write();
        assertThat(registers.read(Registers.EITR + 8)).isEqualTo(488);
    }

    @Test
    void unthrottledMsixVectorsGetOneNotZero() {
        Itr itr = new Itr(registers.hw, E1000eOptions.THROTTLE_OFF);
        itr.msix(true);
        itr.writeMsixVectors();
        assertThat(registers.read(Registers.EITR)).isEqualTo(1);
        itr.write();
        assertThat(registers.read(Registers.EITR)).isZero();
    }

    @Test
    void bulkTrafficFallsToFourThousandAtOnceAndClimbsBackInSteps() {
        Itr itr = new Itr(registers.hw, E1000eOptions.THROTTLE_DYNAMIC);
        assertThat(itr.rate()).isEqualTo(20_000);
        observe(itr, 20, 20 * 1500);
        assertThat(itr.rate()).isEqualTo(4_000);
        assertThat(registers.read(Registers.ITR)).isEqualTo(976);
        observe(itr, 2, 1000);
        assertThat(itr.rate()).isEqualTo(9_000);
    }

    @Test
    void fewSmallPacketsWantTheLowestLatencyUnlessConservative() {
        Itr dynamic = new Itr(registers.hw, E1000eOptions.THROTTLE_DYNAMIC);
        observe(dynamic, 2, 120);
        assertThat(dynamic.rate()).isEqualTo(37_500);
        Itr conservative = new Itr(registers.hw, E1000eOptions.THROTTLE_CONSERVATIVE);
        observe(conservative, 2, 120);
        assertThat(conservative.rate()).isEqualTo(20_000);
    }

    @Test
    void receiveVectorWritesTheNewRateOnce() {
        Itr itr = new Itr(registers.hw, E1000eOptions.THROTTLE_DYNAMIC);
        itr.msix(true);
        observe(itr, 20, 20 * 1500);
        assertThat(registers.writes).isEmpty();
        itr.onReceiveVector();
        itr.onReceiveVector();
        assertThat(registers.writes).containsExactly("000e8=000003d0");
    }

    private static void observe(Itr itr, int packets, int bytes) {
        itr.update(packets, bytes, packets, bytes, true);
    }
}
