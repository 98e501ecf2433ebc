package dev.doorbell.bus.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.dma.DmaResult;
import dev.doorbell.bus.dma.PostedWrites;
import dev.doorbell.bus.iommu.Iommu;
import dev.doorbell.bus.iommu.IommuContext;
import dev.doorbell.bus.iommu.IommuFault;
import dev.doorbell.bus.irq.InterruptController;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.bus.trace.Tracer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A card in a slot: configuration and memory cycles, interrupts, DMA, and their order. */
class BusTest {
    private static final int BDF = Bdf.of(0, 3, 0);
    private static final long BAR0 = 0xE000_0000L;
    private static final long BAR3 = 0xE100_0000L;
    private static final int RAM_BYTES = 4 << 20;

    private final VirtualTime time = new VirtualTime(1);
    private final GuestMemory ram = GuestMemory.allocate(RAM_BYTES);
    private final GuestMemory buffer = GuestMemory.allocate(64 << 10);
    private final Iommu iommu = new Iommu(ram, time, Tracer.OFF);
    private final InterruptController controller = new InterruptController(time, Tracer.OFF);
    private final RootComplex root = new RootComplex(time, Tracer.OFF);
    private final List<Integer> vectors = new ArrayList<>();
    private final TestFunction card = new TestFunction();
    private PciSlot slot;

    @AfterEach
    void close() {
        ram.close();
        buffer.close();
        card.registers.close();
    }

    private void plug(PostedWrites posted) {
        controller.connect(vectors::add);
        slot = new PciSlot(root, 0, 3, ram, iommu, controller, posted);
        root.plug(0, 3, card);
        root.configWrite(BDF, 0x10, 4, (int) BAR0);
        root.configWrite(BDF, 0x18, 4, 0xC000);
        root.configWrite(BDF, 0x1C, 4, (int) BAR3);
        root.configWrite(BDF, 0x04, 2, 0x7);
    }

    private void plug() {
        plug(PostedWrites.direct());
    }

    private void enableMsi(int vector) {
        root.configWrite(BDF, 0xD4, 4, (int) InterruptController.WINDOW_BASE);
        root.configWrite(BDF, 0xDC, 2, vector);
        root.configWrite(BDF, 0xD2, 2, 1);
    }

    private void enableMsix(int entry, int vector) {
        root.configWrite(BDF, 0xA2, 2, 0x8000);
        root.mmioWrite32(BAR3 + 16L * entry, (int) InterruptController.WINDOW_BASE);
        root.mmioWrite32(BAR3 + 16L * entry + 8, vector);
        root.mmioWrite32(BAR3 + 16L * entry + 12, 0);
    }

    private List<Integer> delivered() {
        time.runFor(100_000);
        return vectors;
    }

    // Cycles

    @Test
    void configurationCyclesReachTheFunctionOnly() {
        plug();
        assertThat(root.configRead(BDF, 0, 4)).isEqualTo(0x10D3_8086);
        assertThat(root.configRead(BDF, 1, 1)).isEqualTo(0x80);
        assertThat(root.configRead(Bdf.of(0, 4, 0), 0, 4)).isEqualTo(-1);
        assertThat(root.configRead(Bdf.of(0, 3, 1), 0, 2)).isEqualTo(0xFFFF);
    }

    @Test
    void memoryCyclesAreDecodedByAddressAndCommand() {
        plug();
        root.mmioWrite32(BAR0 + 0x100, 0x1234_5678);
        assertThat(root.mmioRead32(BAR0 + 0x100)).isEqualTo(0x1234_5678);
        root.configWrite(BDF, 0x04, 2, 0);
        assertThat(root.mmioRead32(BAR0 + 0x100)).isEqualTo(-1);
        assertThat(root.mmioRead(BAR0 + 0x100, 2)).isEqualTo(0xFFFF);
        assertThat(root.mmioRead64(BAR0 + 0x100)).isEqualTo(-1);
        root.mmioWrite32(BAR0 + 0x100, 0);
        assertThat(root.unsupportedRequests()).isEqualTo(4);
        root.configWrite(BDF, 0x04, 2, 2);
        assertThat(root.mmioRead32(BAR0 + 0x100)).isEqualTo(0x1234_5678);
    }

