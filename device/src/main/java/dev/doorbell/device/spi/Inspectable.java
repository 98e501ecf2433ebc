package dev.doorbell.device.spi;

import dev.doorbell.bus.reg.RegisterFile;
import java.util.SortedMap;

/** A card that lets tests and traces look at its registers, without the effects of a read over the bus. */
public interface Inspectable {
    /** The registers behind BAR 0. */
    RegisterFile registers();

    /**
     * What really happened to frames, next to the architected statistics: never cleared by reading, every lost frame with
     * its reason. By name, such as "rx.delivered" and "rx.drop.FIFO_FULL".
     */
    SortedMap<String, Long> trueCounters();
}
