package dev.doorbell.kernel.dma;

import dev.doorbell.bus.iommu.IommuContext;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.kernel.core.PageAllocator;
import java.util.Arrays;

/**
 * The kernel's half of the IOMMU: builds one function's page tables in guest memory, for one window of I/O virtual
 * addresses. Format: {@link IommuContext}. Tables are made as needed and stay until {@link #release}.
 */
final class PageTables {
    private static final int ENTRY_BYTES = 8;
    private static final int ENTRIES = 512;
    private static final int LARGE_PAGES = ENTRIES;
    private static final long TABLE = IommuContext.READ | IommuContext.WRITE;
    private static final long NO_TABLE = -1;

    private final GuestMemory ram;
    private final PageAllocator pages;
    private final long windowBase;
    private final long root;
    private final long directory;
    private final long[] middle;
    private final long[] leaf;

    /**
     * @param windowBase first IOVA; the window lies within one 512 GiB region
     * @param windowPages size in 4 KiB pages
     */
    PageTables(GuestMemory ram, PageAllocator pages, long windowBase, int windowPages) {
        this.ram = ram;
        this.pages = pages;
        this.windowBase = windowBase;
        root = newTable();
        directory = newTable();
        if (root < 0 || directory < 0) {
            throw new IllegalStateException("no guest memory left for IOMMU page tables");
        }
        ram.writeLong(root + entryOffset(windowBase, 39), directory | TABLE);
        middle = new long[(windowPages + ENTRIES * ENTRIES - 1) / (ENTRIES * ENTRIES)];
        leaf = new long[(windowPages + ENTRIES - 1) / ENTRIES];
        Arrays.fill(middle, NO_TABLE);
        Arrays.fill(leaf, NO_TABLE);
    }

    private static long entryOffset(long iova, int shift) {
        return (iova >>> shift & ENTRIES - 1) * ENTRY_BYTES;
    }

    /** @return GPA of the level 4 table */
    long root() {
        return root;
    }

    /**
     * Maps pages of the window to consecutive memory.
     *
     * @param page index in the window
     * @return false when there is no memory for a table; then nothing is mapped
     */
    boolean map(int page, long gpa, int count, long permissions) {
        for (int i = 0; i < count; ) {
            boolean large = (page + i) % LARGE_PAGES == 0
                    && count - i >= LARGE_PAGES
                    && (gpa & (1L << IommuContext.LARGE_PAGE_SHIFT) - 1) == 0
                    && leaf[(page + i) / ENTRIES] == NO_TABLE;
            if (large ? !mapLarge(page + i, gpa, permissions) : !mapSmall(page + i, gpa, permissions)) {
                unmap(page, i);
                return false;
            }
            int step = large ? LARGE_PAGES : 1;
            i += step;
            gpa += (long) step << IommuContext.PAGE_SHIFT;
        }
        return true;
    }

    private boolean mapSmall(int page, long gpa, long permissions) {
        long table = leaf[page / ENTRIES];
        if (table == NO_TABLE) {
            table = newLeaf(page);
            if (table == NO_TABLE) {
                return false;
            }
        }
        ram.writeLong(table + (page & ENTRIES - 1) * (long) ENTRY_BYTES, gpa | permissions);
        return true;
    }

    private boolean mapLarge(int page, long gpa, long permissions) {
        long table = middleTable(page);
        if (table == NO_TABLE) {
            return false;
        }
        ram.writeLong(table + middleOffset(page), gpa | permissions | IommuContext.LARGE_PAGE);
        return true;
    }

    /** Clears the entries; what the IOTLB has cached still translates until it is invalidated. */
    void unmap(int page, int count) {
        for (int i = 0; i < count; i++) {
            long table = leaf[(page + i) / ENTRIES];
            if (table != NO_TABLE) {
                ram.writeLong(table + (page + i & ENTRIES - 1) * (long) ENTRY_BYTES, 0);
            } else {
                ram.writeLong(middleTable(page + i) + middleOffset(page + i), 0);
                i += LARGE_PAGES - 1;
            }
        }
    }

    private long newLeaf(int page) {
        long above = middleTable(page);
        long table = above == NO_TABLE ? NO_TABLE : newTable();
        if (table != NO_TABLE) {
            ram.writeLong(above + middleOffset(page), table | TABLE);
            leaf[page / ENTRIES] = table;
        }
        return table;
    }

    private long middleTable(int page) {
        int index = page / (ENTRIES * ENTRIES);
        if (middle[index] == NO_TABLE) {
            long table = newTable();
            if (table == NO_TABLE) {
                return NO_TABLE;
            }
            ram.writeLong(directory + entryOffset(iova(page), 30), table | TABLE);
            middle[index] = table;
        }
        return middle[index];
    }

    private long middleOffset(int page) {
        return entryOffset(iova(page), IommuContext.LARGE_PAGE_SHIFT);
    }

    private long iova(int page) {
        return windowBase + ((long) page << IommuContext.PAGE_SHIFT);
    }

    private long newTable() {
        return pages.allocZeroedPages(0);
    }

    /** Gives all tables back. The function must have lost its context before. */
    void release() {
        free(leaf);
        free(middle);
        pages.freePages(directory, 0);
        pages.freePages(root, 0);
    }

    private void free(long[] tables) {
        for (int i = 0; i < tables.length; i++) {
            if (tables[i] != NO_TABLE) {
                pages.freePages(tables[i], 0);
                tables[i] = NO_TABLE;
            }
        }
    }
}
