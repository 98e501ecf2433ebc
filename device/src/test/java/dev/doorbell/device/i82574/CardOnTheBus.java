package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.HostileGuest.*;
import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.TxScript.*;

import dev.doorbell.bus.dma.PostedWrites;
import dev.doorbell.bus.iommu.Iommu;
import dev.doorbell.bus.irq.InterruptController;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.pci.PciSlot;
import dev.doorbell.bus.pci.RootComplex;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.device.spi.DeviceContext;
import dev.doorbell.device.spi.Frame;
import dev.doorbell.device.spi.Timing;
import java.util.SplittableRandom;

/** A card behind a real slot: DMA knows what is memory and what is a BAR. */
final class CardOnTheBus {
    static final long BAR0 = 0xF000_0000L;
    final VirtualTime world = new VirtualTime(1);
    final GuestMemory ram = GuestMemory.allocate(1 << 20);
    final TestCard.Wire wire = new TestCard.Wire();
    final I82574 card;

    CardOnTheBus() {
        RootComplex root = new RootComplex(world, Tracer.OFF);
        Iommu iommu = new Iommu(ram, world, Tracer.OFF);
        InterruptController controller = new InterruptController(world, Tracer.OFF);
        PciSlot slot = new PciSlot(root, 0, 3, ram, iommu, controller, PostedWrites.direct());
        card = new I82574(new DeviceContext(
                "nic0",
                world,
                slot.dma(),
                slot.interrupts(),
                wire,
                new TestCard.Words(),
                Timing.ZERO,
                new SplittableRandom(1),
                Tracer.OFF));
        slot.plug(card);
        card.configWrite(0x10, 4, (int) BAR0);
        card.configWrite(4, 2, 6);
        world.runFor(20_000_000);
        for (int i = 0; i < 8; i++) {
            ram.writeLong(RX_RING + 16L * i, 0x4000 + i * 0x800L);
        }
        write(RDBAL0, RX_RING);
        write(RDLEN0, 128);
        write(TDBAL0, 0x2000);
        write(TDLEN0, 128);
        write(TCTL, 0x0003_F0FA);
        write(RCTL, SECRC | BAM | EN);
    }

    void write(Register register, int value) {
        card.mmioWrite32(0, register.offset(), value);
    }

    int read(Register register) {
        return card.mmioRead32(0, register.offset());
    }

    void transmit(int slot, long buffer, int bytes) {
        ram.writeLong(0x2000 + 16L * slot, buffer);
        ram.writeLong(0x2008 + 16L * slot, (bytes | EOP | IFCS | RS) & 0xFFFF_FFFFL);
        write(TDT0, slot + 1);
        world.runFor(1_000_000);
    }

    void arrive(byte[] bytes) {
        GuestMemory memory = GuestMemory.allocate(bytes.length);
        memory.write(0, bytes, 0, bytes.length);
        wire.receiver.receive(new Frame(memory).set(memory, 0, bytes.length));
        world.runFor(1_000_000);
    }
}
