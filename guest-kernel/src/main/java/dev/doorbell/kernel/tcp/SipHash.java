package dev.doorbell.kernel.tcp;

/** SipHash-2-4 of whole 64-bit little-endian words, as fast open cookies are made with. */
final class SipHash {
    private long v0, v1, v2, v3;
    private int words;

    SipHash(long key0, long key1) {
        v0 = key0 ^ 0x736F_6D65_7073_6575L;
        v1 = key1 ^ 0x646F_7261_6E64_6F6DL;
        v2 = key0 ^ 0x6C79_6765_6E65_7261L;
        v3 = key1 ^ 0x7465_6462_7974_6573L;
    }

    SipHash add(long word) {
        words++;
        return compress(word);
    }

    private SipHash compress(long word) {
        v3 ^= word;
        rounds(2);
        v0 ^= word;
        return this;
    }

    long finish() {
        compress((long) words * Long.BYTES << 56);
        v2 ^= 0xFF;
        rounds(4);
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private void rounds(int count) {
        for (int i = 0; i < count; i++) {
            v0 += v1;
            v1 = Long.rotateLeft(v1, 13) ^ v0;
            v0 = Long.rotateLeft(v0, 32);
            v2 += v3;
            v3 = Long.rotateLeft(v3, 16) ^ v2;
            v0 += v3;
            v3 = Long.rotateLeft(v3, 21) ^ v0;
            v2 += v1;
            v1 = Long.rotateLeft(v1, 17) ^ v2;
            v2 = Long.rotateLeft(v2, 32);
        }
    }
}
