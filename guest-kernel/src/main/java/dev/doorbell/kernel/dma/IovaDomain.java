package dev.doorbell.kernel.dma;

import dev.doorbell.bus.iommu.IommuContext;
import dev.doorbell.bus.time.Event;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.PageAllocator;
import java.util.Arrays;

/**
 * One device's translated addresses: a window of IOVAs, the page tables behind it, and the unmapped ranges whose cached
 * translations still await invalidation. A range is named by the index of its first page in the window.
 */
final class IovaDomain {
    static final int NONE = -1;
    /** Bits that a device must drive to reach all of the window. */
    static final int ADDRESS_BITS = 31;

    private static final long BASE = 1L << 30;
    private static final int WINDOW_PAGES = 1 << 18;
    private static final int PAGE_SHIFT = PageAllocator.PAGE_SHIFT;
    private static final int PAGE_BYTES = PageAllocator.PAGE_BYTES;
    /** As Linux's IOVA flush queue: so many ranges, or so long. */
    private static final int QUEUE = 256;

    private static final long QUEUE_NS = 10_000_000;

    private final IommuContext context;
    private final PageTables tables;
    private final IovaAllocator iovas = new IovaAllocator(WINDOW_PAGES);
    private final boolean deferred;
    private final Event timer;
    private final int[] queuedPage = new int[QUEUE];
    private final int[] queuedCount = new int[QUEUE];
    private int queued;
    /** First page of the range that a page belongs, or last belonged, to. */
    private int[] head = new int[0];

    IovaDomain(KernelContext kernel, IommuContext context, boolean deferred, String name) {
        this.context = context;
        this.deferred = deferred;
        timer = kernel.world().event("iommu flush " + name, this::flush);
        tables = new PageTables(kernel.ram(), kernel.pages(), BASE, WINDOW_PAGES);
        context.root(tables.root());
        context.invalidateAll();
    }

    private static int pagesOf(long gpa, long bytes) {
        return (int) ((gpa & PAGE_BYTES - 1) + bytes + PAGE_BYTES - 1 >>> PAGE_SHIFT);
    }

    /** @return the range, or NONE when addresses or memory for tables ran out */
    int map(long gpa, long bytes, Direction direction) {
        int count = pagesOf(gpa, bytes);
        int order = IovaAllocator.orderOf(count);
        int page = iovas.allocate(order);
        if (page < 0 && queued > 0) {
            flush();
            page = iovas.allocate(order);
        }
        if (page < 0) {
            return NONE;
        }
        if (!tables.map(page, gpa & -PAGE_BYTES, count, direction.permissions())) {
            iovas.free(page, order);
            return NONE;
        }
        if (page + count > head.length) {
            int known = head.length;
            head = Arrays.copyOf(head, Math.max(page + count, 2 * known));
            Arrays.fill(head, known, head.length, NONE);
        }
        for (int i = 0; i < count; i++) {
            head[page + i] = page;
        }
        return page;
    }

    long iova(int page, long gpa) {
        return BASE + ((long) page << PAGE_SHIFT) + (gpa & PAGE_BYTES - 1);
    }

    /** Size as it was mapped. The addresses are reused once no cached translation of them is left. */
    void unmap(int page, long iova, long bytes) {
        int count = pagesOf(iova, bytes);
        tables.unmap(page, count);
        if (!deferred) {
            invalidate(page, count);
            return;
        }
        queuedPage[queued] = page;
        queuedCount[queued] = count;
        if (queued++ == 0) {
            timer.after(QUEUE_NS);
        }
        if (queued == QUEUE) {
            flush();
        }
    }

    private void invalidate(int page, int count) {
        context.invalidate(BASE + ((long) page << PAGE_SHIFT), (long) count << PAGE_SHIFT);
        iovas.free(page, IovaAllocator.orderOf(count));
    }

    /** Invalidates everything that awaits it. */
    void flush() {
        for (int i = 0; i < queued; i++) {
            invalidate(queuedPage[i], queuedCount[i]);
        }
        queued = 0;
        timer.cancel();
    }

    /** The range that holds, or last held, an address; NONE when none ever did. */
    int rangeAt(long iova) {
        long page = iova - BASE >> PAGE_SHIFT;
        return page >= 0 && page < head.length ? head[(int) page] : NONE;
    }

    /** Takes the tables away from the device and gives their memory back. */
    void release() {
        context.root(IommuContext.NOT_MAPPED);
        flush();
        context.invalidateAll();
        tables.release();
    }
}
