package dev.doorbell.kernel.dma;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class IovaAllocatorTest {
    @Test
    void rangesAreAlignedToTheirSizeAndDoNotOverlap() {
        IovaAllocator iovas = new IovaAllocator(1 << 12);
        SplittableRandom random = new SplittableRandom(3);
        BitSet taken = new BitSet();
        int[] page = new int[100];
        int[] order = new int[100];
        java.util.Arrays.fill(page, -1);
        for (int step = 0; step < 50_000; step++) {
            int i = random.nextInt(page.length);
            if (page[i] >= 0) {
                iovas.free(page[i], order[i]);
                taken.clear(page[i], page[i] + (1 << order[i]));
                page[i] = -1;
                continue;
            }
            order[i] = random.nextInt(6);
            page[i] = iovas.allocate(order[i]);
            if (page[i] >= 0) {
                assertThat(page[i] % (1 << order[i])).isZero();
                assertThat(taken.get(page[i], page[i] + (1 << order[i])).isEmpty())
                        .isTrue();
                taken.set(page[i], page[i] + (1 << order[i]));
            }
        }
        assertThat(iovas.usedPages()).isEqualTo(taken.cardinality());
    }

    @Test
    void pagesSkippedForAlignmentAreHandedOutLater() {
        IovaAllocator iovas = new IovaAllocator(8);
        assertThat(iovas.allocate(0)).isZero();
        assertThat(iovas.allocate(2)).isEqualTo(4);
        assertThat(iovas.allocate(1)).isEqualTo(2);
        assertThat(iovas.allocate(0)).isEqualTo(1);
        assertThat(iovas.allocate(0)).isEqualTo(-1);
    }

    @Test
    void freedLargeRangeServesSmallOnesWhenTheWindowIsUsedUp() {
        IovaAllocator iovas = new IovaAllocator(8);
        int large = iovas.allocate(3);
        assertThat(iovas.allocate(0)).isEqualTo(-1);
        iovas.free(large, 3);
        for (int i = 0; i < 8; i++) {
            assertThat(iovas.allocate(0)).isBetween(0, 7);
        }
        assertThat(iovas.allocate(0)).isEqualTo(-1);
    }

    @Test
    void sizesRoundUpToPowersOfTwo() {
        assertThat(IovaAllocator.orderOf(1)).isZero();
        assertThat(IovaAllocator.orderOf(2)).isEqualTo(1);
        assertThat(IovaAllocator.orderOf(3)).isEqualTo(2);
        assertThat(IovaAllocator.orderOf(512)).isEqualTo(9);
        assertThat(IovaAllocator.orderOf(513)).isEqualTo(10);
    }
}
