package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.inet.Endpoints;

/** A keyed 64-bit hash of a connection's ends, by {@link SipHash}. For ISNs, cookies and offsets. */
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
        return new SipHash(key, Long.rotateLeft(key, 32)).add(a).add(b).finish();
    }
}
