package dev.doorbell.bus.reg;
/** One 32-bit register. A record, so that the JIT folds its components when it is a constant. */
public record Register(RegisterMap map, String name, int offset, int slot) {
    public Field bit(String name, int bit, Access access) {
        return map.field(this, name, bit, bit, access);
    }

    public Field bits(String name, int high, int low, Access access) {
        return map.field(this, name, high, low, access);
    }
}
