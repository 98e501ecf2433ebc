package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.driver.e1000e.Registers.*;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.Mutex;
import dev.doorbell.kernel.core.Work;
import dev.doorbell.kernel.netdev.Features;
import dev.doorbell.kernel.netdev.Napi;
import dev.doorbell.kernel.netdev.NetCore;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netdev.NetDeviceOps;
import dev.doorbell.kernel.netdev.NetDeviceStats;
import dev.doorbell.kernel.netdev.NetdevTx;
import dev.doorbell.kernel.pci.PciDev;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/**
 * One card: its network interface, and the order in which things are brought up, down and reset. Linux's netdev.c,
 * struct e1000_adapter.
 *
 * <p>State by resources: probed (no rings) → open (rings, interrupts) → up (not {@link #isDown}). Resets go down and up
 * again; only one at a time.
 */
final class Adapter implements NetDeviceOps, Interrupts.Owner, Watchdog.Owner {
    private final KernelContext kernel;
    private final PciDev dev;
    private final NetDevice netdev;
    private final Napi napi;
    private final Hw hw;
    private final Log log;
    private final Phy phy;
    private final Nvm nvm;
    private final FlowControl flowControl;
    private final MacFilters filters;
    private final HwStats stats;
    private final SoftStats soft = new SoftStats();
    private final Itr itr;
    private final Interrupts interrupts;
    private final Watchdog watchdog;
    private final Work resetTask;
    private final RingSetup ringSetup;
    private final CardReset card;
    private final FunctionRecovery recovery;
    /** __E1000_RESETTING: one reset at a time, and none during open and close. */
    private final Mutex resetting;

    private E1000eOptions options;

    private @Nullable RxRing rx;
    private @Nullable TxRing tx;
    private @Nullable TxPath path;
    private boolean down = true;
    private boolean removed;

    Adapter(NetCore net, PciDev dev, E1000eOptions options) throws ErrnoException {
        this.kernel = net.kernel();
        this.dev = dev;
        this.options = options;
        this.netdev = NetDevice.allocEtherdev(net, this, "eth%d");
        this.log = new Log(kernel.tracer(), "e1000e " + dev.name());
        this.hw = new Hw(kernel, dev.pciIomap(0), log);
        this.phy = new Phy(hw, log, kernel);
        this.nvm = new Nvm(hw);
        this.flowControl = new FlowControl(hw, phy);
        this.filters = new MacFilters(hw);
        this.stats = new HwStats(hw, kernel);
        this.card = new CardReset(hw, phy, flowControl, filters, netdev, log);
        this.itr = new Itr(hw, options.interruptThrottleRate());
        this.napi = netdev.netifNapiAdd(this::poll, Napi.NAPI_POLL_WEIGHT);
        this.interrupts = new Interrupts(hw, dev, itr, log, this, napi, options);
        this.recovery = new FunctionRecovery(dev, hw, interrupts, netdev, log);
        this.watchdog = new Watchdog(netdev, hw, phy, flowControl, stats, soft, interrupts, log, this, options);
        this.resetTask = new Work(kernel.workqueue(), "e1000e reset", this::runReset);
        this.resetting = new Mutex(kernel, "e1000e resetting");
        this.ringSetup = new RingSetup(hw, netdev, dev, options);
    }

    // ---- probe and remove

    /** e1000_probe, from the mapped registers on. Undoes everything when it throws. */
    void probe() throws ErrnoException {
        interrupts.setInterruptCapability();
        try {
            interrupts.disable();
            hw.ew32(SWSM, hw.er32(SWSM) & ~SWSM_SMBI);
            phy.identify();
            setFeatures();
            hw.resetHw(phy);
            if (!validNvm()) {
                throw new ErrnoException("e1000e: The NVM Checksum Is Not Valid", Errno.EIO);
            }
            long mac = filters.readMacAddress();
            if (mac == 0 || (mac & 1L << 40) != 0) {
                throw new ErrnoException("e1000e: Invalid MAC Address " + Long.toHexString(mac), Errno.EIO);
            }
            netdev.initAddress(mac);
            reset();
            card.powerDownPhy();
            netdev.netifCarrierOff();
            netdev.ethtoolOps = new Ethtool(this);
            if (!hw.answers()) {
                throw new ErrnoException("e1000e: the card does not answer", Errno.EIO);
            }
            dev.pciSaveState(); // what an unasked reset of the function takes away
            if (!recovery.isDecoded()) {
                throw new ErrnoException("e1000e: the card was reset while it was probed", Errno.EIO);
            }
            hw.onLost(resetTask::schedule); // from here on there is an interface to reset
            netdev.registerNetdev();
        } catch (ErrnoException e) {
            interrupts.resetInterruptCapability();
            throw e;
        }
        log.prefix("e1000e " + dev.name() + ' ' + netdev.name());
    }

