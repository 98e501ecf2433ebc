package dev.doorbell.kernel.dma;

import static dev.doorbell.kernel.dma.Direction.BIDIRECTIONAL;
import static dev.doorbell.kernel.dma.Direction.FROM_DEVICE;
import static dev.doorbell.kernel.dma.Direction.TO_DEVICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.iommu.Iommu;
import dev.doorbell.bus.iommu.IommuContext;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.core.KernelContext;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DmaDeviceTest {
    private static final int REQUESTER = 0x18;
    private static final long BUFFER = 0x20_0000;

    private final VirtualTime time = new VirtualTime(1);
    private final GuestMemory ram = GuestMemory.allocate(16 << 20);
    private final KernelContext kernel = new KernelContext("guest", time, ram, Tracer.OFF, 1);
    private final Iommu iommu = new Iommu(ram, time, Tracer.OFF);
    private final IommuContext hardware = iommu.context(REQUESTER);
    private final List<Violation> violations = new ArrayList<>();

    @AfterEach
    void close() {
        ram.close();
    }

    private DmaDevice device(Iommu.Mode mode, DmaOptions.Flush flush, DmaOptions.Coherence coherence) {
        iommu.mode(mode);
        DmaDevice dma = new DmaApi(kernel, iommu, new DmaOptions(flush, coherence)).device(REQUESTER, "nic");
        dma.ledger().listener(violations::add);
        return dma;
    }

    private DmaDevice translated(DmaOptions.Flush flush) {
        return device(Iommu.Mode.TRANSLATED, flush, DmaOptions.Coherence.COHERENT);
    }

    private List<Violation.Kind> kinds() {
        return violations.stream().map(Violation::kind).toList();
    }

    @Test
    void mappedBufferIsReachableInItsDirectionOnly() {
        DmaDevice dma = translated(DmaOptions.Flush.STRICT);
        long iova = dma.dmaMapSingle(BUFFER + 0x123, 1514, FROM_DEVICE);
        assertThat(iova).isNotEqualTo(BUFFER + 0x123);
        assertThat(hardware.translate(iova, 1514, true)).isEqualTo(BUFFER + 0x123);
        assertThat(hardware.translate(iova, 4, false)).isEqualTo(IommuContext.NOT_PERMITTED);
        long out = dma.dmaMapSingle(BUFFER, 60, TO_DEVICE);
        assertThat(hardware.translate(out, 60, false)).isEqualTo(BUFFER);
        assertThat(hardware.translate(out, 60, true)).isEqualTo(IommuContext.NOT_PERMITTED);
    }

    @Test
    void bufferAcrossPagesIsContiguousForTheDevice() {
        DmaDevice dma = translated(DmaOptions.Flush.STRICT);
        long iova = dma.dmaMapSingle(BUFFER + 0xF00, 0x2200, BIDIRECTIONAL);
        for (int at = 0; at < 0x2200; at += 0x100) {
            assertThat(hardware.translate(iova + at, 1, true)).isEqualTo(BUFFER + 0xF00 + at);
        }
        dma.dmaUnmapSingle(iova, 0x2200, BIDIRECTIONAL);
        for (int at = 0; at < 0x2200; at += 0x1000) {
            assertThat(hardware.translate(iova + at, 1, true)).isEqualTo(IommuContext.NOT_MAPPED);
        }
        assertThat(violations).isEmpty();
    }

    @Test
    void strictUnmapCutsTheDeviceOffAtOnce() {
        DmaDevice dma = translated(DmaOptions.Flush.STRICT);
        long iova = dma.dmaMapSingle(BUFFER, 64, FROM_DEVICE);
        hardware.translate(iova, 64, true);
        dma.dmaUnmapSingle(iova, 64, FROM_DEVICE);
        assertThat(hardware.translate(iova, 64, true)).isEqualTo(IommuContext.NOT_MAPPED);
    }

    @Test
    void deferredUnmapLeavesACachedTranslationUntilTheFlush() {
        DmaDevice dma = translated(DmaOptions.Flush.DEFERRED);
        long used = dma.dmaMapSingle(BUFFER, 64, FROM_DEVICE);
        long unused = dma.dmaMapSingle(BUFFER + 4096, 64, FROM_DEVICE);
        hardware.translate(used, 64, true);
        dma.dmaUnmapSingle(used, 64, FROM_DEVICE);
        dma.dmaUnmapSingle(unused, 64, FROM_DEVICE);
        assertThat(hardware.translate(used, 64, true)).isEqualTo(BUFFER);
        assertThat(hardware.translate(unused, 64, true)).isEqualTo(IommuContext.NOT_MAPPED);
        time.runFor(9_000_000);
        assertThat(hardware.translate(used, 64, true)).isEqualTo(BUFFER);
        time.runFor(2_000_000);
        assertThat(hardware.translate(used, 64, true)).isEqualTo(IommuContext.NOT_MAPPED);
    }

    @Test
    void addressesAreNotReusedBeforeTheFlush() {
        DmaDevice dma = translated(DmaOptions.Flush.DEFERRED);
        long first = dma.dmaMapSingle(BUFFER, 64, FROM_DEVICE);
        dma.dmaUnmapSingle(first, 64, FROM_DEVICE);
        long second = dma.dmaMapSingle(BUFFER, 64, FROM_DEVICE);
        assertThat(second).isNotEqualTo(first);
        dma.flush();
        assertThat(dma.dmaMapSingle(BUFFER, 64, FROM_DEVICE)).isEqualTo(first);
    }

    @Test
    void fullFlushQueueFlushesItself() {
        DmaDevice dma = translated(DmaOptions.Flush.DEFERRED);
        long first = dma.dmaMapSingle(BUFFER, 64, FROM_DEVICE);
        hardware.translate(first, 64, true);
        dma.dmaUnmapSingle(first, 64, FROM_DEVICE);
        for (int i = 0; i < 255; i++) {
            dma.dmaUnmapSingle(dma.dmaMapSingle(BUFFER, 64, FROM_DEVICE), 64, FROM_DEVICE);
        }
        assertThat(hardware.translate(first, 64, true)).isEqualTo(IommuContext.NOT_MAPPED);
    }

    @Test
    void largeCoherentMemoryUsesLargePages() throws ErrnoException {
        DmaDevice dma = translated(DmaOptions.Flush.STRICT);
        int pagesBefore = kernel.pages().outstandingPages();
        Coherent memory = dma.dmaAllocCoherent(4 << 20);
        assertThat(kernel.pages().outstandingPages() - pagesBefore).isEqualTo(1024 + 1);
        assertThat(hardware.translate(memory.iova() + 0x123_456, 1, true)).isEqualTo(memory.gpa() + 0x123_456);
        assertThat(hardware.translate(memory.iova() + 0x321_000, 1, true)).isEqualTo(memory.gpa() + 0x321_000);
        memory.free();
        assertThat(hardware.translate(memory.iova() + 0x321_000, 1, true)).isEqualTo(IommuContext.NOT_MAPPED);
        assertThat(kernel.pages().outstandingPages() - pagesBefore).isEqualTo(1);
        long small = dma.dmaMapSingle(BUFFER, 64, FROM_DEVICE);
        assertThat(hardware.translate(small, 64, true)).isEqualTo(BUFFER);
    }

    @ParameterizedTest
    @EnumSource(Iommu.Mode.class)
    void coherentMemoryIsZeroedSharedAndFreedOnce(Iommu.Mode mode) throws ErrnoException {
        DmaDevice dma = device(mode, DmaOptions.Flush.DEFERRED, DmaOptions.Coherence.BOUNCE);
        int before = kernel.pages().outstandingPages();
        Coherent ring = dma.dmaAllocCoherent(5000);
        assertThat(ram.bytes(ring.gpa(), 5000)).containsOnly(0);
        assertThat(hardware.translate(ring.iova(), 8, true)).isEqualTo(ring.gpa());
        assertThat(dma.ledger().open()).isEqualTo(1);
        ring.free();
        assertThat(dma.ledger().open()).isZero();
        assertThatThrownBy(ring::free).isInstanceOf(IllegalStateException.class);
        if (mode != Iommu.Mode.TRANSLATED) {
            assertThat(kernel.pages().outstandingPages()).isEqualTo(before);
        }
        assertThat(violations).isEmpty();
    }

    @Test
    void unaffordableCoherentMemoryIsEnomem() {
        DmaDevice dma = translated(DmaOptions.Flush.STRICT);
        assertThatThrownBy(() -> dma.dmaAllocCoherent(64 << 20)).hasMessageContaining("ENOMEM");
        assertThatThrownBy(() -> dma.dmaAllocCoherent(0)).hasMessageContaining("ENOMEM");
    }

    @Test
    void maskLimitsAddresses() throws ErrnoException {
        DmaDevice direct = device(Iommu.Mode.OFF, DmaOptions.Flush.STRICT, DmaOptions.Coherence.COHERENT);
        assertThatThrownBy(() -> direct.dmaSetMaskAndCoherent(20)).hasMessageContaining("EIO");
        direct.dmaSetMaskAndCoherent(24);
        assertThat(DmaDevice.dmaMappingError(direct.dmaMapSingle((16 << 20) - 64, 64, TO_DEVICE)))
                .isFalse();
        DmaDevice dma = new DmaApi(kernel, translatedIommu(), DmaOptions.DEFAULT).device(0x20, "other");
        assertThatThrownBy(() -> dma.dmaSetMaskAndCoherent(30)).hasMessageContaining("EIO");
        dma.dmaSetMaskAndCoherent(64);
    }

    private Iommu translatedIommu() {
        Iommu second = new Iommu(ram, time, Tracer.OFF);
        second.mode(Iommu.Mode.TRANSLATED);
        return second;
    }

    @Test
    void scatterListIsMappedAsAWholeOrNotAtAll() {
        DmaDevice dma = translated(DmaOptions.Flush.STRICT);
        Scatterlist list =
                new Scatterlist(3).add(BUFFER, 100).add(BUFFER + 8192, 4096).add(BUFFER + 0x8FFF, 2);
        assertThat(dma.dmaMapSg(list, TO_DEVICE)).isEqualTo(3);
        assertThat(hardware.translate(list.iova(2) + 1, 1, false)).isEqualTo(BUFFER + 0x9000);
        dma.dmaUnmapSg(list, TO_DEVICE);
        assertThat(dma.ledger().open()).isZero();
        assertThat(violations).isEmpty();
        list.clear().add(BUFFER, 100).add(-5, 100);
        assertThat(dma.dmaMapSg(list, TO_DEVICE)).isZero();
        assertThat(dma.ledger().open()).isZero();
        assertThat(kinds()).containsExactly(Violation.Kind.BAD_BUFFER);
    }

    @ParameterizedTest
    @EnumSource(Iommu.Mode.class)
    void bouncedBufferShowsAForgottenSync(Iommu.Mode mode) {
        DmaDevice dma = device(mode, DmaOptions.Flush.DEFERRED, DmaOptions.Coherence.BOUNCE);
        ram.fill(BUFFER, 256, 0x11);
        long iova = dma.dmaMapSingle(BUFFER + 16, 128, FROM_DEVICE);
        long seenByDevice = hardware.translate(iova, 128, true);
        ram.fill(seenByDevice, 128, 0x22);
        assertThat(ram.readByte(BUFFER + 16)).isEqualTo((byte) 0x11);
        dma.dmaSyncSingleForCpu(iova + 8, 16, FROM_DEVICE);
        assertThat(ram.readByte(BUFFER + 23)).isEqualTo((byte) 0x11);
        assertThat(ram.readByte(BUFFER + 24)).isEqualTo((byte) 0x22);
        assertThat(ram.readByte(BUFFER + 40)).isEqualTo((byte) 0x11);
        dma.dmaUnmapSingle(iova, 128, FROM_DEVICE);
        assertThat(ram.readByte(BUFFER + 143)).isEqualTo((byte) 0x22);
        assertThat(ram.readByte(BUFFER + 144)).isEqualTo((byte) 0x11);
        assertThat(violations).isEmpty();
    }

    @Test
    void bouncedTransmitBufferNeedsASyncAfterTheMap() {
        DmaDevice dma = device(Iommu.Mode.TRANSLATED, DmaOptions.Flush.DEFERRED, DmaOptions.Coherence.BOUNCE);
        int before = kernel.pages().outstandingPages();
        ram.fill(BUFFER, 64, 0x11);
        long iova = dma.dmaMapSingle(BUFFER, 64, TO_DEVICE);
        long seenByDevice = hardware.translate(iova, 64, false);
        ram.fill(BUFFER, 64, 0x22);
        assertThat(ram.readByte(seenByDevice)).isEqualTo((byte) 0x11);
        dma.dmaSyncSingleForDevice(iova, 64, TO_DEVICE);
        assertThat(ram.readByte(seenByDevice)).isEqualTo((byte) 0x22);
        dma.dmaUnmapSingle(iova, 64, TO_DEVICE);
        assertThat(hardware.translate(iova, 64, false)).isEqualTo(IommuContext.NOT_MAPPED);
        assertThat(kernel.pages().outstandingPages() - before).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(Iommu.Mode.class)
    void unmapsThatDoNotMatchAreReported(Iommu.Mode mode) {
        DmaDevice dma = device(mode, DmaOptions.Flush.STRICT, DmaOptions.Coherence.COHERENT);
        long iova = dma.dmaMapSingle(BUFFER, 1514, FROM_DEVICE);
        dma.dmaUnmapSingle(iova, 1500, FROM_DEVICE);
        assertThat(kinds()).containsExactly(Violation.Kind.WRONG_SIZE);
        assertThat(violations.get(0).text()).contains("1500 bytes").contains("1514 bytes FROM_DEVICE");
        assertThat(dma.ledger().open()).isZero();

        violations.clear();
        dma.dmaUnmapPage(dma.dmaMapSingle(BUFFER, 64, TO_DEVICE), 64, FROM_DEVICE);
        assertThat(kinds()).containsExactly(Violation.Kind.WRONG_DIRECTION, Violation.Kind.WRONG_FUNCTION);

        violations.clear();
        dma.dmaUnmapSingle(0x1234_5000L, 64, TO_DEVICE);
        assertThat(kinds()).containsExactly(Violation.Kind.UNMAP_UNKNOWN);

        violations.clear();
        long twice = dma.dmaMapSingle(BUFFER, 64, TO_DEVICE);
        dma.dmaUnmapSingle(twice, 64, TO_DEVICE);
        dma.dmaUnmapSingle(twice, 64, TO_DEVICE);
        assertThat(kinds())
                .containsExactly(
                        mode == Iommu.Mode.TRANSLATED ? Violation.Kind.DOUBLE_UNMAP : Violation.Kind.UNMAP_UNKNOWN);
    }

    @ParameterizedTest
    @EnumSource(Iommu.Mode.class)
    void syncsOutsideAMappingAreReported(Iommu.Mode mode) {
        DmaDevice dma = device(mode, DmaOptions.Flush.STRICT, DmaOptions.Coherence.COHERENT);
        long iova = dma.dmaMapSingle(BUFFER, 100, FROM_DEVICE);
        dma.dmaSyncSingleForCpu(iova, 100, FROM_DEVICE);
        dma.dmaSyncSingleForDevice(iova + 50, 50, FROM_DEVICE);
        assertThat(violations).isEmpty();
        dma.dmaSyncSingleForCpu(iova + 50, 51, FROM_DEVICE);
        dma.dmaSyncSingleForCpu(iova, 10, TO_DEVICE);
        dma.dmaUnmapSingle(iova, 100, FROM_DEVICE);
        dma.dmaSyncSingleForCpu(iova, 100, FROM_DEVICE);
        assertThat(kinds())
                .containsExactly(
                        Violation.Kind.SYNC_OUT_OF_RANGE, Violation.Kind.WRONG_DIRECTION, Violation.Kind.SYNC_UNKNOWN);
    }

    @Test
    void withoutTranslationTheSameBufferMayBeMappedTwice() {
        DmaDevice dma = device(Iommu.Mode.OFF, DmaOptions.Flush.STRICT, DmaOptions.Coherence.COHERENT);
        long first = dma.dmaMapSingle(BUFFER, 100, TO_DEVICE);
        long second = dma.dmaMapSingle(BUFFER, 200, TO_DEVICE);
        assertThat(first).isEqualTo(second).isEqualTo(BUFFER);
        dma.dmaUnmapSingle(first, 100, TO_DEVICE);
        dma.dmaUnmapSingle(second, 200, TO_DEVICE);
        assertThat(violations).isEmpty();
        assertThat(dma.ledger().open()).isZero();
    }

    @Test
    void lateDmaIsAnsweredWithTheHistoryOfItsAddress() {
        DmaDevice dma = translated(DmaOptions.Flush.STRICT);
        dma.ledger().recordCallers(true);
        time.runFor(1000);
        long iova = dma.dmaMapSingle(BUFFER, 1514, FROM_DEVICE);
        time.runFor(500);
        dma.dmaUnmapSingle(iova, 1514, FROM_DEVICE);
        hardware.translate(iova + 4, 4, true);
        String note = iommu.faults().get(0).note();
        assertThat(note)
                .contains("dma_map_single of 1514 bytes FROM_DEVICE at GPA 0x200000")
                .contains("at 1000 ns by dev.doorbell.kernel.dma.DmaDeviceTest.lateDma")
                .contains("unmapped at 1500 ns by dev.doorbell.kernel.dma.DmaDeviceTest.lateDma");
        hardware.translate(iova + 4096, 4, true);
        assertThat(iommu.faults().get(1).note()).startsWith("never mapped; before it: dma_map_single");
        hardware.translate(0x1000, 4, true);
        assertThat(iommu.faults().get(2).note()).isEqualTo("never mapped");
    }

    @Test
    void whatADriverLeavesBehindIsNamed() throws ErrnoException {
        DmaDevice dma = translated(DmaOptions.Flush.DEFERRED);
        dma.dmaMapSingle(BUFFER, 64, TO_DEVICE);
        dma.dmaAllocCoherent(4096);
        dma.driverReleased();
        assertThat(kinds()).containsExactly(Violation.Kind.LEAK, Violation.Kind.LEAK);
        assertThat(dma.ledger().violations()).isEqualTo(2);
        assertThat(dma.ledger().leaks()).hasSize(2);
        assertThat(dma.ledger().leaks().get(0)).startsWith("dma_map_single of 64 bytes TO_DEVICE");
    }

    @Test
    void exhaustedWindowIsAMappingErrorAndRecovers() {
        DmaDevice dma = translated(DmaOptions.Flush.STRICT);
        long[] iovas = new long[128];
        int mapped = 0;
        while (mapped < iovas.length) {
            long iova = dma.dmaMapSingle(0, 15 << 20, TO_DEVICE);
            if (DmaDevice.dmaMappingError(iova)) {
                break;
            }
            iovas[mapped++] = iova;
        }
        assertThat(mapped).isEqualTo(64);
        for (int i = 0; i < mapped; i++) {
            dma.dmaUnmapSingle(iovas[i], 15 << 20, TO_DEVICE);
        }
        assertThat(DmaDevice.dmaMappingError(dma.dmaMapSingle(BUFFER, 64, TO_DEVICE)))
                .isFalse();
        assertThat(violations).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Iommu.Mode.class)
    void randomMappingsAlwaysLeadToTheirBuffer(Iommu.Mode mode) {
        DmaDevice dma = device(mode, DmaOptions.Flush.DEFERRED, DmaOptions.Coherence.COHERENT);
        SplittableRandom random = new SplittableRandom(7);
        long[] iova = new long[64];
        long[] gpa = new long[64];
        int[] bytes = new int[64];
        for (int step = 0; step < 20_000; step++) {
            int i = random.nextInt(64);
            if (bytes[i] > 0) {
                int at = random.nextInt(bytes[i]);
                assertThat(hardware.translate(iova[i] + at, 1, true)).isEqualTo(gpa[i] + at);
                dma.dmaUnmapSingle(iova[i], bytes[i], BIDIRECTIONAL);
                bytes[i] = 0;
            } else {
                bytes[i] = 1 + random.nextInt(20_000);
                gpa[i] = random.nextInt((16 << 20) - bytes[i]);
                iova[i] = dma.dmaMapSingle(gpa[i], bytes[i], BIDIRECTIONAL);
            }
        }
        assertThat(violations).isEmpty();
        assertThat(iommu.faultCount()).isZero();
    }
}