    @Test
    void movedBarAnswersAtItsNewAddress() {
        plug();
        root.mmioWrite32(BAR0, 7);
        root.configWrite(BDF, 0x10, 4, 0xE800_0000);
        assertThat(root.mmioRead32(BAR0)).isEqualTo(-1);
        assertThat(root.mmioRead32(0xE800_0000L)).isEqualTo(7);
    }

    @Test
    void ioCyclesReachTheIoBar() {
        plug();
        assertThat(root.ioRead(0xC004, 4)).isEqualTo(0x5A);
        root.ioWrite(0xC004, 4, 1);
        assertThat(card.lastPort).isEqualTo(4);
        assertThat(root.ioRead(0xC020, 4)).isEqualTo(-1);
    }

    @Test
    void pulledCardReadsAllOnesAndItsDmaGoesNowhere() {
        plug();
        enableMsi(0x41);
        slot.unplug();
        assertThat(root.configRead(BDF, 0, 4)).isEqualTo(-1);
        assertThat(root.mmioRead32(BAR0)).isEqualTo(-1);
        assertThat(slot.dma().write(0x1000, buffer, 0, 64)).isEqualTo(DmaResult.BUS_MASTER_OFF);
        slot.interrupts().msi(0);
        slot.interrupts().intx(true);
        assertThat(delivered()).isEmpty();
        slot.plug(new TestFunction());
        assertThat(root.configRead(BDF, 0, 4)).isEqualTo(0x10D3_8086);
        assertThat(root.mmioRead32(BAR0)).isEqualTo(-1);
    }

    @Test
    void pullingACardReleasesItsInterruptLine() {
        plug();
        slot.interrupts().intx(true);
        assertThat(controller.isLineAsserted(3)).isTrue();
        slot.unplug();
        assertThat(controller.isLineAsserted(3)).isFalse();
    }

    @Test
    void slotTakesOneCardAndOnePlace() {
        plug();
        assertThatThrownBy(() -> slot.plug(new TestFunction())).hasMessageContaining("00:03.0 is not empty");
        assertThatThrownBy(() -> new PciSlot(root, 0, 3, ram, iommu, controller, PostedWrites.direct()))
                .hasMessageContaining("exists already");
    }

    @Test
    void windowAtTheTopOfTheAddressSpaceDoesNotWrapAround() {
        Window top = new Window(null, card, 0, 0xFFFF_FFFF_0000_0000L, 1L << 32);
        assertThat(top.contains(-4, 4)).isTrue();
        assertThat(top.contains(-4, 8)).isFalse();
        assertThat(top.contains(0x1000, 4)).isFalse();
        assertThat(top.contains(0xFFFF_FFFE_FFFF_FFFCL, 4)).isFalse();
        assertThat(new Window(null, card, 2, 0xC000, 4).contains(0xC000, 8)).isFalse();
    }

    // Interrupts

    @Test
    void intxIsALevelWithAStatusBitAndADisableBit() {
        plug();
        slot.interrupts().intx(true);
        assertThat(root.configRead(BDF, 0x06, 2) & 0x8).isEqualTo(0x8);
        assertThat(controller.isLineAsserted(3)).isTrue();
        root.configWrite(BDF, 0x04, 2, 0x407);
        assertThat(controller.isLineAsserted(3)).isFalse();
        assertThat(root.configRead(BDF, 0x06, 2) & 0x8).isEqualTo(0x8);
        root.configWrite(BDF, 0x04, 2, 0x7);
        assertThat(controller.isLineAsserted(3)).isTrue();
        slot.interrupts().intx(false);
        assertThat(root.configRead(BDF, 0x06, 2) & 0x8).isZero();
        assertThat(controller.isLineAsserted(3)).isFalse();
    }

