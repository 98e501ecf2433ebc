package dev.doorbell.kernel.pci;

import dev.doorbell.bus.pci.Bar;
import dev.doorbell.bus.pci.Bdf;
import dev.doorbell.bus.pci.ConfigSpace;
import dev.doorbell.bus.pci.RootComplex;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.dma.Coherent;
import dev.doorbell.kernel.dma.Direction;
import dev.doorbell.kernel.dma.DmaDevice;
import dev.doorbell.kernel.dma.Scatterlist;
import dev.doorbell.kernel.irq.IrqHandler;
import dev.doorbell.kernel.irq.IrqTable;
import dev.doorbell.kernel.probe.KernelGate;
import dev.doorbell.kernel.probe.KernelProbe;
import org.jspecify.annotations.Nullable;

/** A PCI function as a driver sees it: struct pci_dev. Made by {@link PciCore#scan}. */
public final class PciDev {
    private static final int CAP_PM = 0x01;
    private static final int CAP_EXPRESS = 0x10, LINK_CONTROL = 16, ASPM = 3;
    private static final int PMCSR = 4;
    private static final int HEADER_DWORDS = 16;

    private final PciCore core;
    private final RootComplex root;
    private final int bdf;
    private final int vendor;
    private final int device;
    private final DmaDevice dma;
    private final IrqTable irqs;
    private final PciVectors vectors;
    private final @Nullable PciResource[] resources = new @Nullable PciResource[Bar.ROM_INDEX + 1];
    private final int[] saved = new int[HEADER_DWORDS];
    private int savedMsiControl;
    private int savedMsixControl;
    private boolean stateSaved;
    private boolean enabled;
    private @Nullable PciDriver driver;
    private @Nullable Object drvdata;

    PciDev(PciCore core, RootComplex root, int bdf, IrqTable irqs, InterruptRemapping remapping, DmaDevice dma) {
        this.core = core;
        this.root = root;
        this.bdf = bdf;
        this.irqs = irqs;
        this.dma = dma;
        vendor = readConfig16(ConfigSpace.VENDOR_ID);
        device = readConfig16(ConfigSpace.DEVICE_ID);
        vectors = new PciVectors(this, irqs, remapping);
    }

    /** As in sysfs: "0000:00:03.0". */
    public String name() {
        return "0000:" + Bdf.format(bdf);
    }

    public int bdf() {
        return bdf;
    }

    public int vendor() {
        return vendor;
    }

    public int device() {
        return device;
    }

    /** The driver that has it, or null. */
    public @Nullable PciDriver driver() {
        return driver;
    }

    void driver(@Nullable PciDriver next) {
        driver = next;
    }

    /** What the driver keeps for itself: pci_get_drvdata. */
    public @Nullable Object drvdata() {
        return drvdata;
    }

    public void drvdata(@Nullable Object data) {
        drvdata = data;
    }

    /** True when the function answers no more: it was pulled out. */
    public boolean isDisconnected() {
        return readConfig16(ConfigSpace.VENDOR_ID) == 0xFFFF;
    }

    // Configuration space

    public int readConfig8(int offset) {
        return root.configRead(bdf, offset, 1);
    }

    public int readConfig16(int offset) {
        return root.configRead(bdf, offset, 2);
    }

    public int readConfig32(int offset) {
        return root.configRead(bdf, offset, 4);
    }

    public void writeConfig8(int offset, int value) {
        root.configWrite(bdf, offset, 1, value);
    }

    public void writeConfig16(int offset, int value) {
        root.configWrite(bdf, offset, 2, value);
    }

    public void writeConfig32(int offset, int value) {
        root.configWrite(bdf, offset, 4, value);
    }

