package dev.doorbell.bus.wire;

/**
 * IPv4 header, RFC 791 §3.1. Lengths in bytes; addresses are ints, first octet in the top byte.
 *
 * <p>Once {@link #isValid()} has returned true, no getter reads outside the wrapped range.
 *
 * <pre>
 *   0        1      2        4      6                  8     9          10         12       16
 *   | ver,ihl | tos | length | id   | flags(3),frag(13) | ttl | protocol | checksum | source | destination | options
 * </pre>
 */
public final class Ipv4Header extends HeaderView<Ipv4Header> {
    public static final int MIN_LENGTH = 20;
    public static final int MAX_LENGTH = 60;

    /** Bits of {@link #flagsAndFragmentOffset()}. */
    public static final int DONT_FRAGMENT = 0x4000, MORE_FRAGMENTS = 0x2000;

    private static final int VERSION_IHL = 0,
            TOS = 1,
            TOTAL_LENGTH = 2,
            IDENTIFICATION = 4,
            FRAGMENT = 6,
            TTL = 8,
            PROTOCOL = 9,
            CHECKSUM = 10,
            SOURCE = 12,
            DESTINATION = 16;

    /** True when version and lengths fit what is available. The checksum is {@link #isChecksumValid()}. */
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

    /** Also sets the version to 4. {@code bytes}: a multiple of 4, 20 to 60. */
    public Ipv4Header headerLength(int bytes) {
        u8(VERSION_IHL, 0x40 | bytes >>> 2);
        return this;
    }

    /** Type of service: DSCP in 7:2, ECN in 1:0. */
    public int tos() {
        return u8(TOS);
    }

    public Ipv4Header tos(int tos) {
        u8(TOS, tos);
        return this;
    }

    /** Header and payload. */
    public int totalLength() {
        return u16(TOTAL_LENGTH);
    }

    public Ipv4Header totalLength(int bytes) {
        u16(TOTAL_LENGTH, bytes);
        return this;
    }

    public int identification() {
        return u16(IDENTIFICATION);
    }

    public Ipv4Header identification(int id) {
        u16(IDENTIFICATION, id);
        return this;
    }

    /** {@link #DONT_FRAGMENT}, {@link #MORE_FRAGMENTS}, and the offset in units of 8 bytes in 12:0. */
    public int flagsAndFragmentOffset() {
        return u16(FRAGMENT);
    }

    public Ipv4Header flagsAndFragmentOffset(int value) {
        u16(FRAGMENT, value);
        return this;
    }

    /** Offset of this fragment's payload in the datagram, in bytes. */
    public int fragmentOffset() {
        return (u16(FRAGMENT) & 0x1FFF) << 3;
    }

    public boolean isDontFragment() {
        return (u16(FRAGMENT) & DONT_FRAGMENT) != 0;
    }

    public boolean isMoreFragments() {
        return (u16(FRAGMENT) & MORE_FRAGMENTS) != 0;
    }

    /** True for any piece of a fragmented datagram, the first included. */
    public boolean isFragment() {
        return (u16(FRAGMENT) & (MORE_FRAGMENTS | 0x1FFF)) != 0;
    }

    public int ttl() {
        return u8(TTL);
    }

    public Ipv4Header ttl(int hops) {
        u8(TTL, hops);
        return this;
    }

    /** {@link IpProtocol}. */
    public int protocol() {
        return u8(PROTOCOL);
    }

    public Ipv4Header protocol(int protocol) {
        u8(PROTOCOL, protocol);
        return this;
    }

    public int checksum() {
        return u16(CHECKSUM);
    }

    public Ipv4Header checksum(int checksum) {
        u16(CHECKSUM, checksum);
        return this;
    }

    public boolean isChecksumValid() {
        return InternetChecksum.fold(InternetChecksum.sum(memory, at, headerLength(), 0)) == 0;
    }

    /** Computes and stores the header checksum; every other field must be final. */
    public Ipv4Header updateChecksum() {
        u16(CHECKSUM, 0);
        return checksum(InternetChecksum.fold(InternetChecksum.sum(memory, at, headerLength(), 0)));
    }

    public int source() {
        return i32(SOURCE);
    }

    public Ipv4Header source(int address) {
        i32(SOURCE, address);
        return this;
    }

    public int destination() {
        return i32(DESTINATION);
    }

    public Ipv4Header destination(int address) {
        i32(DESTINATION, address);
        return this;
    }

    /** Bytes behind the header that belong to the packet. */
    public int payloadLength() {
        return totalLength() - headerLength();
    }
}
