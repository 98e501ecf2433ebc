package dev.doorbell.kernel.dma;

import dev.doorbell.bus.iommu.Iommu;
import dev.doorbell.kernel.core.KernelContext;
import java.util.HashMap;
import java.util.Map;

/** One kernel's DMA: a {@link DmaDevice} for each function, and their histories for the IOMMU's fault log. */
public final class DmaApi {
    private final KernelContext kernel;
    private final Iommu iommu;
    private final DmaOptions options;
    private final DmaInstruments instruments;
    private final Map<Integer, DmaDevice> devices = new HashMap<>();

    /** @param iommu in the mode that the kernel is to use; it stays in it */
    public DmaApi(KernelContext kernel, Iommu iommu, DmaOptions options) {
        this(kernel, iommu, options, DmaInstruments.NONE);
    }

    /** @param instruments around the DMA of every device */
    public DmaApi(KernelContext kernel, Iommu iommu, DmaOptions options, DmaInstruments instruments) {
        this.instruments = instruments;
        this.kernel = kernel;
        this.iommu = iommu;
        this.options = options;
        iommu.annotator(this::note);
    }

    /** The function's DMA, made at the first call: with its own page tables when the IOMMU translates. */
    public DmaDevice device(int requesterId, String name) {
        return devices.computeIfAbsent(
                requesterId, id -> new DmaDevice(kernel, iommu, iommu.context(id), options, instruments, name));
    }

    /** The function is gone: its tables are given back. */
    public void release(int requesterId) {
        DmaDevice device = devices.remove(requesterId);
        if (device != null) {
            device.release();
        }
    }

    public Iommu iommu() {
        return iommu;
    }

    private String note(int requesterId, long iova) {
        DmaDevice device = devices.get(requesterId);
        return device == null ? "no DMA device" : device.history(iova);
    }
}