    @Test
    void enablingMessagesDropsAnAssertedLine() {
        plug();
        slot.interrupts().intx(true);
        enableMsi(0x41);
        assertThat(controller.isLineAsserted(3)).isFalse();
        root.configWrite(BDF, 0xD2, 2, 0);
        assertThat(controller.isLineAsserted(3)).isTrue();
    }

    @Test
    void msiIsAMemoryWriteThatNeedsEnableAndBusMaster() {
        plug();
        slot.interrupts().msi(0);
        assertThat(delivered()).isEmpty();
        enableMsi(0x41);
        slot.interrupts().msi(0);
        assertThat(delivered()).containsExactly(0x41);
        root.configWrite(BDF, 0x04, 2, 0x3);
        slot.interrupts().msi(0);
        slot.interrupts().msi(1);
        assertThat(delivered()).containsExactly(0x41);
        assertThat(slot.interrupts().messagesDropped()).isEqualTo(3);
    }

    @Test
    void maskedMsixVectorWaitsInItsPendingBit() {
        plug();
        enableMsix(2, 0x51);
        root.mmioWrite32(BAR3 + 44, 1);
        slot.interrupts().msix(2);
        assertThat(delivered()).isEmpty();
        assertThat(root.mmioRead32(BAR3 + 0x2000)).isEqualTo(0x4);
        root.mmioWrite32(BAR3 + 44, 0);
        assertThat(delivered()).containsExactly(0x51);
        assertThat(root.mmioRead32(BAR3 + 0x2000)).isZero();
    }

    @Test
    void functionMaskHoldsMessagesUntilItIsLifted() {
        plug();
        enableMsix(0, 0x50);
        root.configWrite(BDF, 0xA2, 2, 0xC000);
        slot.interrupts().msix(0);
        slot.interrupts().msix(0);
        assertThat(delivered()).isEmpty();
        root.configWrite(BDF, 0xA2, 2, 0x8000);
        assertThat(delivered()).containsExactly(0x50);
    }

    @Test
    void remappingLetsAFunctionSendItsOwnVectorsOnly() {
        plug();
        enableMsi(0x41);
        iommu.mode(Iommu.Mode.PASSTHROUGH);
        iommu.interruptTable(0x8000);
        slot.interrupts().msi(0);
        ram.writeLong(0x8000 + 8 * 0x41, Iommu.interruptEntry(Bdf.of(0, 4, 0)));
        slot.interrupts().msi(0);
        assertThat(delivered()).isEmpty();
        assertThat(iommu.faults())
                .extracting(IommuFault::reason)
                .containsExactly(IommuFault.Reason.INTERRUPT, IommuFault.Reason.INTERRUPT);
        ram.writeLong(0x8000 + 8 * 0x41, Iommu.interruptEntry(BDF));
        slot.interrupts().msi(0);
        assertThat(delivered()).containsExactly(0x41);
    }

    // DMA

