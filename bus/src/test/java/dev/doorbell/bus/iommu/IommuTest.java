package dev.doorbell.bus.iommu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.trace.Tracer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IommuTest {
    private static final int REQUESTER = 0x0018;
    private static final long ROOT = 0x1000;
    private static final long LEVEL3 = 0x2000;
    private static final long LEVEL2 = 0x3000;
    private static final long LEVEL1 = 0x4000;

    private final GuestMemory ram = GuestMemory.allocate(8 << 20);
    private long nowNs;
    private final Iommu iommu = new Iommu(ram, () -> nowNs, Tracer.OFF);
    private final IommuContext context = iommu.context(REQUESTER);

    /** IOVA 0 to 4 KiB pages: page 1 RW, page 2 R, page 3 W; 0x20_0000 is a 2 MiB page at GPA 0x40_0000. */
    @BeforeEach
    void tables() {
        iommu.mode(Iommu.Mode.TRANSLATED);
        context.root(ROOT);
        ram.writeLong(ROOT, LEVEL3 | 3);
        ram.writeLong(LEVEL3, LEVEL2 | 3);
        ram.writeLong(LEVEL2, LEVEL1 | 3);
        ram.writeLong(LEVEL2 + 8, 0x40_0000 | 3 | IommuContext.LARGE_PAGE);
        ram.writeLong(LEVEL1 + 8, 0x10_0000 | 3);
        ram.writeLong(LEVEL1 + 16, 0x10_1000 | IommuContext.READ);
        ram.writeLong(LEVEL1 + 24, 0x10_2000 | IommuContext.WRITE);
    }

    @AfterEach
    void close() {
        ram.close();
    }

    private IommuFault.Reason reason() {
        List<IommuFault> faults = iommu.faults();
        return faults.get(faults.size() - 1).reason();
    }

    @Test
    void smallAndLargePagesTranslate() {
        assertThat(context.translate(0x1234, 4, true)).isEqualTo(0x10_0234);
        assertThat(context.translate(0x20_0000, 4, true)).isEqualTo(0x40_0000);
        assertThat(context.translate(0x3F_FFF0, 16, false)).isEqualTo(0x5F_FFF0);
        assertThat(iommu.faultCount()).isZero();
    }

    @Test
    void permissionsAreCheckedForEachDirection() {
        assertThat(context.translate(0x2000, 4, false)).isEqualTo(0x10_1000);
        assertThat(context.translate(0x2000, 4, true)).isEqualTo(IommuContext.NOT_PERMITTED);
        assertThat(reason()).isEqualTo(IommuFault.Reason.NO_WRITE);
        assertThat(context.translate(0x3000, 4, true)).isEqualTo(0x10_2000);
        assertThat(context.translate(0x3000, 4, false)).isEqualTo(IommuContext.NOT_PERMITTED);
        assertThat(reason()).isEqualTo(IommuFault.Reason.NO_READ);
    }

    @Test
    void everyLevelMustAllowTheAccess() {
        ram.writeLong(LEVEL3, LEVEL2 | IommuContext.READ);
        assertThat(context.translate(0x1000, 4, false)).isEqualTo(0x10_0000);
        assertThat(context.translate(0x1000, 4, true)).isEqualTo(IommuContext.NOT_PERMITTED);
    }

    @Test
    void eachWayToFailHasItsReason() {
        assertThat(context.translate(0x5000, 4, false)).isEqualTo(IommuContext.NOT_MAPPED);
        assertThat(reason()).isEqualTo(IommuFault.Reason.NOT_PRESENT);
        context.translate(1L << 48, 4, false);
        assertThat(reason()).isEqualTo(IommuFault.Reason.ADDRESS_WIDTH);
        context.translate(-4096, 4, false);
        assertThat(reason()).isEqualTo(IommuFault.Reason.ADDRESS_WIDTH);
        ram.writeLong(LEVEL2 + 16, 0x7FFF_F000L | 3);
        context.translate(0x40_0000, 4, false);
        assertThat(reason()).isEqualTo(IommuFault.Reason.BAD_TABLE);
        ram.writeLong(LEVEL2 + 16, 0x40_1000 | 3 | IommuContext.LARGE_PAGE);
        context.translate(0x40_0000, 4, false);
        assertThat(reason()).isEqualTo(IommuFault.Reason.BAD_TABLE);
        iommu.context(0x20).translate(0x1000, 4, false);
        assertThat(reason()).isEqualTo(IommuFault.Reason.NO_CONTEXT);
    }

    @Test
    void usedTranslationStaysUsableUntilInvalidated() {
        context.translate(0x1000, 4, true);
        ram.writeLong(LEVEL1 + 8, 0);
        assertThat(context.translate(0x1008, 4, true)).isEqualTo(0x10_0008);
        context.invalidate(0x2000, 4096);
        assertThat(context.translate(0x1008, 4, true)).isEqualTo(0x10_0008);
        context.invalidate(0x1000, 4096);
        assertThat(context.translate(0x1008, 4, true)).isEqualTo(IommuContext.NOT_MAPPED);
    }

    @Test
    void absentEntryIsNotCached() {
        assertThat(context.translate(0x5000, 4, false)).isEqualTo(IommuContext.NOT_MAPPED);
        ram.writeLong(LEVEL1 + 40, 0x10_5000 | 3);
        assertThat(context.translate(0x5000, 4, false)).isEqualTo(0x10_5000);
    }

    @Test
    void rangeInvalidationCoversEveryPageOfALargePage() {
        for (long page = 0x20_0000; page < 0x40_0000; page += 4096) {
            context.translate(page, 4, false);
        }
        ram.writeLong(LEVEL2 + 8, 0);
        context.invalidate(0x20_0000, 2 << 20);
        for (long page = 0x20_0000; page < 0x40_0000; page += 4096) {
            assertThat(context.translate(page, 4, false)).isEqualTo(IommuContext.NOT_MAPPED);
        }
    }

    @Test
    void invalidatingOneFunctionLeavesTheOthers() {
        IommuContext other = iommu.context(0x20);
        other.root(ROOT);
        context.translate(0x1000, 4, true);
        other.translate(0x1000, 4, true);
        ram.writeLong(LEVEL1 + 8, 0);
        context.invalidateAll();
        assertThat(context.translate(0x1000, 4, true)).isEqualTo(IommuContext.NOT_MAPPED);
        assertThat(other.translate(0x1000, 4, true)).isEqualTo(0x10_0000);
        iommu.invalidateAll();
        assertThat(other.translate(0x1000, 4, true)).isEqualTo(IommuContext.NOT_MAPPED);
    }

    @Test
    void hitsDoNotWalk() {
        context.translate(0x1000, 4, true);
        for (int i = 0; i < 100; i++) {
            context.translate(0x1000 + i, 4, true);
        }
        assertThat(context.walks()).isEqualTo(1);
    }

    @Test
    void offAndPassthroughTranslateNothing() {
        for (Iommu.Mode mode : new Iommu.Mode[] {Iommu.Mode.OFF, Iommu.Mode.PASSTHROUGH}) {
            iommu.mode(mode);
            assertThat(context.translate(0x123_4567, 4, true)).isEqualTo(0x123_4567);
            assertThat(context.translate(-1, 4, true)).isEqualTo(IommuContext.NOT_MAPPED);
        }
    }

    @Test
    void faultCarriesTheNoteOfTheTombstone() {
        List<IommuFault> told = new ArrayList<>();
        iommu.onFault(told::add);
        iommu.annotator((requester, iova) -> "unmapped at 7 ns");
        nowNs = 99;
        context.translate(0x5010, 60, true);
        assertThat(iommu.faults())
                .containsExactly(new IommuFault(
                        99, REQUESTER, 0x5010, 60, true, IommuFault.Reason.NOT_PRESENT, "unmapped at 7 ns"))
                .isEqualTo(told);
    }

    @Test
    void faultStormIsCountedAndKeepsTheOldest() {
        for (int i = 0; i < 100_000; i++) {
            context.translate(0x5000 + i % 4096, 1, true);
        }
        assertThat(iommu.faultCount()).isEqualTo(100_000);
        assertThat(iommu.faults()).hasSize(Iommu.FAULT_LOG_ENTRIES);
        assertThat(iommu.faults().get(0).iova()).isEqualTo(0x5000);
        iommu.clearFaults();
        context.translate(0x6000, 1, true);
        assertThat(iommu.faults()).hasSize(1);
    }
}
