package dev.doorbell.bus.wire;

/** IPv6 fixed header, RFC 8200 §3. An address is two longs: the first eight octets in the high one, in network order. */
public final class Ipv6Header extends HeaderView<Ipv6Header> {
    public static final int LENGTH = 40;
    private static final int FIRST_WORD = 0,
            PAYLOAD_LENGTH = 4,
            NEXT_HEADER = 6,
            HOP_LIMIT = 7,
            SOURCE = 8,
            DESTINATION = 24;

    public boolean isValid() {
        return available >= LENGTH && version() == 6 && LENGTH + payloadLength() <= available;
    }

    public int version() {
        return u8(FIRST_WORD) >>> 4;
    }

    /** Writes version 6, traffic class and flow label together. */
    public Ipv6Header versionClassLabel(int trafficClass, int flowLabel) {
        i32(FIRST_WORD, 6 << 28 | (trafficClass & 0xFF) << 20 | flowLabel & 0xF_FFFF);
        return this;
    }

    public int trafficClass() {
        return i32(FIRST_WORD) >>> 20 & 0xFF;
    }

    public int flowLabel() {
        return i32(FIRST_WORD) & 0xF_FFFF;
    }

    /** The flow label stays. */
    public Ipv6Header trafficClass(int trafficClass) {
        return versionClassLabel(trafficClass, i32(FIRST_WORD));
    }

    /** Bytes behind this header, extension headers included. */
    public int payloadLength() {
        return u16(PAYLOAD_LENGTH);
    }

    public Ipv6Header payloadLength(int bytes) {
        u16(PAYLOAD_LENGTH, bytes);
        return this;
    }

    /** {@link IpProtocol}. */
    public int nextHeader() {
        return u8(NEXT_HEADER);
    }

    public Ipv6Header nextHeader(int protocol) {
        u8(NEXT_HEADER, protocol);
        return this;
    }

    public int hopLimit() {
        return u8(HOP_LIMIT);
    }

    public Ipv6Header hopLimit(int hops) {
        u8(HOP_LIMIT, hops);
        return this;
    }

    public long sourceHigh() {
        return i64(SOURCE);
    }

    public long sourceLow() {
        return i64(SOURCE + 8);
    }

    public Ipv6Header source(long high, long low) {
        i64(SOURCE, high);
        i64(SOURCE + 8, low);
        return this;
    }

    public long destinationHigh() {
        return i64(DESTINATION);
    }

    public long destinationLow() {
        return i64(DESTINATION + 8);
    }

    public Ipv6Header destination(long high, long low) {
        i64(DESTINATION, high);
        i64(DESTINATION + 8, low);
        return this;
    }
}
