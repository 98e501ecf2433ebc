package dev.doorbell.device.i82574;

import dev.doorbell.bus.pci.PciFunction;
import dev.doorbell.device.spi.DeviceContext;
import dev.doorbell.device.spi.DeviceModel;

/** The 82574L as users find it. */
public final class I82574Model implements DeviceModel {
    @Override
    public String name() {
        return "82574L";
    }

    @Override
    public PciFunction create(DeviceContext context) {
        return new I82574(context);
    }

    /** The words of a new card's NVM, without address and checksum. */
    public static short[] defaultNvm() {
        return NvmUnit.defaultImage();
    }
}
