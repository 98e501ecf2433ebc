package dev.doorbell.kernel.tcp;

/**
 * Running minimum over a time window in constant space: the best three samples, each taken in a later part of the
 * window, so that an expired minimum has a successor.
 */
final class MinRtt {
    /** No sample yet. */
    static final long NONE = 0xFFFF_FFFFL;

    private final long windowUs;
    private long value0 = NONE, value1 = NONE, value2 = NONE;
    private long at0, at1, at2;

    MinRtt(long windowUs) {
        this.windowUs = windowUs;
    }

    long get() {
        return value0;
    }

    void update(long nowUs, long sample) {
        if (sample <= value0 || nowUs - at2 > windowUs) {
            value0 = value1 = value2 = sample;
            at0 = at1 = at2 = nowUs;
            return;
        }
        if (sample <= value1) {
            value1 = value2 = sample;
            at1 = at2 = nowUs;
        } else if (sample <= value2) {
            value2 = sample;
            at2 = nowUs;
        }
        long age = nowUs - at0;
        if (age > windowUs) {
            shift(nowUs, sample);
            if (nowUs - at0 > windowUs) {
                shift(nowUs, sample);
            }
        } else if (at1 == at0 && age > windowUs / 4) {
            value1 = value2 = sample;
            at1 = at2 = nowUs;
        } else if (at2 == at1 && age > windowUs / 2) {
            value2 = sample;
            at2 = nowUs;
        }
    }

    private void shift(long nowUs, long sample) {
        value0 = value1;
        at0 = at1;
        value1 = value2;
        at1 = at2;
        value2 = sample;
        at2 = nowUs;
    }
}
