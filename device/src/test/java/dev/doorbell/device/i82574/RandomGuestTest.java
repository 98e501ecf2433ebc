package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.dma.DmaPort;
import dev.doorbell.bus.dma.DmaResult;
import dev.doorbell.bus.dma.PostedWrites;
import dev.doorbell.bus.iommu.Iommu;
import dev.doorbell.bus.iommu.IommuContext;
import dev.doorbell.bus.irq.InterruptController;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.pci.PciSlot;
import dev.doorbell.bus.pci.ResetReason;
import dev.doorbell.bus.pci.RootComplex;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.time.Event;
import dev.doorbell.bus.time.Scheduler;
import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.device.spi.DeviceContext;
import dev.doorbell.device.spi.Frame;
import dev.doorbell.device.spi.Timing;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A guest that writes anything anywhere: registers, MSI-X vectors, configuration space, and rings whose descriptors and
 * buffers point at memory it gave to the card, at memory it did not, at page tables, at BARs, at the interrupt
 * controller and at nothing. The card never throws, does a bounded amount of work in each of its events, and changes
 * nothing but what it was given.
 */
class RandomGuestTest {
    private static final int WRITES = 1_000_000 / Timing.values().length;
    private static final int RAM_BYTES = 4 << 20;
    /** The memory that the card was given, IOVA and GPA alike. */
    private static final int GIVEN = 0x10_0000, GIVEN_BYTES = 0x10_0000;
    /** Tables of the IOMMU, one page each, from the root down. */
    private static final int TABLES = 0x30_0000;

    private static final long BAR0 = 0xF000_0000L;
    private static final int EVENTS_PER_STEP = 200;
    /** A burst of 64 descriptors, read or written one by one, in pieces of two for each. */
    private static final int ACCESSES_PER_EVENT = 400;

    private static final int FRAMES_PER_EVENT = 256;
    private static final int PAGE = 4096;

    private final VirtualTime world = new VirtualTime(1);
    private final GuestMemory ram = GuestMemory.allocate(RAM_BYTES);
    private final TestCard.Wire wire = new TestCard.Wire();
    private final GuestMemory frames = GuestMemory.allocate(20_000);
    private final Frame frame = new Frame(frames);
    private final List<Register> registers = map().registers();
    private SplittableRandom random = new SplittableRandom(1);
    private I82574 card;
    private long accesses;
    private long worstAccesses;
    private long worstFrames;

    private void build(Timing timing) {
        random = new SplittableRandom(timing.ordinal() + 7);
        RootComplex root = new RootComplex(world, Tracer.OFF);
        Iommu iommu = new Iommu(ram, world, Tracer.OFF);
        iommu.mode(Iommu.Mode.TRANSLATED);
        InterruptController controller = new InterruptController(world, Tracer.OFF);
        PostedWrites posted =
                timing == Timing.HOSTILE ? PostedWrites.delayed(world, random.split(), 50_000) : PostedWrites.direct();
        PciSlot slot = new PciSlot(root, 0, 3, ram, iommu, controller, posted);
        translate(iommu.context(slot.requesterId()));
        wire.deaf = true;
        card = new I82574(new DeviceContext(
                "nic0",
                new CountedScheduler(),
                new CountedDma(slot.dma()),
                slot.interrupts(),
                wire,
                new TestCard.Words(),
                timing,
                random.split(),
                Tracer.OFF));
        slot.plug(card);
        for (int at = 0; at < RAM_BYTES; at += 8) {
            if (at < TABLES || at >= TABLES + 4 * PAGE) {
                ram.writeLong(at, random.nextLong());
            }
        }
        enable();
    }