    /** @return offset of the capability, or 0. A chain that loops, as of a device that is gone, ends as not found. */
    public int pciFindCapability(int id) {
        if ((readConfig16(ConfigSpace.STATUS) & ConfigSpace.STATUS_CAPABILITIES) == 0) {
            return 0;
        }
        int at = readConfig8(ConfigSpace.CAPABILITIES_POINTER) & ~0x3;
        for (int left = 48; left > 0 && at >= 0x40; left--) {
            int found = readConfig8(at);
            if (found == 0xFF) {
                return 0;
            }
            if (found == id) {
                return at;
            }
            at = readConfig8(at + 1) & ~0x3;
        }
        return 0;
    }

    /** @return offset of the extended capability, or 0 */
    public int pciFindExtCapability(int id) {
        int at = 0x100;
        for (int left = 480; left > 0 && at >= 0x100; left--) {
            int header = readConfig32(at);
            if (header == 0 || header == -1) {
                return 0;
            }
            if ((header & 0xFFFF) == id) {
                return at;
            }
            at = header >>> 20 & 0xFFC;
        }
        return 0;
    }

    // Device state

    /** Wakes the function and lets it decode its memory and I/O windows. */
    public void pciEnableDevice() throws ErrnoException {
        enable(ConfigSpace.COMMAND_MEMORY | ConfigSpace.COMMAND_IO, "pci_enable_device");
    }

    /** As {@link #pciEnableDevice}, memory windows only. */
    public void pciEnableDeviceMem() throws ErrnoException {
        enable(ConfigSpace.COMMAND_MEMORY, "pci_enable_device_mem");
    }

    private void enable(int decode, String call) throws ErrnoException {
        if (isDisconnected()) {
            throw new ErrnoException(call + "(" + name() + ")", Errno.ENODEV);
        }
        KernelProbe probe = core.probe();
        if (probe != null) {
            probe.deviceEnabled(name(), enabled);
        }
        pciSetPowerState(0);
        int wanted = 0;
        for (PciResource resource : resources) {
            if (resource != null && resource.index() != Bar.ROM_INDEX) {
                wanted |= resource.io() ? ConfigSpace.COMMAND_IO : ConfigSpace.COMMAND_MEMORY;
                if (!resource.isAssigned() && (resource.io() ? (decode & ConfigSpace.COMMAND_IO) != 0 : true)) {
                    throw new ErrnoException(
                            call + "(" + name() + "): BAR " + resource.index() + " not assigned", Errno.EINVAL);
                }
            }
        }
        int command = readConfig16(ConfigSpace.COMMAND) | wanted & decode;
        writeConfig16(ConfigSpace.COMMAND, command & ~ConfigSpace.COMMAND_INTX_DISABLE);
        enabled = true;
    }

    /** Between pci_enable_device and pci_disable_device. */
    public boolean pciIsEnabled() {
        return enabled;
    }

    /** The driver needs it no more: no DMA from here on. */
    public void pciDisableDevice() {
        KernelProbe probe = core.probe();
        if (probe != null) {
            probe.deviceDisabled(name(), enabled);
        }
        enabled = false;
        pciClearMaster();
    }

    /** Lets the function do DMA and send messages. */
    public void pciSetMaster() {
        setCommand(ConfigSpace.COMMAND_MASTER, true);
    }

    public void pciClearMaster() {
        setCommand(ConfigSpace.COMMAND_MASTER, false);
    }

    private void setCommand(int bit, boolean on) {
        int command = readConfig16(ConfigSpace.COMMAND);
        writeConfig16(ConfigSpace.COMMAND, on ? command | bit : command & ~bit);
    }

    /** 0 for D0, 3 for D3hot. After D3hot, BARs and command are restored if the function forgot them. */
    public void pciSetPowerState(int state) {
        int capability = pciFindCapability(CAP_PM);
        if (capability == 0) {
            return;
        }
        int control = readConfig16(capability + PMCSR);
        if ((control & 0x3) == state) {
            return;
        }
        writeConfig16(capability + PMCSR, control & ~0x3 & 0x7FFF | state);
        if (state == 0) {
            writeBars();
        }
    }

