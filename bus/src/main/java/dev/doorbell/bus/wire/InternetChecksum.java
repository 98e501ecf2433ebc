package dev.doorbell.bus.wire;

import dev.doorbell.bus.mem.GuestMemory;

/**
 * The Internet checksum, RFC 1071: ones-complement sum of 16-bit words.
 *
 * <p>Partial sums are longs that any of these methods accept as seed, so a checksum over several pieces (each of even
 * length but the last) is {@code fold(sum(m, b, n, sum(m, a, n, pseudoHeader(...))))}. A partial sum is a number of
 * big-endian words, congruent modulo 0xFFFF to the true one, and below 2^33; it is otherwise opaque.
 */
public final class InternetChecksum {
    private static final int UDP_FIELD = 6;

    private InternetChecksum() {}

    /**
     * Adds {@code bytes} from {@code gpa} on. An odd last byte counts as the upper half of a word.
     *
     * @param seed a partial sum, or 0
     */
    public static long sum(GuestMemory memory, long gpa, int bytes, long seed) {
        long sum = memory.onesComplementSum(gpa, bytes);
        // The memory is summed as little-endian words; swapping the bytes of the folded sum gives the big-endian one.
        int folded = fold16(sum);
        return reduce(seed) + ((folded & 0xFF) << 8 | folded >>> 8);
    }

    /** The checksum field for a partial sum: folded and complemented, 16 bits. Over a correct packet: 0. */
    public static int fold(long sum) {
        return ~fold16(sum) & 0xFFFF;
    }

    /** The sum as 16 bits, not complemented: what a driver leaves in the field for CHECKSUM_PARTIAL. */
    public static int fold16(long sum) {
        // A number plus itself with its halves swapped: the upper half is the sum of both with the end-around carry.
        int s = (int) (sum + Long.rotateLeft(sum, 32) >>> 32);
        return s + Integer.rotateLeft(s, 16) >>> 16;
    }

    /** The UDP form of {@link #fold}: a computed 0 is sent as 0xFFFF, RFC 768. */
    public static int foldUdp(long sum) {
        int checksum = fold(sum);
        return checksum == 0 ? 0xFFFF : checksum;
    }

    /**
     * What completes a checksum of which only the place is known: the field of UDP, and of no other protocol, lies 6 bytes
     * into its header.
     *
     * @param field bytes from the start of the summed range to the checksum
     */
    public static int foldAt(long sum, int field) {
        return field == UDP_FIELD ? foldUdp(sum) : fold(sum);
    }

    /** Partial sum of the IPv4 pseudo header of TCP and UDP. {@code length}: transport header and data, in bytes. */
    public static long pseudoHeader(int source, int destination, int protocol, int length) {
        return (source & 0xFFFF_FFFFL) + (destination & 0xFFFF_FFFFL) + protocol + length;
    }

    /** Partial sum of the IPv6 pseudo header, RFC 8200 §8.1. */
    public static long pseudoHeaderV6(
            long sourceHigh, long sourceLow, long destinationHigh, long destinationLow, int nextHeader, int length) {
        return halves(sourceHigh)
                + halves(sourceLow)
                + halves(destinationHigh)
                + halves(destinationLow)
                + nextHeader
                + (length & 0xFFFF_FFFFL);
    }

    /**
     * A checksum field after one 16-bit word under it has changed: RFC 1624, equation 3.
     *
     * @param checksum the field before
     */
    public static int update16(int checksum, int oldWord, int newWord) {
        return fold((~checksum & 0xFFFFL) + (~oldWord & 0xFFFF) + (newWord & 0xFFFF));
    }

    /** {@link #update16} for a 32-bit value such as an address. */
    public static int update32(int checksum, int oldValue, int newValue) {
        return update16(update16(checksum, oldValue >>> 16, newValue >>> 16), oldValue & 0xFFFF, newValue & 0xFFFF);
    }

    /** {@link #update16} for half of an IPv6 address. */
    public static int update64(int checksum, long oldValue, long newValue) {
        if (oldValue == newValue) {
            return checksum;
        }
        return update32(
                update32(checksum, (int) (oldValue >>> 32), (int) (newValue >>> 32)), (int) oldValue, (int) newValue);
    }

    private static long halves(long value) {
        return (value >>> 32) + (value & 0xFFFF_FFFFL);
    }

    private static long reduce(long seed) {
        return halves(seed);
    }
}
