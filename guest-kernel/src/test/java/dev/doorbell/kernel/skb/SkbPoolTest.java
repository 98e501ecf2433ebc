package dev.doorbell.kernel.skb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.kernel.TestKernel;
import dev.doorbell.kernel.core.PageAllocator;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SkbPoolTest {
    @Test
    void everySizeUpTo64KiBWithHeadersIsServedAndBuffersNeverOverlap() {
        try (TestKernel kernel = new TestKernel()) {
            List<SkBuff> live = new ArrayList<>();
            for (int bytes : new int[] {0, 1, 512, 513, 2048, 2305, 4096, 4097, 9018, 16384, 65535 + 320}) {
                SkBuff skb = kernel.alloc(64, bytes);
                assertThat(skb.tailroom()).isGreaterThanOrEqualTo(bytes);
                for (SkBuff other : live) {
                    assertThat(skb.headGpa() >= other.end() || skb.end() <= other.headGpa())
                            .isTrue();
                }
                live.add(skb);
            }
            assertThat(kernel.skbs.outstanding()).isEqualTo(live.size());
            live.forEach(SkBuff::free);
            assertThat(kernel.skbs.outstandingHeads()).isZero();
        }
    }

    @Test
    void aFreedBufferComesBackCleanAndNothingNewIsTaken() {
        try (TestKernel kernel = new TestKernel()) {
            SkBuff skb = kernel.alloc(64, 1500);
            int pages = kernel.pages.outstandingPages();
            skb.protocol = 0x0800;
            skb.hash = 7;
            skb.cbSeq = 1;
            skb.macHeader = skb.data();
            skb.destructor = freed -> {};
            skb.free();
            SkBuff again = kernel.alloc(64, 1500);
            SkBuff fresh = kernel.alloc(64, 1500);
            assertThat(again).isSameAs(skb);
            assertThat(again)
                    .usingRecursiveComparison()
                    .comparingOnlyFields("protocol", "hash", "cbSeq", "macHeader", "destructor", "owner", "next")
                    .isEqualTo(fresh);
            assertThat(kernel.pages.outstandingPages()).isEqualTo(pages);
            again.free();
            fresh.free();
        }
    }

    @Test
    void doubleFreeNamesTheBuffer() {
        try (TestKernel kernel = new TestKernel()) {
            SkBuff skb = kernel.alloc(0, 100);
            String gpa = Long.toHexString(skb.headGpa());
            skb.free();
            assertThatThrownBy(skb::free).hasMessageContaining("freed twice").hasMessageContaining(gpa);
        }
    }

    @Test
    void poisonShowsInFreedBuffers() {
        try (TestKernel kernel = new TestKernel()) {
            SkBuff skb = kernel.packet(0, (byte) 1, (byte) 2);
            long at = skb.data();
            skb.free();
            assertThat(kernel.ram.readByte(at)).isEqualTo((byte) SkbPool.POISON);
        }
    }

    @Test
    void aCloneSharesBytesAndTheBufferLivesUntilBothAreGone() {
        try (TestKernel kernel = new TestKernel()) {
            SkBuff skb = kernel.packet(16, (byte) 1, (byte) 2);
            skb.protocol = 0x0806;
            SkBuff clone = skb.cloneSkb();
            assertThat(clone).isNotNull();
            assertThat(clone.data()).isEqualTo(skb.data());
            assertThat(clone.protocol).isEqualTo(0x0806);
            assertThat(skb.isCloned()).isTrue();
            skb.free();
            assertThat(clone.isCloned()).isFalse();
            assertThat(TestKernel.bytes(clone)).containsExactly(1, 2);
            clone.free();
        }
    }

    @Test
    void destructorRunsOnceAndNotForClones() {
        try (TestKernel kernel = new TestKernel()) {
            List<Integer> freed = new ArrayList<>();
            SkBuff skb = kernel.alloc(0, 100);
            skb.destructor = gone -> freed.add(gone.truesize);
            int truesize = skb.truesize;
            SkBuff clone = skb.cloneSkb();
            assertThat(clone).isNotNull();
            clone.free();
            assertThat(freed).isEmpty();
            skb.free();
            assertThat(freed).containsExactly(truesize);
        }
    }

    @Test
    void dropsAreCountedByReasonAndConsumptionIsNot() {
        try (TestKernel kernel = new TestKernel()) {
            kernel.alloc(0, 1).drop(DropReason.UDP_CSUM);
            kernel.alloc(0, 1).drop(DropReason.UDP_CSUM);
            kernel.alloc(0, 1).free();
            assertThat(kernel.skbs.drops().get(DropReason.UDP_CSUM)).isEqualTo(2);
            assertThat(kernel.skbs.drops().total()).isEqualTo(2);
            assertThat(kernel.skbs.drops().nonZero()).containsOnlyKeys(DropReason.UDP_CSUM);
        }
    }

    @Test
    void whenRamIsUsedUpAllocReturnsNullAndRecovers() {
        GuestMemory ram = GuestMemory.allocate(2 << 20);
        PageAllocator pages = new PageAllocator(ram, PageAllocator.LOW_MEMORY_BYTES);
        SkbPool pool = new SkbPool(ram, pages);
        List<SkBuff> live = new ArrayList<>();
        for (SkBuff skb = pool.alloc(0, 2048); skb != null; skb = pool.alloc(0, 2048)) {
            live.add(skb);
        }
        assertThat(live).hasSizeGreaterThan(400);
        live.remove(0).free();
        SkBuff skb = pool.alloc(0, 2048);
        assertThat(skb).isNotNull();
        skb.free();
        live.forEach(SkBuff::free);
        pool.close();
        assertThat(pages.outstandingPages()).isZero();
        ram.close();
    }

    @Test
    void closeWithABufferOutstandingFails() {
        GuestMemory ram = GuestMemory.allocate(2 << 20);
        SkbPool pool = new SkbPool(ram, new PageAllocator(ram, PageAllocator.LOW_MEMORY_BYTES));
        assertThat(pool.alloc(0, 10)).isNotNull();
        assertThatThrownBy(pool::close).hasMessageContaining("1 SkBuffs and 1 buffers outstanding");
        ram.close();
    }
}
