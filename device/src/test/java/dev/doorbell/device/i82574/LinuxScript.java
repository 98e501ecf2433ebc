package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.reg.Register;

/**
 * Linux e1000e's register sequences, access by access, with its own checks: probe, reset and the helpers they use.
 * Steps are numbered as in the driver.
 */
class LinuxScript {
    static final int FORCE_BITS = 0x1800, SLU = 0x40, MASTER_DISABLE = 0x4, RST = 1 << 26;

    final TestCard bench;

    LinuxScript(TestCard bench) {
        this.bench = bench;
    }

    int r(Register register) {
        return bench.read(register);
    }

    void w(Register register, int value) {
        bench.write(register, value);
    }

    void rmw(Register register, int clear, int set) {
        w(register, r(register) & ~clear | set);
    }

    void flush() {
        r(STATUS);
    }

    // ---- MDIO and NVM, as the driver accesses them

    private void acquire() {
        w(EXTCNF_CTRL, r(EXTCNF_CTRL) | 0x20);
        assertThat(r(EXTCNF_CTRL) & 0x20).as("MDIO ownership").isNotZero();
    }

    private void release() {
        w(EXTCNF_CTRL, r(EXTCNF_CTRL) & ~0x20);
    }

    private int mdic(int operation, int register, int data) {
        w(MDIC, operation << 26 | 1 << 21 | register << 16 | data);
        int answer = r(MDIC);
        assertThat(answer >>> 28 & 1).as("READY").isEqualTo(1);
        assertThat(answer >>> 16 & 0x1F).as("answer to another question").isEqualTo(register);
        return answer;
    }

    int phyRead(int page, int register) {
        acquire();
        if (register > 15) {
            mdic(1, 22, page);
        }
        int answer = mdic(2, register, 0);
        release();
        assertThat(answer >>> 30 & 1)
                .as("MDIC error reading page %d register %d", page, register)
                .isZero();
        return answer & 0xFFFF;
    }

    void phyWrite(int page, int register, int value) {
        acquire();
        if (register > 15) {
            mdic(1, 22, page);
        }
        int answer = mdic(1, register, value);
        release();
        assertThat(answer >>> 30 & 1)
                .as("MDIC error writing page %d register %d", page, register)
                .isZero();
    }

    /** For registers whose result the driver does not look at. */
    void phyTry(int page, int register, int set) {
        acquire();
        mdic(1, 22, page);
        int value = mdic(2, register, 0) & 0xFFFF;
        mdic(1, 22, page);
        mdic(1, register, value | set);
        release();
    }

    int nvm(int word) {
        w(EERD, word << 2 | 1);
        int answer = r(EERD);
        assertThat(answer & 2).as("EERD.DONE").isEqualTo(2);
        return answer >>> 16;
    }

    int nvmSum() {
        int sum = 0;
        for (int word = 0; word <= 0x3F; word++) {
            sum += nvm(word);
        }
        return sum & 0xFFFF;
    }

    // ---- probe and reset

    void probe() {
        w(IMC, -1);
        flush();
        assertThat(r(STATUS) & 0xC).as("function").isZero();
        w(SWSM, r(SWSM) & ~1);
        assertThat(r(EECD) >>> 15 & 3).as("NVM type is EEPROM").isNotEqualTo(3);
        assertThat(phyRead(0, 2) << 16 | phyRead(0, 3)).as("PHY id").isEqualTo(0x0141_0CB1);
        assertThat(r(MANC) & 0x6_0000).as("manageability").isZero();
        resetHw();
        assertThat(nvmSum()).as("NVM checksum").isEqualTo(0xBABA);
        assertThat(bench.read(0x5400)).as("RAL0").isEqualTo(0x1200_5452);
        assertThat(bench.read(0x5404)).as("RAH0").isEqualTo(0x8000_5634);
        assertThat(nvm(0x24) & 0x400).as("APME").isNotZero();
        assertThat(nvm(0x0F) & 0x6000).as("management mode").isZero();
        reset();
    }

