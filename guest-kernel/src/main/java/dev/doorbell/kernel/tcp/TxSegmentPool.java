package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.skb.SkbAllocator;
import dev.doorbell.kernel.skb.SkbHead;
import org.jspecify.annotations.Nullable;

/**
 * The send queues' raw material, shared by all connections of a stack: {@link TxSegment}s, and the page block that data
 * is being copied into (Linux's page_frag). Blocks are filled from front to back and counted by their pieces.
 */
final class TxSegmentPool {
    static final int BLOCK_BYTES = 32 << 10;

    private final SkbAllocator allocator;
    private @Nullable TxSegment free;
    private int outstanding;
    private @Nullable SkbHead block;
    private int used;

    TxSegmentPool(SkbAllocator allocator) {
        this.allocator = allocator;
    }

    TxSegment take() {
        outstanding++;
        TxSegment segment = free;
        if (segment == null) {
            return new TxSegment();
        }
        free = segment.next;
        segment.next = null;
        return segment;
    }

    /** Releases its bytes too. */
    void give(TxSegment segment) {
        segment.releaseBytes();
        segment.reset();
        segment.next = free;
        free = segment;
        outstanding--;
    }

    /** Entries in use. */
    int outstanding() {
        return outstanding;
    }

    /** The block with room for at least one byte, owned by the pool; null: out of memory. */
    @Nullable
    SkbHead block() {
        SkbHead current = block;
        if (current != null && used < current.bytes()) {
            return current;
        }
        if (current != null) {
            if (current.users() == 1) { // all its data is acknowledged already: fill it again
                used = 0;
                return current;
            }
            current.put();
        }
        used = 0;
        block = allocator.allocHead(BLOCK_BYTES);
        return block;
    }

    /** GPA of the first free byte of {@link #block()}. */
    long position() {
        SkbHead current = block;
        return current == null ? 0 : current.gpa() + used;
    }

    int room() {
        SkbHead current = block;
        return current == null ? 0 : current.bytes() - used;
    }

    void advance(int bytes) {
        used += bytes;
    }

    /** Lets go of the current block, for tear-down. */
    void close() {
        if (block != null) {
            block.put();
            block = null;
        }
    }
}
