package dev.doorbell.device.spi;

import dev.doorbell.bus.reg.RegisterFile;

/** A card that lets tests and traces look at its registers, without the effects of a read over the bus. */
public interface Inspectable {
    /** The registers behind BAR 0. */
    RegisterFile registers();
}
