package dev.doorbell.kernel.dma;

import java.util.Arrays;

/**
 * Hands out I/O virtual address ranges of one window in whole pages: per size a stack of free ranges, below that a bump
 * pointer. Constant time, and a range comes back with its page tables still in place. Sizes are rounded up to a power of
 * two and aligned to it.
 */
final class IovaAllocator {
    private static final int ORDERS = 19;

    private final int pages;
    private final int[][] free = new int[ORDERS][];
    private final int[] freeCount = new int[ORDERS];
    private int bump;
    private int used;

    /** @param pages size of the window; a power of two, at most 2^18 */
    IovaAllocator(int pages) {
        this.pages = pages;
        Arrays.setAll(free, order -> new int[16]);
    }

    static int orderOf(int pages) {
        return 32 - Integer.numberOfLeadingZeros(pages - 1);
    }

    /** @return index of the first page, or -1 when the window is exhausted */
    int allocate(int order) {
        if (freeCount[order] > 0) {
            used += 1 << order;
            return free[order][--freeCount[order]];
        }
        int page = carve(order);
        return page >= 0 ? page : split(order);
    }

    /** The window is used up: halves a larger free range. */
    private int split(int order) {
        int larger = order + 1;
        while (larger < ORDERS && freeCount[larger] == 0) {
            larger++;
        }
        if (larger == ORDERS) {
            return -1;
        }
        int page = free[larger][--freeCount[larger]];
        while (larger > order) {
            larger--;
            push(page + (1 << larger), larger);
        }
        used += 1 << order;
        return page;
    }

    private int carve(int order) {
        int aligned = bump + (1 << order) - 1 & -(1 << order);
        if (aligned + (1 << order) > pages) {
            return -1;
        }
        while (bump < aligned) {
            int gap = Integer.numberOfTrailingZeros(bump);
            push(bump, gap);
            bump += 1 << gap;
        }
        bump = aligned + (1 << order);
        used += 1 << order;
        return aligned;
    }

    void free(int page, int order) {
        used -= 1 << order;
        push(page, order);
    }

    private void push(int page, int order) {
        if (freeCount[order] == free[order].length) {
            free[order] = Arrays.copyOf(free[order], 2 * freeCount[order]);
        }
        free[order][freeCount[order]++] = page;
    }

    int usedPages() {
        return used;
    }
}
