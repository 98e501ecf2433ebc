package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.driver.e1000e.Registers.*;

import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.Work;
import dev.doorbell.kernel.netdev.Features;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.time.KernelTimer;

/**
 * Every two seconds, and when the link changes: link state, statistics, a kick for lost interrupts, and whether the
 * transmitter hangs. e1000_watchdog_task. The work sleeps in PHY accesses, so it runs on the work queue.
 */
final class Watchdog {
    private static final long PERIOD_NS = 2_000_000_000L;
    /** Slot time in bytes, less one. */
    private static final int COLLISION_DISTANCE = 63;

    private static final int LINK_BITS = STATUS_LU | STATUS_FD | STATUS_SPEED_1000 | STATUS_SPEED_100;
    private static final int SETTLE_TRIES = 10;

    /** What it needs from the adapter. */
    interface Owner {
        boolean isDown();

        TxRing txRing();

        RxRing rxRing();

        /** Resets the card on the work queue. */
        void scheduleReset();
    }

    private final KernelContext kernel;
    private final NetDevice netdev;
    private final Hw hw;
    private final Phy phy;
    private final FlowControl flowControl;
    private final HwStats stats;
    private final SoftStats soft;
    private final Interrupts interrupts;
    private final Log log;
    private final Owner owner;
    private final KernelTimer timer;
    private final Work task;
    private final int txIntDelay, rxIntDelay;

    /** Of STATUS, as the link came up with them. */
    private int latched;

    private int speed;
    private boolean fullDuplex = true;
    private boolean hangRecheck;
    private boolean receiveRecheck;
    private int suspendedTso;
    private int phyHangCount;
    private long txTimeoutFactor = 1;

    Watchdog(
            NetDevice netdev,
            Hw hw,
            Phy phy,
            FlowControl flowControl,
            HwStats stats,
            SoftStats soft,
            Interrupts interrupts,
            Log log,
            Owner owner,
            E1000eOptions options) {
        this.kernel = netdev.net().kernel();
        this.netdev = netdev;
        this.hw = hw;
        this.phy = phy;
        this.flowControl = flowControl;
        this.stats = stats;
        this.soft = soft;
        this.interrupts = interrupts;
        this.log = log;
        this.owner = owner;
        this.txIntDelay = options.txIntDelay();
        this.rxIntDelay = options.rxIntDelay();
        this.task = new Work(kernel.workqueue(), "e1000e watchdog", this::run);
        this.timer = new KernelTimer(kernel, "e1000e watchdog", task::schedule);
    }

    /** Hard IRQ: look at the link as soon as possible. */
    void linkStatusChanged() {
        timer.modTimerAfter(1);
    }

    /** The link interrupt begins the passes; should it get lost, they begin by themselves. */
    void start() {
        if (!timer.isPending()) {
            timer.modTimerAfter(PERIOD_NS);
        }
    }

    /** No pass runs or will run after this. Task context, not from the watchdog itself. */
    void stop() {
        timer.delTimer();
        kernel.workqueue().cancelSync(task, "e1000e watchdog stop");
        timer.delTimer(); // a pass that was under way has armed it again
        linkLost();
    }

    /** Mb/s; 0 without link. */
    int speed() {
        return speed;
    }

    boolean isFullDuplex() {
        return fullDuplex;
    }

    private void run() {
        if (owner.isDown()) {
            return;
        }
        try {
            checkLink();
        } catch (ErrnoException e) {
            log.debug("link check: " + e.getMessage());
        }
        if (owner.isDown() || hw.isLost()) {
            return; // it went down while we slept, or the card has gone
        }
        if (!interrupts.isEnabledInFunction()) {
            owner.scheduleReset(); // somebody has reset the function: it would stay silent
            return;
        }
        stats.update(!fullDuplex);
        if (!netdev.netifCarrierOk() && !owner.txRing().isEmpty()) {
            // Frames of an old link would be sent on the next one.
            owner.scheduleReset();
            return;
        }
        interrupts.kickReceive();
        flushDescriptors();
        checkForHang();
        checkReceiveRing();
        checkPhy();
        timer.modTimerAfter(PERIOD_NS);
    }

    private void checkLink() throws ErrnoException {
        boolean link = phy.hasLink() && (hw.er32(STATUS) & STATUS_LU) != 0;
        if (link && !netdev.netifCarrierOk()) {
            linkUp();
        } else if (!link && netdev.netifCarrierOk()) {
            linkLost();
            log.info("NIC Link is Down");
        } else if (link) {
            checkSpeed();
        }
    }

    /** The link has other properties than it had when it came up, or than STATUS then said. */
    private void checkSpeed() throws ErrnoException {
        int status = hw.er32(STATUS);
        if (!hw.isLost() && (status & LINK_BITS) != latched && (status & LINK_BITS) == (hw.er32(STATUS) & LINK_BITS)) {
            linkUp();
        }
    }

