package dev.doorbell.bus.wire;

/** ICMP header, RFC 792. The last four bytes depend on the type: identifier and sequence, next-hop MTU, or gateway. */
public final class IcmpHeader extends HeaderView<IcmpHeader> {
    public static final int LENGTH = 8;

    public static final int ECHO_REPLY = 0,
            DESTINATION_UNREACHABLE = 3,
            SOURCE_QUENCH = 4,
            REDIRECT = 5,
            ECHO_REQUEST = 8,
            TIME_EXCEEDED = 11,
            PARAMETER_PROBLEM = 12,
            TIMESTAMP = 13,
            TIMESTAMP_REPLY = 14;

    /** Codes of {@link #DESTINATION_UNREACHABLE}. */
    public static final int NET_UNREACHABLE = 0,
            HOST_UNREACHABLE = 1,
            PROTOCOL_UNREACHABLE = 2,
            PORT_UNREACHABLE = 3,
            FRAGMENTATION_NEEDED = 4;

    private static final int TYPE = 0, CODE = 1, CHECKSUM = 2, REST = 4;

    public boolean isValid() {
        return available >= LENGTH;
    }

    public int type() {
        return u8(TYPE);
    }

    public IcmpHeader type(int type) {
        u8(TYPE, type);
        return this;
    }

    public int code() {
        return u8(CODE);
    }

    public IcmpHeader code(int code) {
        u8(CODE, code);
        return this;
    }

    /** Over header and data, without a pseudo header. */
    public int checksum() {
        return u16(CHECKSUM);
    }

    public IcmpHeader checksum(int checksum) {
        u16(CHECKSUM, checksum);
        return this;
    }

    public int identifier() {
        return u16(REST);
    }

    public IcmpHeader identifier(int id) {
        u16(REST, id);
        return this;
    }

    public int sequence() {
        return u16(REST + 2);
    }

    public IcmpHeader sequence(int sequence) {
        u16(REST + 2, sequence);
        return this;
    }

    /** All four type-dependent bytes. */
    public int rest() {
        return i32(REST);
    }

    public IcmpHeader rest(int value) {
        i32(REST, value);
        return this;
    }

    /** Next-hop MTU of {@link #FRAGMENTATION_NEEDED}, RFC 1191 §4. */
    public int nextHopMtu() {
        return u16(REST + 2);
    }

    public IcmpHeader nextHopMtu(int bytes) {
        i32(REST, bytes & 0xFFFF);
        return this;
    }
}
