package dev.doorbell.bus.reg;

/** One 32-bit register. A record, so that the JIT folds its components when it is a constant. */
public record Register(RegisterMap map, String name, int offset, int slot) {
    public Field bit(String name, int bit, Access access) {
        return map.field(this, name, bit, bit, access);
    }

    public Field bits(String name, int high, int low, Access access) {
        return map.field(this, name, high, low, access);
    }

    /** Further bits that store what is written but have no name of their own. */
    public Register writable(int mask) {
        map.writable(this, mask);
        return this;
    }

    /** Keeps its value over {@link RegisterFile#softReset()}. */
    public Register sticky() {
        map.mark(this, RegisterMap.STICKY);
        return this;
    }

    /** Declares that nothing in the model acts on it: it only remembers what was written. */
    public Register storageOnly() {
        map.mark(this, RegisterMap.STORAGE_ONLY);
        return this;
    }
}
