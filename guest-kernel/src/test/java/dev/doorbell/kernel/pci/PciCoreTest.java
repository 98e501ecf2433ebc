package dev.doorbell.kernel.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.dma.DmaResult;
import dev.doorbell.bus.dma.PostedWrites;
import dev.doorbell.bus.iommu.Iommu;
import dev.doorbell.bus.iommu.IommuFault;
import dev.doorbell.bus.irq.InterruptController;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.pci.ConfigSpace;
import dev.doorbell.bus.pci.MsiCapability;
import dev.doorbell.bus.pci.PciSlot;
import dev.doorbell.bus.pci.RootComplex;
import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.dma.Direction;
import dev.doorbell.kernel.dma.DmaApi;
import dev.doorbell.kernel.dma.DmaOptions;
import dev.doorbell.kernel.dma.Violation;
import dev.doorbell.kernel.irq.IrqReturn;
import dev.doorbell.kernel.irq.IrqTable;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PciCoreTest {
    private final VirtualTime time = new VirtualTime(1);
    private final GuestMemory ram = GuestMemory.allocate(16 << 20);
    private final KernelContext kernel = new KernelContext("guest", time, ram, Tracer.OFF, 1);
    private final Iommu iommu = new Iommu(ram, time, Tracer.OFF);
    private final InterruptController controller = new InterruptController(time, Tracer.OFF);
    private final RootComplex root = new RootComplex(time, Tracer.OFF);
    private final IrqTable irqs = new IrqTable(kernel, controller);
    private final PciCore core = core();
    private final List<String> log = new ArrayList<>();

    private PciCore core() {
        iommu.mode(Iommu.Mode.TRANSLATED);
        return new PciCore(kernel, root, irqs, new DmaApi(kernel, iommu, DmaOptions.DEFAULT));
    }

    @AfterEach
    void close() {
        ram.close();
    }

    private PciSlot plug(int device, FakeCard card) {
        PciSlot slot = new PciSlot(root, 0, device, ram, iommu, controller, PostedWrites.direct());
        slot.plug(card);
        return slot;
    }

    /** Logs what happens to it; fails its probe with an errno when there is one. */
    private final class Driver implements PciDriver {
        private final Errno failure;

        Driver(Errno failure) {
            this.failure = failure;
        }

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public PciDeviceId[] idTable() {
            return new PciDeviceId[] {new PciDeviceId(0x8086, 0x10D3)};
        }

        @Override
        public void probe(PciDev dev) throws ErrnoException {
            log.add("probe " + dev.name());
            if (failure != null) {
                throw new ErrnoException("probe", failure);
            }
        }

        @Override
        public void remove(PciDev dev) {
            log.add("remove " + dev.name() + (dev.isDisconnected() ? " gone" : ""));
        }
    }

    private PciDev enabledNic(PciSlot slot) throws ErrnoException {
        core.scan();
        PciDev dev = core.deviceAt(slot.requesterId());
        dev.pciEnableDevice();
        dev.pciSetMaster();
        return dev;
    }

    @Test
    void scanFindsSizesAndPlacesEveryFunction() {
        plug(3, FakeCard.nic());
        plug(4, FakeCard.nic());
        core.scan();
        assertThat(core.devices()).extracting(PciDev::name).containsExactly("0000:00:03.0", "0000:00:04.0");
        PciDev dev = core.devices().get(0);
        assertThat(dev.pciResourceLen(0)).isEqualTo(128 << 10);
        assertThat(dev.pciResourceLen(1)).isZero();
        assertThat(dev.pciResourceLen(2)).isEqualTo(32);
        assertThat(dev.pciResourceLen(3)).isEqualTo(16 << 10);
        assertThat(dev.pciResourceLen(6)).isEqualTo(64 << 10);
        assertThat(dev.pciResourceStart(0)).isEqualTo(0xE000_0000L);
        assertThat(dev.readConfig32(0x10)).isEqualTo(0xE000_0000);
        assertThat(dev.readConfig8(ConfigSpace.INTERRUPT_LINE)).isEqualTo(IrqTable.FIRST_INTX + 3);
        PciDev other = core.devices().get(1);
        for (int bar : new int[] {0, 3, 6}) {
            long start = other.pciResourceStart(bar);
            assertThat(start % other.pciResourceLen(bar)).isZero();
            for (int against : new int[] {0, 3, 6}) {
                long end = dev.pciResourceStart(against) + dev.pciResourceLen(against);
                assertThat(start >= end || start + other.pciResourceLen(bar) <= dev.pciResourceStart(against))
                        .isTrue();
            }
        }
    }

    @Test
    void wideBarsAreSizedAndPlaced() {
        plug(
                3,
                new FakeCard(ConfigSpace.builder(1, 2)
                        .memoryBar64(0, 1 << 20, true)
                        .memoryBar64(2, 1L << 34, false)
                        .memoryBar(4, 4096)
                        .build()));
        core.scan();
        PciDev dev = core.devices().get(0);
        assertThat(dev.pciResourceLen(0)).isEqualTo(1 << 20);
        assertThat(dev.pciResourceLen(1)).isZero();
        assertThat(dev.pciResourceLen(2)).isEqualTo(1L << 34);
        assertThat(dev.pciResourceStart(2)).isZero();
        assertThat(dev.pciResourceLen(4)).isEqualTo(4096);
        assertThatThrownBy(dev::pciEnableDevice).hasMessageContaining("BAR 2 not assigned");
    }

    @Test
    void driversMeetTheirDevicesInEitherOrder() {
        plug(3, FakeCard.nic());
        core.scan();
        Driver driver = new Driver(null);
        core.register(driver);
        plug(4, FakeCard.nic());
        plug(5, new FakeCard(ConfigSpace.builder(1, 2).build()));
        core.scan();
        core.scan();
        assertThat(log).containsExactly("probe 0000:00:03.0", "probe 0000:00:04.0");
        core.unregister(driver);
        assertThat(log).endsWith("remove 0000:00:03.0", "remove 0000:00:04.0");
    }

    @Test
    void failedProbeLeavesTheDeviceFreeForTheNextDriver() {
        plug(3, FakeCard.nic());
        core.register(new Driver(Errno.EIO));
        Driver good = new Driver(null);
        core.register(good);
        core.scan();
        assertThat(core.devices().get(0).driver()).isSameAs(good);
        assertThat(log).hasSize(2);
    }

    @Test
    void pulledCardIsRemovedAndItsPlaceReused() {
        PciSlot slot = plug(3, FakeCard.nic());
        core.register(new Driver(null));
        core.scan();
        long where = core.devices().get(0).pciResourceStart(0);
        slot.unplug();
        core.scan();
        assertThat(core.devices()).isEmpty();
        slot.plug(FakeCard.nic());
        core.scan();
        assertThat(log).containsExactly("probe 0000:00:03.0", "remove 0000:00:03.0 gone", "probe 0000:00:03.0");
        assertThat(core.devices().get(0).pciResourceStart(0)).isEqualTo(where);
    }

    @Test
    void unbindReportsWhatTheDriverLeftMapped() {
        plug(3, FakeCard.nic());
        core.register(new Driver(null));
        core.scan();
        PciDev dev = core.devices().get(0);
        List<Violation> violations = new ArrayList<>();
        dev.dma().ledger().listener(violations::add);
        dev.dmaMapSingle(0x20_0000, 64, Direction.TO_DEVICE);
        core.unbind(dev);
        assertThat(violations).extracting(Violation::kind).containsExactly(Violation.Kind.LEAK);
        assertThat(dev.driver()).isNull();
    }

    @Test
    void mmioFollowsDecodingAndRemoval() throws ErrnoException {
        PciSlot slot = plug(3, FakeCard.nic());
        PciDev dev = enabledNic(slot);
        Mmio mmio = dev.pciIomap(0);
        mmio.write32(0x100, 0x1234_5678);
        mmio.write32Relaxed(0x104, 7);
        assertThat(mmio.read32(0x100)).isEqualTo(0x1234_5678);
        assertThat(mmio.read32(0x104)).isEqualTo(7);
        dev.pciSetPowerState(3);
        assertThat(mmio.read32(0x100)).isEqualTo(-1);
        dev.pciSetPowerState(0);
        assertThat(mmio.read32(0x100)).isEqualTo(-1);
        dev.pciEnableDevice();
        assertThat(mmio.read32(0x100)).isEqualTo(0x1234_5678);
        slot.unplug();
        mmio.write32(0x100, 1);
        assertThat(mmio.read32(0x100)).isEqualTo(-1);
        assertThat(root.unsupportedRequests()).isEqualTo(4);
        assertThatThrownBy(() -> dev.pciIomap(2)).hasMessageContaining("EINVAL");
        assertThatThrownBy(() -> dev.pciIomap(1)).hasMessageContaining("ENODEV");
    }

    @ParameterizedTest
    @ValueSource(ints = {IrqTypes.PCI_IRQ_INTX, IrqTypes.PCI_IRQ_MSI, IrqTypes.PCI_IRQ_MSIX})
    void everyKindOfInterruptReachesItsHandler(int type) throws ErrnoException {
        PciSlot slot = plug(3, FakeCard.nic());
        PciDev dev = enabledNic(slot);
        assertThat(dev.pciAllocIrqVectors(1, 1, type)).isEqualTo(1);
        assertThat(dev.irqType()).isEqualTo(type);
        int[] calls = {0};
        dev.requestIrq(
                0,
                () -> {
                    calls[0]++;
                    slot.interrupts().intx(false);
                    return IrqReturn.HANDLED;
                },
                "nic");
        raise(slot, type);
        assertThat(calls[0]).isEqualTo(1);
        dev.freeIrq(0);
        dev.pciFreeIrqVectors();
        assertThat(dev.irqType()).isZero();
        raise(slot, type);
        assertThat(calls[0]).isEqualTo(1);
        slot.interrupts().intx(false);
        assertThat(dev.pciAllocIrqVectors(1, 1, type)).isEqualTo(1);
    }

    private void raise(PciSlot slot, int type) {
        switch (type) {
            case IrqTypes.PCI_IRQ_INTX -> slot.interrupts().intx(true);
            case IrqTypes.PCI_IRQ_MSI -> slot.interrupts().msi(0);
            default -> slot.interrupts().msix(0);
        }
        time.runFor(100_000);
    }

    @Test
    void msixVectorsArePreferredAndIndependent() throws ErrnoException {
        PciSlot slot = plug(3, FakeCard.nic());
        PciDev dev = enabledNic(slot);
        assertThat(dev.pciAllocIrqVectors(3, 8)).isEqualTo(5);
        assertThat(dev.irqType()).isEqualTo(IrqTypes.PCI_IRQ_MSIX);
        for (int i = 0; i < 3; i++) {
            int vector = i;
            dev.requestIrq(
                    i,
                    () -> {
                        log.add("vector " + vector);
                        return IrqReturn.HANDLED;
                    },
                    "nic-" + i);
        }
        slot.interrupts().msix(2);
        slot.interrupts().msix(0);
        slot.interrupts().msix(4);
        time.runFor(1000);
        assertThat(log).containsExactlyInAnyOrder("vector 2", "vector 0");
        dev.disableIrq(1);
        slot.interrupts().msix(1);
        slot.interrupts().msix(1);
        time.runFor(1000);
        assertThat(log).hasSize(2);
        dev.enableIrq(1);
        time.runFor(1000);
        assertThat(log).filteredOn("vector 1"::equals).isNotEmpty();
        assertThatThrownBy(() -> dev.pciAllocIrqVectors(1, 1)).hasMessageContaining("EBUSY");
    }

    @Test
    void allocationFallsBackAsFarAsTypesAndMinimumAllow() throws ErrnoException {
        PciSlot slot = plug(
                3,
                new FakeCard(ConfigSpace.builder(1, 2)
                        .interruptPin(1)
                        .capability(0x50, new MsiCapability(1, false, false))
                        .build()));
        PciDev dev = enabledNic(slot);
        assertThat(dev.pciAllocIrqVectors(1, 4)).isEqualTo(1);
        assertThat(dev.irqType()).isEqualTo(IrqTypes.PCI_IRQ_MSI);
        dev.pciFreeIrqVectors();
        assertThat(dev.pciAllocIrqVectors(1, 4, IrqTypes.PCI_IRQ_INTX | IrqTypes.PCI_IRQ_MSIX))
                .isEqualTo(1);
        assertThat(dev.irqType()).isEqualTo(IrqTypes.PCI_IRQ_INTX);
        dev.pciFreeIrqVectors();
        assertThatThrownBy(() -> dev.pciAllocIrqVectors(2, 4)).hasMessageContaining("ENOSPC");
        assertThat(dev.pciIrqVector(0)).isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void forgedMessageIsStoppedByRemapping() throws ErrnoException {
        PciSlot good = plug(3, FakeCard.nic());
        PciSlot bad = plug(4, FakeCard.nic());
        PciDev dev = enabledNic(good);
        PciDev forger = core.deviceAt(bad.requesterId());
        forger.pciSetMaster();
        dev.pciAllocIrqVectors(1, 1, IrqTypes.PCI_IRQ_MSI);
        int[] calls = {0};
        dev.requestIrq(
                0,
                () -> {
                    calls[0]++;
                    return IrqReturn.HANDLED;
                },
                "nic");
        forger.writeConfig32(0xD4, (int) InterruptController.WINDOW_BASE);
        forger.writeConfig16(0xDC, IrqTable.vectorOf(dev.pciIrqVector(0)));
        forger.writeConfig16(0xD2, 1);
        bad.interrupts().msi(0);
        time.runFor(1000);
        assertThat(calls[0]).isZero();
        assertThat(iommu.faults()).extracting(IommuFault::reason).containsExactly(IommuFault.Reason.INTERRUPT);
    }

    @Test
    void cardReachesWhatWasMappedAndNothingElse() throws ErrnoException {
        PciSlot slot = plug(3, FakeCard.nic());
        PciDev dev = enabledNic(slot);
        GuestMemory frame = GuestMemory.allocate(2048);
        frame.fill(0, 2048, 0x77);
        long iova = dev.dmaMapSingle(0x20_0000, 2048, Direction.FROM_DEVICE);
        assertThat(dev.dmaMappingError(iova)).isFalse();
        assertThat(slot.dma().write(iova, frame, 0, 2048)).isEqualTo(DmaResult.OK);
        assertThat(ram.readByte(0x20_07FF)).isEqualTo((byte) 0x77);
        assertThat(slot.dma().read(iova, frame, 0, 4)).isEqualTo(DmaResult.PERMISSION);
        dev.dmaUnmapSingle(iova, 2048, Direction.FROM_DEVICE);
        dev.dma().flush();
        assertThat(slot.dma().write(iova, frame, 0, 4)).isEqualTo(DmaResult.UNMAPPED);
        assertThat(iommu.faults().get(1).note())
                .contains("2048 bytes FROM_DEVICE")
                .contains("unmapped at");
        frame.close();
    }

    @Test
    void stateSurvivesD3hotWhenItWasSaved() throws ErrnoException {
        PciSlot slot = plug(3, FakeCard.nic());
        PciDev dev = enabledNic(slot);
        dev.pciAllocIrqVectors(2, 2, IrqTypes.PCI_IRQ_MSIX);
        dev.requestIrq(
                1,
                () -> {
                    log.add("interrupt");
                    return IrqReturn.HANDLED;
                },
                "nic");
        dev.pciSaveState();
        dev.pciSetPowerState(3);
        dev.pciSetPowerState(0);
        slot.interrupts().msix(1);
        time.runFor(1000);
        assertThat(log).isEmpty();
        dev.pciRestoreState();
        slot.interrupts().msix(1);
        time.runFor(1000);
        assertThat(log).containsExactly("interrupt");
        assertThat(dev.pciIomap(0).read32(0)).isZero();
    }

    @Test
    void capabilitySearchEndsOnACardThatIsGone() {
        PciSlot slot = plug(3, FakeCard.nic());
        core.scan();
        PciDev dev = core.devices().get(0);
        assertThat(dev.pciFindCapability(0x11)).isEqualTo(0xA0);
        assertThat(dev.pciFindCapability(0x09)).isZero();
        assertThat(dev.pciFindExtCapability(0x0001)).isZero();
        slot.unplug();
        assertThat(dev.pciFindCapability(0x11)).isZero();
        assertThat(dev.isDisconnected()).isTrue();
        assertThatThrownBy(dev::pciEnableDevice).hasMessageContaining("ENODEV");
    }

    @Test
    void sleepingDeviceWakesWithItsConfiguration() throws ErrnoException {
        PciSlot slot = plug(3, FakeCard.nic());
        PciDev dev = enabledNic(slot);
        core.suspend(dev);
        assertThat(dev.pciIomap(0).read32(0)).isEqualTo(-1);
        core.resume(dev);
        assertThat(dev.pciIomap(0).read32(0)).isZero();
        assertThat(dev.readConfig16(ConfigSpace.COMMAND) & ConfigSpace.COMMAND_MASTER)
                .isNotZero();
    }

    /** Answers each recovery step as told, and logs it. */
    private final class Recovering implements PciDriver {
        private final PciErsResult detected;
        private final PciErsResult mmio;
        private final PciErsResult reset;

        Recovering(PciErsResult detected, PciErsResult mmio, PciErsResult reset) {
            this.detected = detected;
            this.mmio = mmio;
            this.reset = reset;
        }

        @Override
        public String name() {
            return "recovering";
        }

        @Override
        public PciDeviceId[] idTable() {
            return new PciDeviceId[] {new PciDeviceId(PciDeviceId.PCI_ANY_ID, PciDeviceId.PCI_ANY_ID)};
        }

        @Override
        public void probe(PciDev dev) throws ErrnoException {
            dev.pciEnableDevice();
            dev.pciSetMaster();
            dev.pciSaveState();
        }

        @Override
        public void remove(PciDev dev) {}

        @Override
        public PciErsResult errorDetected(PciDev dev, PciChannelState state) {
            log.add("detected " + state);
            return detected;
        }

        @Override
        public PciErsResult mmioEnabled(PciDev dev) {
            log.add("mmio");
            return mmio;
        }

        @Override
        public PciErsResult slotReset(PciDev dev) {
            log.add("reset, command " + dev.readConfig16(ConfigSpace.COMMAND));
            dev.pciRestoreState();
            return reset;
        }

        @Override
        public void errorResume(PciDev dev) {
            log.add("resume");
        }
    }

    private boolean recover(PciErsResult detected, PciErsResult mmio, PciErsResult reset, PciChannelState state) {
        plug(3, FakeCard.nic());
        core.register(new Recovering(detected, mmio, reset));
        core.scan();
        return core.recover(core.devices().get(0), state);
    }

    @Test
    void frozenLinkIsResetBeforeTheDriverRecovers() {
        assertThat(recover(PciErsResult.NEED_RESET, PciErsResult.NONE, PciErsResult.RECOVERED, PciChannelState.FROZEN))
                .isTrue();
        assertThat(log).containsExactly("detected FROZEN", "reset, command 0", "resume");
        assertThat(core.devices().get(0).readConfig16(ConfigSpace.COMMAND)).isEqualTo(0x7);
    }

    @Test
    void nonFatalErrorMayNeedNoReset() {
        assertThat(recover(PciErsResult.CAN_RECOVER, PciErsResult.RECOVERED, PciErsResult.NONE, PciChannelState.NORMAL))
                .isTrue();
        assertThat(log).containsExactly("detected NORMAL", "mmio", "resume");
    }

    @Test
    void driverMayAskForAResetAfterLookingAtItsRegisters() {
        assertThat(recover(
                        PciErsResult.CAN_RECOVER,
                        PciErsResult.NEED_RESET,
                        PciErsResult.RECOVERED,
                        PciChannelState.NORMAL))
                .isTrue();
        assertThat(log).containsExactly("detected NORMAL", "mmio", "reset, command 0", "resume");
    }

    @Test
    void failedRecoveryIsPermanent() {
        assertThat(recover(PciErsResult.NEED_RESET, PciErsResult.NONE, PciErsResult.DISCONNECT, PciChannelState.FROZEN))
                .isFalse();
        assertThat(log).containsExactly("detected FROZEN", "reset, command 0", "detected PERM_FAILURE");
    }

    @Test
    void driverWithoutRecoveryLosesTheDevice() {
        assertThat(recover(PciErsResult.NONE, PciErsResult.NONE, PciErsResult.NONE, PciChannelState.NORMAL))
                .isFalse();
        assertThat(log).containsExactly("detected NORMAL", "detected PERM_FAILURE");
    }

    @Test
    void registersMappingsDmaAndInterruptsAllocateNothing() throws ErrnoException {
        PciSlot slot = plug(3, FakeCard.nic());
        PciDev dev = enabledNic(slot);
        Mmio mmio = dev.pciIomap(0);
        GuestMemory frame = GuestMemory.allocate(4096);
        dev.pciAllocIrqVectors(1, 1);
        dev.requestIrq(0, () -> IrqReturn.HANDLED, "nic");
        var threads = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        long allocated = -1;
        int rounds = 0;
        // The first rounds load classes, grow tables to their working size, and run before the JIT removed what does
        // not
        // escape. How many that takes depends on the machine; that it ends does not.
        for (; allocated != 0 && rounds < 200; rounds++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 1000; i++) {
                mmio.write32(0x100, i);
                mmio.read32(0x104);
                long iova = dev.dmaMapSingle(0x40_0800L, 3000, Direction.BIDIRECTIONAL);
                slot.dma().read(iova, frame, 0, 16);
                slot.dma().write(iova, frame, 0, 3000);
                dev.dmaSyncSingleForCpu(iova, 3000, Direction.BIDIRECTIONAL);
                dev.dmaUnmapSingle(iova, 3000, Direction.BIDIRECTIONAL);
                slot.interrupts().msix(0);
                time.runFor(0);
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(irqs.count(dev.pciIrqVector(0))).isEqualTo(1000L * rounds);
        assertThat(allocated).isZero();
        frame.close();
    }
}
