package dev.doorbell.device.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.mem.GuestMemory;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Against a sum written out byte by byte, for every range, odd ones included. */
class ChecksumInsertionTest {
    private static final int PACKET = 32;

    private final GuestMemory memory = GuestMemory.allocate(4096);

    private static int sum(byte[] b, int from, int to) {
        int sum = 0;
        for (int i = from; i < to; i++) {
            sum += (i - from & 1) == 0 ? (b[i] & 0xFF) << 8 : b[i] & 0xFF;
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }

    private static int u16(byte[] b, int at) {
        return (b[at] & 0xFF) << 8 | b[at + 1] & 0xFF;
    }

    @Test
    void storesTheComplementOfTheSumForAnyRange() {
        SplittableRandom random = new SplittableRandom(5);
        for (int run = 0; run < 2_000; run++) {
            int length = 20 + random.nextInt(1500);
            byte[] packet = new byte[length];
            random.nextBytes(packet);
            int start = random.nextInt(length - 2);
            int at = random.nextInt(length - 1);
            int lastByte = random.nextBoolean() ? 0 : start + random.nextInt(length - start);
            int end = lastByte == 0 ? length : lastByte + 1;
            if (end <= start) {
                continue;
            }
            memory.write(PACKET, packet, 0, length);
            assertThat(ChecksumInsertion.insert(memory, PACKET, length, start, lastByte, at))
                    .isTrue();
            byte[] after = memory.bytes(PACKET, length);
            assertThat(u16(after, at)).isEqualTo(~sum(packet, start, end) & 0xFFFF);
            packet[at] = after[at];
            packet[at + 1] = after[at + 1];
            assertThat(after).isEqualTo(packet);
        }
    }

    @Test
    void nothingIsStoredOutsideOfThePacket() {
        memory.fill(0, 4096, 0xA5);
        int[][] outside = {
            {100, 0, 50}, {101, 0, 50}, {34, 100, 50}, {34, 0xFFFF, 50}, {34, 0, 99}, {34, 0, 255}, {50, 40, 10}
        };
        for (int[] o : outside) {
            assertThat(ChecksumInsertion.insert(memory, PACKET, 100, o[0], o[1], o[2]))
                    .as("%s", o)
                    .isFalse();
            assertThat(ChecksumInsertion.insertUdp(memory, PACKET, 100, o[0], o[1], o[2]))
                    .as("%s", o)
                    .isFalse();
        }
        assertThat(memory.bytes(0, 4096)).containsOnly(0xA5);
    }

    @Test
    void onlyUdpTurnsZeroIntoOnes() {
        memory.fill(PACKET, 100, 0);
        memory.writeShort(PACKET + 60, -1);
        ChecksumInsertion.insert(memory, PACKET, 100, 34, 0, 40);
        assertThat(memory.readShort(PACKET + 40)).isZero();
        ChecksumInsertion.insertUdp(memory, PACKET, 100, 34, 0, 40);
        assertThat(memory.readShort(PACKET + 40)).isEqualTo((short) -1);
    }
}
