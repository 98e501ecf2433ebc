package dev.doorbell.bus.wire;

/**
 * IPv4 header, RFC 791 §3.1. Lengths in bytes; addresses are ints, first octet in the top byte.
 *
 * <p>Once {@link #isValid()} has returned true, no getter reads outside the wrapped range.
 */
public final class Ipv4Header extends HeaderView<Ipv4Header> {
    public static final int MIN_LENGTH = 20;
    private static final int VERSION_IHL = 0, TOTAL_LENGTH = 2, TTL = 8, PROTOCOL = 9, SOURCE = 12, DESTINATION = 16;

    public boolean isValid() {
        return available >= MIN_LENGTH
                && version() == 4
                && headerLength() >= MIN_LENGTH
                && headerLength() <= totalLength()
                && totalLength() <= available;
    }

    public int version() {
        return u8(VERSION_IHL) >>> 4;
    }

    public int headerLength() {
        return (u8(VERSION_IHL) & 0xF) << 2;
    }

    public int totalLength() {
        return u16(TOTAL_LENGTH);
    }

    public int ttl() {
        return u8(TTL);
    }

    public int protocol() {
        return u8(PROTOCOL);
    }

    public int source() {
        return i32(SOURCE);
    }

    public int destination() {
        return i32(DESTINATION);
    }

    public Ipv4Header totalLength(int bytes) {
        u16(TOTAL_LENGTH, bytes);
        return this;
    }

    public Ipv4Header ttl(int hops) {
        u8(TTL, hops);
        return this;
    }
}
