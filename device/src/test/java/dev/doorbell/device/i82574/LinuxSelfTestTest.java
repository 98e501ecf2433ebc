package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.reg.Register;
import dev.doorbell.device.spi.Timing;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The five parts of {@code ethtool -t offline} as Linux e1000e performs them on this chip. */
class LinuxSelfTestTest {
    private static final int[] PATTERNS = {0x5A5A_5A5A, 0xA5A5_A5A5, 0, -1};
    private static final int TX_RING = 0x10_0000, RX_RING = 0x11_0000, TX_BUFFERS = 0x20_0000, RX_BUFFERS = 0x30_0000;

    private TestCard bench;
    private LinuxScript linux;

    @BeforeEach
    void nothing() {
        bench = null;
    }

    private void start(Timing timing) {
        bench = new TestCard(timing, 3);
        linux = new LinuxScript(bench);
        linux.probe();
    }

    // ---- 1: registers

    private void pattern(int offset, int mask, int write) {
        for (int pattern : PATTERNS) {
            bench.write(offset, pattern & write);
            assertThat(bench.read(offset))
                    .as("0x%04x after %08x", offset, pattern & write)
                    .isEqualTo(pattern & write & mask);
        }
    }

    private void pattern(Register register, int mask, int write) {
        pattern(register.offset(), mask, write);
    }

    private void setAndCheck(Register register, int mask, int value) {
        bench.write(register, value & mask);
        assertThat(bench.read(register) & mask).as(register.name()).isEqualTo(value & mask);
    }

    @ParameterizedTest
    @EnumSource(Timing.class)
    void registerTest(Timing timing) {
        start(timing);
        int before = bench.read(STATUS);
        bench.write(STATUS, 0x7FFF_F033);
        assertThat(bench.read(STATUS) & 0x7FFF_F033).isEqualTo(before & 0x7FFF_F033);
        bench.write(STATUS, before);
        pattern(FCAL, -1, -1);
        pattern(FCAH, 0xFFFF, -1);
        pattern(FCT, 0xFFFF, -1);
        pattern(VET, 0xFFFF, -1);
        pattern(RDTR, 0xFFFF, -1);
        pattern(RDBAH0, -1, -1);
        pattern(RDLEN0, 0xF_FF80, 0xF_FFFF);
        pattern(RDH0, 0xFFFF, 0xFFFF);
        pattern(RDT0, 0xFFFF, 0xFFFF);
        pattern(FCRTH, 0xFFF8, 0xFFF8);
        pattern(FCTTV, 0xFFFF, 0xFFFF);
        pattern(TIPG, 0x3FFF_FFFF, 0x3FFF_FFFF);
        pattern(TDBAH0, -1, -1);
        pattern(TDLEN0, 0xF_FF80, 0xF_FFFF);
        setAndCheck(RCTL, -1, 0);
        setAndCheck(RCTL, 0x06DF_B3FE, 0x003F_FFFB);
        setAndCheck(TCTL, -1, 0);
        setAndCheck(RCTL, 0x06DF_B3FE, -1);
        pattern(RDBAL0, 0xFFFF_FFF0, -1);
        pattern(TXCW, 0xC000_FFFF, 0xFFFF);
        pattern(TDBAL0, 0xFFFF_FFF0, -1);
        pattern(TIDV, 0xFFFF, 0xFFFF);
        for (int n = 0; n < 15; n++) {
            pattern(0x5404 + 8 * n, 0x8003_FFFF, -1);
        }
        for (int n = 0; n < 128; n++) {
            pattern(0x5200 + 4 * n, -1, -1);
        }
        bench.arrive(new byte[100]);
        bench.runMs(10);
        assertThat(bench.dma.reads + bench.dma.writes)
                .as("DMA to test patterns")
                .isZero();
        linux.reset();
    }

    // ---- 2: EEPROM

    @ParameterizedTest
    @EnumSource(Timing.class)
    void eepromTest(Timing timing) {
        start(timing);
        assertThat(linux.nvmSum()).isEqualTo(0xBABA);
    }

    // ---- 3: interrupts

    /** The handler: reads ICR while the line asks for it. */
    private int handled() {
        bench.runMs(10);
        int seen = 0;
        for (int n = 0; n < 10 && bench.interrupts.line; n++) {
            seen |= bench.read(ICR);
            bench.world.runFor(100_000);
        }
        assertThat(bench.interrupts.line).as("line stays up").isFalse();
        return seen;
    }

