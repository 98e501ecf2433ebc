package dev.doorbell.device.i82574;

import dev.doorbell.bus.reg.RegisterBook;
import dev.doorbell.bus.reg.RegisterMap;

/** The registers of the PHY, from the register book: page and register number, §8. */
final class PhyRegisters {
    /** Highest page in the book and one more. */
    private static final int PAGES = 777;

    static final RegisterBook BOOK = RegisterBook.read(PhyRegisters.class, "registers/phy.txt");

    static final RegisterMap MAP = BOOK.compile("82574L PHY", PAGES * RegisterBook.REGISTERS_PER_PAGE * 4, 4);

    private PhyRegisters() {}
}
