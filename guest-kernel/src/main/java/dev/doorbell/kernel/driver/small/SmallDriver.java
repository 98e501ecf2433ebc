package dev.doorbell.kernel.driver.small;

import dev.doorbell.kernel.GuestKernel;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.pci.PciDev;
import dev.doorbell.kernel.pci.PciDeviceId;
import dev.doorbell.kernel.pci.PciDriver;

/** Finds the card and lets go of it; what happens in between is {@link SmallNic}'s. */
public final class SmallDriver implements PciDriver {
    private static final PciDeviceId[] IDS = {new PciDeviceId(0x8086, 0x10D3)};
    private static final int DMA_BITS = 64;

    private final GuestKernel kernel;

    public SmallDriver(GuestKernel kernel) {
        this.kernel = kernel;
    }

    @Override
    public String name() {
        return "small";
    }

    @Override
    public PciDeviceId[] idTable() {
        return IDS.clone();
    }

    @Override
    public void probe(PciDev dev) throws ErrnoException {
        dev.pciEnableDeviceMem();
        try {
            dev.dmaSetMaskAndCoherent(DMA_BITS);
            dev.pciSetMaster();
            SmallNic nic = new SmallNic(kernel, dev);
            nic.register();
            dev.drvdata(nic);
        } catch (ErrnoException e) {
            dev.pciDisableDevice();
            throw e;
        }
    }

    @Override
    public void remove(PciDev dev) {
        if (dev.drvdata() instanceof SmallNic nic) {
            nic.unregister();
            dev.drvdata(null);
        }
        dev.pciClearMaster();
        dev.pciDisableDevice();
    }
}