    private void translate(IommuContext context) {
        long both = IommuContext.READ | IommuContext.WRITE;
        for (int level = 0; level < 3; level++) {
            ram.writeLong(TABLES + level * PAGE, TABLES + (level + 1) * PAGE | both);
        }
        for (int page = GIVEN; page < GIVEN + GIVEN_BYTES; page += PAGE) {
            ram.writeLong(TABLES + 3 * PAGE + (page >>> 12) * 8L, page | both);
        }
        context.root(TABLES);
    }

    private void enable() {
        card.configWrite(0xCC, 2, 0);
        card.configWrite(0x10, 4, (int) BAR0);
        card.configWrite(4, 2, 7);
    }

    @ParameterizedTest
    @EnumSource(Timing.class)
    void nothingButWhatItWasGivenChangesAndWorkIsBounded(Timing timing) {
        build(timing);
        long before = hashOfTheRest();
        for (int i = 0; i < WRITES; i++) {
            write();
            if (i % 16 == 0) {
                arrive();
            }
            if (i % 64 == 0) {
                setUpRings();
                runSome(300_000);
            }
            if (i % 4096 == 0) {
                somethingRare();
            }
            runSome(2_000);
        }
        assertThat(hashOfTheRest()).as("memory that the card was not given").isEqualTo(before);
        assertThat(worstAccesses).as("DMA accesses in one event").isLessThan(ACCESSES_PER_EVENT);
        assertThat(worstFrames).as("frames in one event").isLessThanOrEqualTo(FRAMES_PER_EVENT);
        assertThat(accesses).as("the card was busy").isGreaterThan(WRITES / 20);
        assertThat(card.trueCounters().get("tx.sent")).isGreaterThan(1_000);
        assertThat(card.trueCounters().get("rx.delivered")).isGreaterThan(100);
        theCardStillWorks();
    }

    /** A step: time goes on, but a guest that has made much to do does not have to wait for all of it. */
    private void runSome(int limitNs) {
        long limit = world.eventsRun() + EVENTS_PER_STEP;
        world.runUntil(() -> world.eventsRun() >= limit, random.nextInt(limitNs));
    }

    private long hashOfTheRest() {
        CRC32 crc = new CRC32();
        byte[] bytes = ram.bytes(0, RAM_BYTES);
        crc.update(bytes, 0, GIVEN);
        crc.update(bytes, GIVEN + GIVEN_BYTES, RAM_BYTES - GIVEN - GIVEN_BYTES);
        return crc.getValue();
    }

    // ---- what the guest does

    private void write() {
        int kind = random.nextInt(64);
        if (kind < 60) {
            Register register = registers.get(random.nextInt(registers.size()));
            int offset = kind < 30 ? doorbell() : kind < 50 ? favourite() : register.offset();
            boolean resets = offset == CTRL.offset() && random.nextInt(32) != 0;
            card.mmioWrite32(0, offset, resets ? value() & ~RESETS | CTRL_SLU.mask() : value());
            if (kind == 7) {
                card.mmioRead32(0, offset);
            }
        } else if (kind == 60) {
            card.barWrite(random.nextInt(7), random.nextInt(0x2_0010) - 8, 1 << random.nextInt(4), random.nextLong());
        } else if (kind == 61) {
            card.barWrite(3, random.nextInt(0x60) & ~3, 4, random.nextInt());
        } else if (kind == 62) {
            card.barWrite(2, random.nextInt(8) & 4, 4, random.nextInt(0x2_0000) & ~3);
        } else {
            card.barRead(random.nextInt(7), random.nextInt(0x2_0010) - 8, 1 << random.nextInt(4));
        }
    }

    private static final Register[] FAVOURITES = {
        CTRL, RCTL, TCTL, RDT0, TDT0, RDT1, TDT1, RDH0, TDH0, RDLEN0, TDLEN0, RDBAL0, TDBAL0, RDBAH0, TDBAH0, PSRCTL,
        RFCTL, IMS, IMC, ICS, ICR, ITR, IVAR, EIAC, CTRL_EXT, RDTR, TIDV, RXDCTL0, MRQC, RXCSUM, TSYNCRXCTL, TIMINCA
    };

