package dev.doorbell.kernel.dma;

import dev.doorbell.bus.iommu.Iommu;
import dev.doorbell.bus.iommu.IommuContext;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.PageAllocator;
import dev.doorbell.kernel.probe.KernelGate;
import org.jspecify.annotations.Nullable;

/**
 * The DMA API of one device (Documentation/core-api/dma-api.rst). A streaming buffer belongs to the device from map to
 * unmap; the CPU borrows it by {@code dmaSyncSingleForCpu} and gives it back by {@code dmaSyncSingleForDevice}.
 *
 * <p>Nothing here throws for a driver's mistake: it goes to the {@link #ledger()}'s listener, and what was mapped is
 * undone as it had been mapped.
 */
public final class DmaDevice {
    /** What a mapping that failed returns. */
    public static final long DMA_MAPPING_ERROR = -1;

    private static final int SMALLEST_MASK_BITS = 24;
    private static final int PAGE_BYTES = PageAllocator.PAGE_BYTES;

    private final GuestMemory ram;
    private final PageAllocator pages;
    private final DmaLedger ledger;
    private final String name;
    private final boolean bounce;
    /** Null without translation: then an IOVA is a GPA, and {@link #addresses} finds the rows. */
    private final @Nullable IovaDomain domain;

    private final AddressMap addresses = new AddressMap();
    private long highestAddress = 0xFFFF_FFFFL;
    private final @Nullable CoherentAccess access;
    private final @Nullable Barriers barriers;
    private final @Nullable DmaObserver observer;
    private final @Nullable KernelGate gate;

    DmaDevice(
            KernelContext kernel,
            Iommu iommu,
            IommuContext context,
            DmaOptions options,
            DmaInstruments instruments,
            String name) {
        ram = kernel.ram();
        pages = kernel.pages();
        access = instruments.access();
        barriers = instruments.barriers();
        observer = instruments.observer();
        this.name = name;
        gate = kernel.gate();
        ledger = new DmaLedger(name, kernel.world(), kernel.tracer(), observer);
        bounce = options.coherence() == DmaOptions.Coherence.BOUNCE;
        // A shadow is given back at once, so its cached translation must be gone by then.
        boolean deferred = options.flush() == DmaOptions.Flush.DEFERRED && !bounce;
        domain = iommu.mode() == Iommu.Mode.TRANSLATED ? new IovaDomain(kernel, context, deferred, name) : null;
    }

    public DmaLedger ledger() {
        return ledger;
    }

    /**
     * Sets how many address bits the device drives, for streaming and coherent mappings.
     *
     * @throws ErrnoException EIO when no address would be low enough
     */
    public void dmaSetMaskAndCoherent(int bits) throws ErrnoException {
        if (bits > 64 || bits < (domain == null ? SMALLEST_MASK_BITS : IovaDomain.ADDRESS_BITS)) {
            throw new ErrnoException("dma_set_mask_and_coherent(" + name + ", " + bits + " bits)", Errno.EIO);
        }
        highestAddress = bits >= 63 ? Long.MAX_VALUE : (1L << bits) - 1;
    }

    /**
     * Zeroed memory for CPU and device.
     *
     * @throws ErrnoException ENOMEM
     */
    public Coherent dmaAllocCoherent(long bytes) throws ErrnoException {
        int order = PageAllocator.orderOf(bytes);
        boolean refused = gate != null && gate.refusesCoherent(name, bytes);
        long gpa = refused || bytes <= 0 || order > PageAllocator.MAX_ORDER ? -1 : pages.allocZeroedPages(order);
        long iova = gpa < 0
                ? DMA_MAPPING_ERROR
                : open(gpa, gpa, (long) PAGE_BYTES << order, Direction.BIDIRECTIONAL, DmaLedger.Function.COHERENT);
        if (iova == DMA_MAPPING_ERROR) {
            if (gpa >= 0) {
                pages.freePages(gpa, order);
            }
            throw new ErrnoException("dma_alloc_coherent(" + name + ", " + bytes + ")", Errno.ENOMEM);
        }
        Coherent memory = new Coherent(this, ram, iova, gpa, bytes);
        if (observer != null) {
            observer.allocated(memory);
        }
        return memory;
    }

