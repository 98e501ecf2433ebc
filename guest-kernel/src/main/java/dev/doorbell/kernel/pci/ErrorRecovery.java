package dev.doorbell.kernel.pci;

import dev.doorbell.bus.pci.RootComplex;

/**
 * Error recovery of one function, after Linux's pcie_do_recovery:
 *
 * <pre>
 *  error_detected --CAN_RECOVER--> mmio_enabled --RECOVERED------------------> resume
 *                 --NEED_RESET or frozen--> hot reset --> slot_reset --RECOVERED--> resume
 *                 --anything else--> error_detected(PERM_FAILURE)
 * </pre>
 */
final class ErrorRecovery {
    private static final int CAP_AER = 0x0001;
    private static final int UNCORRECTABLE_STATUS = 4;
    private static final int CORRECTABLE_STATUS = 16;

    private final RootComplex root;

    ErrorRecovery(RootComplex root) {
        this.root = root;
    }

    /** @return false when the device is lost to its driver, or has none that knows about errors */
    boolean recover(PciDev dev, PciChannelState state) {
        PciDriver driver = dev.driver();
        if (driver == null) {
            return false;
        }
        PciErsResult result = driver.errorDetected(dev, state);
        boolean takesPart = result != PciErsResult.NONE && result != PciErsResult.DISCONNECT;
        if (takesPart && (state == PciChannelState.FROZEN || result == PciErsResult.NEED_RESET)) {
            root.hotReset(dev.bdf());
            result = dev.isDisconnected() ? PciErsResult.DISCONNECT : driver.slotReset(dev);
        } else if (result == PciErsResult.CAN_RECOVER) {
            result = afterMmio(dev, driver);
        }
        if (result != PciErsResult.RECOVERED) {
            driver.errorDetected(dev, PciChannelState.PERM_FAILURE);
            return false;
        }
        clearStatus(dev);
        driver.errorResume(dev);
        return true;
    }

    private PciErsResult afterMmio(PciDev dev, PciDriver driver) {
        PciErsResult result = driver.mmioEnabled(dev);
        if (result != PciErsResult.NEED_RESET) {
            return result;
        }
        root.hotReset(dev.bdf());
        return driver.slotReset(dev);
    }

    private static void clearStatus(PciDev dev) {
        int aer = dev.pciFindExtCapability(CAP_AER);
        if (aer != 0) {
            dev.writeConfig32(aer + UNCORRECTABLE_STATUS, -1);
            dev.writeConfig32(aer + CORRECTABLE_STATUS, -1);
        }
    }
}
