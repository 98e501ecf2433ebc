package dev.doorbell.kernel.reassembly;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.PacketMemory;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.time.KernelTimer;
import org.jspecify.annotations.Nullable;

/**
 * The datagrams of one protocol of which fragments have come: found by key in constant time, limited in memory, per
 * source and in time, oldest first; an overlap spoils the whole datagram (RFC 5722), an exact duplicate is ignored.
 */
public abstract class Reassembler {
    /** net.ipv4.ipfrag_high_thresh, net.ipv6.ip6frag_high_thresh. */
    public static final int MAX_MEMORY = 4 * 1024 * 1024;
    /** Datagrams under way from sources that share a bucket: one source alone cannot take all memory. */
    public static final int MAX_PER_SOURCE = 256;

    protected static final int MAX_DATAGRAM = 65_535;
    private static final int BUCKETS = 1024, SOURCE_BUCKETS = 256;

    private final KernelContext kernel;
    private final long timeoutNs;
    private final KernelTimer timer;
    private final long hashSeed;
    private final @Nullable FragmentQueue[] buckets = new @Nullable FragmentQueue[BUCKETS];
    private final int[] perSource = new int[SOURCE_BUCKETS];
    private @Nullable FragmentQueue oldest;
    private @Nullable FragmentQueue newest;
    private @Nullable FragmentQueue pool;
    private int memoryBytes;
    private int datagrams;

    /** @param name of the timer, and of the source of the hash key */
    protected Reassembler(KernelContext kernel, String name, long timeoutNs) {
        this.kernel = kernel;
        this.timeoutNs = timeoutNs;
        this.hashSeed = kernel.random(name).nextLong();
        this.timer = new KernelTimer(kernel, name, this::expire);
    }

    /** Counts a packet that is not going to become part of a datagram. */
    protected abstract void countFailure();

    protected abstract void countOverlap();

    protected abstract void countTimeout();

    /** Time is over and the first fragment is there: its sender may be told. {@code first} stays the queue's. */
    protected abstract void timedOut(SkBuff first);

    /** All fragments are there: makes one packet of them. The queue is given back afterwards. Null: it was dropped. */
    protected abstract @Nullable SkBuff assemble(FragmentQueue queue);

    /** Drops a fragment. @return null */
    protected final @Nullable SkBuff refuse(SkBuff skb, DropReason reason) {
        countFailure();
        skb.drop(reason);
        return null;
    }

    /**
     * Takes a checked fragment.
     *
     * @param offset of its payload in the datagram, a multiple of 8
     * @param bytes of payload
     * @return the whole datagram when this was the missing piece, else null
     */
    protected final @Nullable SkBuff add(
            SkBuff skb,
            long sourceHigh,
            long sourceLow,
            long destinationHigh,
            long destinationLow,
            int protocol,
            int identification,
            int offset,
            int bytes,
            boolean more) {
        int bucket = bucket(sourceHigh, sourceLow, destinationHigh, destinationLow, protocol, identification);
        FragmentQueue queue = buckets[bucket];
        while (queue != null
                && !queue.matches(sourceHigh, sourceLow, destinationHigh, destinationLow, protocol, identification)) {
            queue = queue.nextInBucket;
        }
        if (queue == null) {
            if (perSource[sourceBucket(sourceHigh, sourceLow)] >= MAX_PER_SOURCE) {
                return refuse(skb, DropReason.FRAG_TOO_MANY);
            }
            queue = create(bucket);
            queue.begin(
                    sourceHigh,
                    sourceLow,
                    destinationHigh,
                    destinationLow,
                    protocol,
                    identification,
                    kernel.nowNs() + timeoutNs);
            enqueue(queue);
        }
        return store(queue, skb, offset, bytes, more);
    }

    private @Nullable SkBuff store(FragmentQueue queue, SkBuff skb, int offset, int bytes, boolean more) {
        int truesize = PacketMemory.truesize(skb);
        switch (queue.add(skb, offset, bytes, more)) {
            case DUPLICATE -> {
                skb.drop(DropReason.DUP_FRAG);
                return null;
            }
            case CONFLICT -> {
                countOverlap();
                discard(queue, DropReason.FRAG_OVERLAP);
                return refuse(skb, DropReason.FRAG_OVERLAP);
            }
            default -> {}
        }
        queue.memoryBytes += truesize;
        memoryBytes += truesize;
        if (queue.isComplete()) {
            SkBuff whole = assemble(queue);
            unlink(queue);
            return whole;
        }
        while (memoryBytes > MAX_MEMORY && oldest != null) {
            discard(oldest, DropReason.FRAG_TOO_MANY);
        }
        return null;
    }

