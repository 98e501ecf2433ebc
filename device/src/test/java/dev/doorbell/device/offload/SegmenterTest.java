package dev.doorbell.device.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.mem.GuestMemory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each field of each segment, against values worked out here by hand and a checksum written out word by word. */
class SegmenterTest {
    private static final int AT = 64, IP = 14, L4_V4 = 34, L4_V6 = 54;
    private static final int TCP = 1 << 24, IPV4 = 1 << 25, TSE = 1 << 26;

    private final GuestMemory memory = GuestMemory.allocate(1 << 17);
    private final OffloadContext context = new OffloadContext();
    private final Segmenter segmenter = new Segmenter(context);

    private static OffloadContext load(
            OffloadContext c,
            int ipStart,
            int ipAt,
            int ipEnd,
            int l4,
            int l4At,
            int payload,
            int cmd,
            int hdr,
            int mss) {
        long low = ipStart | (long) ipAt << 8 | (long) ipEnd << 16 | (long) l4 << 32 | (long) l4At << 40;
        long high = payload | cmd & 0xFFFF_FFFFL | (long) hdr << 40 | (long) mss << 48;
        return c.load(low, high);
    }

    /** Ethernet, IPv4, TCP with a 12-byte option block; the checksum field holds the pseudo sum without length. */
    private int ipv4Request(int payload, int mss) {
        int header = L4_V4 + 32;
        memory.fill(AT - 64, 1 << 16, 0xA5);
        memory.write(AT, hex("525400123456 001b21112233 0800"), 0, 14);
        memory.write(AT + IP, hex("4500 0000 fffe 4000 40 06 0000 0a000001 0a000002"), 0, 20);
        memory.write(AT + L4_V4, hex("3039 0050 fffffff0 11223344 8019 1000 0000 0000"), 0, 20);
        memory.write(AT + L4_V4 + 20, hex("0101080a0000000100000002"), 0, 12);
        int pseudo = 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 6;
        memory.writeShort(AT + L4_V4 + 16, Short.reverseBytes((short) pseudo));
        for (int i = 0; i < payload; i++) {
            memory.writeByte(AT + header + i, i * 7);
        }
        load(context, IP, 24, L4_V4 - 1, L4_V4, L4_V4 + 16, payload, TCP | IPV4 | TSE, header, mss);
        return header + payload;
    }

    private List<byte[]> cut() {
        List<byte[]> frames = new ArrayList<>();
        while (segmenter.next()) {
            frames.add(memory.bytes(segmenter.offset(), segmenter.length()));
        }
        return frames;
    }

    @Test
    void ipv4SegmentsCarryTheRightFields() {
        int bytes = ipv4Request(2500, 1000);
        byte[] original = memory.bytes(AT + 66, 2500);
        assertThat(segmenter.begin(memory, AT, bytes, true, true)).isEqualTo(3);
        List<byte[]> frames = cut();
        assertThat(frames).hasSize(3);
        for (int k = 0; k < 3; k++) {
            byte[] f = frames.get(k);
            int payload = k == 2 ? 500 : 1000;
            assertThat(f).as("length").hasSize(66 + payload);
            assertThat(u16(f, 16)).as("total length").isEqualTo(52 + payload);
            assertThat(u16(f, 18)).as("identification").isEqualTo(0xFFFE + k & 0xFFFF);
            assertThat(sum(f, 14, 20, 0)).as("IP checksum").isEqualTo(0xFFFF);
            assertThat(u32(f, 38)).as("sequence").isEqualTo(0xFFFF_FFF0 + k * 1000);
            assertThat(u32(f, 42)).as("acknowledgment").isEqualTo(0x1122_3344);
            assertThat(f[47] & 0xFF).as("flags: FIN and PSH on the last only").isEqualTo(k == 2 ? 0x19 : 0x10);
            assertThat(sum(f, 34, f.length - 34, pseudo(f))).as("TCP checksum").isEqualTo(0xFFFF);
            for (int i = 0; i < payload; i++) {
                assertThat(f[66 + i]).isEqualTo(original[k * 1000 + i]);
            }
        }
    }

    @Test
    void ipv6SegmentsCarryThePayloadLength() {
        memory.write(AT, hex("525400123456 001b21112233 86dd"), 0, 14);
        memory.write(AT + IP, hex("60000000 0000 06 40"), 0, 8);
        for (int i = 0; i < 32; i++) {
            memory.writeByte(AT + IP + 8 + i, 0x20 + i);
        }
        memory.write(AT + L4_V6, hex("3039 0050 00000001 11223344 5018 1000 0000 0000"), 0, 20);
        byte[] head = memory.bytes(AT, L4_V6);
        memory.writeShort(AT + L4_V6 + 16, Short.reverseBytes((short) sum(head, 22, 32, 6)));
        load(context, IP, 0, 0, L4_V6, L4_V6 + 16, 300, TCP | TSE, 74, 200);
        assertThat(segmenter.begin(memory, AT, 374, false, true)).isEqualTo(2);
        List<byte[]> frames = cut();
        assertThat(u16(frames.get(0), 18)).isEqualTo(220);
        assertThat(u16(frames.get(1), 18)).isEqualTo(120);
        for (byte[] f : frames) {
            int l4Bytes = f.length - L4_V6;
            int pseudo = sum(f, 22, 32, 6 + l4Bytes);
            assertThat(sum(f, L4_V6, l4Bytes, pseudo)).isEqualTo(0xFFFF);
        }
    }