    void coherentFreedTwice(Coherent memory) {
        if (observer != null) {
            observer.freedTwice(memory);
        }
    }

    void freeCoherent(Coherent memory) {
        if (observer != null) {
            observer.freed(memory);
        }
        int order = PageAllocator.orderOf(memory.bytes());
        long bytes = (long) PAGE_BYTES << order;
        close(rowOf(memory.iova(), bytes, Direction.BIDIRECTIONAL, DmaLedger.Function.COHERENT));
        if (domain != null) {
            domain.flush();
        }
        pages.freePages(memory.gpa(), order);
    }

    /**
     * Hands a buffer to the device.
     *
     * @return its address for the device, or {@link #DMA_MAPPING_ERROR}
     */
    public long dmaMapSingle(long gpa, int bytes, Direction direction) {
        return map(gpa, bytes, direction, DmaLedger.Function.SINGLE);
    }

    /** As {@link #dmaMapSingle}, for a part of a page (or of a compound page). */
    public long dmaMapPage(long pageGpa, int offset, int bytes, Direction direction) {
        return map(pageGpa + offset, bytes, direction, DmaLedger.Function.PAGE);
    }

    /**
     * Maps all pieces, or none.
     *
     * @return how many; 0 when one of them could not be mapped
     */
    public int dmaMapSg(Scatterlist list, Direction direction) {
        for (int i = 0; i < list.count(); i++) {
            long iova = map(list.gpa(i), list.bytes(i), direction, DmaLedger.Function.PAGE);
            if (iova == DMA_MAPPING_ERROR) {
                for (int j = 0; j < i; j++) {
                    dmaUnmapPage(list.iova(j), list.bytes(j), direction);
                }
                return 0;
            }
            list.iova(i, iova);
        }
        for (int i = 0; observer != null && i < list.count(); i++) {
            observer.mappingErrorChecked(list.iova(i)); // the count is the check
        }
        return list.count();
    }

    public static boolean dmaMappingError(long iova) {
        return iova == DMA_MAPPING_ERROR;
    }

    /** As {@link #dmaMappingError}; whoever watches learns that the driver has looked. */
    public boolean checkMappingError(long iova) {
        if (observer != null) {
            observer.mappingErrorChecked(iova);
        }
        return iova == DMA_MAPPING_ERROR;
    }

    /** Takes a buffer back; arguments as it was mapped. */
    public void dmaUnmapSingle(long iova, int bytes, Direction direction) {
        unmap(iova, bytes, direction, DmaLedger.Function.SINGLE);
    }

    public void dmaUnmapPage(long iova, int bytes, Direction direction) {
        unmap(iova, bytes, direction, DmaLedger.Function.PAGE);
    }

    public void dmaUnmapSg(Scatterlist list, Direction direction) {
        for (int i = 0; i < list.count(); i++) {
            dmaUnmapPage(list.iova(i), list.bytes(i), direction);
        }
    }

    /** Lets the CPU look at what the device wrote; {@code iova} may lie inside a mapping. */
    public void dmaSyncSingleForCpu(long iova, int bytes, Direction direction) {
        if (bounce && direction.reachesCpu()) {
            sync(iova, bytes, direction, false);
        } else {
            checkSync(iova, bytes, direction);
        }
        if (observer != null) {
            observer.syncedForCpu(iova, bytes, direction);
        }
    }

