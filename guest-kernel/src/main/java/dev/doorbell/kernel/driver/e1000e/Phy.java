package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.driver.e1000e.Registers.*;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.Mutex;

/**
 * The BM PHY behind MDIC, Linux's phy.c and the 82574 parts of 82571.c. Each access takes MDIO ownership by EXTCNF_CTRL
 * and, above register 15, selects the page. May sleep.
 */
final class Phy {
    static final int BMCR = 0,
            BMSR = 1,
            ID1 = 2,
            ID2 = 3,
            ANAR = 4,
            ANLPAR = 5,
            ANER = 6,
            GCTRL = 9,
            GSTATUS = 10,
            EXT_STATUS = 15,
            COPPER_CONTROL = 16,
            COPPER_STATUS = 17,
            RX_ERRORS = 21,
            PAGE_SELECT = 22,
            POWER_MANAGEMENT = 25,
            BIAS_1 = 29,
            BIAS_2 = 30;
    static final int BMCR_RESET = 0x8000,
            BMCR_LOOPBACK = 0x4000,
            BMCR_ANENABLE = 0x1000,
            BMCR_PDOWN = 0x0800,
            BMCR_ANRESTART = 0x0200;
    static final int BMSR_LSTATUS = 1 << 2, BMSR_ANEGCOMPLETE = 1 << 5;
    static final int ADVERTISE_PAUSE = 1 << 10, ADVERTISE_ASYM_PAUSE = 1 << 11;
    static final int LPA_PAUSE = 1 << 10, LPA_ASYM_PAUSE = 1 << 11;

    /** BME1000_E_PHY_ID_R2: compared in full. */
    static final int BM_PHY_ID = 0x0141_0CB1;

    private static final int ADDRESS = 1;
    private static final int FIRST_PAGED_REGISTER = 16;
    private static final int MDIC_TIMEOUT = 1920;
    private static final int OWNERSHIP_TIMEOUT = 10;
    /** 10/100 full and half duplex, selector 802.3. */
    static final int ADVERTISE_10_100 = 0x01E1;

    private static final int ADVERTISE_1000FULL = 1 << 9, ADVERTISE_1000HALF = 1 << 8;
    private static final int AUTO_MDIX = 0x60, POLARITY_REVERSAL_DISABLE = 1 << 1, DOWNSHIFT_ENABLE = 1 << 11;

    private final Hw hw;
    private final Log log;
    /** The watchdog and a system call must not mix their accesses. */
    private final Mutex swflag;

    Phy(Hw hw, Log log, KernelContext kernel) {
        this.hw = hw;
        this.log = log;
        this.swflag = new Mutex(kernel, "e1000e swflag_mutex");
    }

    /** e1000_get_hw_semaphore_82574. @return false: the hardware did not grant it; the driver's own mutex is held anyway */
    boolean acquire() {
        swflag.lock();
        for (int i = 0; i < OWNERSHIP_TIMEOUT; i++) {
            hw.ew32(EXTCNF_CTRL, hw.er32(EXTCNF_CTRL) | EXTCNF_CTRL_MDIO_SW_OWNERSHIP);
            if ((hw.er32(EXTCNF_CTRL) & EXTCNF_CTRL_MDIO_SW_OWNERSHIP) != 0) {
                return true;
            }
            hw.usleep(2_000);
        }
        log.debug("Driver can't access the PHY");
        return false;
    }

    void release() {
        hw.clearBits(EXTCNF_CTRL, EXTCNF_CTRL_MDIO_SW_OWNERSHIP);
        swflag.unlock();
    }

    /** The reset in between has cleared the ownership bit already; clearing it again is harmless. */
    void releaseAfterReset(boolean owned) {
        if (owned) {
            release();
        } else {
            swflag.unlock();
        }
    }

    int read(int register) throws ErrnoException {
        return access(register, MDIC_OP_READ, 0);
    }

    void write(int register, int value) throws ErrnoException {
        access(register, MDIC_OP_WRITE, value & 0xFFFF);
    }