    private void setFeatures() {
        netdev.hwFeatures = Features.SG
                | Features.HW_CSUM
                | Features.ALL_TSO
                | Features.RXCSUM
                | Features.RXHASH
                | Features.VLAN_RX
                | Features.VLAN_TX
                | Features.RXALL
                | Features.GRO
                | Features.GSO;
        netdev.features = netdev.hwFeatures & ~Features.RXALL | Features.VLAN_FILTER | Features.HIGHDMA;
        netdev.vlanFeatures = Features.SG | Features.HW_CSUM | Features.ALL_TSO;
        netdev.minMtu = NetDevice.ETH_MIN_MTU;
        netdev.maxMtu = CardReset.maxMtu();
    }

    private boolean validNvm() throws ErrnoException {
        for (int attempt = 0; attempt < 3; attempt++) {
            if (nvm.isChecksumValid()) {
                return true;
            }
        }
        return false;
    }

    /** e1000_remove. */
    void remove() {
        removed = true;
        kernel.workqueue().cancelSync(resetTask, "e1000e remove");
        netdev.unregisterNetdev();
        netdev.netifNapiDel(napi);
        hw.releaseHwControl();
        interrupts.resetInterruptCapability();
    }

    // ---- reset

    private void reset() {
        soft.resets++;
        card.reset();
    }

    // ---- open and stop

    @Override
    public void ndoOpen() throws ErrnoException {
        resetting.lock();
        try {
            netdev.netifCarrierOff();
            TxRing transmit = new TxRing(hw, dev, netdev, options.txRing(), soft);
            try {
                openWith(transmit);
            } catch (ErrnoException e) {
                tx = null;
                transmit.free();
                card.powerDownPhy();
                throw e;
            }
        } finally {
            resetting.unlock();
        }
        interrupts.triggerLsc();
        watchdog.start();
    }

    private void openWith(TxRing transmit) throws ErrnoException {
        tx = transmit;
        path = new TxPath(netdev, transmit, soft);
        rx = ringSetup.newRxRing(this::receive, soft);
        try {
            reset();
            phy.powerUp();
            card.setupLink();
            configure();
            interrupts.request(netdev.name());
            interrupts.testMsi(netdev.name());
        } catch (ErrnoException e) {
            interrupts.free();
            reset(); // the receiver is on: it must not find its ring gone
            freeRx();
            throw e;
        }
        down = false;
        napi.enable();
        interrupts.enable();
        netdev.netifStartQueue();
    }

    @Override
    public void ndoStop() {
        resetting.lock();
        try {
            if (!down) {
                goDown(true);
            }
            interrupts.free();
            freeRx();
            TxRing transmit = tx;
            tx = null;
            path = null;
            if (transmit != null) {
                transmit.free();
            }
            if (!netdev.netifRunning()) {
                card.powerDownPhy();
            }
            hw.releaseHwControl();
        } finally {
            resetting.unlock();
        }
    }

    private void freeRx() {
        RxRing receive = rx;
        rx = null;
        if (receive != null) {
            receive.free();
        }
    }

