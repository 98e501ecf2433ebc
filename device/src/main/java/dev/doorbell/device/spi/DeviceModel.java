package dev.doorbell.device.spi;

import dev.doorbell.bus.pci.PciFunction;

/** A kind of card, found by {@link java.util.ServiceLoader}. */
public interface DeviceModel {
    /** The name users type: "82574L". */
    String name();

    /** Builds one card, powered on and reset, wired to the given seams. */
    PciFunction create(DeviceContext context);
}
