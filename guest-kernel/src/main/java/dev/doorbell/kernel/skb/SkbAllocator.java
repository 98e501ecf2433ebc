package dev.doorbell.kernel.skb;

import org.jspecify.annotations.Nullable;

/** Hands out packet buffers. A test that ends with {@link #outstanding()} other than 0 has leaked. */
public interface SkbAllocator {
    /** An empty buffer with {@code headroom} bytes before data and room for {@code bytes} behind; null: out of memory. */
    @Nullable
    SkBuff alloc(int headroom, int bytes);

    /** A counted block of at least {@code bytes} (at most 64 KiB) for fragments; null: out of memory. */
    @Nullable
    SkbHead allocHead(int bytes);

    /** A second SkBuff that shares the buffers of {@code skb}; headers may be written only by one of them. */
    @Nullable
    SkBuff clone(SkBuff skb);

    void release(SkbHead head);

    void release(SkBuff skb);

    /** SkBuffs handed out and not yet freed. */
    int outstanding();

    /** Packets dropped so far, by reason; {@link SkBuff#drop} counts here. */
    DropCounters drops();

    /**
     * A packet that is free, or watched, is looked at.
     *
     * @param call as Linux would write it
     */
    default void touched(SkBuff skb, String call) {}
}