    /** Gives the buffer back to the device, with what the CPU wrote. */
    public void dmaSyncSingleForDevice(long iova, int bytes, Direction direction) {
        if (bounce && direction.reachesDevice()) {
            sync(iova, bytes, direction, true);
        } else {
            checkSync(iova, bytes, direction);
        }
        if (observer != null) {
            observer.syncedForDevice(iova, bytes, direction);
        }
    }

    private void sync(long iova, int bytes, Direction direction, boolean toDevice) {
        int row = checkSync(iova, bytes, direction);
        if (row == DmaLedger.NONE) {
            return;
        }
        long at = iova - ledger.iova(row);
        if (toDevice) {
            ram.copyTo(ledger.gpa(row) + at, ram, ledger.target(row) + at, bytes);
        } else {
            ram.copyTo(ledger.target(row) + at, ram, ledger.gpa(row) + at, bytes);
        }
    }

    /** @return the row that holds the whole range, or NONE */
    private int checkSync(long iova, int bytes, Direction direction) {
        int row = domain == null ? ledger.rowAround(iova, addresses.first(iova)) : domain.rangeAt(iova);
        if (!ledger.isMapped(row) || !ledger.covers(row, iova)) {
            ledger.report(
                    Violation.Kind.SYNC_UNKNOWN,
                    iova,
                    "sync of 0x" + Long.toHexString(iova) + ": " + ledger.describe(row));
            return DmaLedger.NONE;
        }
        if (bytes < 0 || !ledger.covers(row, iova + bytes - 1)) {
            ledger.report(
                    Violation.Kind.SYNC_OUT_OF_RANGE,
                    iova,
                    "sync of " + bytes + " bytes at 0x" + Long.toHexString(iova) + " in " + ledger.describe(row));
            return DmaLedger.NONE;
        }
        if (ledger.direction(row) != direction && ledger.direction(row) != Direction.BIDIRECTIONAL) {
            ledger.report(Violation.Kind.WRONG_DIRECTION, iova, "sync " + direction + " of " + ledger.describe(row));
        }
        return row;
    }

    private long map(long gpa, int bytes, Direction direction, DmaLedger.Function how) {
        if (bytes <= 0 || gpa < 0 || gpa > ram.size() - bytes) {
            ledger.report(
                    Violation.Kind.BAD_BUFFER,
                    gpa,
                    how.call + " of " + bytes + " bytes at GPA 0x" + Long.toHexString(gpa));
            return DMA_MAPPING_ERROR;
        }
        if (gate != null && gate.refusesMapping(name, gpa, bytes, how.call)) {
            return DMA_MAPPING_ERROR;
        }
        long iova = bounce ? mapShadow(gpa, bytes, direction, how) : open(gpa, gpa, bytes, direction, how);
        if (observer != null && iova != DMA_MAPPING_ERROR) {
            observer.mapped(iova, gpa, bytes, direction, how.call);
        }
        return iova;
    }

    private long mapShadow(long gpa, int bytes, Direction direction, DmaLedger.Function how) {
        int offset = (int) gpa & PAGE_BYTES - 1;
        int order = PageAllocator.orderOf((long) offset + bytes);
        long copy = order > PageAllocator.MAX_ORDER ? -1 : pages.allocPages(order);
        if (copy < 0) {
            return DMA_MAPPING_ERROR;
        }
        // Also for FROM_DEVICE, as swiotlb does: a device that writes less than the buffer must not clobber the rest.
        ram.copyTo(gpa, ram, copy + offset, bytes);
        long iova = open(gpa, copy + offset, bytes, direction, how);
        if (iova == DMA_MAPPING_ERROR) {
            pages.freePages(copy, order);
        }
        return iova;
    }

    /** @param target what the device is to reach: the buffer, or its shadow */
    private long open(long gpa, long target, long bytes, Direction direction, DmaLedger.Function how) {
        long iova = target;
        int row;
        if (domain == null) {
            if (target + bytes - 1 > highestAddress) {
                return DMA_MAPPING_ERROR;
            }
            row = addresses.add(target);
        } else {
            row = domain.map(target, bytes, direction);
            if (row == IovaDomain.NONE) {
                return DMA_MAPPING_ERROR;
            }
            iova = domain.iova(row, target);
        }
        ledger.opened(row, iova, gpa, target, bytes, direction, how);
        return iova;
    }

