package dev.doorbell.device.offload;

import dev.doorbell.bus.mem.GuestMemory;

/**
 * The Toeplitz hash of receive-side scaling: for every set bit of the input, most significant first, the 32 key bits
 * from that position on are exclusive-ored into the result.
 *
 * <p>{@link #hash} is the definition; an instance holds the same function for one key as tables of one byte of input at
 * each position, 8 KiB per 8 bytes.
 */
public final class Toeplitz {
    /** A key: 40 bytes serve 36 bytes of input, IPv6 with ports. */
    public static final int KEY_BYTES = 40;

    public static final int INPUT_BYTES = KEY_BYTES - 4;

    private final int[] table = new int[INPUT_BYTES * 256];

    /** The hash of {@code input}, at most {@code key.length - 4} bytes. */
    public static int hash(byte[] key, byte[] input) {
        int result = 0;
        for (int bit = 0; bit < input.length * 8; bit++) {
            if ((input[bit >>> 3] & 0x80 >>> (bit & 7)) != 0) {
                result ^= window(key, bit);
            }
        }
        return result;
    }

    /** Prepares for a key of {@link #KEY_BYTES}; costs some ten microseconds. */
    public void key(byte[] key) {
        for (int position = 0; position < INPUT_BYTES; position++) {
            int row = position << 8;
            table[row] = 0;
            for (int bit = 0; bit < 8; bit++) {
                int value = 1 << bit;
                int window = window(key, position * 8 + 7 - bit);
                for (int lower = 0; lower < value; lower++) {
                    table[row | value | lower] = table[row | lower] ^ window;
                }
            }
        }
    }

    /**
     * Goes on hashing.
     *
     * @param hash of the input up to {@code position}; 0 at the start
     * @param position of the first of these bytes in the whole input
     */
    public int add(int hash, int position, GuestMemory memory, long at, int bytes) {
        int result = hash;
        for (int i = 0; i < bytes; i++) {
            result ^= table[(position + i) << 8 | memory.readByte(at + i) & 0xFF];
        }
        return result;
    }

    private static int window(byte[] key, int bit) {
        int at = bit >>> 3;
        long five = 0;
        for (int i = 0; i < 5; i++) {
            five = five << 8 | (at + i < key.length ? key[at + i] & 0xFF : 0);
        }
        return (int) (five >>> (8 - (bit & 7)));
    }
}
