package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.TxScript.frame;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.reg.Register;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** iPXE's intel driver on this card, step by step: polled, one queue, legacy descriptors, no interrupts. */
class IpxeScriptTest {
    private static final int TX_RING = 0x10_0000, RX_RING = 0x11_0000, RX_BUFFERS = 0x30_0000, TX_BUFFER = 0x20_0000;
    private static final int RST = 1 << 26, PHY_RST = 1 << 31, ASDE_SLU = 0x60;

    private final TestCard bench = new TestCard();

    private void reset() {
        int ctrl = bench.read(CTRL);
        bench.read(STATUS);
        bench.write(CTRL, ctrl | RST);
        bench.runMs(20);
        bench.write(CTRL, ctrl & ~0x1808 | ASDE_SLU);
        bench.runMs(20);
        if ((bench.read(STATUS) & 2) != 0) {
            return;
        }
        bench.write(CTRL, ctrl | RST | PHY_RST);
        bench.runMs(20);
        bench.write(CTRL, ctrl & ~0x1808 & ~RST & ~PHY_RST | ASDE_SLU);
        bench.runMs(20);
    }

    private void ring(
            Register low, Register high, Register length, Register head, Register tail, Register control, int at) {
        bench.write(low, at);
        bench.write(high, 0);
        bench.write(length, 256);
        bench.write(head, 0);
        bench.write(tail, 0);
        bench.write(control, bench.read(control) | 0x0200_0000);
        assertThat(bench.read(control) & 0x0200_0000).isNotZero();
    }

    private void open() {
        ring(TDBAL0, TDBAH0, TDLEN0, TDH0, TDT0, TXDCTL0, TX_RING);
        ring(RDBAL0, RDBAH0, RDLEN0, RDH0, RDT0, RXDCTL0, RX_RING);
        bench.write(0x5400, 0x1200_5452);
        bench.write(0x5404, 0x8000_5634);
        bench.write(TCTL, bench.read(TCTL) & ~0x003F_FFF0 | 0x0004_00FA);
        bench.write(RCTL, bench.read(RCTL) & ~0x0203_0000 | 0x0400_801A);
        for (int i = 0; i < 8; i++) {
            bench.ram.writeLong(RX_RING + 16L * i, RX_BUFFERS + 2048L * i);
            bench.ram.writeLong(RX_RING + 16L * i + 8, 0);
        }
        bench.write(RDT0, 8);
    }

    @Test
    void bootsSendsAndReceives() {
        reset();
        assertThat(bench.read(0x5400)).isEqualTo(0x1200_5452);
        assertThat(bench.read(0x5404) & 0xFFFF).isEqualTo(0x5634);
        assertThat(bench.read(STATUS) & 2).as("link").isEqualTo(2);
        open();
        bench.read(ICR);

        byte[] out = frame(90);
        bench.ram.write(TX_BUFFER, out, 0, 90);
        bench.ram.writeLong(TX_RING, TX_BUFFER);
        bench.ram.writeLong(TX_RING + 8, 90 | 0x0B00_0000L);
        bench.write(TDT0, 1);
        bench.settle();
        assertThat(bench.wire.sent.get(0).bytes()).isEqualTo(out);
        assertThat(bench.read(ICR) & Interrupts.TXDW).isNotZero();
        assertThat(bench.ram.readByte(TX_RING + 12) & 1).isEqualTo(1);

        byte[] in = frame(200);
        bench.arrive(in);
        assertThat(bench.read(ICR) & Interrupts.RXT0)
                .as("without it the ring is never looked at")
                .isNotZero();
        assertThat(bench.ram.readInt(RX_RING + 12) & 0x101).as("DD, no error").isEqualTo(1);
        assertThat(bench.ram.readShort(RX_RING + 8)).isEqualTo((short) 200);
        assertThat(bench.ram.bytes(RX_BUFFERS, 200)).isEqualTo(in);
        assertThat(bench.read(ICR)).isZero();
    }

    @Test
    void linkThatIsNotThereGetsThePhyReset() {
        bench.wire.carrier = false;
        bench.card.carrierChanged(false);
        reset();
        bench.card.carrierChanged(true);
        bench.runMs(20);
        assertThat(bench.read(STATUS) & 2).isEqualTo(2);
    }

    @Test
    void closesAndOpensAgain() {
        reset();
        open();
        bench.write(RCTL, 0);
        bench.write(TCTL, 0);
        for (Register control : new Register[] {RXDCTL0, TXDCTL0}) {
            bench.write(control, 0);
            assertThat(bench.read(control) & 0x0200_0000).isZero();
        }
        for (Register r : new Register[] {RDLEN0, RDBAH0, RDBAL0, RDH0, RDT0, TDLEN0, TDBAH0, TDBAL0, TDH0, TDT0}) {
            bench.write(r, 0);
        }
        reset();
        open();
        byte[] in = frame(64);
        Arrays.fill(in, 0, 6, (byte) 0xFF);
        bench.arrive(in);
        assertThat(bench.ram.readInt(RX_RING + 12) & 1).isEqualTo(1);
    }
}
