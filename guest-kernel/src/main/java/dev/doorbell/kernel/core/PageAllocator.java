package dev.doorbell.kernel.core;

import dev.doorbell.bus.mem.GuestMemory;
import java.util.Arrays;

/**
 * Guest RAM by pages: a binary buddy allocator, orders 0 (4 KiB) to {@link #MAX_ORDER} (4 MiB). Its lists live outside
 * the RAM that it manages, so no stray DMA can break them.
 */
public final class PageAllocator {
    public static final int PAGE_SHIFT = 12;
    public static final int PAGE_BYTES = 1 << PAGE_SHIFT;
    public static final int MAX_ORDER = 10;
    /** Real-mode memory, never handed out: so GPA 0 is never a valid buffer. */
    public static final long LOW_MEMORY_BYTES = 1 << 20;
    /** What freed pages are filled with when poisoning is on, linux/poison.h PAGE_POISON. */
    public static final int POISON = 0xAA;

    private static final int NONE = -1;
    private static final byte NOT_A_HEAD = -1;

    private final GuestMemory ram;
    private final int firstPage;
    private final int pages;
    private final int[] next;
    private final int[] previous;
    /** Order of the block, free or used, that starts at this page; {@link #NOT_A_HEAD} inside a block. */
    private final byte[] order;

    private final boolean[] free;
    private final int[] listHead = new int[MAX_ORDER + 1];
    private int freePages;
    private int allocated;
    private boolean poisoning;

    /** All RAM from {@code firstGpa} on. */
    public PageAllocator(GuestMemory ram, long firstGpa) {
        this(ram, firstGpa, ram.size());
    }

    /** RAM in [{@code firstGpa}, {@code endGpa}), rounded inwards to pages. */
    public PageAllocator(GuestMemory ram, long firstGpa, long endGpa) {
        this.ram = ram;
        this.firstPage = (int) ((firstGpa + PAGE_BYTES - 1) >>> PAGE_SHIFT);
        int end = (int) (endGpa >>> PAGE_SHIFT);
        if (end <= firstPage) {
            throw new IllegalArgumentException(
                    "guest RAM of " + endGpa + " bytes: must reach beyond GPA 0x" + Long.toHexString(firstGpa));
        }
        this.pages = end - firstPage;
        this.next = new int[end];
        this.previous = new int[end];
        this.order = new byte[end];
        this.free = new boolean[end];
        Arrays.fill(order, NOT_A_HEAD);
        Arrays.fill(listHead, NONE);
        int page = firstPage;
        while (page < end) {
            int blockOrder = Math.min(MAX_ORDER, page == 0 ? MAX_ORDER : Integer.numberOfTrailingZeros(page));
            while (page + (1 << blockOrder) > end) {
                blockOrder--;
            }
            link(page, blockOrder);
            page += 1 << blockOrder;
        }
        freePages = pages;
    }

    /** Fills freed pages with {@link #POISON}: a use after free then shows. */
    public PageAllocator poisoning(boolean on) {
        poisoning = on;
        return this;
    }

    /** The order of the smallest block of at least {@code bytes}. */
    public static int orderOf(long bytes) {
        int order = 0;
        while ((long) PAGE_BYTES << order < bytes) {
            order++;
        }
        return order;
    }

    /**
     * 2^order contiguous pages, aligned to their size. Contents undefined.
     *
     * @return their GPA, or -1 when there is no such block
     */
    public long allocPages(int wanted) {
        int found = wanted;
        while (found <= MAX_ORDER && listHead[found] == NONE) {
            found++;
        }
        if (found > MAX_ORDER) {
            return -1;
        }
        int page = listHead[found];
        unlink(page, found);
        while (found > wanted) {
            found--;
            link(page + (1 << found), found);
        }
        order[page] = (byte) wanted;
        free[page] = false;
        freePages -= 1 << wanted;
        allocated += 1 << wanted;
        return (long) page << PAGE_SHIFT;
    }

    /** As {@link #allocPages}, zeroed. */
    public long allocZeroedPages(int wanted) {
        long gpa = allocPages(wanted);
        if (gpa >= 0) {
            ram.fill(gpa, (long) PAGE_BYTES << wanted, 0);
        }
        return gpa;
    }

    /** Gives back a block; GPA and order as allocated. */
    public void freePages(long gpa, int blockOrder) {
        int page = (int) (gpa >>> PAGE_SHIFT);
        if ((gpa & PAGE_BYTES - 1) != 0 || page < firstPage || page >= firstPage + pages) {
            throw new IllegalStateException("freePages(0x" + Long.toHexString(gpa) + "): no such page");
        }
        if (free[page] || order[page] != blockOrder) {
            throw new IllegalStateException("freePages(0x" + Long.toHexString(gpa) + ", order " + blockOrder + "): "
                    + (free[page] || order[page] == NOT_A_HEAD
                            ? "is not allocated"
                            : "was allocated with order " + order[page]));
        }
        if (poisoning) {
            ram.fill(gpa, (long) PAGE_BYTES << blockOrder, POISON);
        }
        freePages += 1 << blockOrder;
        allocated -= 1 << blockOrder;
        order[page] = NOT_A_HEAD;
        int merged = blockOrder;
        while (merged < MAX_ORDER) {
            int buddy = page ^ 1 << merged;
            if (buddy < firstPage || buddy >= firstPage + pages || !free[buddy] || order[buddy] != merged) {
                break;
            }
            unlink(buddy, merged);
            page = Math.min(page, buddy);
            merged++;
        }
        link(page, merged);
    }

    /** Pages handed out and not given back. */
    public int outstandingPages() {
        return allocated;
    }

    public int freePageCount() {
        return freePages;
    }

    private void link(int page, int blockOrder) {
        int head = listHead[blockOrder];
        next[page] = head;
        previous[page] = NONE;
        if (head != NONE) {
            previous[head] = page;
        }
        listHead[blockOrder] = page;
        order[page] = (byte) blockOrder;
        free[page] = true;
    }

    private void unlink(int page, int blockOrder) {
        int before = previous[page];
        int after = next[page];
        if (before == NONE) {
            listHead[blockOrder] = after;
        } else {
            next[before] = after;
        }
        if (after != NONE) {
            previous[after] = before;
        }
        free[page] = false;
        order[page] = NOT_A_HEAD;
    }
}