    @Test
    void dmaNeedsBusMaster() {
        plug();
        ram.fill(0x1000, 64, 0x11);
        assertThat(slot.dma().read(0x1000, buffer, 0, 64)).isEqualTo(DmaResult.OK);
        assertThat(buffer.readByte(63)).isEqualTo((byte) 0x11);
        root.configWrite(BDF, 0x04, 2, 0x3);
        assertThat(slot.dma().read(0x1000, buffer, 0, 64)).isEqualTo(DmaResult.BUS_MASTER_OFF);
        assertThat(buffer.readLong(0)).isEqualTo(-1);
        assertThat(slot.dma().write(0x1000, buffer, 0, 64)).isEqualTo(DmaResult.BUS_MASTER_OFF);
        assertThat(ram.readByte(0x1000)).isEqualTo((byte) 0x11);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void dmaToABarIsPoisoned(boolean delayed) {
        plug(delayed ? PostedWrites.delayed(time, new SplittableRandom(1), 1000) : PostedWrites.direct());
        buffer.writeInt(0, 0xDEAD_BEEF);
        assertThat(slot.dma().write(BAR0 + 0x100, buffer, 0, 4)).isEqualTo(DmaResult.POISONED);
        time.runFor(10_000);
        assertThat(card.registers.readInt(0x100)).isZero();
        assertThat(slot.dma().read(BAR0 + 0x100, buffer, 0, 4)).isEqualTo(DmaResult.POISONED);
        assertThat(buffer.readInt(0)).isEqualTo(-1);
    }

    @Test
    void dmaOutsideMemoryIsAFault() {
        plug();
        for (long iova : new long[] {RAM_BYTES, RAM_BYTES - 4, 0x7000_0000_0000L, -8, Long.MIN_VALUE, Long.MAX_VALUE}) {
            assertThat(slot.dma().write(iova, buffer, 0, 8)).isEqualTo(DmaResult.UNMAPPED);
            assertThat(slot.dma().read(iova, buffer, 0, 8)).isEqualTo(DmaResult.UNMAPPED);
        }
        assertThat(iommu.faultCount()).isEqualTo(12);
        assertThat(slot.dma().write(RAM_BYTES - 8, buffer, 0, 8)).isEqualTo(DmaResult.OK);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void refusedWriteChangesNoByteOfMemory(boolean delayed) {
        plug(delayed ? PostedWrites.delayed(time, new SplittableRandom(1), 1000) : PostedWrites.direct());
        buildTables();
        for (int at = 0x10_0000; at < RAM_BYTES; at += 8) {
            ram.writeLong(at, at * 0x9E37_79B9_7F4A_7C15L);
        }
        byte[] before = ram.bytes(0, RAM_BYTES);
        buffer.fill(0, 64 << 10, 0xA5);
        // mapped: 0x4000_0000 RW, 0x4000_1000 R, then nothing
        assertThat(slot.dma().write(0x4000_1000L, buffer, 0, 64)).isEqualTo(DmaResult.PERMISSION);
        assertThat(slot.dma().write(0x4000_2000L, buffer, 0, 64)).isEqualTo(DmaResult.UNMAPPED);
        assertThat(slot.dma().write(0x4000_0800L, buffer, 0, 4096)).isEqualTo(DmaResult.PERMISSION);
        assertThat(slot.dma().write(0x10_0000L, buffer, 0, 4096)).isEqualTo(DmaResult.UNMAPPED);
        assertThat(slot.dma().write(0x4000_0000L, buffer, 0, 64 << 10)).isEqualTo(DmaResult.PERMISSION);
        time.runFor(100_000);
        assertThat(Arrays.equals(ram.bytes(0, RAM_BYTES), before)).isTrue();
        assertThat(slot.dma().refused()).isEqualTo(5);
    }

    /** IOVA 0x4000_0000 to GPA 0x20_0000 (RW), the page after it to 0x20_1000 (R). */
    private void buildTables() {
        iommu.mode(Iommu.Mode.TRANSLATED);
        iommu.context(BDF).root(0x1000);
        ram.writeLong(0x1000, 0x2000 | 3);
        ram.writeLong(0x2000 + 8, 0x3000 | 3);
        ram.writeLong(0x3000, 0x4000 | 3);
        ram.writeLong(0x4000, 0x20_0000 | 3);
        ram.writeLong(0x4008, 0x20_1000 | IommuContext.READ);
    }

    @Test
    void readAcrossPagesIsCheckedAsAWhole() {
        plug();
        buildTables();
        ram.fill(0x20_0000, 8192, 0x33);
        assertThat(slot.dma().read(0x4000_0F00L, buffer, 0, 1024)).isEqualTo(DmaResult.OK);
        assertThat(buffer.readByte(1023)).isEqualTo((byte) 0x33);
        assertThat(slot.dma().read(0x4000_1F00L, buffer, 0, 1024)).isEqualTo(DmaResult.UNMAPPED);
        assertThat(buffer.readByte(0)).isEqualTo((byte) 0xFF);
        assertThat(buffer.readByte(1023)).isEqualTo((byte) 0xFF);
    }

    @Test
    void dmaCannotForgeAMessage() {
        plug();
        buffer.writeInt(0, 0x41);
        assertThat(slot.dma().write(InterruptController.WINDOW_BASE, buffer, 0, 4))
                .isEqualTo(DmaResult.UNMAPPED);
        assertThat(delivered()).isEmpty();
    }

    @Test
    void garbageInPageTablesNeitherThrowsNorReachesOutsideMemory() {
        plug();
        iommu.mode(Iommu.Mode.TRANSLATED);
        SplittableRandom random = new SplittableRandom(3);
        for (int at = 0; at < RAM_BYTES; at += 8) {
            long entry = random.nextLong();
            ram.writeLong(at, random.nextBoolean() ? entry : entry & (RAM_BYTES - 1));
        }
        int ok = 0;
        for (int i = 0; i < 50_000; i++) {
            iommu.context(BDF).root(random.nextBoolean() ? random.nextLong() : random.nextInt(RAM_BYTES));
            iommu.context(BDF).invalidateAll();
            long iova = random.nextLong() >>> random.nextInt(64);
            if (slot.dma().read(iova, buffer, 0, 1 + random.nextInt(9000)).isOk()) {
                ok++;
            }
        }
        assertThat(ok).isBetween(1, 49_999);
    }

    @Test
    void anyConfigurationWritesLeaveTheBusAlive() {
        plug();
        SplittableRandom random = new SplittableRandom(4);
        for (int i = 0; i < 100_000; i++) {
            int bytes = 1 << random.nextInt(3);
            root.configWrite(BDF, random.nextInt(0, 0x200), bytes, random.nextInt());
            root.mmioRead(random.nextInt() & 0xFFFF_FFFCL, 4);
            root.mmioWrite32(root.configRead(BDF, 0x1C, 4) & 0xFFFF_C000L, random.nextInt());
            slot.interrupts().msix(random.nextInt(8));
            slot.interrupts().msi(random.nextInt(2));
            slot.interrupts().intx(random.nextBoolean());
            slot.dma().write(random.nextInt() & 0xFFFF_FFFFL, buffer, 0, 64);
        }
        assertThat(root.configRead(BDF, 0, 4)).isEqualTo(0x10D3_8086);
        slot.interrupts().intx(false);
        assertThat(controller.isLineAsserted(3)).isFalse();
    }

    // Order of posted writes

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 42, 4711})
    void msiNeverOvertakesTheDmaBeforeIt(long seed) {
        plug(PostedWrites.delayed(time, new SplittableRandom(seed), 50_000));
        enableMsi(0x41);
        int[] seen = new int[200];
        int[] interrupts = {0};
        int[] sent = {0};
        controller.connect(vector -> seen[interrupts[0]++] = ram.readInt(0x1000) - sent[0]);
        for (int i = 1; i <= 200; i++) {
            buffer.writeInt(0, i);
            sent[0] = i;
            assertThat(slot.dma().write(0x1000, buffer, 0, 4)).isEqualTo(DmaResult.OK);
            slot.interrupts().msi(0);
            time.runFor(60_000);
        }
        assertThat(interrupts[0]).isEqualTo(200);
        assertThat(seen).containsOnly(0);
    }

