package dev.doorbell.bus.wire;

import dev.doorbell.bus.mem.GuestMemory;

/**
 * A packet header seen in place. Wrapping neither allocates nor checks, so one view serves building and parsing;
 * {@code isValid()} of the concrete view checks, once. Multi-byte fields are in network byte order.
 */
public abstract class HeaderView<V extends HeaderView<V>> {
    protected GuestMemory memory = Unwrapped.MEMORY;
    protected long at;
    protected int available;

    /** Keeps an empty region, so that a view used before {@code wrap} fails as out of bounds. */
    private static final class Unwrapped {
        static final GuestMemory MEMORY = GuestMemory.ofHost(0, 0, () -> {});
    }

    /** Looks at {@code available} bytes from {@code gpa} on. Reuse one view per header and owner. */
    @SuppressWarnings("unchecked")
    public final V wrap(GuestMemory memory, long gpa, int available) {
        this.memory = memory;
        this.at = gpa;
        this.available = available;
        return (V) this;
    }

    /** Where the header begins. */
    public final long gpa() {
        return at;
    }

    protected final int u8(int offset) {
        return memory.readByte(at + offset) & 0xFF;
    }

    protected final int u16(int offset) {
        return Short.reverseBytes(memory.readShort(at + offset)) & 0xFFFF;
    }

    protected final int i32(int offset) {
        return Integer.reverseBytes(memory.readInt(at + offset));
    }

    protected final long i64(int offset) {
        return Long.reverseBytes(memory.readLong(at + offset));
    }

    protected final void u8(int offset, int value) {
        memory.writeByte(at + offset, value);
    }

    protected final void u16(int offset, int value) {
        memory.writeShort(at + offset, Short.reverseBytes((short) value));
    }

    protected final void i32(int offset, int value) {
        memory.writeInt(at + offset, Integer.reverseBytes(value));
    }

    protected final void i64(int offset, long value) {
        memory.writeLong(at + offset, Long.reverseBytes(value));
    }

    /** Six octets as a MAC address: first octet in bits 47:40. */
    protected final long mac(int offset) {
        return (long) u16(offset) << 32 | i32(offset + 2) & 0xFFFF_FFFFL;
    }

    protected final void mac(int offset, long mac) {
        u16(offset, (int) (mac >>> 32));
        i32(offset + 2, (int) mac);
    }
}
