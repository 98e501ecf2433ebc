package dev.doorbell.kernel.driver.e1000e;

import dev.doorbell.bus.dma.PostedWrites;
import dev.doorbell.bus.iommu.Iommu;
import dev.doorbell.bus.irq.InterruptController;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.pci.Bdf;
import dev.doorbell.bus.pci.ConfigSpace;
import dev.doorbell.bus.pci.PciFunction;
import dev.doorbell.bus.pci.PciSlot;
import dev.doorbell.bus.pci.ResetReason;
import dev.doorbell.bus.pci.RootComplex;
import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.pci.Mmio;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A BAR that stores what is written, remembers the order, and completes MDIC and EERD at once. */
final class FakeRegisters implements AutoCloseable {
    private static final int BAR_BYTES = 128 << 10, BASE = 0xE000_0000;
    private static final int COMMAND = 0x04, BAR0 = 0x10, MEMORY_ENABLE = 2;

    final Map<Integer, Integer> values = new HashMap<>();
    final List<String> writes = new ArrayList<>();
    final int[] phy = new int[32];
    final int[] nvm = new int[64];
    final GuestMemory ram = GuestMemory.allocate(4 << 20);
    final VirtualTime world = new VirtualTime(1);
    final KernelContext kernel = new KernelContext("test", world, ram, Tracer.OFF, 1);
    final Log log = new Log(Tracer.OFF, "eth0");
    final Hw hw;
    boolean mdicHangs, mdioDenied;

    FakeRegisters() {
        RootComplex root = new RootComplex(world, Tracer.OFF);
        Iommu iommu = new Iommu(ram, world, Tracer.OFF);
        InterruptController controller = new InterruptController(world, Tracer.OFF);
        new PciSlot(root, 0, 1, ram, iommu, controller, PostedWrites.direct()).plug(new Card());
        int bdf = Bdf.of(0, 1, 0);
        root.configWrite(bdf, BAR0, 4, BASE);
        root.configWrite(bdf, COMMAND, 2, MEMORY_ENABLE);
        Mmio mmio = new Mmio(root, BASE & 0xFFFF_FFFFL, BAR_BYTES);
        hw = new Hw(kernel, mmio, log);
    }

    int read(int offset) {
        return values.getOrDefault(offset, 0);
    }

    private void write(int offset, int value) {
        writes.add(String.format("%05x=%08x", offset, value));
        switch (offset) {
            case Registers.MDIC -> mdic(value);
            case Registers.EERD -> values.put(offset, nvm[value >>> 2] << 16 | value | Registers.EERD_DONE);
            case Registers.EXTCNF_CTRL ->
                values.put(offset, mdioDenied ? value & ~Registers.EXTCNF_CTRL_MDIO_SW_OWNERSHIP : value);
            default -> values.put(offset, value);
        }
    }

    private void mdic(int value) {
        int register = value >> 16 & 0x1F;
        if (mdicHangs) {
            return;
        }
        if ((value & Registers.MDIC_OP_WRITE) != 0) {
            phy[register] = value & 0xFFFF;
        }
        values.put(Registers.MDIC, value & 0xFFFF_0000 | phy[register] | Registers.MDIC_READY);
    }

    @Override
    public void close() {
        world.close();
        ram.close();
    }

    private final class Card implements PciFunction {
        private final ConfigSpace config =
                ConfigSpace.builder(0x8086, 0x10D3).memoryBar(0, BAR_BYTES).build();

        @Override
        public int configRead(int offset, int bytes) {
            return config.read(offset, bytes);
        }

        @Override
        public void configWrite(int offset, int bytes, int value) {
            config.write(offset, bytes, value);
        }

        @Override
        public long barRead(int bar, long offset, int bytes) {
            return read((int) offset) & 0xFFFF_FFFFL;
        }

        @Override
        public void barWrite(int bar, long offset, int bytes, long value) {
            write((int) offset, (int) value);
        }

        @Override
        public void reset(ResetReason reason) {
            values.clear();
        }

        @Override
        public void quiesce() {}

        @Override
        public ConfigSpace config() {
            return config;
        }
    }
}