    /** reset_hw. */
    void resetHw() {
        rmw(CTRL, 0, MASTER_DISABLE);
        assertThat(r(STATUS) >>> 19 & 1).as("GIO master").isZero();
        w(IMC, -1);
        w(RCTL, 0);
        rmw(TCTL, 2, 0);
        flush();
        bench.runMs(10);
        w(EXTCNF_CTRL, r(EXTCNF_CTRL) | 0x20);
        assertThat(r(EXTCNF_CTRL) & 0x20).isNotZero();
        rmw(CTRL, 0, RST);
        release();
        for (int poll = 0; poll < 10 && (r(EECD) & 0x200) == 0; poll++) {
            bench.runMs(1);
        }
        assertThat(r(EECD) & 0x200).as("AUTO_RD").isNotZero();
        bench.runMs(25);
        w(IMC, -1);
        r(ICR);
    }

    /** e1000e_reset with init_hw and setup_link. */
    void reset() {
        w(PBA, 32);
        assertThat(r(PBA) >>> 16).as("TX share of the packet buffer").isEqualTo(8);
        resetHw();
        assertThat(r(PBA)).as("kept over the reset").isEqualTo(0x0008_0020);
        rmw(CTRL_EXT, 0, 1 << 28);
        w(WUC, 0);
        rmw(TXDCTL0, 0, 1 << 22);
        rmw(TXDCTL1, 0, 1 << 22);
        rmw(TARC0, 0x7800_0000, 1 << 26);
        rmw(CTRL, 1 << 29, 0);
        rmw(CTRL_EXT, 1 << 23, 1 << 22);
        rmw(GCR, 0, 1 << 22);
        rmw(GCR2, 0, 1);
        for (int i = 0; i < 128; i++) {
            bench.write(0x5600 + 4 * i, 0);
        }
        bench.write(0x5404, 0x8000_5634);
        for (int n = 1; n < 15; n++) {
            bench.write(0x5400 + 8 * n, 0);
            bench.write(0x5404 + 8 * n, 0);
        }
        for (int i = 0; i < 128; i++) {
            bench.write(0x5200 + 4 * i, 0);
        }
        setupLink();
        rmw(TXDCTL0, 0x003F_0000, 0x0141_0000);
        for (int offset = 0x4000; offset <= 0x4124; offset += 4) {
            bench.read(offset);
        }
        w(VET, 0x8100);
        w(TIMINCA, 0x01A0_0000);
        rmw(TSYNCTXCTL, 0x10, 0);
        assertThat(r(TSYNCTXCTL) & 0x10).isZero();
        phyRead(0, 1);
        phyWrite(0, 25, phyRead(0, 25) & ~1);
    }

    private void setupLink() {
        rmw(CTRL, FORCE_BITS, SLU);
        phyWrite(0, 16, phyRead(0, 16) & ~0x0802 | 0x60);
        phyWrite(0, 0, phyRead(0, 0) | 0x8000);
        phyWrite(0, 16, phyRead(0, 16) | 0x0800);
        phyWrite(0, 29, 3);
        phyWrite(0, 30, 0);
        phyWrite(0, 0, phyRead(0, 0) | 0x8000);
        phyWrite(0, 4, 0x0DE1);
        phyWrite(0, 9, 0x0E00);
        phyWrite(0, 0, phyRead(0, 0) | 0x1200);
        w(FCT, 0x8808);
        w(FCAH, 0x0100);
        w(FCAL, 0x00C2_8001);
        w(FCTTV, 0x0680);
        w(FCRTL, 0x8000_7328);
        w(FCRTH, 0x7330);
    }

    /** Waits for autonegotiation as the self-test does: 45 times 100 ms. */
    void waitForLink() {
        for (int poll = 0; poll < 45; poll++) {
            phyRead(0, 1);
            if ((phyRead(0, 1) & 0x24) == 0x24) {
                return;
            }
            bench.runMs(100);
        }
        throw new AssertionError("no link within 4.5 s");
    }
}