    /** STATUS, when two readings in a row agree on the link; it may be changing. */
    private int settledStatus() {
        int status = hw.er32(STATUS);
        for (int i = 0; i < SETTLE_TRIES; i++) {
            int again = hw.er32(STATUS);
            if ((status & LINK_BITS) == (again & LINK_BITS)) {
                break;
            }
            status = again;
        }
        return status;
    }

    private void linkUp() throws ErrnoException {
        int status = settledStatus();
        latched = status & LINK_BITS;
        fullDuplex = (status & STATUS_FD) != 0;
        speed = (status & STATUS_SPEED_1000) != 0 ? 1000 : (status & STATUS_SPEED_100) != 0 ? 100 : 10;
        hw.ew32(TCTL, hw.er32(TCTL) & ~TCTL_COLD | COLLISION_DISTANCE << TCTL_COLD_SHIFT);
        flowControl.afterLinkUp(fullDuplex);
        log.info("NIC Link is Up " + speed + " Mbps " + (fullDuplex ? "Full" : "Half") + " Duplex, Flow Control: "
                + flowControl.describe());
        // Slower links take longer to send what the FIFO holds.
        txTimeoutFactor = speed == 10 ? 16 : speed == 100 ? 10 : 1;
        limitTso();
        hw.setBits(TCTL, TCTL_EN);
        netdev.netifCarrierOn();
    }

    /** TSO in hardware disturbs 10 and 100 Mb/s on this family. */
    private void limitTso() {
        if (speed == 1000) {
            netdev.features |= suspendedTso;
            suspendedTso = 0;
        } else if (netdev.hasFeature(Features.ALL_TSO)) {
            log.info("10/100 speed: disabling TSO");
            suspendedTso |= netdev.features & Features.ALL_TSO;
            netdev.features &= ~Features.ALL_TSO;
        }
    }

    private void linkLost() {
        speed = 0;
        netdev.netifCarrierOff();
    }

    /** Write-backs that wait for company: e1000e_flush_descriptors. Twice: errata. */
    void flushDescriptors() {
        for (int i = 0; i < 2; i++) {
            hw.ew32(TIDV, txIntDelay | FPD);
            hw.ew32(RDTR, rxIntDelay | FPD);
            hw.e1eFlush();
        }
    }

    /** The oldest frame has been on the ring for too long, although nobody paused us. */
    private void checkForHang() {
        TxRing ring = owner.txRing();
        int watched = ring.watched();
        boolean late = watched >= 0
                && (ring.status(watched) & Descriptors.TXD_STAT_DD) == 0
                && kernel.nowNs() - ring.oldestNs() > txTimeoutFactor * 1_000_000_000L
                && (hw.er32(STATUS) & STATUS_TXOFF) == 0;
        if (!late) {
            hangRecheck = false;
            return;
        }
        if (!hangRecheck) {
            // A write-back may be stuck in the card: the flush above brings it out until the next pass.
            hangRecheck = true;
            return;
        }
        hangRecheck = false;
        soft.txHangs++;
        netdev.netifStopQueue();
        log.error(hangReport(ring, watched));
        owner.scheduleReset();
    }

    /**
     * The card has completed descriptors beyond one that it never completes, or that was taken too early: no frame comes
     * through any more, or each comes a turn of the ring late. Seen twice, because the card may be about to write.
     */
    private void checkReceiveRing() {
        RxRing ring = owner.rxRing();
        int head = hw.er32(RDH);
        boolean outOfStep = !hw.isLost() && head != ring.nextToClean() && !ring.hasReceived();
        if (outOfStep && receiveRecheck) {
            log.error("Receive ring out of step: RDH <" + Integer.toHexString(head) + "> next_to_clean <"
                    + Integer.toHexString(ring.nextToClean()) + ">");
            soft.rxStalls++;
            owner.scheduleReset();
            outOfStep = false;
        }
        receiveRecheck = outOfStep;
    }

    private String hangReport(TxRing ring, int watched) {
        return "Detected Hardware Unit Hang: TDH <" + Integer.toHexString(hw.er32(TDH)) + "> TDT <"
                + Integer.toHexString(hw.er32(TDT)) + "> next_to_use <" + Integer.toHexString(ring.nextToUse())
                + "> next_to_clean <" + Integer.toHexString(ring.nextToClean()) + "> next_to_watch <"
                + Integer.toHexString(watched) + "> age <" + (kernel.nowNs() - ring.oldestNs()) / 1_000_000
                + " ms> MAC Status <" + Integer.toHexString(hw.er32(STATUS)) + ">";
    }

    /** e1000e_check_82574_phy_workaround. */
    private void checkPhy() {
        try {
            phyHangCount = phy.isHung() ? phyHangCount + 1 : 0;
        } catch (ErrnoException e) {
            phyHangCount++;
        }
        if (phyHangCount > 1) {
            phyHangCount = 0;
            log.debug("PHY appears hung - resetting");
            owner.scheduleReset();
        }
    }
}