    /** Switches the power saving states L0s and L1 of the function's link off: pci_disable_link_state. */
    public void pciDisableLinkState() {
        int capability = pciFindCapability(CAP_EXPRESS);
        if (capability != 0) {
            int control = readConfig16(capability + LINK_CONTROL);
            if ((control & ASPM) != 0) {
                writeConfig16(capability + LINK_CONTROL, control & ~ASPM);
            }
        }
    }

    private void writeBars() {
        for (PciResource resource : resources) {
            if (resource != null && resource.isAssigned()) {
                core.writeBar(this, resource);
            }
        }
        writeConfig8(ConfigSpace.INTERRUPT_LINE, core.intxIrq(bdf, readConfig8(ConfigSpace.INTERRUPT_PIN)));
    }

    /** Remembers the header and the message controls, for {@link #pciRestoreState}. */
    public void pciSaveState() {
        for (int i = 0; i < HEADER_DWORDS; i++) {
            saved[i] = readConfig32(4 * i);
        }
        int msi = pciFindCapability(0x05);
        int msix = pciFindCapability(0x11);
        savedMsiControl = msi == 0 ? 0 : readConfig16(msi + 2);
        savedMsixControl = msix == 0 ? 0 : readConfig16(msix + 2);
        stateSaved = true;
    }

    /** Writes back what {@link #pciSaveState} remembered; without it, nothing. */
    public void pciRestoreState() {
        if (!stateSaved) {
            return;
        }
        for (int i = HEADER_DWORDS - 1; i > 0; i--) {
            writeConfig32(4 * i, i == 1 ? saved[i] & 0xFFFF : saved[i]);
        }
        vectors.restore(savedMsiControl, savedMsixControl);
    }

    // Windows

    /** Size of a BAR in bytes, 0 when there is none: pci_resource_len. */
    public long pciResourceLen(int bar) {
        PciResource resource = resources[bar];
        return resource == null ? 0 : resource.sizeBytes();
    }

    /** Physical address of a BAR, or I/O port; 0 when there is none: pci_resource_start. */
    public long pciResourceStart(int bar) {
        PciResource resource = resources[bar];
        return resource == null || !resource.isAssigned() ? 0 : resource.base();
    }

    /**
     * Maps a memory BAR.
     *
     * @throws ErrnoException ENODEV when there is no such BAR, EINVAL when it is an I/O BAR
     */
    public Mmio pciIomap(int bar) throws ErrnoException {
        PciResource resource = bar >= 0 && bar <= Bar.ROM_INDEX ? resources[bar] : null;
        if (resource == null || !resource.isAssigned()) {
            throw new ErrnoException("pci_iomap(" + name() + ", " + bar + ")", Errno.ENODEV);
        }
        if (resource.io()) {
            throw new ErrnoException("pci_iomap(" + name() + ", " + bar + "): I/O ports", Errno.EINVAL);
        }
        Mmio mmio = map(resource);
        mmio.barriers(dma.barriers());
        return mmio;
    }

    Mmio map(PciResource resource) {
        return new Mmio(root, resource.base(), resource.sizeBytes());
    }

    @Nullable
    PciResource resource(int bar) {
        return bar < resources.length ? resources[bar] : null;
    }

    void resource(PciResource resource) {
        resources[resource.index()] = resource;
    }

    // Interrupts

    /**
     * Allocates interrupt vectors: MSI-X, else MSI, else INTx, as far as {@code types} ({@link IrqTypes}) allows.
     *
     * @return how many, {@code min} to {@code max}
     * @throws ErrnoException ENOSPC: fewer than {@code min}; EBUSY: some are allocated already
     */
    public int pciAllocIrqVectors(int min, int max, int types) throws ErrnoException {
        core.kernel().cpu().mightSleep("pci_alloc_irq_vectors");
        int allocated = vectors.allocate(min, max, types);
        KernelProbe probe = core.probe();
        if (probe != null) {
            probe.vectorsAllocated(name(), vectors.type(), allocated, vectors.irq(0));
        }
        return allocated;
    }

