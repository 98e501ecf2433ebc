package dev.doorbell.kernel.pci;

import dev.doorbell.bus.pci.Bar;

/**
 * What a BAR asks for and got: struct resource.
 *
 * @param index 0 to 5, or {@link Bar#ROM_INDEX}
 * @param base physical address or port; -1 while none is assigned
 */
record PciResource(int index, boolean io, boolean wide, long sizeBytes, long base) {
    PciResource at(long assigned) {
        return new PciResource(index, io, wide, sizeBytes, assigned);
    }

    boolean isAssigned() {
        return base >= 0;
    }

    int registerOffset() {
        return index == Bar.ROM_INDEX ? 0x30 : 0x10 + 4 * index;
    }
}
