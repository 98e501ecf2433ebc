package dev.doorbell.device.i82574;

import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.reg.RegisterMap;

/**
 * The register map of the 82574L's BAR0, 128 KiB, datasheet chapter 10. Each block of registers is declared in a class
 * of its own; they extend each other in the order of the datasheet for one reason: all names are imported from here, and
 * touching this class declares every block.
 */
final class MacRegisters extends TimeSyncRegisters {
    private MacRegisters() {}

    /** The complete map, for tests, tools and documentation. */
    static RegisterMap map() {
        return MAP;
    }

    /** The registers of one card, at their power-on values. */
    static RegisterFile newFile() {
        return MAP.newFile();
    }
}