    @Test
    void delayedWritesStayInOrderAndRepeatFromTheSeed() {
        List<String> first = arrivals(9);
        assertThat(first).isEqualTo(arrivals(9)).isNotEqualTo(arrivals(10));
        List<String> order =
                first.stream().map(s -> s.substring(s.indexOf(' '))).toList();
        assertThat(order).hasSizeGreaterThan(5).isSorted();
    }

    private List<String> arrivals(long seed) {
        VirtualTime world = new VirtualTime(1);
        RootComplex bus = new RootComplex(world, Tracer.OFF);
        InterruptController apic = new InterruptController(world, Tracer.OFF);
        PostedWrites posted = PostedWrites.delayed(world, new SplittableRandom(seed), 10_000);
        PciSlot place = new PciSlot(bus, 0, 3, ram, new Iommu(ram, world, Tracer.OFF), apic, posted);
        place.plug(new TestFunction());
        bus.configWrite(BDF, 4, 2, 4);
        ram.writeInt(0x1000, 0);
        for (int i = 1; i <= 50; i++) {
            buffer.writeInt(0, 100 + i);
            place.dma().write(0x1000, buffer, 0, 4);
        }
        List<String> seen = new ArrayList<>();
        int last = 0;
        for (int step = 0; step < 1000; step++) {
            world.runFor(10);
            if (ram.readInt(0x1000) != last) {
                last = ram.readInt(0x1000);
                seen.add(world.nowNs() + " " + last);
            }
        }
        return seen;
    }

