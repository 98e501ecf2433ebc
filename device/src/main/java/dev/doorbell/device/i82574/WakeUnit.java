package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.pci.PowerManagement;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.device.spi.Frame;

/**
 * Wake-up, §5.4 and §10.2.8: while the function sleeps in D3, frames and link changes that WUFC or APM select set WUS
 * and PME status. The frame that woke is kept in WUPM. PME enable and status are one with those of configuration space.
 */
final class WakeUnit {
    static final int LNKC = 1, MAG = 1 << 1, EX = 1 << 2, MC = 1 << 3, BC = 1 << 4;
    static final int ARP = 1 << 5, IPV4 = 1 << 6, IPV6 = 1 << 7, FLX0 = 1 << 16;
    /** Octets of the frame that woke which WUPM holds. */
    private static final int KEPT_BYTES = 128;

    private final RegisterFile regs;
    private final PowerManagement power;
    private final WakeFilter filter;
    private final Tracer tracer;
    private boolean asleep;
    private long wakeUps;

    WakeUnit(RegisterFile regs, PowerManagement power, Tracer tracer) {
        this.regs = regs;
        this.power = power;
        this.tracer = tracer;
        filter = new WakeFilter(regs);
        regs.onRead(WUC, this::readControl);
        regs.onWrite(WUC, this::controlWritten);
        regs.onRead(FACTPS, this::readPowerState);
    }

    /** The power state changed: 0 for D0, 3 for D3hot. */
    void powerState(int now) {
        asleep = now != 0;
        regs.set(FACTPS_PM_STATE_CHANGED, 1);
    }

    boolean isAsleep() {
        return asleep;
    }

    /** Something may wake the function, so that the PHY must keep the link in D3. */
    boolean needsLink() {
        return regs.isSet(WUC_APME) || power.pmeEnabled() && regs.get(WUFC) != 0;
    }

    /** Wake-up events since power-on. */
    long wakeUps() {
        return wakeUps;
    }

    /** A frame arrives while the function sleeps. */
    void frame(Frame frame) {
        if (!frame.fcsGood()) {
            return;
        }
        int seen = filter.events(frame);
        int selected = seen & regs.get(WUFC);
        if (selected != 0) {
            keep(frame);
            wake(selected);
        }
        if ((seen & MAG) != 0 && regs.isSet(WUC_APME) && regs.isSet(WUC_APMPME)) {
            setPme();
        } else if ((seen & MAG) != 0 && regs.isSet(WUC_APME) && power.pmeEnabled()) {
            setPme();
        }
    }

    /** The link came or went while the function sleeps. */
    void linkChanged() {
        if ((regs.get(WUFC) & LNKC) != 0) {
            wake(LNKC);
        }
    }

    private void wake(int events) {
        regs.set(WUS, regs.get(WUS) | events);
        if (power.pmeEnabled()) {
            setPme();
        }
    }

    private void setPme() {
        wakeUps++;
        if (tracer.isOn()) {
            tracer.event("82574L", "pme", "wus=0x" + Integer.toHexString(regs.get(WUS)));
        }
        power.setPmeStatus();
    }

    /** Only the first one since software cleared the status: later frames must not replace what it is to read. */
    private void keep(Frame frame) {
        if (regs.get(WUS) != 0) {
            return;
        }
        int bytes = frame.length();
        regs.set(WUPL_LENGTH, bytes);
        for (int i = 0; i < KEPT_BYTES / 4; i++) {
            int word = 0;
            for (int lane = 3; lane >= 0; lane--) {
                int at = 4 * i + lane;
                word = word << 8 | (at < bytes ? frame.memory().readByte(frame.offset() + at) & 0xFF : 0);
            }
            regs.set(WUPM, i, word);
        }
    }

    private int readControl(int stored) {
        int seen = stored & ~(WUC_PME_EN.mask() | WUC_PME_STATUS.mask());
        return seen | (power.pmeEnabled() ? WUC_PME_EN.mask() : 0) | (power.pmeStatus() ? WUC_PME_STATUS.mask() : 0);
    }

    private void controlWritten(int written) {
        power.setPmeEnabled(WUC_PME_EN.isSet(written));
        if (WUC_PME_STATUS.isSet(written)) {
            power.clearPmeStatus();
        }
    }

    private int readPowerState(int stored) {
        int state = asleep ? 3 : power.isInUse() ? 1 : 0;
        return stored & ~(FACTPS_FUNC0_POWER_STATE.mask() | FACTPS_FUNC0_AUX_EN.mask())
                | state
                | (power.pmeEnabled() ? FACTPS_FUNC0_AUX_EN.mask() : 0);
    }
}
