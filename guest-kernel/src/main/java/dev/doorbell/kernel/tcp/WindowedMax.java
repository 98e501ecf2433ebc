package dev.doorbell.kernel.tcp;

/**
 * Running maximum over a window of time in constant space: the best three samples, each taken in a later part of the
 * window, so that an expired maximum has a successor. Time is whatever the caller counts.
 */
final class WindowedMax {
    private final long window;
    private long value0, value1, value2;
    private long at0, at1, at2;

    WindowedMax(long window) {
        this(window, 0);
    }

    /** @param before what there is before the first sample, below all that may come */
    WindowedMax(long window, long before) {
        this.window = window;
        value0 = value1 = value2 = before;
    }

    /** What it was made with before the first sample. */
    long get() {
        return value0;
    }

    void update(long now, long sample) {
        if (sample >= value0 || now - at2 > window) {
            value0 = value1 = value2 = sample;
            at0 = at1 = at2 = now;
            return;
        }
        if (sample >= value1) {
            value1 = value2 = sample;
            at1 = at2 = now;
        } else if (sample >= value2) {
            value2 = sample;
            at2 = now;
        }
        long age = now - at0;
        if (age > window) {
            shift(now, sample);
            if (now - at0 > window) {
                shift(now, sample);
            }
        } else if (at1 == at0 && age > window / 4) {
            value1 = value2 = sample;
            at1 = at2 = now;
        } else if (at2 == at1 && age > window / 2) {
            value2 = sample;
            at2 = now;
        }
    }

    private void shift(long now, long sample) {
        value0 = value1;
        at0 = at1;
        value1 = value2;
        at1 = at2;
        value2 = sample;
        at2 = now;
    }
}