    @Test
    void readsPushPostedWritesBeforeThem() {
        plug(PostedWrites.delayed(time, new SplittableRandom(5), 1_000_000));
        buffer.writeInt(0, 77);
        slot.dma().write(0x1000, buffer, 0, 4);
        assertThat(ram.readInt(0x1000)).isZero();
        root.mmioRead32(BAR0);
        assertThat(ram.readInt(0x1000)).isEqualTo(77);

        buffer.writeInt(0, 78);
        slot.dma().write(0x1000, buffer, 0, 4);
        slot.dma().read(0x1000, buffer, 8, 4);
        assertThat(buffer.readInt(8)).isEqualTo(78);

        buffer.writeInt(0, 79);
        slot.dma().write(0x1000, buffer, 0, 4);
        root.configRead(BDF, 0, 4);
        assertThat(ram.readInt(0x1000)).isEqualTo(79);
    }

    @Test
    void invalidationLetsWritesUnderWayArriveFirst() {
        plug(PostedWrites.delayed(time, new SplittableRandom(5), 1_000_000));
        buildTables();
        buffer.writeInt(0, 77);
        assertThat(slot.dma().write(0x4000_0000L, buffer, 0, 4)).isEqualTo(DmaResult.OK);
        ram.writeLong(0x4000, 0);
        iommu.context(BDF).invalidate(0x4000_0000L, 4096);
        assertThat(ram.readInt(0x20_0000)).isEqualTo(77);
        assertThat(slot.dma().write(0x4000_0000L, buffer, 0, 4)).isEqualTo(DmaResult.UNMAPPED);
    }

    @Test
    void manyAndLargeDelayedWritesAllArrive() {
        plug(PostedWrites.delayed(time, new SplittableRandom(5), 1_000_000));
        for (int i = 0; i < 3000; i++) {
            buffer.writeInt(0, i + 1);
            slot.dma().write(0x1_0000 + 4L * i, buffer, 0, 4);
        }
        buffer.fill(0, 64 << 10, 0x66);
        for (int i = 0; i < 8; i++) {
            slot.dma().write(0x10_0000 + (64L << 10) * i, buffer, 0, 64 << 10);
        }
        time.runFor(2_000_000);
        assertThat(ram.readInt(0x1_0000)).isEqualTo(1);
        assertThat(ram.readInt(0x1_0000 + 4 * 2999)).isEqualTo(3000);
        assertThat(ram.readByte(0x10_0000 + (512 << 10) - 1)).isEqualTo((byte) 0x66);
        assertThat(slot.posted().isEmpty()).isTrue();
    }
}