    private void expire() {
        long now = kernel.nowNs();
        for (FragmentQueue queue = oldest; queue != null && queue.expiresNs <= now; queue = oldest) {
            countTimeout();
            SkBuff first = queue.firstFragment();
            if (first != null) {
                timedOut(first);
            }
            discard(queue, DropReason.FRAG_REASM_TIMEOUT);
        }
        if (oldest != null) {
            timer.modTimer(oldest.expiresNs);
        } else {
            timer.delTimer();
        }
    }

    private void discard(FragmentQueue queue, DropReason reason) {
        countFailure();
        freeList(queue.takeSorted(), reason);
        unlink(queue);
    }

    /** Drops packets linked by next. */
    protected static void freeList(@Nullable SkBuff list, DropReason reason) {
        for (SkBuff skb = list; skb != null; ) {
            SkBuff following = skb.next;
            skb.next = null;
            skb.drop(reason);
            skb = following;
        }
    }

    /** Forgets everything, for the end of the kernel. */
    public final void clear() {
        for (FragmentQueue queue = oldest; queue != null; queue = oldest) {
            discard(queue, DropReason.FRAG_REASM_TIMEOUT);
        }
        timer.delTimer();
    }

    /** Bytes held by fragments. */
    public final int memoryBytes() {
        return memoryBytes;
    }

    /** Datagrams under way. */
    public final int datagrams() {
        return datagrams;
    }

    private FragmentQueue create(int bucket) {
        FragmentQueue queue = pool;
        if (queue == null) {
            queue = new FragmentQueue();
        } else {
            pool = queue.nextInBucket;
        }
        queue.nextInBucket = buckets[bucket];
        buckets[bucket] = queue;
        return queue;
    }

    private void enqueue(FragmentQueue queue) {
        queue.older = newest;
        queue.newer = null;
        if (newest == null) {
            oldest = queue;
            timer.modTimer(queue.expiresNs);
        } else {
            newest.newer = queue;
        }
        newest = queue;
        perSource[sourceBucket(queue.sourceHigh, queue.sourceLow)]++;
        datagrams++;
    }

    private void unlink(FragmentQueue queue) {
        int bucket = bucket(
                queue.sourceHigh,
                queue.sourceLow,
                queue.destinationHigh,
                queue.destinationLow,
                queue.protocol,
                queue.identification);
        FragmentQueue entry = buckets[bucket];
        if (entry == queue) {
            buckets[bucket] = queue.nextInBucket;
        } else {
            while (entry != null) {
                if (entry.nextInBucket == queue) {
                    entry.nextInBucket = queue.nextInBucket;
                    break;
                }
                entry = entry.nextInBucket;
            }
        }
        if (queue.older == null) {
            oldest = queue.newer;
        } else {
            queue.older.newer = queue.newer;
        }
        if (queue.newer == null) {
            newest = queue.older;
        } else {
            queue.newer.older = queue.older;
        }
        queue.older = null;
        queue.newer = null;
        perSource[sourceBucket(queue.sourceHigh, queue.sourceLow)]--;
        datagrams--;
        memoryBytes -= queue.memoryBytes;
        queue.nextInBucket = pool;
        pool = queue;
        if (oldest == null) {
            timer.delTimer();
        }
    }

    private int bucket(
            long sourceHigh, long sourceLow, long destinationHigh, long destinationLow, int protocol, int id) {
        long hash = (sourceLow ^ hashSeed) * 0x9E37_79B9_7F4A_7C15L;
        hash = (hash ^ hash >>> 32 ^ sourceHigh) * 0xC2B2_AE3D_27D4_EB4FL;
        hash = (hash ^ hash >>> 29 ^ destinationLow) * 0x9E37_79B9_7F4A_7C15L;
        hash = (hash ^ hash >>> 32 ^ destinationHigh) * 0xC2B2_AE3D_27D4_EB4FL;
        hash = (hash ^ hash >>> 29 ^ ((long) protocol << 32 | id & 0xFFFF_FFFFL)) * 0x9E37_79B9_7F4A_7C15L;
        return (int) (hash >>> 40) & (BUCKETS - 1);
    }

    /** By the first 64 bits for IPv6: whoever has a prefix has all its addresses. */
    private int sourceBucket(long high, long low) {
        long hash = ((high == 0 ? low : high) ^ hashSeed) * 0x9E37_79B9_7F4A_7C15L;
        return (int) (hash >>> 56);
    }
}