    @ParameterizedTest
    @EnumSource(Timing.class)
    void interruptTest(Timing timing) {
        start(timing);
        linux.waitForLink();
        linux.resetHw();
        bench.write(IMC, -1);
        handled();
        for (int i = 0; i < 10; i++) {
            int mask = 1 << i;
            bench.write(IMC, mask);
            bench.write(ICS, mask);
            assertThat(handled() & mask).as("3: masked cause %d", i).isZero();
            bench.write(IMS, mask);
            bench.write(ICS, mask);
            assertThat(handled() & mask).as("4: enabled cause %d", i).isEqualTo(mask);
            bench.write(IMC, ~mask & 0x7FFF);
            bench.write(ICS, ~mask & 0x7FFF);
            assertThat(handled()).as("5: all but cause %d", i).isZero();
        }
        bench.write(IMC, -1);
    }

    // ---- 4: loop-back

    private byte[] loopFrame() {
        byte[] frame = new byte[1024];
        java.util.Arrays.fill(frame, (byte) 0xFF);
        java.util.Arrays.fill(frame, 512, 1023, (byte) 0xAA);
        frame[522] = (byte) 0xBE;
        frame[524] = (byte) 0xAF;
        return frame;
    }

    private void setUpRings() {
        byte[] frame = loopFrame();
        for (int i = 0; i < 256; i++) {
            long buffer = TX_BUFFERS + i * 1024L;
            bench.ram.write(buffer, frame, 0, 1024);
            bench.ram.writeLong(TX_RING + 16L * i, buffer);
            bench.ram.writeLong(TX_RING + 16L * i + 8, 1024 | 0x0B00_0000L); // EOP, IFCS, RS
            bench.ram.writeLong(RX_RING + 16L * i, RX_BUFFERS + i * 2050L + 2);
            bench.ram.writeLong(RX_RING + 16L * i + 8, 0);
        }
        bench.write(TDBAL0, TX_RING);
        bench.write(TDBAH0, 0);
        bench.write(TDLEN0, 4096);
        bench.write(TDH0, 0);
        bench.write(TDT0, 0);
        bench.write(TCTL, 0x1003_F0FA);
        bench.write(RDBAL0, RX_RING);
        bench.write(RDBAH0, 0);
        bench.write(RDLEN0, 4096);
        bench.write(RDH0, 0);
        bench.write(RDT0, 0);
        bench.write(RCTL, 0x0400_803E); // EN, SBP, UPE, MPE, LPE, BAM, SECRC
    }

    private void enterLoopBack() {
        linux.phyWrite(2, 21, linux.phyRead(2, 21) & ~7 | 6);
        linux.phyWrite(0, 0, linux.phyRead(0, 0) | 0x8000);
        bench.runMs(1);
        linux.phyTry(769, 16, 0x000C);
        linux.phyTry(776, 16, 0x0040);
        linux.phyTry(769, 16, 0x0040);
        linux.phyTry(769, 20, 0x0400);
        linux.phyWrite(0, 0, 0x4140);
        bench.runMs(250);
        int ctrl = bench.read(CTRL) & ~0x300 | 0x1A01;
        if ((bench.read(STATUS) & 1) == 0) {
            ctrl |= 0xC0;
        }
        bench.write(CTRL, ctrl);
        bench.world.runFor(500_000);
    }

    private boolean good(int buffer) {
        long at = RX_BUFFERS + buffer * 2050L + 2;
        return bench.ram.readByte(at + 3) == (byte) 0xFF
                && bench.ram.readByte(at + 522) == (byte) 0xBE
                && bench.ram.readByte(at + 524) == (byte) 0xAF;
    }

    @ParameterizedTest
    @EnumSource(Timing.class)
    void loopbackTest(Timing timing) {
        start(timing);
        assertThat(bench.read(MANC) & 1 << 18).isZero();
        setUpRings();
        enterLoopBack();
        bench.write(RDT0, 255);
        int k = 0;
        int l = 0;
        for (int round = 0; round < 10; round++) {
            k = k + 64 & 0xFF;
            bench.write(TDT0, k);
            bench.read(STATUS);
            bench.runMs(200);
            int found = 0;
            for (int n = 0; n < 1024 && found < 64; n++) {
                found += good(l) ? 1 : 0;
                l = l + 1 & 0xFF;
            }
            assertThat(found).as("round %d", round).isEqualTo(64);
            assertThat(bench.read(RDH0))
                    .as("none is lost while there are descriptors")
                    .isEqualTo(Math.min(64 * round + 64, 255));
        }
        assertThat(bench.wire.sent).as("nothing reaches the wire").isEmpty();
        assertThat(bench.read(TDH0)).isEqualTo(k);
        linux.phyWrite(0, 0, linux.phyRead(0, 0) & ~0x4000);
        linux.phyWrite(0, 0, linux.phyRead(0, 0) | 0x8000);
    }

    // ---- 5: link

    @ParameterizedTest
    @EnumSource(Timing.class)
    void linkTest(Timing timing) {
        start(timing);
        linux.reset();
        linux.waitForLink();
        bench.runMs(5_000);
        assertThat(bench.read(STATUS) & 2).isEqualTo(2);
    }
}
