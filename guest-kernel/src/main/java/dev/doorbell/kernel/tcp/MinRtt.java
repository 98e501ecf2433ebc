package dev.doorbell.kernel.tcp;

/** Running minimum over a time window, microseconds: the maximum of what is below zero. */
final class MinRtt {
    /** No sample yet. */
    static final long NONE = 0xFFFF_FFFFL;

    private final WindowedMax below;

    MinRtt(long windowUs) {
        below = new WindowedMax(windowUs, -NONE);
    }

    long get() {
        return -below.get();
    }

    void update(long nowUs, long sample) {
        below.update(nowUs, -sample);
    }
}
