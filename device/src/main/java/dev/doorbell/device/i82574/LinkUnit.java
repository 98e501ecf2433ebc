package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.device.intel.Phy;

/**
 * The MAC's view of the link: STATUS.LU, SPEED, FD and the LSC cause, from the PHY, CTRL.SLU and the force bits.
 * §10.2.2.1, §10.2.2.2.
 */
final class LinkUnit {
    /** Hears about each edge of STATUS.LU, after the registers show it. */
    @FunctionalInterface
    interface Listener {
        void linkChanged(boolean up);
    }

    private final RegisterFile regs;
    private final Interrupts interrupts;
    private final Phy phy;
    private final Listener listener;
    private boolean up;

    LinkUnit(RegisterFile regs, Interrupts interrupts, Phy phy, Listener listener) {
        this.regs = regs;
        this.interrupts = interrupts;
        this.phy = phy;
        this.listener = listener;
    }

    /** STATUS.LU. */
    boolean isUp() {
        return up;
    }

    /** PHY, CTRL or CTRL_EXT changed: resolves anew, and raises LSC on an edge of LU. */
    void update() {
        boolean forcedSpeed = regs.isSet(CTRL_FRCSPD) || regs.isSet(CTRL_EXT_SPD_BYPS);
        regs.set(STATUS_SPEED, forcedSpeed ? regs.get(CTRL_SPD) : phy.speed());
        boolean fullDuplex = regs.isSet(CTRL_FRCDPX) ? regs.isSet(CTRL_FD) : phy.fullDuplex();
        regs.set(STATUS_FD, fullDuplex ? 1 : 0);
        boolean now = phy.linkUp() && regs.isSet(CTRL_SLU);
        regs.set(STATUS_LU, now ? 1 : 0);
        if (now != up) {
            up = now;
            interrupts.raise(Interrupts.LSC);
            listener.linkChanged(now);
        }
    }

    /** After the registers went back to their defaults: shows the link as it is; a reset is not a link change. */
    void reload() {
        boolean before = up;
        up = phy.linkUp() && regs.isSet(CTRL_SLU);
        update();
        if (up != before) {
            listener.linkChanged(up);
        }
    }
}
