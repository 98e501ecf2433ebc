package dev.doorbell.bus.reg;
/** A bit range of a register. {@code mask} is in place: BSIZE at 17:16 has mask 0x0003_0000. */
public record Field(String name, int slot, int shift, int mask, Access access) {
    public int of(int registerValue) {
        return (registerValue & mask) >>> shift;
    }

    public boolean isSet(int registerValue) {
        return (registerValue & mask) != 0;
    }
}
