package dev.doorbell.kernel.driver.e1000e;

import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.netdev.NetCore;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.pci.PciChannelState;
import dev.doorbell.kernel.pci.PciDev;
import dev.doorbell.kernel.pci.PciDeviceId;
import dev.doorbell.kernel.pci.PciDriver;
import dev.doorbell.kernel.pci.PciErsResult;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The driver of the Intel 82574L, in the words of Linux's e1000e: register it with {@code PciCore}. */
public final class E1000eDriver implements PciDriver {
    private static final PciDeviceId[] ID_TABLE = {
        new PciDeviceId(0x8086, 0x10D3), // 82574L
        new PciDeviceId(0x8086, 0x10F6) // 82574LA
    };

    private static final int D3_HOT = 3;

    private final NetCore net;
    private final E1000eOptions options;

    /** @param options the module parameters, for every card */
    public E1000eDriver(NetCore net, E1000eOptions options) {
        this.net = net;
        this.options = options;
    }

    @Override
    public String name() {
        return "e1000e";
    }

    @Override
    public PciDeviceId[] idTable() {
        return ID_TABLE.clone();
    }

    @Override
    public void probe(PciDev dev) throws ErrnoException {
        dev.pciEnableDeviceMem();
        try {
            dev.dmaSetMaskAndCoherent(64);
            dev.pciDisableLinkState(); // errata: leaving L0s and L1 takes longer than the FIFO lasts
            dev.pciSetMaster(); // no DMA before this
            dev.pciSaveState();
            Adapter adapter = new Adapter(net, dev, options);
            adapter.probe();
            dev.drvdata(adapter);
        } catch (ErrnoException e) {
            dev.pciDisableDevice();
            throw e;
        }
    }

    @Override
    public void remove(PciDev dev) {
        if (dev.drvdata() instanceof Adapter adapter) {
            adapter.remove();
            dev.drvdata(null);
        }
        if (dev.pciIsEnabled()) { // not after an error that could not be recovered from
            dev.pciDisableDevice();
        }
    }

    @Override
    public void suspend(PciDev dev) {
        if (dev.drvdata() instanceof Adapter adapter) {
            adapter.suspend();
        }
        dev.pciSaveState();
        dev.pciClearMaster();
        dev.pciSetPowerState(D3_HOT);
    }

    @Override
    public void resume(PciDev dev) throws ErrnoException {
        dev.pciSetPowerState(0);
        dev.pciRestoreState();
        dev.pciEnableDeviceMem();
        dev.pciDisableLinkState();
        dev.pciSetMaster();
        if (dev.drvdata() instanceof Adapter adapter) {
            adapter.resume();
        }
    }

    /** e1000_io_error_detected: nothing touches the card until it has been reset. */
    @Override
    public PciErsResult errorDetected(PciDev dev, PciChannelState state) {
        if (!(dev.drvdata() instanceof Adapter adapter)) {
            return PciErsResult.NONE;
        }
        if (state == PciChannelState.PERM_FAILURE) {
            adapter.netdev().netifDeviceDetach();
            return PciErsResult.DISCONNECT;
        }
        adapter.suspend();
        dev.pciDisableDevice();
        return PciErsResult.NEED_RESET;
    }

    /** e1000_io_slot_reset: configuration space as probe left it. */
    @Override
    public PciErsResult slotReset(PciDev dev) {
        try {
            dev.pciEnableDeviceMem();
        } catch (ErrnoException e) {
            return PciErsResult.DISCONNECT;
        }
        dev.pciRestoreState();
        dev.pciSetMaster();
        return PciErsResult.RECOVERED;
    }

    /** e1000_io_resume. */
    @Override
    public void errorResume(PciDev dev) {
        if (dev.drvdata() instanceof Adapter adapter) {
            try {
                adapter.resume();
            } catch (ErrnoException e) {
                adapter.log().error("can't bring device back up after reset: " + e.getMessage());
            }
        }
    }

    /** The interface of a card that this driver has probed, or null. */
    public static @Nullable NetDevice netdevOf(PciDev dev) {
        return dev.drvdata() instanceof Adapter adapter ? adapter.netdev() : null;
    }

    /** The driver's last lines in the kernel log, oldest first; empty when it does not have the card. */
    public static List<String> log(PciDev dev) {
        return dev.drvdata() instanceof Adapter adapter ? adapter.log().lines() : List.of();
    }
}
