package dev.doorbell.kernel.skb;

import org.jspecify.annotations.Nullable;

/**
 * A buffer in guest memory that one or more {@link SkBuff}s look into: linear data, or a page of fragments. Counted;
 * goes back to its allocator when the last user lets go.
 */
public final class SkbHead {
    private final SkbAllocator allocator;
    private final int sizeClass;
    private final long gpa;
    private final int bytes;
    private int users;
    /** Link in the allocator's free list. */
    @Nullable
    SkbHead nextFree;

    SkbHead(SkbAllocator allocator, int sizeClass, long gpa, int bytes) {
        this.allocator = allocator;
        this.sizeClass = sizeClass;
        this.gpa = gpa;
        this.bytes = bytes;
    }

    public long gpa() {
        return gpa;
    }

    public int bytes() {
        return bytes;
    }

    int sizeClass() {
        return sizeClass;
    }

    public int users() {
        return users;
    }

    public SkbHead get() {
        users++;
        return this;
    }

    public void put() {
        if (users <= 0) {
            throw new IllegalStateException("buffer at GPA 0x" + Long.toHexString(gpa) + " freed twice");
        }
        if (--users == 0) {
            allocator.release(this);
        }
    }
}