    int grantedVectors(int wanted, int type) {
        KernelGate gate = core.kernel().gate();
        return gate == null ? wanted : Math.min(wanted, gate.grantsVectors(name(), wanted, type));
    }

    public int pciAllocIrqVectors(int min, int max) throws ErrnoException {
        return pciAllocIrqVectors(min, max, IrqTypes.PCI_IRQ_ALL_TYPES);
    }

    /** Gives all vectors back; their handlers must be gone. */
    public void pciFreeIrqVectors() {
        KernelProbe probe = core.probe();
        if (probe != null) {
            probe.vectorsFreed(name(), vectors.count(), vectors.anyHandled());
        }
        vectors.free();
    }

    /** IRQ number of a vector, or {@code -EINVAL}. */
    public int pciIrqVector(int vector) {
        return vectors.irq(vector);
    }

    /** The kind of vectors that was allocated, from {@link IrqTypes}; 0 for none. */
    public int irqType() {
        return vectors.type();
    }

    /** Installs the handler of a vector, which is enabled by it: pci_request_irq. */
    public void requestIrq(int vector, IrqHandler handler, String name) throws ErrnoException {
        irqs.requestIrq(pciIrqVector(vector), handler, name, this);
    }

    public void freeIrq(int vector) {
        irqs.freeIrq(pciIrqVector(vector), this);
    }

    public void disableIrq(int vector) {
        irqs.disableIrq(pciIrqVector(vector));
    }

    public void enableIrq(int vector) {
        irqs.enableIrq(pciIrqVector(vector));
    }

    public boolean disableHardirq(int vector) {
        return irqs.disableHardirq(pciIrqVector(vector));
    }

    public void synchronizeIrq(int vector) {
        irqs.synchronizeIrq(pciIrqVector(vector));
    }

    public void disableIrqNosync(int vector) {
        irqs.disableIrqNosync(pciIrqVector(vector));
    }

    // DMA

    /** The function's DMA, for what is not delegated here. */
    public DmaDevice dma() {
        return dma;
    }

    public void dmaSetMaskAndCoherent(int bits) throws ErrnoException {
        dma.dmaSetMaskAndCoherent(bits);
    }

    public Coherent dmaAllocCoherent(long bytes) throws ErrnoException {
        return dma.dmaAllocCoherent(bytes);
    }

    public long dmaMapSingle(long gpa, int bytes, Direction direction) {
        return dma.dmaMapSingle(gpa, bytes, direction);
    }

    public long dmaMapPage(long pageGpa, int offset, int bytes, Direction direction) {
        return dma.dmaMapPage(pageGpa, offset, bytes, direction);
    }

    public int dmaMapSg(Scatterlist list, Direction direction) {
        return dma.dmaMapSg(list, direction);
    }

    public boolean dmaMappingError(long iova) {
        return dma.checkMappingError(iova);
    }

    public void dmaUnmapSingle(long iova, int bytes, Direction direction) {
        dma.dmaUnmapSingle(iova, bytes, direction);
    }

    public void dmaUnmapPage(long iova, int bytes, Direction direction) {
        dma.dmaUnmapPage(iova, bytes, direction);
    }

    public void dmaUnmapSg(Scatterlist list, Direction direction) {
        dma.dmaUnmapSg(list, direction);
    }

    public void dmaSyncSingleForCpu(long iova, int bytes, Direction direction) {
        dma.dmaSyncSingleForCpu(iova, bytes, direction);
    }

    public void dmaSyncSingleForDevice(long iova, int bytes, Direction direction) {
        dma.dmaSyncSingleForDevice(iova, bytes, direction);
    }

    public void dmaWmb() {
        dma.dmaWmb();
    }

    public void dmaRmb() {
        dma.dmaRmb();
    }
}
