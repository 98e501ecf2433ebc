package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.TxScript.*;
import static org.assertj.core.api.Assertions.assertThat;

/** A card on the bench with its driver gone bad. */
final class HostileGuest {
    static final int RX_RING = 0x1000;
    static final int RX_BUFFERS = 0x4_0000;
    static final int SECRC = 1 << 26, BAM = 1 << 15, EN = 1 << 1;

    final TestCard bench = new TestCard().linkUp();
    TxScript tx = new TxScript(bench, 0, 256).enable();

    /** Eight legacy or extended descriptors, seven of them handed over. */
    void receive(int rctl) {
        bench.write(RDBAL0, RX_RING);
        bench.write(RDLEN0, 128);
        bench.write(RDH0, 0);
        for (int i = 0; i < 8; i++) {
            slot(i, RX_BUFFERS + i * 0x1000L, 0);
        }
        bench.write(RCTL, rctl | SECRC | BAM | EN);
        bench.write(RDT0, 7);
    }

    void slot(int i, long low, long high) {
        bench.ram.writeLong(RX_RING + 16L * i, low);
        bench.ram.writeLong(RX_RING + 16L * i + 8, high);
    }

    long high(int i) {
        return bench.ram.readLong(RX_RING + 16L * i + 8);
    }

    int length(int i) {
        return (int) high(i) & 0xFFFF;
    }

    int status(int i) {
        return (int) (high(i) >>> 32) & 0xFF;
    }

    /** A half-word of a packet-split descriptor. */
    int length16(int descriptor, int at) {
        return bench.ram.readShort(RX_RING + 32L * descriptor + at) & 0xFFFF;
    }

    int sent() {
        return bench.wire.sent.size();
    }

    int causes() {
        return bench.read(ICS);
    }

    void resetAndUseTheCard() {
        bench.card.configWrite(0xA2, 2, 0);
        bench.write(CTRL, CTRL_RST.mask());
        bench.runMs(20);
        int before = sent();
        tx = new TxScript(bench, 0, 8).enable();
        tx.legacy(frame(100), EOP | IFCS | RS).send();
        assertThat(sent()).as("sends after a reset").isEqualTo(before + 1);
        receive(0);
        bench.arrive(toTheCard(100));
        assertThat(length(0)).as("receives after a reset").isEqualTo(100);
        assertThat(bench.read(ICR) & Interrupts.RXT0).isNotZero();
    }

    /** A frame to the station address. */
    static byte[] toTheCard(int bytes) {
        byte[] f = RxBed.frame(bytes);
        for (int i = 0; i < 6; i++) {
            f[i] = (byte) (TestCard.MAC >>> 40 - 8 * i);
        }
        return f;
    }
}
