package dev.doorbell.kernel.pci;

import dev.doorbell.bus.irq.InterruptController;
import dev.doorbell.bus.pci.Bar;
import dev.doorbell.bus.pci.Bdf;
import dev.doorbell.bus.pci.ConfigSpace;
import dev.doorbell.bus.pci.RootComplex;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.dma.DmaApi;
import dev.doorbell.kernel.irq.IrqTable;
import dev.doorbell.kernel.probe.KernelProbe;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the functions on the bus by configuration cycles alone, sizes and assigns their BARs, and brings them together
 * with drivers.
 */
public final class PciCore {
    private static final long MEMORY_BASE = 0xE000_0000L;
    private static final long MEMORY_END = 0xFEC0_0000L;
    private static final int IO_BASE = 0xC000;
    private static final int IO_END = 0x1_0000;
    private static final int NOBODY = 0xFFFF;
    private static final int MULTI_FUNCTION = 0x80;

    private final KernelContext kernel;
    private final RootComplex root;
    private final IrqTable irqs;
    private final DmaApi dma;
    private final InterruptRemapping remapping;
    private final ErrorRecovery recovery;
    private final ResourceAllocator memory = new ResourceAllocator(MEMORY_BASE, MEMORY_END);
    private final ResourceAllocator ports = new ResourceAllocator(IO_BASE, IO_END);
    private final List<PciDev> devices = new ArrayList<>();
    private final List<PciDriver> drivers = new ArrayList<>();

    public PciCore(KernelContext kernel, RootComplex root, IrqTable irqs, DmaApi dma) {
        if (kernel.ram().size() > MEMORY_BASE) {
            throw new IllegalArgumentException("guest RAM of " + kernel.ram().size() + " bytes: at most " + MEMORY_BASE
                    + ", device memory begins there");
        }
        this.kernel = kernel;
        this.root = root;
        this.irqs = irqs;
        this.dma = dma;
        recovery = new ErrorRecovery(root);
        remapping = new InterruptRemapping(kernel, dma.iommu());
    }

    /**
     * Walks the bus: functions that are new get their BARs and a driver, those that have vanished lose theirs. Call it at
     * boot, and whenever a card was plugged or pulled.
     */
    public void scan() {
        for (PciDev dev : List.copyOf(devices)) {
            if (dev.isDisconnected()) {
                remove(dev);
            }
        }
        List<PciDev> found = new ArrayList<>();
        for (int bus = 0; bus < 256; bus++) {
            for (int device = 0; device < 32; device++) {
                scanDevice(bus, device, found);
            }
        }
        for (PciDev dev : found) {
            assign(dev);
            devices.add(dev);
            trace(dev, "found", String.format("%04x:%04x", dev.vendor(), dev.device()));
        }
        for (PciDev dev : found) {
            attach(dev);
        }
    }

    private void scanDevice(int bus, int device, List<PciDev> found) {
        int functions = 1;
        for (int function = 0; function < functions; function++) {
            int bdf = Bdf.of(bus, device, function);
            if (root.configRead(bdf, ConfigSpace.VENDOR_ID, 2) == NOBODY) {
                continue;
            }
            if ((root.configRead(bdf, ConfigSpace.HEADER_TYPE, 1) & MULTI_FUNCTION) != 0) {
                functions = 8;
            }
            if (deviceAt(bdf) == null) {
                String name = "0000:" + Bdf.format(bdf);
                found.add(new PciDev(this, root, bdf, irqs, remapping, dma.device(bdf, name)));
            }
        }
    }

