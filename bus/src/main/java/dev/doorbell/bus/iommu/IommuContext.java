package dev.doorbell.bus.iommu;

import dev.doorbell.bus.dma.PostedWrites;
import dev.doorbell.bus.mem.GuestMemory;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One function's address space: the root of its page tables and its part of the IOTLB.
 *
 * <p>Tables have four levels of 512 eight-byte entries, little-endian, in guest memory; an IOVA has 48 bits:
 *
 * <pre>
 *  63      52 51                12 11    8  7      2 1 0
 *  | ignored | address of table  |ignored| PS |    | W R |      PS (level 2): this is a 2 MiB page
 *  |         | or page, 4 KiB    |       |    |    |     |
 * </pre>
 *
 * R and W of all levels must allow an access; neither means not present. A translation, once used, stays usable until it
 * is invalidated or another one takes its slot, whatever the tables say by then. Absent entries are not cached.
 */
public final class IommuContext {
    /** Results of {@link #translate} that are not addresses. */
    public static final long NOT_MAPPED = -1;

    public static final long NOT_PERMITTED = -2;

    public static final long READ = 1;
    public static final long WRITE = 2;
    /** Entry of level 2: a page of 2 MiB. */
    public static final long LARGE_PAGE = 1 << 7;

    public static final long ADDRESS_MASK = 0x000F_FFFF_FFFF_F000L;
    public static final int PAGE_SHIFT = 12;
    public static final int LARGE_PAGE_SHIFT = 21;
    public static final int ADDRESS_BITS = 48;

    private static final int SLOTS = 2048;
    private static final int TOP_SHIFT = 39;
    private static final int BITS_PER_LEVEL = 9;
    private static final long PAGE_OFFSET = (1 << PAGE_SHIFT) - 1;
    private static final long FREE_SLOT = -1;

    private final Iommu iommu;
    private final GuestMemory ram;
    private final int requesterId;
    private final long[] tags = new long[SLOTS];
    private final long[] values = new long[SLOTS];
    private long root = -1;
    private boolean identity;
    private long walks;
    private @Nullable PostedWrites posted;

    IommuContext(Iommu iommu, GuestMemory ram, int requesterId) {
        this.iommu = iommu;
        this.ram = ram;
        this.requesterId = requesterId;
        modeChanged();
    }

    void modeChanged() {
        identity = iommu.mode() != Iommu.Mode.TRANSLATED;
        Arrays.fill(tags, FREE_SLOT);
    }

    void drains(PostedWrites queue) {
        posted = queue;
    }

    /** GPA of the level 4 table, or below 0 for none. Cached translations stay until they are invalidated. */
    public void root(long gpa) {
        root = gpa;
    }

    /**
     * The GPA of {@code iova}, for an access that stays within its 4 KiB page; else {@link #NOT_MAPPED} or
     * {@link #NOT_PERMITTED}, and the fault is in the log.
     */
    public long translate(long iova, int bytes, boolean write) {
        if (identity) {
            return iova >= 0 ? iova : beyondMemory(iova, bytes, write);
        }
        long page = iova >>> PAGE_SHIFT;
        int slot = (int) page & SLOTS - 1;
        if (tags[slot] == page) {
            long value = values[slot];
            if ((value & (write ? WRITE : READ)) != 0) {
                return value & ADDRESS_MASK | iova & PAGE_OFFSET;
            }
        }
        return walk(iova, bytes, write);
    }

    private long beyondMemory(long iova, int bytes, boolean write) {
        noMemory(iova, bytes, write);
        return NOT_MAPPED;
    }

