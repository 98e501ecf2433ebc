package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.inet.Endpoints;

/** A keyed 64-bit hash of two words: SipHash-2-4's rounds on a fixed length. For ISNs, cookies and offsets. */
final class KeyedHash {
    private KeyedHash() {}

    /** Of everything in {@code ends}, and a word more. */
    static long of(long key, Endpoints ends, int salt) {
        long ports = (long) ends.localPort << 48 | (long) ends.remotePort << 32 | salt & 0xFFFF_FFFFL;
        return of(addresses(key, ends), ports, ends.scope);
    }

    /** Of the two addresses. */
    static long addresses(long key, Endpoints ends) {
        if ((ends.localHigh | ends.remoteHigh) == 0) {
            return of(key, ends.localLow, ends.remoteLow);
        }
        return of(of(key, ends.localHigh, ends.localLow), ends.remoteHigh, ends.remoteLow);
    }

    static long of(long key, long a, long b) {
        long v0 = key ^ 0x736F_6D65_7073_6575L;
        long v1 = Long.rotateLeft(key, 32) ^ 0x646F_7261_6E64_6F6DL;
        long v2 = key ^ 0x6C79_6765_6E65_7261L;
        long v3 = Long.rotateLeft(key, 32) ^ 0x7465_6462_7974_6573L;
        for (int word = 0; word < 3; word++) {
            long m = word == 0 ? a : word == 1 ? b : 16L << 56;
            v3 ^= m;
            for (int round = 0; round < (word == 2 ? 6 : 2); round++) {
                if (word == 2 && round == 2) {
                    v0 ^= m;
                    v2 ^= 0xFF;
                }
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
            if (word != 2) {
                v0 ^= m;
            }
        }
        return v0 ^ v1 ^ v2 ^ v3;
    }
}
