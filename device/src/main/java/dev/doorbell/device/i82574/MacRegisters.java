package dev.doorbell.device.i82574;

import dev.doorbell.bus.reg.RegisterBook;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.reg.RegisterMap;

/**
 * The registers of the 82574L's BAR0, 128 KiB, datasheet chapter 10, by name. What they are is in the register book, the
 * text files beside this package; here are the handles that the model uses. Each block has a class of its own; they
 * extend each other in the order of the datasheet for one reason: all names are imported from here.
 */
final class MacRegisters extends TimeSyncRegisters {
    private MacRegisters() {}

    /** What each register and bit is, for tests and documentation. */
    static RegisterBook book() {
        return BOOK;
    }

    /** The complete map, for tests, tools and documentation. */
    static RegisterMap map() {
        return MAP;
    }

    /** The registers of one card, at their power-on values. */
    static RegisterFile newFile() {
        return MAP.newFile();
    }
}