    private long walk(long iova, int bytes, boolean write) {
        walks++;
        if (iova >>> ADDRESS_BITS != 0) {
            return refuse(iova, bytes, write, IommuFault.Reason.ADDRESS_WIDTH);
        }
        if (root < 0) {
            return refuse(iova, bytes, write, IommuFault.Reason.NO_CONTEXT);
        }
        long table = root;
        long permissions = READ | WRITE;
        for (int shift = TOP_SHIFT; ; shift -= BITS_PER_LEVEL) {
            long at = table + (iova >>> shift & 0x1FF) * 8;
            if (at > ram.size() - 8) {
                return refuse(iova, bytes, write, IommuFault.Reason.BAD_TABLE);
            }
            long entry = ram.readLong(at);
            permissions &= entry;
            long address = entry & ADDRESS_MASK;
            if ((entry & (READ | WRITE)) == 0) {
                return refuse(iova, bytes, write, IommuFault.Reason.NOT_PRESENT);
            }
            if (shift == LARGE_PAGE_SHIFT && (entry & LARGE_PAGE) != 0) {
                long offset = iova & (1L << LARGE_PAGE_SHIFT) - 1;
                if ((address & (1L << LARGE_PAGE_SHIFT) - 1) != 0) {
                    return refuse(iova, bytes, write, IommuFault.Reason.BAD_TABLE);
                }
                return allow(iova, address | offset & ~PAGE_OFFSET, permissions, bytes, write);
            }
            if (shift == PAGE_SHIFT) {
                return allow(iova, address, permissions, bytes, write);
            }
            table = address;
        }
    }

    private long allow(long iova, long gpaOfPage, long permissions, int bytes, boolean write) {
        if ((permissions & (write ? WRITE : READ)) == 0) {
            iommu.fault(
                    requesterId, iova, bytes, write, write ? IommuFault.Reason.NO_WRITE : IommuFault.Reason.NO_READ);
            return NOT_PERMITTED;
        }
        long page = iova >>> PAGE_SHIFT;
        int slot = (int) page & SLOTS - 1;
        tags[slot] = page;
        values[slot] = gpaOfPage | permissions & (READ | WRITE);
        return gpaOfPage | iova & PAGE_OFFSET;
    }

    private long refuse(long iova, int bytes, boolean write, IommuFault.Reason reason) {
        iommu.fault(requesterId, iova, bytes, write, reason);
        return NOT_MAPPED;
    }

    /**
     * What {@link #translate} would answer by the tables alone, without its traces: no IOTLB, no fault. For observers.
     */
    public long peek(long iova, boolean write) {
        if (identity) {
            return iova >= 0 ? iova : NOT_MAPPED;
        }
        long table = iova >>> ADDRESS_BITS == 0 ? root : NOT_MAPPED;
        for (int shift = TOP_SHIFT; table >= 0 && table <= ram.size() - 8 * 512; shift -= BITS_PER_LEVEL) {
            long entry = ram.readLong(table + (iova >>> shift & 0x1FF) * 8);
            if ((entry & (READ | WRITE)) == 0) {
                return NOT_MAPPED;
            }
            if ((entry & (write ? WRITE : READ)) == 0) {
                return NOT_PERMITTED;
            }
            boolean large = shift == LARGE_PAGE_SHIFT && (entry & LARGE_PAGE) != 0;
            if (large || shift == PAGE_SHIFT) {
                long inPage = (1L << shift) - 1;
                return entry & ADDRESS_MASK & ~inPage | iova & inPage;
            }
            table = entry & ADDRESS_MASK;
        }
        return NOT_MAPPED;
    }

    /** Records an access to a physical address where nothing is. */
    public void noMemory(long iova, int bytes, boolean write) {
        iommu.fault(requesterId, iova, bytes, write, IommuFault.Reason.NO_MEMORY);
    }

    /** Drops the cached translations of a range, after completing the writes that were already under way. */
    public void invalidate(long iova, long bytes) {
        drain();
        long first = iova >>> PAGE_SHIFT;
        long last = iova + bytes - 1 >>> PAGE_SHIFT;
        if (last - first >= SLOTS) {
            Arrays.fill(tags, FREE_SLOT);
            return;
        }
        for (long page = first; page <= last; page++) {
            int slot = (int) page & SLOTS - 1;
            if (tags[slot] == page) {
                tags[slot] = FREE_SLOT;
            }
        }
    }

    /** Drops all cached translations of this function, after completing the writes that were already under way. */
    public void invalidateAll() {
        drain();
        Arrays.fill(tags, FREE_SLOT);
    }

    private void drain() {
        if (posted != null && !posted.isEmpty()) {
            posted.flush();
        }
    }

    /** Table walks so far: translations that the IOTLB did not have. */
    public long walks() {
        return walks;
    }
}