    /** Bits of CTRL after which there is little to see for a while. */
    private static final int RESETS = CTRL_RST.mask() | CTRL_PHY_RST.mask() | CTRL_GIO_MASTER_DISABLE.mask();

    private int doorbell() {
        return RINGS[random.nextInt(RINGS.length)][4].offset();
    }

    private int favourite() {
        return FAVOURITES[random.nextInt(FAVOURITES.length)].offset();
    }

    private int value() {
        return switch (random.nextInt(8)) {
            case 0 -> 0;
            case 1 -> -1;
            case 2 -> 1 << random.nextInt(32);
            case 3, 4 -> random.nextInt(256);
            case 5 -> GIVEN + (random.nextInt(GIVEN_BYTES) & ~0xF);
            default -> random.nextInt();
        };
    }

    /** An address for a descriptor: every kind of target there is. */
    private long target() {
        return switch (random.nextInt(16)) {
            case 0 -> random.nextInt(RAM_BYTES); // mostly not given
            case 1 -> TABLES + random.nextInt(4 * PAGE);
            case 2 -> BAR0 + random.nextInt(0x2_0000);
            case 3 -> 0xFEE0_0000L + random.nextInt(0x1000);
            case 4 -> GIVEN - random.nextInt(64);
            case 5 -> GIVEN + GIVEN_BYTES - random.nextInt(2048);
            case 6 -> random.nextLong();
            case 7 -> -random.nextInt(4096);
            case 8 -> RAM_BYTES - random.nextInt(64);
            case 9 -> 0;
            default -> GIVEN + random.nextInt(GIVEN_BYTES);
        };
    }

    private static final Register[][] RINGS = {
        {RDBAL0, RDBAH0, RDLEN0, RDH0, RDT0},
        {RDBAL1, RDBAH1, RDLEN1, RDH1, RDT1},
        {TDBAL0, TDBAH0, TDLEN0, TDH0, TDT0},
        {TDBAL1, TDBAH1, TDLEN1, TDH1, TDT1}
    };

    /** Rings as a driver would make them, mostly, with descriptors as no driver would. */
    private void setUpRings() {
        card.mmioWrite32(0, CTRL.offset(), CTRL_SLU.mask() | random.nextInt() & CTRL_VME.mask());
        for (int i = 0; i < RINGS.length; i++) {
            long base = random.nextInt(8) == 0 ? target() : GIVEN + 0x1000L * (i + random.nextInt(8)) * 4;
            int entries = 8 << random.nextInt(4);
            for (int d = 0; d < entries && base >= GIVEN && base < GIVEN + GIVEN_BYTES - PAGE; d++) {
                ram.writeLong(base + 16L * d, target());
                ram.writeLong(base + 16L * d + 8, command(i >= 2));
            }
            card.mmioWrite32(0, RINGS[i][0].offset(), (int) base);
            card.mmioWrite32(0, RINGS[i][1].offset(), (int) (base >>> 32));
            card.mmioWrite32(0, RINGS[i][2].offset(), entries * 16);
            card.mmioWrite32(0, RINGS[i][3].offset(), random.nextInt(16) == 0 ? random.nextInt(0x1_0000) : 0);
        }
        card.mmioWrite32(0, TCTL.offset(), 0x0003_F0FA);
        card.mmioWrite32(0, RCTL.offset(), RCTL_EN.mask() | random.nextInt() & ~RCTL_LBM.mask() | 0x18);
        boolean linkDown = (card.mmioRead32(0, STATUS.offset()) & STATUS_LU.mask()) == 0;
        if (linkDown || random.nextInt(4) == 0) {
            card.mmioWrite32(0, RCTL.offset(), RCTL_EN.mask() | 0x58); // loops back
        }
        for (Register[] ring : RINGS) {
            card.mmioWrite32(0, ring[4].offset(), random.nextInt(16) == 0 ? random.nextInt() : random.nextInt(64));
        }
    }

