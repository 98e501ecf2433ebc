package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.driver.e1000e.Registers.*;

import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.driver.e1000e.E1000eOptions.IntMode;
import dev.doorbell.kernel.irq.IrqReturn;
import dev.doorbell.kernel.netdev.Napi;
import dev.doorbell.kernel.pci.IrqTypes;
import dev.doorbell.kernel.pci.PciDev;

/**
 * Interrupts in the three modes. MSI-X: vector 0 receive, 1 transmit, 2 everything else; the card masks a queue's cause
 * by itself when it sends the message. MSI and INTx: reading ICR acknowledges and masks everything (IAM).
 */
final class Interrupts {
    private static final int MSIX_VECTORS = 3;
    private static final int CAP_MSI = 0x05, CAP_MSIX = 0x11, MSI_ENABLE = 1, MSIX_ENABLE = 1 << 15;
    /** RXT0, TXDW, RXDMT0, RXSEQ, LSC. */
    private static final int IMS_ENABLE_MASK = ICR_RXT0 | ICR_TXDW | ICR_RXDMT0 | ICR_RXSEQ | ICR_LSC;

    private static final int EIAC_MASK = ICR_RXQ0 | ICR_TXQ0;
    /** OTHER alone would not let a reading of ICR clear: the single causes must be enabled, too. */
    private static final int IMS_OTHER = ICR_OTHER | ICR_LSC | ICR_RXO | ICR_MDAC | ICR_SRPD | ICR_ACK | ICR_MNG;

    /** RXQ0 to vector 0, TXQ0 to 1, OTHER to 2, all valid; an interrupt for every write-back. */
    private static final int IVAR_VALUE = 0x800A_0908;

    /** What the handlers need from the adapter. */
    interface Owner {
        boolean isDown();

        /** Hard IRQ: the link has changed. */
        void linkStatusChanged();

        boolean cleanTx();

        RxRing rxRing();
    }

    private final Hw hw;
    private final PciDev dev;
    private final Itr itr;
    private final Log log;
    private final Owner owner;
    private final boolean withNapi;
    private final Napi napi;
    private IntMode mode;
    private boolean requested;
    /** "Other" stays masked until the poll has made room: an overrun would raise it again at once. */
    private boolean otherHeld;

    private boolean testing;
    private int testIcr;

    /** Hard interrupts by vector, for ethtool. */
    final long[] counts = new long[MSIX_VECTORS];

    Interrupts(Hw hw, PciDev dev, Itr itr, Log log, Owner owner, Napi napi, E1000eOptions options) {
        this.hw = hw;
        this.dev = dev;
        this.itr = itr;
        this.log = log;
        this.owner = owner;
        this.napi = napi;
        this.withNapi = options.napi();
        this.mode = options.intMode();
    }

    IntMode mode() {
        return mode;
    }

    boolean isMsix() {
        return mode == IntMode.MSIX;
    }

    // ---- capability

    /** e1000e_set_interrupt_capability: the wanted mode, or the next one that can be had. */
    void setInterruptCapability() throws ErrnoException {
        if (mode == IntMode.MSIX && !allocated(MSIX_VECTORS, IrqTypes.PCI_IRQ_MSIX)) {
            log.error("Failed to initialize MSI-X interrupts.  Falling back to MSI interrupts.");
            mode = IntMode.MSI;
        }
        if (mode == IntMode.MSI && !allocated(1, IrqTypes.PCI_IRQ_MSI)) {
            log.error("Failed to initialize MSI interrupts.  Falling back to legacy interrupts.");
            mode = IntMode.LEGACY;
        }
        if (mode == IntMode.LEGACY) {
            dev.pciAllocIrqVectors(1, 1, IrqTypes.PCI_IRQ_INTX);
        }
        itr.msix(isMsix());
    }

    private boolean allocated(int vectors, int type) {
        try {
            dev.pciAllocIrqVectors(vectors, vectors, type);
            return true;
        } catch (ErrnoException notAvailable) {
            return false;
        }
    }

    void resetInterruptCapability() {
        dev.pciFreeIrqVectors();
    }

    private void changeMode(IntMode next) throws ErrnoException {
        resetInterruptCapability();
        mode = next;
        setInterruptCapability();
    }

