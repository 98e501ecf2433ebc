package dev.doorbell.kernel.pci;

import java.util.ArrayList;
import java.util.List;

/** Hands out naturally aligned ranges of one address window, lowest first. */
final class ResourceAllocator {
    private record Range(long base, long end) {}

    private final long base;
    private final long end;
    private final List<Range> taken = new ArrayList<>();

    ResourceAllocator(long base, long end) {
        this.base = base;
        this.end = end;
    }

    /**
     * @param bytes a power of two.
     * @return -1 when there is no room
     */
    long allocate(long bytes) {
        long candidate = align(base, bytes);
        int position = 0;
        for (Range range : taken) {
            if (candidate + bytes <= range.base()) {
                break;
            }
            candidate = Math.max(candidate, align(range.end(), bytes));
            position++;
        }
        if (candidate + bytes > end) {
            return -1;
        }
        taken.add(position, new Range(candidate, candidate + bytes));
        return candidate;
    }

    void free(long rangeBase) {
        taken.removeIf(range -> range.base() == rangeBase);
    }

    private static long align(long address, long bytes) {
        return address + bytes - 1 & -bytes;
    }
}
