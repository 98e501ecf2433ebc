package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.device.intel.Phy;

/**
 * MDIC and the ownership of MDIO, §10.2.2.7 and EXTCNF_CTRL. Operations complete at once, and are carried out whether or
 * not software took the ownership: without firmware nobody contends for it.
 */
final class MdioUnit {
    private static final int OP_WRITE = 1, OP_READ = 2;

    private final RegisterFile regs;
    private final Interrupts interrupts;
    private final Phy phy;

    MdioUnit(RegisterFile regs, Interrupts interrupts, Phy phy) {
        this.regs = regs;
        this.interrupts = interrupts;
        this.phy = phy;
        regs.onWrite(MDIC, this::mdicWritten);
    }

    /** REG, PHY and OP stay as written: drivers check that the answer is to their question. */
    private void mdicWritten(int written) {
        int register = MDIC_REG.of(written);
        int result = Phy.NO_REGISTER;
        if (MDIC_PHY.of(written) == Phy.ADDRESS) {
            switch (MDIC_OP.of(written)) {
                case OP_READ -> {
                    result = phy.read(register);
                    regs.set(MDIC_DATA, result);
                }
                case OP_WRITE -> result = phy.write(register, MDIC_DATA.of(written)) ? 0 : Phy.NO_REGISTER;
                default -> {} // reserved: an error
            }
        }
        regs.set(MDIC_ERROR, result == Phy.NO_REGISTER ? 1 : 0);
        regs.set(MDIC_READY, 1);
        if (MDIC_INT_EN.isSet(written)) {
            interrupts.raise(Interrupts.MDAC);
        }
    }
}