    /** Sizes all BARs with decoding off, then places them, largest first. */
    private void assign(PciDev dev) {
        dev.writeConfig16(ConfigSpace.COMMAND, 0);
        List<PciResource> wanted = new ArrayList<>();
        for (int index = 0; index < Bar.ROM_INDEX; index++) {
            PciResource resource = size(dev, index);
            if (resource != null) {
                wanted.add(resource);
                index += resource.wide() ? 1 : 0;
            }
        }
        PciResource rom = size(dev, Bar.ROM_INDEX);
        if (rom != null) {
            wanted.add(rom);
        }
        wanted.sort(Comparator.comparingLong(PciResource::sizeBytes).reversed());
        for (PciResource resource : wanted) {
            PciResource placed = resource.at((resource.io() ? ports : memory).allocate(resource.sizeBytes()));
            dev.resource(placed);
            if (placed.isAssigned()) {
                writeBar(dev, placed);
            } else {
                trace(dev, "BAR " + placed.index() + " not assigned", "size " + placed.sizeBytes());
            }
        }
        int pin = dev.readConfig8(ConfigSpace.INTERRUPT_PIN);
        dev.writeConfig8(ConfigSpace.INTERRUPT_LINE, intxIrq(dev.bdf(), pin));
    }

    KernelContext kernel() {
        return kernel;
    }

    @Nullable
    KernelProbe probe() {
        return kernel.probe();
    }

    /** Writes all ones and reads back which bits stayed zero (PCI Local Bus 3.0 §6.2.5.1). */
    private static @Nullable PciResource size(PciDev dev, int index) {
        boolean rom = index == Bar.ROM_INDEX;
        int offset = rom ? 0x30 : 0x10 + 4 * index;
        int before = dev.readConfig32(offset);
        boolean io = !rom && (before & 1) != 0;
        boolean wide = !rom && !io && (before & 0x6) == 0x4;
        dev.writeConfig32(offset, rom ? ~0x7FF : -1);
        long mask = Integer.toUnsignedLong(dev.readConfig32(offset) & (rom ? ~0x7FF : io ? ~0x3 : ~0xF));
        dev.writeConfig32(offset, before);
        if (wide) {
            int high = dev.readConfig32(offset + 4);
            dev.writeConfig32(offset + 4, -1);
            mask |= (long) dev.readConfig32(offset + 4) << 32;
            dev.writeConfig32(offset + 4, high);
        } else {
            mask |= 0xFFFF_FFFFL << 32;
        }
        if ((int) mask == 0 && !wide || mask == 0) {
            return null;
        }
        // I/O BARs may leave the upper 16 bits at zero.
        long size = io ? (~mask & 0xFFFF) + 1 : -mask;
        return new PciResource(index, io, wide, size & -size, -1);
    }

    void writeBar(PciDev dev, PciResource resource) {
        dev.writeConfig32(resource.registerOffset(), (int) resource.base());
        if (resource.wide()) {
            dev.writeConfig32(resource.registerOffset() + 4, (int) (resource.base() >>> 32));
        }
    }

    /** The IRQ of a function's INTx pin, after the usual swizzle; 0 when it has no pin. */
    int intxIrq(int bdf, int pin) {
        return pin == 0 ? 0 : IrqTable.FIRST_INTX + (Bdf.device(bdf) + pin - 1) % InterruptController.INTX_LINES;
    }

    /** Adds a driver, and lets it probe the devices that nobody has. */
    public void register(PciDriver driver) {
        drivers.add(driver);
        for (PciDev dev : List.copyOf(devices)) {
            attach(dev);
        }
    }

    /** Takes a driver away from its devices, and forgets it. */
    public void unregister(PciDriver driver) {
        for (PciDev dev : List.copyOf(devices)) {
            if (dev.driver() == driver) {
                unbind(dev);
            }
        }
        drivers.remove(driver);
    }

    /** Gives a free device to the first driver that matches and takes it. */
    private void attach(PciDev dev) {
        for (PciDriver driver : drivers) {
            if (dev.driver() == null && matches(driver, dev)) {
                try {
                    bind(dev, driver);
                } catch (ErrnoException e) {
                    trace(dev, "probe failed", driver.name() + ": " + e.getMessage());
                }
            }
        }
    }

