package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.driver.e1000e.Registers.*;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.pci.Mmio;

/**
 * Register access, and the sequences around reset, Linux's mac.c and 82571.c. Everything here but plain accesses may
 * sleep: task context.
 */
final class Hw {
    private static final int MASTER_DISABLE_TIMEOUT = 800;
    private static final int AUTO_READ_DONE_TIMEOUT = 10;
    private static final int ALL_ONES = -1;

    private final KernelContext kernel;
    private final Mmio mmio;
    private final Log log;
    private Runnable onLost = () -> {};
    private boolean lost;

    Hw(KernelContext kernel, Mmio mmio, Log log) {
        this.kernel = kernel;
        this.mmio = mmio;
        this.log = log;
    }

    /** Called once when the card stops answering; may be in any context. */
    void onLost(Runnable action) {
        onLost = action;
    }

    /** The card has stopped answering; nothing touches it until {@link #answers()} says otherwise. */
    boolean isLost() {
        return lost;
    }

    /** Asks whether it answers, also a lost one; nobody is told when it does not. */
    boolean answers() {
        lost = mmio.read32(STATUS) == ALL_ONES;
        return !lost;
    }

    /** Linux's er32. All ones of a card that has gone are told from a reading that failed once, which is repeated. */
    int er32(int register) {
        if (lost) {
            return ALL_ONES;
        }
        int value = mmio.read32(register);
        return value == ALL_ONES ? confirm(register) : value;
    }

    private int confirm(int register) {
        if (mmio.read32(STATUS) != ALL_ONES) {
            return mmio.read32(register);
        }
        lost = true;
        log.error("card does not answer");
        onLost.run();
        return ALL_ONES;
    }

    /** Linux's ew32. */
    void ew32(int register, int value) {
        if (!lost) {
            mmio.write32(register, value);
        }
    }

    /** Pushes posted writes out: a read without side effects. */
    void e1eFlush() {
        er32(STATUS);
    }

    void setBits(int register, int bits) {
        ew32(register, er32(register) | bits);
    }

    void clearBits(int register, int bits) {
        ew32(register, er32(register) & ~bits);
    }

    void usleep(long microseconds) {
        kernel.sleep(microseconds * 1_000, "e1000e usleep_range");
    }

    void msleep(long milliseconds) {
        kernel.sleep(milliseconds * 1_000_000, "e1000e msleep");
    }

    /** e1000_disable_pcie_master: no request is outstanding afterwards, unless the log says so. */
    void disablePcieMaster() {
        setBits(CTRL, CTRL_GIO_MASTER_DISABLE);
        for (int i = 0; i < MASTER_DISABLE_TIMEOUT && !lost; i++) {
            if ((er32(STATUS) & STATUS_GIO_MASTER_ENABLE) == 0) {
                return;
            }
            usleep(100);
        }
        log.debug("Master requests are pending.");
    }

    /** e1000_reset_hw_82571: stops both DMA units and resets everything but PCI configuration, PBA and the PHY's link. */
    void resetHw(Phy phy) {
        disablePcieMaster();
        ew32(IMC, ~0);
        ew32(RCTL, 0);
        clearBits(TCTL, TCTL_EN);
        e1eFlush();
        msleep(10);
        // The MAC reset must not hit an MDIO access of the firmware, nor ours.
        boolean owned = phy.acquire();
        ew32(CTRL, er32(CTRL) | CTRL_RST);
        phy.releaseAfterReset(owned);
        if (!awaitAutoReadDone()) {
            // As Linux: the callers cannot do anything about it.
            log.debug("Auto read by HW from NVM has not completed.");
            return;
        }
        msleep(25);
        ew32(IMC, ~0);
        er32(ICR);
    }

    private boolean awaitAutoReadDone() {
        for (int i = 0; i < AUTO_READ_DONE_TIMEOUT; i++) {
            if ((er32(EECD) & EECD_AUTO_RD) != 0) {
                return true;
            }
            usleep(1_000);
        }
        return false;
    }

    /** e1000_initialize_hw_bits_82571: bits that must have other values than after reset. */
    void initializeHwBits() {
        setBits(TXDCTL, TXDCTL_COUNT_DESC);
        setBits(TXDCTL + QUEUE_STRIDE, TXDCTL_COUNT_DESC);
        int arbitration = er32(TARC);
        ew32(TARC, arbitration & ~(0xF << 27) | 1 << 26);
        clearBits(CTRL, 1 << 29);
        int extended = er32(CTRL_EXT);
        ew32(CTRL_EXT, extended & ~(1 << 23) | 1 << 22);
        setBits(GCR, 1 << 22);
        setBits(GCR2, 1); // errata: completion time-outs
    }

    /** Reads every counter: reading clears. */
    void clearHwCounters() {
        for (int register = STATISTICS_FIRST; register <= STATISTICS_LAST; register += 4) {
            er32(register);
        }
    }

    /** e1000e_get_hw_control: tells firmware that a driver is there. */
    void getHwControl() {
        setBits(CTRL_EXT, CTRL_EXT_DRV_LOAD);
    }

    void releaseHwControl() {
        clearBits(CTRL_EXT, CTRL_EXT_DRV_LOAD);
    }
}
