package dev.doorbell.kernel.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.mem.GuestMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PageAllocatorTest {
    private static final int MIB = 1 << 20;
    private final GuestMemory ram = GuestMemory.allocate(9 * MIB);
    private final PageAllocator pages = new PageAllocator(ram, PageAllocator.LOW_MEMORY_BYTES);

    @AfterEach
    void release() {
        ram.close();
    }

    @Test
    void blocksAreAlignedToTheirSizeAndAboveLowMemory() {
        for (int order = 0; order <= 8; order++) {
            long gpa = pages.allocPages(order);
            assertThat(gpa % (4096L << order)).as("order %d", order).isZero();
            assertThat(gpa).isGreaterThanOrEqualTo(MIB);
        }
    }

    @Test
    void everythingFreedMergesBackIntoTheLargestBlocks() {
        List<Long> blocks = new ArrayList<>();
        for (long gpa = pages.allocPages(0); gpa >= 0; gpa = pages.allocPages(0)) {
            blocks.add(gpa);
        }
        assertThat(blocks).hasSize(8 * MIB / 4096).doesNotHaveDuplicates();
        assertThat(pages.freePageCount()).isZero();
        blocks.forEach(gpa -> pages.freePages(gpa, 0));
        assertThat(pages.outstandingPages()).isZero();
        assertThat(pages.allocPages(PageAllocator.MAX_ORDER)).isEqualTo(4L * MIB);
    }

    @Test
    void randomUseNeverHandsOutAPageTwice() {
        SplittableRandom random = new SplittableRandom(7);
        List<long[]> live = new ArrayList<>();
        boolean[] used = new boolean[9 * MIB / 4096];
        for (int step = 0; step < 5000; step++) {
            if (live.isEmpty() || random.nextInt(5) < 3) {
                int order = random.nextInt(5);
                long gpa = pages.allocPages(order);
                if (gpa >= 0) {
                    mark(used, gpa, order, true);
                    live.add(new long[] {gpa, order});
                }
            } else {
                long[] block = live.remove(random.nextInt(live.size()));
                mark(used, block[0], (int) block[1], false);
                pages.freePages(block[0], (int) block[1]);
            }
        }
        live.forEach(block -> pages.freePages(block[0], (int) block[1]));
        assertThat(pages.freePageCount()).isEqualTo(8 * MIB / 4096);
    }

    private static void mark(boolean[] used, long gpa, int order, boolean taken) {
        for (int i = 0; i < 1 << order; i++) {
            int page = (int) (gpa >> 12) + i;
            assertThat(used[page]).isNotEqualTo(taken);
            used[page] = taken;
        }
    }

    @Test
    void doubleFreeNamesTheAddress() {
        long gpa = pages.allocPages(1);
        pages.freePages(gpa, 1);
        assertThatThrownBy(() -> pages.freePages(gpa, 1))
                .hasMessageContaining(Long.toHexString(gpa))
                .hasMessageContaining("not allocated");
    }

    @Test
    void freeingWithTheWrongOrderNamesBoth() {
        long gpa = pages.allocPages(2);
        assertThatThrownBy(() -> pages.freePages(gpa, 1))
                .hasMessageContaining("order 1")
                .hasMessageContaining("order 2");
    }

    @Test
    void poisoningFillsFreedPages() {
        pages.poisoning(true);
        long gpa = pages.allocZeroedPages(0);
        assertThat(ram.readLong(gpa)).isZero();
        pages.freePages(gpa, 0);
        assertThat(ram.readLong(gpa + 4088)).isEqualTo(0xAAAA_AAAA_AAAA_AAAAL);
    }

    @Test
    void ramThatEndsInLowMemoryIsRefused() {
        GuestMemory small = GuestMemory.allocate(4096);
        assertThatThrownBy(() -> new PageAllocator(small, PageAllocator.LOW_MEMORY_BYTES))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("4096");
        small.close();
    }
}