    // ---- request

    void request(String name) throws ErrnoException {
        if (isMsix()) {
            requestMsix(name);
            return;
        }
        if (mode == IntMode.MSI) {
            try {
                dev.requestIrq(0, this::intrMsi, name);
                requested = true;
                return;
            } catch (ErrnoException e) {
                changeMode(IntMode.LEGACY);
            }
        }
        dev.requestIrq(0, this::intr, name);
        requested = true;
    }

    private void requestMsix(String name) throws ErrnoException {
        dev.requestIrq(0, this::intrMsixRx, name + "-rx-0");
        try {
            dev.requestIrq(1, this::intrMsixTx, name + "-tx-0");
            try {
                dev.requestIrq(2, this::msixOther, name);
                requested = true;
            } finally {
                if (!requested) {
                    dev.freeIrq(1);
                }
            }
        } finally {
            if (!requested) {
                dev.freeIrq(0);
            }
        }
    }

    void free() {
        if (!requested) {
            return;
        }
        requested = false;
        for (int vector = 0; vector < vectors(); vector++) {
            dev.freeIrq(vector);
        }
    }

    /** e1000_configure_msix. */
    void configureMsix() {
        if (!isMsix()) {
            return;
        }
        hw.setBits(RFCTL, RFCTL_ACK_DIS);
        itr.writeMsixVectors();
        hw.ew32(IVAR, IVAR_VALUE);
        hw.ew32(CTRL_EXT, hw.er32(CTRL_EXT) & ~CTRL_EXT_IAME | CTRL_EXT_PBA_CLR | CTRL_EXT_EIAME);
        hw.e1eFlush();
    }

    // ---- masking

    void enable() {
        otherHeld = false;
        if (isMsix()) {
            hw.ew32(EIAC, EIAC_MASK);
            hw.ew32(IMS, EIAC_MASK | IMS_OTHER);
        } else {
            hw.ew32(IMS, IMS_ENABLE_MASK);
        }
        hw.e1eFlush();
    }

    void disable() {
        hw.ew32(IMC, ~0);
        if (isMsix()) {
            hw.ew32(EIAC, 0);
        }
        hw.e1eFlush();
        for (int vector = 0; requested && vector < vectors(); vector++) {
            dev.synchronizeIrq(vector);
        }
    }

    private int vectors() {
        return isMsix() ? MSIX_VECTORS : 1;
    }

    /** e1000_netpoll: what the handlers would do, from any context and whether or not the message has come. */
    void netpoll() {
        for (int vector = 0; requested && vector < vectors(); vector++) {
            if (dev.disableHardirq(vector)) {
                callHandler(vector);
            }
            dev.enableIrq(vector);
        }
    }

    private void callHandler(int vector) {
        if (mode == IntMode.LEGACY) {
            intr();
        } else if (mode == IntMode.MSI) {
            intrMsi();
        } else if (vector == 0) {
            intrMsixRx();
        } else if (vector == 1) {
            intrMsixTx();
        } else {
            msixOther();
        }
    }

    /** The end of a poll that found no more work: lets the card interrupt again. */
    void enableAfterPoll() {
        if (isMsix()) {
            hw.ew32(IMS, otherHeld ? ICR_RXQ0 | IMS_OTHER : ICR_RXQ0);
            otherHeld = false;
        } else {
            hw.ew32(IMS, IMS_ENABLE_MASK);
            hw.e1eFlush();
        }
    }

    /** e1000e_trigger_lsc: the watchdog looks at the link for the first time. */
    void triggerLsc() {
        hw.ew32(ICS, isMsix() ? ICR_LSC | ICR_OTHER : ICR_LSC);
    }

    /**
     * The watchdog's kick: a receive interrupt, in case one was lost. The card masks a cause when it sends the message, so a
     * message that never came leaves it masked: first everything is enabled that no poll and no handler holds back.
     */
    void kickReceive() {
        boolean polling = napi.isScheduled();
        if (isMsix()) {
            hw.ew32(IMS, ICR_TXQ0 | (polling ? 0 : ICR_RXQ0) | (otherHeld ? 0 : IMS_OTHER));
        } else if (!polling) {
            hw.ew32(IMS, IMS_ENABLE_MASK);
        }
        hw.ew32(ICS, isMsix() ? ICR_RXQ0 : ICR_RXDMT0);
    }

