package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/**
 * Data in order, waiting for the application: the buffers as they came in, GRO chains too. {@code cbSeq} is the sequence
 * number of a buffer's first byte, {@code cbEndSeq} that behind its last byte (and FIN); data() is the first byte.
 */
final class ReceiveQueue {
    /** Linear packets up to this size are copied behind the previous one when that has room. */
    private static final int COPY_LIMIT = 1024;

    @Nullable
    SkBuff head;

    @Nullable
    SkBuff tail;

    boolean isEmpty() {
        return head == null;
    }

    /**
     * Appends; takes over the buffer.
     *
     * @return change of memory in use
     */
    int add(SkBuff skb) {
        SkBuff last = tail;
        if (last != null && canCopyBehind(last, skb)) {
            int bytes = skb.headLength();
            long at = last.put(bytes);
            skb.memory().copyTo(skb.data(), last.memory(), at, bytes);
            last.cbEndSeq = skb.cbEndSeq;
            last.cbFlags |= skb.cbFlags;
            skb.free();
            return 0; // the room was paid for already
        }
        skb.next = null;
        if (last == null) {
            head = skb;
        } else {
            last.next = skb;
        }
        tail = skb;
        return memoryOf(skb);
    }

    private static boolean canCopyBehind(SkBuff last, SkBuff skb) {
        return skb.headLength() <= COPY_LIMIT
                && !skb.isNonlinear()
                && skb.headLength() > 0
                && last.headLength() > 0
                && last.cbEndSeq == skb.cbSeq
                && last.cbEndSeq - last.cbSeq == last.length()
                && skb.headLength() <= last.tailroom();
    }

    /** Takes the first buffer out and frees it. @return memory given back */
    int removeHead() {
        SkBuff first = head;
        if (first == null) {
            return 0;
        }
        head = first.next;
        if (head == null) {
            tail = null;
        }
        int memory = memoryOf(first);
        first.next = null;
        first.free();
        return memory;
    }

    void clear() {
        while (head != null) {
            removeHead();
        }
    }

    /**
     * What holding a buffer costs, fixed when it comes in: as much memory as a packet of its size is given, in powers of
     * two up to a page and in pages above, and its description.
     */
    static int memoryOf(SkBuff skb) {
        if (skb.cbCount == 0) {
            int room = skb.length() + PACKET_OVERHEAD;
            int block = room > PAGE ? room + PAGE - 1 & -PAGE : Integer.highestOneBit(room - 1) << 1;
            skb.cbCount = block + DESCRIPTION;
        }
        return (int) skb.cbCount;
    }

    /** Headroom, headers and shared information; the buffer's description; bytes of a page. */
    private static final int PACKET_OVERHEAD = 424, DESCRIPTION = 256, PAGE = 4096;
}