    private static boolean matches(PciDriver driver, PciDev dev) {
        for (PciDeviceId id : driver.idTable()) {
            if (id.matches(dev.vendor(), dev.device())) {
                return true;
            }
        }
        return false;
    }

    /**
     * Gives a device to a driver.
     *
     * @throws ErrnoException what probe threw; the device is free again
     */
    public void bind(PciDev dev, PciDriver driver) throws ErrnoException {
        if (dev.driver() != null) {
            throw new IllegalStateException(dev.name() + " belongs to " + dev.driver());
        }
        kernel.cpu().mightSleep("pci probe of " + dev.name());
        dev.driver(driver);
        KernelProbe probe = kernel.probe();
        if (probe != null) {
            probe.driverBinds(dev.name(), driver.name());
        }
        try {
            driver.probe(dev);
            if (probe != null) {
                probe.driverBound(dev.name(), driver.name());
            }
        } catch (ErrnoException e) {
            letGo(dev); // any other exception is a bug of the driver, after which nothing of it can be relied on
            throw e;
        }
    }

    /** Takes a device from its driver; what the driver left mapped is reported as leaked. */
    public void unbind(PciDev dev) {
        PciDriver driver = dev.driver();
        if (driver != null) {
            driver.remove(dev);
            letGo(dev);
        }
    }

    private void letGo(PciDev dev) {
        KernelProbe probe = kernel.probe();
        PciDriver driver = dev.driver();
        if (probe != null && driver != null) {
            probe.driverLeft(dev.name(), driver.name());
        }
        dev.driver(null);
        dev.drvdata(null);
        dev.dma().flush();
        dev.dma().driverReleased();
    }

    /** Puts a device to sleep: its driver first, then D3hot. Task context. */
    public void suspend(PciDev dev) throws ErrnoException {
        PciDriver driver = dev.driver();
        kernel.cpu().mightSleep("pci suspend of " + dev.name());
        if (driver != null) {
            driver.suspend(dev);
        }
        dev.pciSaveState();
        dev.pciSetPowerState(3);
    }

    /** Wakes it again, with its configuration as it was; then its driver. Task context. */
    public void resume(PciDev dev) throws ErrnoException {
        PciDriver driver = dev.driver();
        kernel.cpu().mightSleep("pci resume of " + dev.name());
        dev.pciSetPowerState(0);
        dev.pciRestoreState();
        if (driver != null) {
            driver.resume(dev);
        }
    }

    /**
     * Takes a device through error recovery, as if its root port had signalled the error. Task context.
     *
     * @return false when it could not be recovered
     */
    public boolean recover(PciDev dev, PciChannelState state) {
        kernel.cpu().mightSleep("pci error recovery of " + dev.name());
        boolean recovered = recovery.recover(dev, state);
        trace(dev, recovered ? "recovered" : "recovery failed", state.name());
        return recovered;
    }

    /** Forgets a device that was pulled, or is to be: its driver leaves it, its windows and page tables are freed. */
    public void remove(PciDev dev) {
        unbind(dev);
        devices.remove(dev);
        for (int index = 0; index <= Bar.ROM_INDEX; index++) {
            PciResource resource = dev.resource(index);
            if (resource != null && resource.isAssigned()) {
                (resource.io() ? ports : memory).free(resource.base());
            }
        }
        dma.release(dev.bdf());
        trace(dev, "removed", "");
    }

    /** In the order in which they were found. */
    public List<PciDev> devices() {
        return List.copyOf(devices);
    }

    /** Null when there is none. */
    public @Nullable PciDev deviceAt(int bdf) {
        for (PciDev dev : devices) {
            if (dev.bdf() == bdf) {
                return dev;
            }
        }
        return null;
    }

    private void trace(PciDev dev, String what, String details) {
        if (kernel.tracer().isOn()) {
            kernel.tracer().event("pci " + dev.name(), what, details);
        }
    }
}