    private int access(int register, int operation, int data) throws ErrnoException {
        if (!acquire()) {
            swflag.unlock();
            throw new ErrnoException("e1000e: PHY register " + register + ": MDIO not granted", Errno.EBUSY);
        }
        try {
            if (register >= FIRST_PAGED_REGISTER) {
                mdic(PAGE_SELECT, MDIC_OP_WRITE, 0);
            }
            return mdic(register, operation, data);
        } finally {
            release();
        }
    }

    private int mdic(int register, int operation, int data) throws ErrnoException {
        hw.ew32(MDIC, data | register << 16 | ADDRESS << 21 | operation);
        int value = 0;
        for (int i = 0; i < MDIC_TIMEOUT; i++) {
            value = hw.er32(MDIC);
            if ((value & MDIC_READY) != 0) {
                break;
            }
            hw.usleep(50);
        }
        if ((value & MDIC_READY) == 0) {
            throw new ErrnoException("e1000e: MDI access of PHY register " + register + " did not complete", Errno.EIO);
        }
        if ((value & MDIC_ERROR) != 0 || (value >> 16 & 0x1F) != register) {
            throw new ErrnoException("e1000e: MDI error on PHY register " + register, Errno.EIO);
        }
        return value & 0xFFFF;
    }

    /** e1000_get_phy_id. @throws ErrnoException when it is not the PHY of an 82574L */
    void identify() throws ErrnoException {
        int id = read(ID1) << 16;
        hw.usleep(20);
        id |= read(ID2);
        if (id != BM_PHY_ID) {
            throw new ErrnoException("e1000e: PHY id 0x" + Integer.toHexString(id), Errno.EIO);
        }
    }

    /**
     * Copper link set-up; starts autonegotiation and does not wait for it.
     *
     * @param advertise for register 4: {@link #ADVERTISE_10_100} and pause bits
     */
    void setupCopperLink(int advertise, boolean gigabit) throws ErrnoException {
        hw.ew32(CTRL, (hw.er32(CTRL) | CTRL_SLU) & ~(CTRL_FRCSPD | CTRL_FRCDPX));
        int control = (read(COPPER_CONTROL) | AUTO_MDIX) & ~POLARITY_REVERSAL_DISABLE;
        write(COPPER_CONTROL, control & ~DOWNSHIFT_ENABLE); // changes only take effect with downshift off
        commit();
        write(COPPER_CONTROL, control | DOWNSHIFT_ENABLE);
        write(BIAS_1, 0x0003);
        write(BIAS_2, 0x0000);
        commit();
        write(ANAR, read(ANAR) & ~(ADVERTISE_10_100 | ADVERTISE_PAUSE | ADVERTISE_ASYM_PAUSE) | advertise);
        int gigabitControl = read(GCTRL) & ~(ADVERTISE_1000FULL | ADVERTISE_1000HALF);
        write(GCTRL, gigabit ? gigabitControl | ADVERTISE_1000FULL : gigabitControl);
        restartAutoneg();
    }

    void restartAutoneg() throws ErrnoException {
        write(BMCR, read(BMCR) | BMCR_ANENABLE | BMCR_ANRESTART);
    }

    /** Software reset: makes the settings of the vendor registers effective. */
    void commit() throws ErrnoException {
        write(BMCR, read(BMCR) | BMCR_RESET);
    }

    /** e1000_power_up_phy_copper. */
    void powerUp() throws ErrnoException {
        write(BMCR, read(BMCR) & ~BMCR_PDOWN);
    }

    void powerDown() throws ErrnoException {
        write(BMCR, read(BMCR) | BMCR_PDOWN);
        hw.usleep(1_000);
    }

    /** Link by BMSR, which latches a loss until it is read: the second reading counts. */
    boolean hasLink() throws ErrnoException {
        read(BMSR);
        return (read(BMSR) & BMSR_LSTATUS) != 0;
    }

    boolean isAutonegComplete() throws ErrnoException {
        read(BMSR);
        return (read(BMSR) & BMSR_ANEGCOMPLETE) != 0;
    }

    /** e1000e_check_phy_82574: a hung PHY counts all ones and reports the most idle errors. */
    boolean isHung() throws ErrnoException {
        return read(RX_ERRORS) == 0xFFFF && (read(GSTATUS) & 0xFF) == 0xFF;
    }
}
