package dev.doorbell.kernel.time;

/** The kernel's tick, HZ = 1000: what protocols with coarse clocks count in. */
public final class Jiffies {
    public static final int HZ = 1000;
    public static final long NS_PER_JIFFY = 1_000_000_000L / HZ;

    private Jiffies() {}

    /** The tick that {@code nowNs} falls in. */
    public static long of(long nowNs) {
        return nowNs / NS_PER_JIFFY;
    }

    /** A duration in ticks, rounded up as Linux does: a timeout is never short. */
    public static long roundUp(long durationNs) {
        return (durationNs + NS_PER_JIFFY - 1) / NS_PER_JIFFY;
    }

    public static long toNs(long jiffies) {
        return jiffies * NS_PER_JIFFY;
    }
}