    private void unmap(long iova, int bytes, Direction direction, DmaLedger.Function how) {
        int row = rowOf(iova, bytes, direction, how);
        if (row == DmaLedger.NONE || !ledger.isMapped(row)) {
            ledger.report(
                    row == DmaLedger.NONE ? Violation.Kind.UNMAP_UNKNOWN : Violation.Kind.DOUBLE_UNMAP,
                    iova,
                    "unmap of 0x" + Long.toHexString(iova) + ", " + bytes + " bytes: " + ledger.describe(row));
            return;
        }
        if (!ledger.matches(row, bytes, direction, how)) {
            ledger.reportMismatch(row, bytes, direction, how);
            if (ledger.isCoherent(row)) {
                return;
            }
        }
        undo(row);
        if (observer != null) {
            observer.unmapped(iova, bytes, direction);
        }
    }

    private void undo(int row) {
        if (!bounce) {
            close(row);
            return;
        }
        long copy = ledger.target(row);
        int length = (int) ledger.bytes(row);
        if (ledger.direction(row).reachesCpu()) {
            ram.copyTo(copy, ram, ledger.gpa(row), length);
        }
        close(row);
        int offset = (int) copy & PAGE_BYTES - 1;
        pages.freePages(copy - offset, PageAllocator.orderOf((long) offset + length));
    }

    private void close(int row) {
        long iova = ledger.iova(row);
        ledger.closed(row);
        if (domain == null) {
            addresses.remove(iova, row);
        } else {
            domain.unmap(row, iova, ledger.bytes(row));
        }
    }

    /** The row of the mapping that starts, or last started, at this address; NONE when there is none. */
    private int rowOf(long iova, long bytes, Direction direction, DmaLedger.Function how) {
        if (domain == null) {
            return addresses.find(iova, ledger, bytes, direction, how);
        }
        int row = domain.rangeAt(iova);
        return row != IovaDomain.NONE && ledger.iova(row) == iova ? row : DmaLedger.NONE;
    }

    /** What is known about an address: for the IOMMU's fault log. */
    String history(long iova) {
        if (domain == null) {
            return ledger.describe(ledger.rowAround(iova, addresses.first(iova)));
        }
        int row = domain.rangeAt(iova);
        if (row != IovaDomain.NONE) {
            return ledger.covers(row, iova) ? ledger.describe(row) : "outside the " + ledger.describe(row);
        }
        int before = domain.rangeAt(iova - PAGE_BYTES);
        return before == IovaDomain.NONE ? "never mapped" : "never mapped; before it: " + ledger.describe(before);
    }

    /** Invalidates all translations that deferred unmaps left behind. */
    public void flush() {
        if (domain != null) {
            domain.flush();
        }
    }

    /** The driver has let go of the device: what is still mapped is reported as leaked. */
    public void driverReleased() {
        ledger.reportLeaks();
    }

    /** The device is gone: nothing translates any more. */
    void release() {
        if (domain != null) {
            domain.release();
        }
    }

    @Nullable
    CoherentAccess access() {
        return access;
    }

    /** Who is told of the driver's barriers; null: nobody. */
    public @Nullable Barriers barriers() {
        return barriers;
    }

    /** Stores to coherent memory before it reach the device before those after it: before handing over a descriptor. */
    public void dmaWmb() {
        if (barriers != null) {
            barriers.dmaWmb();
        }
    }

    /** Loads from coherent memory after it are not early: after seeing a descriptor done, before its other fields. */
    public void dmaRmb() {
        if (barriers != null) {
            barriers.dmaRmb();
        }
    }
}