    /** e1000_configure: everything between a reset and the interrupts. */
    private void configure() {
        filters.setRxMode(netdev, netdev.hasFeature(Features.VLAN_FILTER));
        setVlanMode();
        filters.restoreVlans();
        filters.vlanAdd(0);
        TxRing transmit = txRing();
        ringSetup.configureTx(transmit);
        TxPath transmitPath = path;
        if (transmitPath != null) {
            transmitPath.fifoLimit(card.fifoLimit());
            transmitPath.delayInterrupts(options.txIntDelay() != 0);
        }
        ringSetup.configureRx(rxRing(), itr);
        interrupts.configureMsix();
        rxRing().fill();
    }

    private void setVlanMode() {
        if (netdev.hasFeature(Features.VLAN_RX | Features.VLAN_TX)) {
            hw.setBits(CTRL, CTRL_VME);
        } else {
            hw.clearBits(CTRL, CTRL_VME);
        }
    }

    // ---- up and down

    /** e1000e_up. */
    private void goUp() {
        configure();
        down = false;
        napi.enable();
        interrupts.enable();
        netdev.netifStartQueue();
        interrupts.triggerLsc();
        watchdog.start();
    }

    /** e1000e_down: afterwards the card touches no memory, and no packet of ours is on a ring. */
    private void goDown(boolean withReset) {
        down = true;
        netdev.netifStopQueue();
        hw.clearBits(TCTL, TCTL_EN);
        hw.e1eFlush();
        hw.msleep(10);
        interrupts.disable();
        napi.disable();
        watchdog.stop();
        stats.update(!watchdog.isFullDuplex());
        watchdog.flushDescriptors();
        if (withReset) {
            reset();
        } else {
            hw.disablePcieMaster();
        }
        txRing().reset();
        rxRing().reset();
    }

    /**
     * e1000e_pm_freeze and __e1000_shutdown: the card is quiet and may lose its power; the interface stays open for the
     * user. Task context.
     */
    void suspend() {
        netdev.net().rtnl().lock();
        netdev.netifDeviceDetach();
        resetting.lock();
        try {
            if (!down) {
                goDown(false);
                interrupts.free();
            }
            interrupts.resetInterruptCapability();
            hw.ew32(WUC, 0);
            hw.ew32(WUFC, 0);
            card.powerDownPhy();
            hw.releaseHwControl();
        } finally {
            resetting.unlock();
            netdev.net().rtnl().unlock();
        }
    }

    /** __e1000_resume and e1000e_pm_thaw, once the card has power and bus mastering. Task context. */
    void resume() throws ErrnoException {
        netdev.net().rtnl().lock();
        resetting.lock();
        try {
            interrupts.setInterruptCapability();
            hw.ew32(WUS, ~0);
            reset();
            if (rx != null) {
                card.powerUpPhy();
                interrupts.request(netdev.name());
                goUp();
            } else {
                card.powerDownPhy();
            }
            dev.pciSaveState();
            netdev.netifDeviceAttach();
        } finally {
            resetting.unlock();
            netdev.net().rtnl().unlock();
        }
    }

    /** e1000e_reinit_locked. Task context. */
    private void reinit() {
        resetting.lock();
        try {
            if (!down) {
                goDown(true);
                card.powerUpPhy();
                goUp();
            }
        } finally {
            resetting.unlock();
        }
    }

    private void runReset() {
        netdev.net().rtnl().lock(); // not while the interface is opened, closed or set up
        try {
            if (removed || !recovery.isFunctionAlive() || down) {
                return;
            }
            log.error("Reset adapter unexpectedly");
            reinit();
        } finally {
            netdev.net().rtnl().unlock();
        }
    }

    @Override
    public void scheduleReset() {
        resetTask.schedule();
    }

    @Override
    public void ndoTxTimeout() {
        soft.txTimeouts++;
        resetTask.schedule();
    }

    // ---- the data path

    @Override
    public NetdevTx ndoStartXmit(SkBuff skb, NetDevice device) {
        TxPath transmit = path;
        if (transmit == null) {
            skb.drop(DropReason.DEV_DOWN);
            return NetdevTx.OK;
        }
        return transmit.xmit(skb, !down);
    }

    @Override
    public void ndoPollController() {
        if (!down) {
            interrupts.netpoll();
        }
    }

