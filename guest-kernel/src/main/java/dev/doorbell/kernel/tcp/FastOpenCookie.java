package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.mem.GuestMemory;

/**
 * The fast open option's content, RFC 7413 §4.1.1: none at all (length -1), empty (a request for a cookie), or a cookie
 * of 4 to 16 bytes. Before the option had a number of its own it went as experiment 254 with a magic number.
 */
final class FastOpenCookie {
    static final int NONE = -1, REQUEST = 0, MIN_BYTES = 4, MAX_BYTES = 16;

    private final byte[] value = new byte[MAX_BYTES];
    int length = NONE;
    boolean experimental;

    void clear() {
        length = NONE;
        experimental = false;
    }

    void copyFrom(FastOpenCookie other) {
        length = other.length;
        experimental = other.experimental;
        System.arraycopy(other.value, 0, value, 0, MAX_BYTES);
    }

    /** Makes it one of eight bytes. */
    void set(long hash) {
        length = Long.BYTES;
        for (int i = 0; i < Long.BYTES; i++) {
            value[i] = (byte) (hash >>> 8 * i);
        }
    }

    /** Reads the option's content; a length that no cookie has makes it none. */
    void read(GuestMemory memory, long at, int bytes, boolean experiment) {
        if ((bytes & 1) != 0) {
            return;
        }
        experimental = experiment;
        length = bytes == 0 ? REQUEST : bytes >= MIN_BYTES && bytes <= MAX_BYTES ? bytes : NONE;
        for (int i = 0; i < length; i++) {
            value[i] = memory.readByte(at + i);
        }
    }

    int byteAt(int index) {
        return value[index] & 0xFF;
    }

    boolean sameValue(FastOpenCookie other) {
        int different = length ^ other.length;
        for (int i = 0; i < length; i++) {
            different |= value[i] ^ other.value[i];
        }
        return different == 0;
    }

    /** Bytes of the option with its padding; 0 when there is none. */
    int optionBytes() {
        return length < 0 ? 0 : headBytes() + length + 3 & ~3;
    }

    /** Kind and length, and in the old form the magic number. */
    int headBytes() {
        return experimental ? 4 : 2;
    }
}
