package dev.doorbell.kernel.skb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.kernel.TestKernel;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A packet of 100 bytes, byte i = i, in all shapes: linear part, two fragments, a list of two with a fragment each. */
class SkBuffTest {
    private static final int TOTAL = 100;
    private final TestKernel kernel = new TestKernel();

    @AfterEach
    void close() {
        kernel.close();
    }

    private static byte[] pattern(int from, int to) {
        byte[] bytes = new byte[to - from];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (from + i);
        }
        return bytes;
    }

    private void addFrag(SkBuff skb, int from, int to) {
        SkbHead block = kernel.skbs.allocHead(512);
        assertThat(block).isNotNull();
        kernel.ram.write(block.gpa() + 8, pattern(from, to), 0, to - from);
        skb.addFrag(block, block.gpa() + 8, to - from);
    }

    /** Linear [0,10), fragments [10,31) [31,40), list: ([40,47) + [47,60)), ([60,60) + [60,100)). */
    private SkBuff shaped() {
        SkBuff skb = kernel.packet(32, pattern(0, 10));
        addFrag(skb, 10, 31);
        addFrag(skb, 31, 40);
        SkBuff one = kernel.packet(0, pattern(40, 47));
        addFrag(one, 47, 60);
        SkBuff two = kernel.packet(0);
        addFrag(two, 60, TOTAL);
        skb.addToFragList(one);
        skb.addToFragList(two);
        assertThat(skb.length()).isEqualTo(TOTAL);
        return skb;
    }

    @Test
    void copyBitsReadsAnyRangeIntoMemoryAndBuffers() {
        SkBuff skb = shaped();
        long target = kernel.pages.allocPages(0);
        ByteBuffer direct = ByteBuffer.allocateDirect(TOTAL);
        for (int offset = 0; offset <= TOTAL; offset++) {
            for (int bytes = 0; bytes <= TOTAL - offset; bytes += 3) {
                byte[] expected = pattern(offset, offset + bytes);
                kernel.ram.fill(target, 4096, 0xA5);
                SkbCopy.copyBits(skb, offset, kernel.ram, target, bytes);
                assertThat(kernel.ram.bytes(target, bytes)).isEqualTo(expected);
                assertThat(kernel.ram.readByte(target + bytes)).isEqualTo((byte) 0xA5);
                direct.clear();
                SkbCopy.copyBits(skb, offset, direct, bytes);
                assertThat(direct.position()).isEqualTo(bytes);
                assertThat(direct.limit()).isEqualTo(TOTAL);
            }
        }
        kernel.pages.freePages(target, 0);
        skb.free();
    }

    @Test
    void copyBitsBeyondTheEndIsRefused() {
        SkBuff skb = shaped();
        assertThatThrownBy(() -> SkbCopy.copyBits(skb, 90, kernel.ram, 0, 11))
                .isInstanceOf(IndexOutOfBoundsException.class);
        skb.free();
    }

    @Test
    void checksumOfEveryRangeIsThatOfTheSameBytesInOnePiece() {
        SkBuff skb = shaped();
        GuestMemory flat = GuestMemory.allocate(TOTAL);
        flat.write(0, pattern(0, TOTAL), 0, TOTAL);
        for (int offset = 0; offset < TOTAL; offset++) {
            for (int bytes = 1; bytes <= TOTAL - offset; bytes++) {
                assertThat(InternetChecksum.fold(SkbChecksum.sum(skb, offset, bytes, 0x1234)))
                        .isEqualTo(InternetChecksum.fold(InternetChecksum.sum(flat, offset, bytes, 0x1234)));
            }
        }
        flat.close();
        skb.free();
    }

    @Test
    void pullOfEveryLengthKeepsTheBytesAndMakesThemLinear() {
        for (int bytes = 0; bytes <= TOTAL; bytes++) {
            SkBuff skb = shaped();
            skb.macHeader = skb.data() - 14;
            skb.networkHeader = skb.data();
            assertThat(skb.pskbMayPull(bytes)).isTrue();
            assertThat(skb.headLength()).isEqualTo(Math.max(10, bytes));
            assertThat(TestKernel.bytes(skb)).isEqualTo(pattern(0, TOTAL));
            assertThat(skb.networkHeader).isEqualTo(skb.data());
            assertThat(skb.macHeader).isEqualTo(skb.data() - 14);
            assertThat(skb.isNonlinear()).isEqualTo(bytes < TOTAL);
            skb.free();
        }
    }

    @Test
    void pullBeyondThePacketIsRefused() {
        SkBuff skb = shaped();
        assertThat(skb.pskbMayPull(TOTAL + 1)).isFalse();
        assertThat(skb.length()).isEqualTo(TOTAL);
        skb.free();
    }

    @Test
    void pullOnACloneLeavesTheOtherAlone() {
        SkBuff skb = shaped();
        SkBuff clone = skb.cloneSkb();
        assertThat(clone).isNotNull();
        assertThat(clone.pskbMayPull(70)).isTrue();
        assertThat(skb.headLength()).isEqualTo(10);
        assertThat(TestKernel.bytes(skb)).isEqualTo(pattern(0, TOTAL));
        clone.free();
        assertThat(TestKernel.bytes(skb)).isEqualTo(pattern(0, TOTAL));
        skb.free();
    }

    @Test
    void trimToEveryLengthKeepsTheFront() {
        for (int bytes = 0; bytes <= TOTAL + 1; bytes++) {
            SkBuff skb = shaped();
            skb.trim(bytes);
            assertThat(TestKernel.bytes(skb)).isEqualTo(pattern(0, Math.min(bytes, TOTAL)));
            skb.free();
        }
    }

    @Test
    void dropFrontOfEveryLengthKeepsTheRest() {
        for (int bytes = 0; bytes <= TOTAL; bytes++) {
            SkBuff skb = shaped();
            SkbCopy.dropFront(skb, bytes);
            assertThat(TestKernel.bytes(skb)).isEqualTo(pattern(bytes, TOTAL));
            skb.free();
        }
    }

    @Test
    void splitMovesTheRestByReference() {
        for (int bytes = 0; bytes <= 40; bytes++) {
            SkBuff skb = kernel.packet(32, pattern(0, 10));
            addFrag(skb, 10, 31);
            addFrag(skb, 31, 40);
            SkBuff rest = kernel.alloc(32, 10);
            SkbSegmenter.split(skb, rest, bytes);
            assertThat(TestKernel.bytes(skb)).isEqualTo(pattern(0, bytes));
            assertThat(TestKernel.bytes(rest)).isEqualTo(pattern(bytes, 40));
            skb.free();
            rest.free();
        }
    }

    @Test
    void copyIsLinearAndIndependent() {
        SkBuff skb = shaped();
        skb.networkHeader = skb.data() + 2;
        SkBuff copy = SkbCopy.copy(skb, 64);
        assertThat(copy).isNotNull();
        skb.free();
        assertThat(copy.isNonlinear()).isFalse();
        assertThat(copy.headroom()).isEqualTo(64);
        assertThat(copy.networkHeader).isEqualTo(copy.data() + 2);
        assertThat(TestKernel.bytes(copy)).isEqualTo(pattern(0, TOTAL));
        copy.free();
    }

    @Test
    void cowSeparatesACloneAndKeepsHeadersInFrontOfData() {
        SkBuff skb = kernel.packet(0, pattern(0, 30));
        skb.macHeader = skb.data();
        skb.pull(14);
        SkBuff clone = skb.cloneSkb();
        assertThat(clone).isNotNull();
        assertThat(clone.cow(64)).isTrue();
        assertThat(clone.headroom()).isGreaterThanOrEqualTo(64);
        assertThat(kernel.ram.bytes(clone.macHeader, 30)).isEqualTo(pattern(0, 30));
        kernel.ram.writeByte(clone.data(), 0xFF);
        assertThat(TestKernel.bytes(skb)).isEqualTo(pattern(14, 30));
        clone.free();
        skb.free();
    }

    @Test
    void adjacentFragmentsOfOneBlockBecomeOne() {
        SkBuff skb = kernel.alloc(0, 0);
        SkbHead block = kernel.skbs.allocHead(512);
        assertThat(block).isNotNull();
        skb.addFrag(block, block.gpa(), 10);
        skb.addFrag(block.get(), block.gpa() + 10, 20);
        assertThat(skb.fragCount()).isEqualTo(1);
        assertThat(skb.length()).isEqualTo(30);
        skb.free();
    }

    @Test
    void putFromCopiesFromHeapAndDirectBuffersAndMovesThePosition() {
        SkBuff skb = kernel.alloc(0, 8);
        SkbCopy.putFrom(skb, ByteBuffer.wrap(new byte[] {1, 2, 3}), 2);
        ByteBuffer direct = ByteBuffer.allocateDirect(4).put(0, (byte) 9);
        SkbCopy.putFrom(skb, direct, 1);
        assertThat(direct.position()).isEqualTo(1);
        assertThat(TestKernel.bytes(skb)).containsExactly(1, 2, 9);
        skb.free();
    }

    @Test
    void puttingBeyondTheBufferAndPushingBeyondTheHeadroomAreBugs() {
        SkBuff skb = kernel.alloc(4, 8);
        assertThatThrownBy(() -> skb.push(5)).hasMessageContaining("headroom 4");
        skb.free();
        SkBuff other = kernel.alloc(4, 8);
        assertThatThrownBy(() -> other.put(4096)).hasMessageContaining("put 4096");
        other.free();
    }

    @Test
    void softwareChecksumFillsTheField() {
        byte[] segment = pattern(1, 41);
        Arrays.fill(segment, 16, 18, (byte) 0);
        SkBuff skb = kernel.packet(0, segment);
        long pseudo = InternetChecksum.pseudoHeader(0x0A000001, 0x0A000002, 6, 40);
        kernel.ram.writeShort(skb.data() + 16, Short.reverseBytes((short) InternetChecksum.fold16(pseudo)));
        skb.ipSummed = SkBuff.CHECKSUM_PARTIAL;
        skb.checksumStart = skb.data();
        skb.checksumOffset = 16;
        assertThat(SkbChecksum.help(skb)).isTrue();
        assertThat(skb.ipSummed).isEqualTo(SkBuff.CHECKSUM_NONE);
        assertThat(SkbChecksum.isTransportValid(skb, pseudo)).isTrue();
        assertThat(skb.ipSummed).isEqualTo(SkBuff.CHECKSUM_UNNECESSARY);
        skb.free();
    }

    @Test
    void aBrokenTransportChecksumIsSeen() {
        SkBuff skb = kernel.packet(0, pattern(1, 41));
        assertThat(SkbChecksum.isTransportValid(skb, 0)).isFalse();
        skb.free();
    }

    @Test
    void queueKeepsOrderThroughInsertionsAndRemovals() {
        SkbQueue queue = new SkbQueue();
        SkBuff a = kernel.alloc(0, 0);
        SkBuff b = kernel.alloc(0, 0);
        SkBuff c = kernel.alloc(0, 0);
        SkBuff d = kernel.alloc(0, 0);
        queue.addTail(b);
        queue.addHead(a);
        queue.addAfter(b, d);
        queue.addBefore(d, c);
        assertThat(queue.length()).isEqualTo(4);
        queue.unlink(b);
        assertThat(queue.poll()).isSameAs(a);
        assertThat(queue.pollTail()).isSameAs(d);
        assertThat(queue.peek()).isSameAs(c).isSameAs(queue.peekTail());
        SkbQueue other = new SkbQueue();
        other.addTail(b);
        queue.moveTo(other);
        assertThat(queue.isEmpty()).isTrue();
        assertThat(other.peekTail()).isSameAs(c);
        other.purge(DropReason.SOCKET_CLOSED);
        assertThat(kernel.skbs.drops().get(DropReason.SOCKET_CLOSED)).isEqualTo(2);
        a.free();
        d.free();
    }
}