    /** The function may still send messages: its configuration has not been lost. */
    boolean isEnabledInFunction() {
        if (mode == IntMode.LEGACY) {
            return true;
        }
        int capability = dev.pciFindCapability(isMsix() ? CAP_MSIX : CAP_MSI);
        return (dev.readConfig16(capability + 2) & (isMsix() ? MSIX_ENABLE : MSI_ENABLE)) != 0;
    }

    // ---- handlers, hard IRQ

    private IrqReturn intr() {
        int icr = hw.er32(ICR); // acknowledges; IAM masks
        if (icr == 0 || owner.isDown()) {
            return IrqReturn.NONE;
        }
        if ((icr & ICR_INT_ASSERTED) == 0) {
            return IrqReturn.NONE; // the line is shared, and it was not us
        }
        counts[0]++;
        handle(icr);
        return IrqReturn.HANDLED;
    }

    private IrqReturn intrMsi() {
        int icr = hw.er32(ICR);
        if (testing) {
            testIcr |= icr;
            return IrqReturn.HANDLED;
        }
        counts[0]++;
        handle(icr);
        return IrqReturn.HANDLED;
    }

    private void handle(int icr) {
        if ((icr & ICR_LSC) != 0 && !owner.isDown()) {
            owner.linkStatusChanged();
        }
        if (withNapi) {
            napi.schedule();
        } else {
            owner.cleanTx();
            receiveOne();
            if (!owner.isDown()) {
                enableAfterPoll();
            }
        }
    }

    /** Without NAPI: one frame, and an interrupt of its own for the next one. */
    private void receiveOne() {
        RxRing ring = owner.rxRing();
        ring.clean(1);
        if (ring.hasReceived()) {
            hw.ew32(ICS, isMsix() ? ICR_RXQ0 : ICR_RXT0);
        }
    }

    private IrqReturn intrMsixRx() {
        counts[0]++;
        itr.onReceiveVector();
        if (withNapi) {
            napi.schedule();
        } else {
            receiveOne();
            if (!owner.isDown()) {
                hw.ew32(IMS, ICR_RXQ0);
            }
        }
        return IrqReturn.HANDLED;
    }

    private IrqReturn intrMsixTx() {
        counts[1]++;
        if (!owner.cleanTx()) {
            hw.ew32(ICS, ICR_TXQ0); // the ring was not cleaned completely: come again
        }
        if (!owner.isDown()) {
            hw.ew32(IMS, ICR_TXQ0);
        }
        return IrqReturn.HANDLED;
    }

    private IrqReturn msixOther() {
        counts[2]++;
        int icr = hw.er32(ICR);
        if ((icr & EIAC_MASK) != 0) {
            hw.ew32(ICS, icr & EIAC_MASK); // the reading has swallowed causes of the queues
        }
        if ((icr & ICR_LSC) != 0 && !owner.isDown()) {
            owner.linkStatusChanged();
        }
        if (withNapi && (icr & ICR_RXO) != 0) {
            hw.ew32(IMC, IMS_OTHER);
            otherHeld = true; // Linux 4.15: an overrun is news once per poll, not once per frame
            napi.schedule();
        } else if (!owner.isDown()) {
            hw.ew32(IMS, IMS_OTHER);
        }
        return IrqReturn.HANDLED;
    }

    // ---- MSI test

    /**
     * e1000_test_msi: some chipsets accept MSI and never deliver it. Only in MSI mode, with the handler requested and
     * the interrupt masked; falls back to INTx.
     */
    void testMsi(String name) throws ErrnoException {
        if (mode != IntMode.MSI) {
            return;
        }
        hw.er32(ICR);
        testIcr = 0;
        testing = true;
        enable();
        hw.ew32(ICS, ICR_RXSEQ);
        hw.e1eFlush();
        hw.msleep(100);
        disable();
        testing = false;
        if ((testIcr & ICR_RXSEQ) == 0) {
            log.warn("MSI interrupt test failed, using legacy interrupt.");
            free();
            changeMode(IntMode.LEGACY);
            request(name);
        }
    }
}
