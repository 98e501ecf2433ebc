package dev.doorbell.bus.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.mem.GuestMemory;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InternetChecksumTest {
    private final GuestMemory memory = GuestMemory.allocate(8192);

    @AfterEach
    void release() {
        memory.close();
    }

    @Test
    void rfc1071Example() {
        byte[] data = {0x00, 0x01, (byte) 0xf2, 0x03, (byte) 0xf4, (byte) 0xf5, (byte) 0xf6, (byte) 0xf7};
        memory.write(3, data, 0, data.length);
        assertThat(InternetChecksum.fold16(InternetChecksum.sum(memory, 3, 8, 0)))
                .isEqualTo(0xddf2);
    }

    @Test
    void agreesWithTheDefinitionAtEveryAlignmentAndLength() {
        SplittableRandom random = new SplittableRandom(7);
        byte[] data = new byte[200];
        for (int round = 0; round < 3000; round++) {
            int length = random.nextInt(data.length + 1), offset = random.nextInt(16);
            random.nextBytes(data);
            if (random.nextInt(4) == 0) {
                Arrays.fill(data, (byte) 0xFF); // where carries are lost first
            }
            memory.fill(0, 512, 0xA5);
            memory.write(offset, data, 0, length);
            long seed = random.nextLong(1L << 33);
            assertThat(InternetChecksum.fold(InternetChecksum.sum(memory, offset, length, seed)))
                    .as("round %d length %d offset %d", round, length, offset)
                    .isEqualTo(naive(data, length, seed));
        }
    }

    @Test
    void largeBlocksOfOnesLoseNoCarry() {
        memory.fill(0, 8192, 0xFF);
        byte[] data = new byte[8192];
        Arrays.fill(data, (byte) 0xFF);
        for (int length = 8000; length < 8192; length++) {
            assertThat(InternetChecksum.fold(InternetChecksum.sum(memory, 0, length, 0x1_FFFF_FFFFL)))
                    .isEqualTo(naive(data, length, 0x1_FFFF_FFFFL));
        }
    }

    @Test
    void piecesOfEvenLengthAddUp() {
        SplittableRandom random = new SplittableRandom(8);
        byte[] data = new byte[1500];
        random.nextBytes(data);
        memory.write(0, data, 0, data.length);
        for (int cut = 0; cut <= 1500; cut += 2) {
            long sum = InternetChecksum.sum(memory, cut, 1500 - cut, InternetChecksum.sum(memory, 0, cut, 99));
            assertThat(InternetChecksum.fold(sum)).isEqualTo(naive(data, 1500, 99));
        }
    }

    @Test
    void pseudoHeaderIsThatOfACapturedUdpDatagram() {
        // 192.168.1.10:5353 to 192.168.1.20:53, "hello"; computed by hand
        byte[] udp = {0x14, (byte) 0xE9, 0x00, 0x35, 0x00, 0x0D, 0x00, 0x00, 'h', 'e', 'l', 'l', 'o'};
        memory.write(0, udp, 0, udp.length);
        long pseudo = InternetChecksum.pseudoHeader(
                Ipv4Address.parse("192.168.1.10"), Ipv4Address.parse("192.168.1.20"), IpProtocol.UDP, 13);
        int checksum = InternetChecksum.foldUdp(InternetChecksum.sum(memory, 0, 13, pseudo));
        byte[] whole = {
            (byte) 192,
            (byte) 168,
            1,
            10,
            (byte) 192,
            (byte) 168,
            1,
            20,
            0,
            17,
            0,
            13, //
            0x14,
            (byte) 0xE9,
            0x00,
            0x35,
            0x00,
            0x0D,
            0x00,
            0x00,
            'h',
            'e',
            'l',
            'l',
            'o'
        };
        assertThat(checksum).isEqualTo(naive(whole, whole.length, 0));
        memory.writeShort(6, Short.reverseBytes((short) checksum));
        assertThat(InternetChecksum.fold(InternetChecksum.sum(memory, 0, 13, pseudo)))
                .isZero();
    }

    @Test
    void pseudoHeaderV6IsTheSumOfItsWords() {
        byte[] words = new byte[40];
        new SplittableRandom(3).nextBytes(words);
        memory.write(0, words, 0, 40);
        Ipv6Header ip = new Ipv6Header().wrap(memory, 0, 40);
        byte[] pseudo = new byte[40];
        System.arraycopy(words, 8, pseudo, 0, 32);
        pseudo[34] = 0x12;
        pseudo[35] = 0x34;
        pseudo[39] = 58;
        long sum = InternetChecksum.pseudoHeaderV6(
                ip.sourceHigh(), ip.sourceLow(), ip.destinationHigh(), ip.destinationLow(), 58, 0x1234);
        assertThat(InternetChecksum.fold(sum)).isEqualTo(naive(pseudo, 40, 0));
    }

    @Test
    void incrementalUpdateEqualsComputingAnew() {
        SplittableRandom random = new SplittableRandom(9);
        byte[] data = new byte[40];
        for (int round = 0; round < 2000; round++) {
            random.nextBytes(data);
            int before = naive(data, 40, 0), at = random.nextInt(10) * 4;
            memory.write(0, data, 0, 40);
            int oldValue = Integer.reverseBytes(memory.readInt(at)), newValue = random.nextInt();
            memory.writeInt(at, Integer.reverseBytes(newValue));
            int anew = InternetChecksum.fold(InternetChecksum.sum(memory, 0, 40, 0));
            assertThat(InternetChecksum.update32(before, oldValue, newValue)).isEqualTo(anew);
        }
    }

    @Test
    void udpSendsAComputedZeroAsAllOnes() {
        assertThat(InternetChecksum.foldUdp(0xFFFF)).isEqualTo(0xFFFF);
        assertThat(InternetChecksum.fold(0xFFFF)).isZero();
    }

    @Test
    void onlyAtThePlaceOfUdpsFieldAZeroIsAllOnes() {
        assertThat(InternetChecksum.foldAt(0xFFFF, 6)).as("UDP").isEqualTo(0xFFFF);
        assertThat(InternetChecksum.foldAt(0xFFFF, 16)).as("TCP").isZero();
        assertThat(InternetChecksum.foldAt(0xFFFF, 2)).as("ICMPv6").isZero();
        assertThat(InternetChecksum.foldAt(0x1234, 6)).isEqualTo(InternetChecksum.fold(0x1234));
    }

    /** RFC 1071 §1, word by word. */
    private static int naive(byte[] data, int length, long seed) {
        long sum = seed;
        for (int i = 0; i < length; i++) {
            sum += i % 2 == 0 ? (data[i] & 0xFF) << 8 : data[i] & 0xFF;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return (int) ~sum & 0xFFFF;
    }
}
