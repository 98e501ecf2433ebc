package dev.doorbell.bus.pci;

/**
 * A range of physical addresses (or I/O ports) that a plugged-in function answers at this moment.
 *
 * @param base physical address, or port
 */
public record Window(PciSlot slot, PciFunction function, int bar, long base, long sizeBytes) {
    /** True when all bytes from {@code address} on are inside. */
    public boolean contains(long address, int bytes) {
        return bytes <= sizeBytes
                && Long.compareUnsigned(address, base) >= 0
                && Long.compareUnsigned(address - base, sizeBytes - bytes) <= 0;
    }
}
