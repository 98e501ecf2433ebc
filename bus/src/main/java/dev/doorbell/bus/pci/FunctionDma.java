package dev.doorbell.bus.pci;

import dev.doorbell.bus.dma.DmaPort;
import dev.doorbell.bus.dma.DmaResult;
import dev.doorbell.bus.dma.PostedWrites;
import dev.doorbell.bus.iommu.Iommu;
import dev.doorbell.bus.iommu.IommuContext;
import dev.doorbell.bus.mem.GuestMemory;
import org.jspecify.annotations.Nullable;

/**
 * One function's way to memory: bus master gate, IOMMU page by page, then a copy. Device memory is not a target: a
 * descriptor that points at a BAR, its own or another's, is answered as poisoned, so no DMA re-enters a device.
 *
 * <p>The interrupt controller's window is no memory either: a descriptor cannot forge a message.
 */
public final class FunctionDma implements DmaPort, PostedWrites.Completer {
    private static final int PAGE_BYTES = 4096;

    private final GuestMemory ram;
    private final IommuContext iommu;
    private final PostedWrites posted;
    private final RootComplex root;
    private final Gate gate = new Gate();
    private @Nullable ConfigSpace config;
    private boolean open;
    private long refused;

    public FunctionDma(int requesterId, GuestMemory ram, Iommu iommu, PostedWrites posted, RootComplex root) {
        this.ram = ram;
        this.iommu = iommu.context(requesterId);
        this.posted = posted;
        this.root = root;
        posted.completer(this);
    }

    /** Follows the bus master bit and power state of this configuration space. */
    public void attach(ConfigSpace functionConfig) {
        config = functionConfig;
        functionConfig.addListener(gate);
        open = functionConfig.busMaster();
    }

    /** Refuses everything from now on. */
    public void detach() {
        if (config != null) {
            config.removeListener(gate);
            config = null;
        }
        open = false;
    }

    @Override
    public DmaResult read(long iova, GuestMemory into, long offset, int bytes) {
        if (!open) {
            return refuseRead(DmaResult.BUS_MASTER_OFF, into, offset, bytes);
        }
        if (!posted.isEmpty()) {
            posted.flush();
        }
        if ((iova & PAGE_BYTES - 1) + bytes > PAGE_BYTES) {
            return readPages(iova, into, offset, bytes);
        }
        long gpa = iommu.translate(iova, bytes, false);
        if (gpa < 0 || gpa > ram.size() - bytes) {
            return refuseRead(reason(gpa, iova, bytes, false), into, offset, bytes);
        }
        ram.copyTo(gpa, into, offset, bytes);
        return DmaResult.OK;
    }

    private DmaResult readPages(long iova, GuestMemory into, long offset, int bytes) {
        DmaResult check = check(iova, bytes, false);
        if (check != DmaResult.OK) {
            return refuseRead(check, into, offset, bytes);
        }
        for (int done = 0; done < bytes; ) {
            int part = Math.min(bytes - done, PAGE_BYTES - (int) (iova + done & PAGE_BYTES - 1));
            ram.copyTo(iommu.translate(iova + done, part, false), into, offset + done, part);
            done += part;
        }
        return DmaResult.OK;
    }

    private DmaResult refuseRead(DmaResult why, GuestMemory into, long offset, int bytes) {
        refused++;
        into.fill(offset, bytes, 0xFF);
        return why;
    }

    @Override
    public DmaResult write(long iova, GuestMemory from, long offset, int bytes) {
        if (!open) {
            refused++;
            return DmaResult.BUS_MASTER_OFF;
        }
        if (posted.isDirect()) {
            if ((iova & PAGE_BYTES - 1) + bytes <= PAGE_BYTES) {
                long gpa = iommu.translate(iova, bytes, true);
                if (gpa >= 0 && gpa <= ram.size() - bytes) {
                    from.copyTo(offset, ram, gpa, bytes);
                    return DmaResult.OK;
                }
                refused++;
                return reason(gpa, iova, bytes, true);
            }
        }
        DmaResult check = check(iova, bytes, true);
        if (check != DmaResult.OK) {
            refused++;
            return check;
        }
        posted.write(iova, from, offset, bytes);
        return DmaResult.OK;
    }

    /**
     * The write arrives at the root complex: translated now, whatever was true when it was sent. A page that is gone by
     * then is a logged fault, and nothing is written.
     */
    @Override
    public void completeWrite(long iova, GuestMemory from, long offset, int bytes) {
        if (check(iova, bytes, true) != DmaResult.OK) {
            refused++;
            return;
        }
        for (int done = 0; done < bytes; ) {
            int part = Math.min(bytes - done, PAGE_BYTES - (int) (iova + done & PAGE_BYTES - 1));
            from.copyTo(offset + done, ram, iommu.translate(iova + done, part, true), part);
            done += part;
        }
    }

    /** Looks at every page before any byte moves. */
    private DmaResult check(long iova, int bytes, boolean write) {
        for (int done = 0; done < bytes; ) {
            int part = Math.min(bytes - done, PAGE_BYTES - (int) (iova + done & PAGE_BYTES - 1));
            long gpa = iommu.translate(iova + done, part, write);
            if (gpa < 0 || gpa > ram.size() - part) {
                return reason(gpa, iova + done, part, write);
            }
            done += part;
        }
        return DmaResult.OK;
    }

    private DmaResult reason(long gpa, long iova, int bytes, boolean write) {
        if (gpa == IommuContext.NOT_MAPPED) {
            return DmaResult.UNMAPPED;
        }
        if (gpa == IommuContext.NOT_PERMITTED) {
            return DmaResult.PERMISSION;
        }
        if (gpa >= 0 && root.memoryWindow(gpa, 1) != null) {
            return DmaResult.POISONED;
        }
        iommu.noMemory(iova, bytes, write);
        return DmaResult.UNMAPPED;
    }

    /** Accesses that were not carried out, for any reason. */
    public long refused() {
        return refused;
    }

    private final class Gate implements ConfigSpace.Listener {
        @Override
        public void commandChanged(int before, int now) {
            update();
        }

        @Override
        public void powerStateChanged(int before, int now) {
            update();
        }

        private void update() {
            open = config != null && config.busMaster();
        }
    }
}