    @Test
    void udpSegmentsCarryTheirOwnLength() {
        int bytes = ipv4Request(100, 60);
        memory.writeByte(AT + IP + 9, 17);
        memory.write(AT + L4_V4, hex("0035 0035 0000 0000"), 0, 8);
        memory.writeShort(AT + L4_V4 + 6, Short.reverseBytes((short) (0x0a00 + 1 + 0x0a00 + 2 + 17)));
        load(context, IP, 24, 33, L4_V4, L4_V4 + 6, 100, IPV4 | TSE, 42, 60);
        assertThat(segmenter.begin(memory, AT, 142, true, true)).isEqualTo(2);
        List<byte[]> frames = cut();
        assertThat(bytes).isPositive();
        assertThat(u16(frames.get(0), 38)).isEqualTo(68);
        assertThat(u16(frames.get(1), 38)).isEqualTo(48);
        for (byte[] f : frames) {
            assertThat(sum(f, 34, f.length - 34, pseudo(f))).isEqualTo(0xFFFF);
        }
    }

    @Test
    void withoutIxsmAndTxsmChecksumsStayAsTheyAre() {
        int bytes = ipv4Request(100, 60);
        segmenter.begin(memory, AT, bytes, false, false);
        for (byte[] f : cut()) {
            assertThat(u16(f, 24)).isZero();
            assertThat(u16(f, 50)).isEqualTo(0x0a00 + 1 + 0x0a00 + 2 + 6);
        }
    }

    @Test
    void exactMultipleHasNoEmptyLastSegment() {
        int bytes = ipv4Request(2000, 1000);
        assertThat(segmenter.begin(memory, AT, bytes, true, true)).isEqualTo(2);
        assertThat(cut()).extracting(f -> f.length).containsExactly(1066, 1066);
    }

    @Test
    void oneByteSegmentsComeOutInOrder() {
        int bytes = ipv4Request(20, 1);
        assertThat(segmenter.begin(memory, AT, bytes, true, true)).isEqualTo(20);
        List<byte[]> frames = cut();
        for (int k = 0; k < 20; k++) {
            assertThat(frames.get(k)[66]).isEqualTo((byte) (k * 7));
        }
    }

    @Test
    void nonsenseYieldsNoSegments() {
        int bytes = ipv4Request(100, 60);
        int[][] hostile = {
            {100, 66, 0}, // MSS 0
            {100, 0, 60}, // HDRLEN 0
            {0, 66, 60}, // PAYLEN 0
            {99, 66, 60}, // PAYLEN below the data
            {0xF_FFFF, 66, 60}, // PAYLEN far above it
            {126, 40, 60}, // header ends inside TCP
        };
        for (int[] h : hostile) {
            load(context, IP, 24, 33, L4_V4, 50, h[0], TCP | IPV4 | TSE, h[1], h[2]);
            assertThat(segmenter.begin(memory, AT, bytes, true, true))
                    .as("%s", h)
                    .isZero();
            assertThat(segmenter.next()).isFalse();
        }
    }

    @Test
    void offsetsBeyondTheHeaderYieldNoSegments() {
        int bytes = ipv4Request(100, 60);
        load(context, 60, 24, 33, L4_V4, 50, 100, TCP | IPV4 | TSE, 66, 60);
        assertThat(segmenter.begin(memory, AT, bytes, true, true)).isZero();
        load(context, IP, 255, 33, L4_V4, 50, 100, TCP | IPV4 | TSE, 66, 60);
        assertThat(segmenter.begin(memory, AT, bytes, true, true)).isZero();
        load(context, IP, 24, 33, L4_V4, 255, 100, TCP | IPV4 | TSE, 66, 60);
        assertThat(segmenter.begin(memory, AT, bytes, true, true)).isZero();
    }

    @Test
    void wholeTrainHasTheHeaderOfTheWhole() {
        int bytes = ipv4Request(2500, 1000);
        segmenter.begin(memory, AT, bytes, true, true);
        assertThat(segmenter.canTravelWhole()).isTrue();
        segmenter.prepareWhole();
        byte[] f = memory.bytes(AT, bytes);
        assertThat(u16(f, 16)).isEqualTo(52 + 2500);
        assertThat(sum(f, 14, 20, 0)).isEqualTo(0xFFFF);
        assertThat(u16(f, 50)).as("pseudo sum with the whole length").isEqualTo(pseudo(f));
        assertThat(u32(f, 38)).isEqualTo(0xFFFF_FFF0);
    }

    @Test
    void onlyPlainTcpTravelsWhole() {
        int bytes = ipv4Request(2500, 1000);
        segmenter.begin(memory, AT, bytes, true, false);
        assertThat(segmenter.canTravelWhole()).as("no TXSM").isFalse();
        memory.writeByte(AT + IP, 0x46);
        segmenter.begin(memory, AT, bytes, true, true);
        assertThat(segmenter.canTravelWhole())
                .as("IHL disagrees with the context")
                .isFalse();
        bytes = ipv4Request(900, 1000);
        segmenter.begin(memory, AT, bytes, true, true);
        assertThat(segmenter.canTravelWhole()).as("one segment only").isFalse();
    }

    private static int pseudo(byte[] f) {
        return sum(f, 26, 8, (f[23] & 0xFF) + f.length - 34);
    }

    /** RFC 1071, word by word. */
    private static int sum(byte[] b, int from, int bytes, int seed) {
        int sum = seed;
        for (int i = 0; i < bytes; i++) {
            sum += (i & 1) == 0 ? (b[from + i] & 0xFF) << 8 : b[from + i] & 0xFF;
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }

    private static int u16(byte[] b, int at) {
        return (b[at] & 0xFF) << 8 | b[at + 1] & 0xFF;
    }

    private static int u32(byte[] b, int at) {
        return u16(b, at) << 16 | u16(b, at + 2);
    }

    private static byte[] hex(String text) {
        return java.util.HexFormat.of().parseHex(text.replace(" ", ""));
    }
}
