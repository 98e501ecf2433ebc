package dev.doorbell.kernel.driver.e1000e;

import dev.doorbell.bus.pci.ConfigSpace;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.pci.PciDev;

/**
 * Brings a card back whose PCI function was reset, or fell into D3, without the driver's asking; detaches one that has
 * gone.
 */
final class FunctionRecovery {
    private final PciDev dev;
    private final Hw hw;
    private final Interrupts interrupts;
    private final NetDevice netdev;
    private final Log log;

    FunctionRecovery(PciDev dev, Hw hw, Interrupts interrupts, NetDevice netdev, Log log) {
        this.dev = dev;
        this.hw = hw;
        this.interrupts = interrupts;
        this.netdev = netdev;
        this.log = log;
    }

    /**
     * Whether the card can be reset: it is on the bus and its configuration is ours, after it was restored where it was
     * not. Task context.
     */
    boolean isFunctionAlive() {
        if (!dev.isDisconnected()) {
            if (hw.isLost() || !hasConfiguration()) {
                log.error("restoring the function's configuration");
                dev.pciSetPowerState(0);
                dev.pciRestoreState();
            }
            if (hw.answers()) {
                return true;
            }
        }
        if (netdev.netifDevicePresent()) {
            log.error("Adapter removed");
            netdev.netifCarrierOff();
            netdev.netifDeviceDetach();
        }
        return false;
    }

    /** Its configuration has not been reset: the bus finds its registers, and its messages are on. */
    boolean isDecoded() {
        return (dev.readConfig16(ConfigSpace.COMMAND) & ConfigSpace.COMMAND_MEMORY) != 0
                && interrupts.isEnabledInFunction();
    }

    private boolean hasConfiguration() {
        return isDecoded() && (dev.readConfig16(ConfigSpace.COMMAND) & ConfigSpace.COMMAND_MASTER) != 0;
    }
}