    private long command(boolean transmit) {
        long high = random.nextLong();
        if (transmit && random.nextInt(4) != 0) {
            high &= ~0xF_0000L | random.nextInt(4) << 16; // lengths that fit more often
            high &= ~0xF800L;
        }
        return high;
    }

    private void arrive() {
        int bytes = random.nextInt(8) == 0 ? random.nextInt(17_000) : random.nextInt(200);
        for (int i = 0; i < Math.min(bytes, 64); i += 8) {
            frames.writeLong(i, random.nextLong());
        }
        if (random.nextBoolean()) {
            frames.writeInt(0, -1);
            frames.writeShort(4, -1);
        }
        if (random.nextBoolean()) {
            frames.writeShort(12, random.nextBoolean() ? 0x0008 : 0xDD86);
            frames.writeByte(14, random.nextBoolean() ? 0x45 : 0x60);
        }
        wire.receiver.receive(frame.set(frames, 0, bytes)
                .fcsGood(random.nextInt(8) != 0)
                .exactLength(random.nextInt(8) == 0)
                .checksumsVerified(random.nextBoolean()));
    }

    private void somethingRare() {
        switch (random.nextInt(6)) {
            case 0 -> card.reset(ResetReason.HOT);
            case 1 -> card.carrierChanged(random.nextBoolean());
            case 2 -> {
                card.configWrite(0xCC, 2, 3);
                arrive();
            }
            case 3 -> world.runFor(random.nextInt(100_000_000));
            default -> {
                for (int i = 0; i < 64; i++) {
                    card.configWrite(random.nextInt(0x200), 1 << random.nextInt(3), random.nextInt());
                }
            }
        }
        enable();
        card.carrierChanged(true);
        world.runFor(5_000_000);
    }

    private void theCardStillWorks() {
        card.reset(ResetReason.HOT);
        enable();
        card.carrierChanged(true);
        world.runFor(5_000_000_000L);
        long before = wire.frames;
        ram.writeLong(GIVEN, GIVEN + 0x1000);
        ram.writeLong(GIVEN + 8, 100 | TxScript.EOP | TxScript.IFCS | TxScript.RS);
        card.mmioWrite32(0, TDBAL0.offset(), GIVEN);
        card.mmioWrite32(0, TDLEN0.offset(), 128);
        card.mmioWrite32(0, TCTL.offset(), 0x0003_F0FA);
        card.mmioWrite32(0, TDT0.offset(), 1);
        world.runFor(1_000_000);
        assertThat(wire.frames).isEqualTo(before + 1);
        assertThat(ram.readByte(GIVEN + 12) & 1).isEqualTo(1);
    }

    // ---- what is counted

    /** Looks at each event of the card: how much it read, wrote and sent. */
    private final class CountedScheduler implements Scheduler {
        @Override
        public Event event(String name, Runnable action) {
            return world.event(name, () -> {
                long accessesBefore = accesses;
                long framesBefore = wire.frames;
                action.run();
                worstAccesses = Math.max(worstAccesses, accesses - accessesBefore);
                worstFrames = Math.max(worstFrames, wire.frames - framesBefore);
            });
        }

        @Override
        public boolean isInsideEvent() {
            return world.isInsideEvent();
        }

        @Override
        public long nowNs() {
            return world.nowNs();
        }
    }

    private final class CountedDma implements DmaPort {
        private final DmaPort port;

        CountedDma(DmaPort port) {
            this.port = port;
        }

        @Override
        public DmaResult read(long iova, GuestMemory into, long offset, int bytes) {
            accesses++;
            return port.read(iova, into, offset, bytes);
        }

        @Override
        public DmaResult write(long iova, GuestMemory from, long offset, int bytes) {
            accesses++;
            return port.write(iova, from, offset, bytes);
        }
    }
}
