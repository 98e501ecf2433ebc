package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Reception through the whole card, from the wire to the interrupt. */
class RxCardTest {
    private static final int RING = 0x1_0000, BUFFERS = 0x2_0000;
    private static final int RXT0 = Interrupts.RXT0;

    private final TestCard bench = new TestCard();

    @BeforeEach
    void ringOfEight() {
        bench.linkUp();
        bench.write(RDBAL0, RING);
        bench.write(RDLEN0, 128);
        for (int i = 0; i < 8; i++) {
            bench.ram.writeLong(RING + i * 16L, BUFFERS + i * 2048L);
        }
        bench.write(RCTL, 1 << 26 | 1 << 15 | 1 << 1);
        bench.write(RDT0, 7);
    }

    private static byte[] toTheCard() {
        byte[] frame = RxBed.frame(100);
        for (int i = 0; i < 6; i++) {
            frame[i] = (byte) (TestCard.MAC >>> 40 - 8 * i);
        }
        return frame;
    }

    @Test
    void frameIsInMemoryAndItsCauseIsRaised() {
        bench.arrive(toTheCard());
        assertThat(bench.ram.bytes(BUFFERS, 100)).isEqualTo(toTheCard());
        assertThat(bench.read(RDH0)).isEqualTo(1);
        assertThat(bench.read(ICR) & RXT0).isEqualTo(RXT0);
        assertThat(bench.read(GPRC)).isEqualTo(1);
        assertThat(bench.read(GORC.low())).isEqualTo(104);
    }

    @Test
    void frameForSomebodyElseIsNot() {
        byte[] frame = toTheCard();
        frame[5]++;
        bench.arrive(frame);
        assertThat(bench.read(RDH0)).isZero();
        assertThat(bench.read(ICR) & RXT0).isZero();
        assertThat(bench.read(TPR)).isEqualTo(1);
        assertThat(bench.read(GPRC)).isZero();
    }

    @Test
    void packetTimerDelaysTheCauseNotTheFrame() {
        bench.write(RDTR, 100); // 102.4 us
        bench.arrive(toTheCard());
        assertThat(bench.read(RDH0)).isEqualTo(1);
        assertThat(bench.read(ICS) & RXT0).isZero();
        bench.world.runFor(102_000);
        assertThat(bench.read(ICS) & RXT0).isZero();
        bench.world.runFor(1_000);
        assertThat(bench.read(ICS) & RXT0).isEqualTo(RXT0);
        assertThat(bench.read(ICRXPTC)).isEqualTo(1);
    }

    @Test
    void overrunIsRaisedWhenThePacketBufferIsFull() {
        bench.write(RDT0, 0);
        for (int i = 0; i < 200; i++) {
            bench.arrive(toTheCard());
        }
        assertThat(bench.read(ICR) & Interrupts.RXO).isNotZero();
        int waiting = 20 * 1024 / 128;
        assertThat(bench.read(MPC)).isEqualTo(200 - waiting);
        assertThat(bench.read(RNBC)).isEqualTo(waiting);
    }

    @Test
    void everyFrameIsAccountedForByTheTrueCounters() {
        bench.write(RDT0, 3);
        for (int i = 0; i < 300; i++) {
            bench.arrive(toTheCard());
        }
        assertThat(bench.card.trueCounters())
                .containsEntry("rx.seen", 300L)
                .containsEntry("rx.delivered", 3L)
                .containsEntry("rx.drop.FIFO_FULL", 137L);
    }

    @Test
    void frameFromTheWireIsLostWhileTheLinkIsDownOrLoopedBack() {
        bench.write(RCTL, 1 << 1 | 1 << 6);
        bench.arrive(toTheCard());
        bench.write(RCTL, 1 << 1);
        bench.write(CTRL, 0);
        bench.arrive(toTheCard());
        assertThat(bench.card.trueCounters())
                .containsEntry("rx.drop.LOOPED_BACK", 1L)
                .containsEntry("rx.drop.LINK_DOWN", 1L)
                .containsEntry("rx.delivered", 0L);
    }

    /** A register marked as mere storage reads back what was written and does nothing else. */
    @Test
    void storageOnlyRegistersOnlyStore() {
        for (var register : map().storageOnly()) {
            int before = bench.read(register.offset());
            bench.write(register.offset(), ~before);
            bench.settle();
            int after = bench.card.registers().get(register);
            assertThat(bench.read(register.offset())).as(register.name()).isEqualTo(after);
        }
        assertThat(map().storageOnly()).hasSizeGreaterThan(100);
        bench.arrive(toTheCard());
        assertThat(bench.read(RDH0)).isEqualTo(1);
    }

    @Test
    void masterDisableStopsReceptionAndGoesOnAfterwards() {
        bench.write(RDT0, 0);
        bench.arrive(toTheCard());
        int ctrl = bench.read(CTRL);
        bench.write(CTRL, ctrl | CTRL_GIO_MASTER_DISABLE.mask());
        bench.write(RDT0, 7);
        bench.settle();
        assertThat(bench.read(STATUS) & STATUS_GIO_MASTER_ENABLE.mask()).isZero();
        assertThat(bench.read(RDH0)).isZero();
        bench.write(CTRL, ctrl);
        bench.settle();
        assertThat(bench.read(RDH0)).isEqualTo(1);
    }

    @Test
    void softwareResetForgetsTheFramesAndKeepsTheSplit() {
        bench.write(RDT0, 0);
        bench.write(PBA, 30);
        bench.arrive(toTheCard());
        bench.write(CTRL, CTRL_RST.mask());
        bench.runMs(20);
        assertThat(bench.read(PBA)).isEqualTo(10 << 16 | 30);
        assertThat(bench.read(RDT0) | bench.read(RDLEN0) | bench.read(RCTL)).isZero();
        ringOfEight();
        bench.settle();
        assertThat(bench.read(RDH0)).isZero();
    }
}
