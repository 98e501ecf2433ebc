package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.inet.Endpoints;

/**
 * SYN cookies, RFC 4987 §3.6: with the queue full, everything that must be remembered about a SYN goes into the sequence
 * number of the SYN-ACK: a minute counter (8 bits) and an index of MSS values under a keyed hash (24 bits). What else was
 * agreed goes into the low bits of the time stamp, which the peer echoes; without time stamps it is not agreed.
 */
final class SynCookies {
    private static final int[] MSS = {536, 1300, 1440, 1460};
    private static final int HASH_MASK = 0xFF_FFFF;
    private static final int MAX_AGE_MINUTES = 2;
    static final long MAX_AGE_NS = MAX_AGE_MINUTES * 60 * TcpConfig.SECOND;

    /** Of a time stamp's low bits: the window scale (all ones: none), SACK, ECN. */
    private static final int OPTION_BITS = 6, SCALE_MASK = 0xF, SACK = 1 << 4, ECN = 1 << 5;

    private final long key0, key1;

    SynCookies(java.util.SplittableRandom random) {
        key0 = random.nextLong();
        key1 = random.nextLong();
    }

    int make(Endpoints ends, int irs, int mss, long nowNs) {
        int index = 0;
        for (int i = 0; i < MSS.length; i++) {
            if (MSS[i] <= mss) {
                index = i;
            }
        }
        int minute = minute(nowNs);
        int h1 = hash(key0, ends, 0);
        int h2 = hash(key1, ends, minute);
        return h1 + irs + (minute << 24) + (h2 + index & HASH_MASK);
    }

    /** @return the MSS that the cookie holds, 0: it is none of ours, or too old */
    int check(int cookie, Endpoints ends, int irs, long nowNs) {
        int rest = cookie - hash(key0, ends, 0) - irs;
        int minute = minute(nowNs);
        int age = minute - (rest >>> 24) & 0xFF;
        if (age >= MAX_AGE_MINUTES) {
            return 0;
        }
        int h2 = hash(key1, ends, minute - age & 0xFF);
        int index = rest - h2 & HASH_MASK;
        return index < MSS.length ? MSS[index] : 0;
    }

    /** The time stamp value for a SYN-ACK, not later than {@code nowMs}, with the request's options in its low bits. */
    static int code(TcpRequest request, int nowMs) {
        int options = request.windowScaleOk ? request.sndWscale : SCALE_MASK;
        options |= request.sackOk ? SACK : 0;
        options |= request.ecnOk ? ECN : 0;
        int coded = nowMs >>> OPTION_BITS << OPTION_BITS | options;
        return coded - nowMs > 0 ? coded - (1 << OPTION_BITS) : coded;
    }

    /**
     * Takes the options out of the echo of {@link #code}.
     *
     * @return false: they were not offered, so the echo is not of ours
     */
    static boolean decode(TcpRequest request, int coded, TcpConfig config) {
        int scale = coded & SCALE_MASK;
        request.windowScaleOk = scale != SCALE_MASK;
        request.sndWscale = request.windowScaleOk ? Math.min(scale, ReceivedOptions.MAX_SHIFT) : 0;
        request.sackOk = (coded & SACK) != 0;
        request.ecnOk = (coded & ECN) != 0 && config.ecn != 0;
        request.timestampsOk = true;
        return config.timestamps
                && (config.sack || !request.sackOk)
                && (config.windowScaling || !request.windowScaleOk);
    }

    private static int minute(long nowNs) {
        return (int) (nowNs / (60 * TcpConfig.SECOND)) & 0xFF;
    }

    private static int hash(long key, Endpoints ends, int count) {
        return (int) KeyedHash.of(key, ends, count);
    }
}