    /** e1000e_poll: softirq. Unmasks only when both rings ran dry before the budget did. */
    private int poll(int budget) {
        RxRing receive = rx;
        if (receive == null) {
            return 0;
        }
        boolean txDone = interrupts.isMsix() || cleanTx();
        int work = receive.clean(budget);
        if (!txDone || work == budget) {
            return budget;
        }
        if (napi.completeDone(work)) {
            if (itr.isAdaptive()) {
                itr.update(receive, txRing(), watchdog.speed() == 1000);
            }
            if (!down) {
                interrupts.enableAfterPoll();
            }
        }
        return work;
    }

    private void receive(SkBuff skb) {
        if (options.napi()) {
            napi.groReceive(skb);
        } else {
            netdev.net().netifRx(skb);
        }
    }

    @Override
    public boolean cleanTx() {
        TxRing transmit = tx;
        return transmit == null || transmit.clean(!down && netdev.netifCarrierOk());
    }

    @Override
    public RxRing rxRing() {
        RxRing ring = rx;
        if (ring == null) {
            throw new IllegalStateException(netdev.name() + ": no receive ring, the interface is closed");
        }
        return ring;
    }

    @Override
    public TxRing txRing() {
        TxRing ring = tx;
        if (ring == null) {
            throw new IllegalStateException(netdev.name() + ": no transmit ring, the interface is closed");
        }
        return ring;
    }

    @Override
    public boolean isDown() {
        return down;
    }

    @Override
    public void linkStatusChanged() {
        watchdog.linkStatusChanged();
    }

    // ---- settings

    @Override
    public void ndoSetRxMode() {
        filters.setRxMode(netdev, netdev.hasFeature(Features.VLAN_FILTER));
    }

    @Override
    public void ndoChangeMtu(int mtu) throws ErrnoException {
        restartAround(() -> netdev.initMtu(mtu));
    }

    @Override
    public void ndoSetMacAddress(long mac) {
        filters.rarSet(0, mac);
    }

    @Override
    public void ndoSetFeatures(int features) throws ErrnoException {
        int changed = netdev.features ^ features;
        int needReset = Features.RXCSUM | Features.RXHASH | Features.RXALL | Features.VLAN_RX | Features.VLAN_TX;
        if ((changed & needReset) != 0) {
            restartAround(() -> netdev.features = features);
        }
    }

    @Override
    public int ndoFixFeatures(int features) {
        // CTRL.VME switches stripping and insertion together.
        return (features & Features.VLAN_RX) == 0 ? features & ~Features.VLAN_TX : features | Features.VLAN_TX;
    }

    @Override
    public void ndoVlanRxAddVid(int vid) {
        filters.vlanAdd(vid);
    }

    @Override
    public void ndoVlanRxKillVid(int vid) {
        filters.vlanKill(vid);
    }

    @Override
    public void ndoGetStats(NetDeviceStats into) {
        if (!down) {
            stats.update(!watchdog.isFullDuplex());
        }
        stats.into(into);
        soft.into(into);
    }

    /** Changes a setting while nothing runs: closed and opened again when the interface is up. */
    void restartAround(Runnable change) throws ErrnoException {
        if (down) {
            change.run();
            return;
        }
        ndoStop();
        change.run();
        ndoOpen();
    }

    // ---- for ethtool

    NetDevice netdev() {
        return netdev;
    }

    PciDev dev() {
        return dev;
    }

    Hw hw() {
        return hw;
    }

    Phy phy() {
        return phy;
    }

    Nvm nvm() {
        return nvm;
    }

    FlowControl flowControl() {
        return flowControl;
    }

    HwStats hwStats() {
        return stats;
    }

    Itr itr() {
        return itr;
    }

    Interrupts interrupts() {
        return interrupts;
    }

    Watchdog watchdog() {
        return watchdog;
    }

    Log log() {
        return log;
    }

    SoftStats softStats() {
        return soft;
    }

    E1000eOptions options() {
        return options;
    }

    /** New sizes, while nothing runs. */
    void options(E1000eOptions next) {
        options = next;
        ringSetup.options(next);
    }

    CardReset card() {
        return card;
    }
}
