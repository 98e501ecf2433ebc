package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.reg.Register;
import dev.doorbell.device.spi.Timing;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RXDCTL.WTHRESH: finished descriptors wait for company, and for how long. */
class WriteBackHoldTest {
    private static final int GRAN = 1 << 24, FPD = 1 << 31;
    /** Longer than all steps of a frame together, shorter than the delays here. */
    private static final long STEPS_NS = 10_000;

    private final TestCard bench = new TestCard(Timing.REALISTIC, 1);

    private void receive(int rxdctl, int rdtr) {
        bench.world.runFor(3_000_000_000L); // the link
        bench.read(ICR);
        bench.write(RDBAL0, 0x1000);
        bench.write(RDLEN0, 16 * 16);
        for (int i = 0; i < 16; i++) {
            bench.ram.writeLong(0x1000 + 16L * i, 0x4_0000 + i * 0x800L);
        }
        bench.write(RXDCTL0, rxdctl);
        bench.write(RDTR, rdtr);
        bench.write(RCTL, RCTL_EN.mask() | RCTL_SECRC.mask());
        bench.write(RDT0, 15);
    }

    private int writtenBack(Register head, int frames) {
        for (int i = 0; i < frames; i++) {
            bench.arrive(HostileGuest.toTheCard(60));
            bench.world.runFor(STEPS_NS);
        }
        return bench.read(head);
    }

    @ParameterizedTest
    @CsvSource({"0x01040000, 3, 0", "0x01040000, 4, 4", "0x00010000, 3, 0", "0x00010000, 4, 4", "0x01010000, 1, 1"})
    void descriptorsWaitForTheThreshold(String rxdctl, int frames, int expected) {
        receive(Integer.decode(rxdctl), 1_000);
        assertThat(writtenBack(RDH0, frames)).isEqualTo(expected);
    }

    @Test
    void withoutADelayNothingWaits() {
        receive(GRAN | 4 << 16, 0);
        assertThat(writtenBack(RDH0, 1)).isEqualTo(1);
    }

    @Test
    void packetTimerEndsTheWaitAndWasTheInterruptsDelay() {
        receive(GRAN | 4 << 16, 100);
        assertThat(writtenBack(RDH0, 2)).isZero();
        assertThat(bench.read(ICS) & Interrupts.RXT0).isZero();
        bench.world.runFor(100 * 1_024);
        assertThat(bench.read(RDH0)).isEqualTo(2);
        assertThat(bench.read(ICS) & Interrupts.RXT0).isNotZero();
        assertThat(bench.read(ICRXPTC)).isEqualTo(1);
    }

    @Test
    void absoluteTimerEndsItWhateverStillComes() {
        receive(GRAN | 8 << 16, 100);
        bench.write(RADV, 20);
        assertThat(writtenBack(RDH0, 2)).isZero();
        assertThat(writtenBack(RDH0, 2)).isEqualTo(3);
        assertThat(bench.read(ICRXATC)).isEqualTo(1);
    }

    @Test
    void flushAndNoDelayEndTheWait() {
        receive(GRAN | 8 << 16, 1_000);
        assertThat(writtenBack(RDH0, 1)).isZero();
        bench.write(RDTR, FPD | 1_000);
        bench.world.runFor(STEPS_NS);
        assertThat(bench.read(RDH0)).isEqualTo(1);
        assertThat(bench.read(ICR) & Interrupts.RXT0).isNotZero();
        assertThat(writtenBack(RDH0, 1)).isEqualTo(1);
        bench.write(RDTR, 0);
        bench.world.runFor(STEPS_NS);
        assertThat(bench.read(RDH0)).isEqualTo(2);
    }

    @Test
    void anEmptyRingEndsTheWait() {
        receive(GRAN | 8 << 16, 1_000);
        bench.write(RDT0, 2);
        assertThat(writtenBack(RDH0, 2)).isEqualTo(2);
    }

    @Test
    void switchedOffReceiverWritesBackWhatIsFinished() {
        receive(GRAN | 8 << 16, 1_000);
        assertThat(writtenBack(RDH0, 2)).isZero();
        bench.write(RCTL, 0);
        bench.world.runFor(STEPS_NS);
        assertThat(bench.read(RDH0)).isEqualTo(2);
    }

    @Test
    void masterDisableWaitsForWhatIsHeldAndAResetForgetsIt() {
        receive(GRAN | 8 << 16, 100);
        assertThat(writtenBack(RDH0, 1)).isZero();
        bench.write(CTRL, bench.read(CTRL) | CTRL_GIO_MASTER_DISABLE.mask());
        assertThat(bench.read(STATUS) & STATUS_GIO_MASTER_ENABLE.mask()).isNotZero();
        bench.write(CTRL, CTRL_RST.mask());
        bench.world.runFor(1_000_000);
        assertThat(bench.read(STATUS) & STATUS_GIO_MASTER_ENABLE.mask()).isNotZero();
        assertThat(bench.ram.readLong(0x1008)).as("nothing was written back").isZero();
    }
}
