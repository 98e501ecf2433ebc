package dev.doorbell.kernel.ipv4;

import java.util.SplittableRandom;

/**
 * Identification values: counters by hash of source, destination and protocol, each with its own random start, so that
 * one peer cannot count what is sent to another. RFC 6864, RFC 7739 section 5.
 */
final class IpIdentifiers {
    private static final int COUNTERS = 2048;

    private final short[] counters = new short[COUNTERS];
    private final int seed;

    IpIdentifiers(SplittableRandom random) {
        seed = random.nextInt();
        for (int i = 0; i < COUNTERS; i++) {
            counters[i] = (short) random.nextInt();
        }
    }

    /**
     * Takes {@code count} consecutive values.
     *
     * @return the first
     */
    int next(int source, int destination, int protocol, int count) {
        int hash = (source ^ seed) * 0x9E37_79B9 + destination * 0x85EB_CA6B + protocol * 0xC2B2_AE35;
        int index = (hash ^ hash >>> 15) & (COUNTERS - 1);
        int first = counters[index] & 0xFFFF;
        counters[index] = (short) (first + count);
        return first;
    }
}
