package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Packet-split descriptors of 32 bytes: Linux's receive format for jumbo frames. */
class PacketSplitTest {
    private static final int SPLIT = 1 << 10, LPE = 1 << 5, SECRC = 1 << 26;
    private static final int HDRSP = 1 << 15;
    private static final int UDP_HEADERS = 42;
    private static final long HEADERS = 0x1_0000, PAGES = 0x2_0000;

    private final RxBed bed = new RxBed();

    /** 8 descriptors: header buffers of 128 bytes, and payload buffers of 1, 1 and 2 KiB. */
    @BeforeEach
    void bringUp() {
        bed.write(RFCTL, 1 << 15).write(PSRCTL, 0x0201_0101);
        bed.up(16, SPLIT | LPE | SECRC).write(RDT0, 0);
        for (int d = 0; d < 8; d++) {
            pointers(d, HEADERS + d * 0x200L, page(d, 1), page(d, 2), page(d, 3));
        }
        bed.write(RDT0, 14);
    }

    private void pointers(int descriptor, long... address) {
        for (int i = 0; i < 4; i++) {
            bed.ram.writeLong(RxBed.RING + descriptor * 32L + i * 8L, address[i]);
        }
    }

    private static long page(int descriptor, int buffer) {
        return PAGES + descriptor * 0x3000L + (buffer - 1) * 0x1000L;
    }

    /** A sound UDP packet over IPv4 in a frame of {@code bytes}. */
    private static byte[] udp(int bytes) {
        byte[] f = RxBed.frame(bytes);
        f[12] = 0x08;
        f[13] = 0;
        byte[] ip = {
            0x45, 0, (byte) (bytes - 14 >>> 8), (byte) (bytes - 14), 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2
        };
        System.arraycopy(ip, 0, f, 14, 20);
        f[38] = (byte) (bytes - 34 >>> 8);
        f[39] = (byte) (bytes - 34);
        f[40] = 0;
        f[41] = 0;
        return f;
    }

    private int u16(int descriptor, int at) {
        return bed.ram.readShort(RxBed.RING + descriptor * 32L + at) & 0xFFFF;
    }

    private int status(int descriptor) {
        return bed.ram.readInt(RxBed.RING + descriptor * 32L + 8);
    }

    private int[] lengths(int descriptor) {
        return new int[] {u16(descriptor, 12), u16(descriptor, 18), u16(descriptor, 20), u16(descriptor, 22)};
    }

    private byte[] stored(int descriptor) {
        int[] l = lengths(descriptor);
        return TxScript.concat(
                bed.ram.bytes(HEADERS + descriptor * 0x200L, l[0]),
                bed.ram.bytes(page(descriptor, 1), l[1]),
                bed.ram.bytes(page(descriptor, 2), l[2]),
                bed.ram.bytes(page(descriptor, 3), l[3]));
    }

    @Test
    void headerGoesToBufferZeroAndThePayloadBehindIt() {
        byte[] f = udp(UDP_HEADERS + 1500);
        bed.sendAndRun(f);
        assertThat(lengths(0)).containsExactly(UDP_HEADERS, 1024, 476, 0);
        assertThat(u16(0, 16)).isEqualTo(HDRSP | UDP_HEADERS);
        assertThat(status(0) & (RxStatus.DD | RxStatus.EOP)).isEqualTo(RxStatus.DD | RxStatus.EOP);
        assertThat(bed.ram.readLong(RxBed.RING + 24)).as("reserved").isZero();
        assertThat(stored(0)).isEqualTo(f);
        assertThat(bed.read(RDH0)).as("two slots").isEqualTo(2);
    }

    @Test
    void whatIsNotIpFillsAllBuffersInOrder() {
        byte[] f = RxBed.frame(1400);
        bed.sendAndRun(f);
        assertThat(lengths(0)).containsExactly(128, 1024, 248, 0);
        assertThat(u16(0, 16)).isZero();
        assertThat(stored(0)).isEqualTo(f);
    }

    @Test
    void otherTransportsAndFragmentsAreSplitBehindTheIpHeader() {
        byte[] f = udp(200);
        f[23] = 47;
        bed.sendAndRun(f);
        assertThat(lengths(0)).startsWith(34, 166);
        f[23] = 17;
        f[20] = 0x20; // more fragments
        bed.sendAndRun(f);
        assertThat(lengths(1)).startsWith(34, 166);
        bed.write(RFCTL, 1 << 15 | 1 << 14); // IPFRSP_DIS
        bed.sendAndRun(f);
        assertThat(lengths(2)).startsWith(128, 72);
        assertThat(u16(2, 16)).isZero();
    }

    @Test
    void headerLongerThanItsBufferIsNotSplitOff() {
        byte[] f = udp(400);
        f[12] = (byte) 0x86;
        f[13] = (byte) 0xDD;
        byte[] ip6 = new byte[40];
        ip6[0] = 0x60;
        ip6[4] = (byte) (400 - 54 >>> 8);
        ip6[5] = (byte) (400 - 54);
        ip6[6] = 60;
        System.arraycopy(ip6, 0, f, 14, 40);
        Arrays.fill(f, 54, 54 + 80, (byte) 0);
        f[54] = 59; // nothing behind 80 bytes of destination options
        f[55] = 9;
        bed.sendAndRun(f);
        assertThat(lengths(0)).containsExactly(128, 272, 0, 0);
        assertThat(u16(0, 16)).isZero();
    }

    /** Fits in buffers 0 to 3 but not in 1 to 3: an emulator's assertion. The rest goes on with buffer 0 left empty. */
    @ParameterizedTest
    @ValueSource(ints = {4096, 4097, 4096 + 86, 4096 + 87, 8191, 8192, 8193})
    void splitFrameLargerThanThePayloadBuffersGoesOnInTheNextDescriptor(int payload) {
        byte[] f = udp(UDP_HEADERS + payload);
        bed.sendAndRun(f);
        int descriptors = (payload + 4095) / 4096;
        assertThat(bed.read(RDH0)).isEqualTo(2 * descriptors);
        byte[] all = {};
        for (int d = 0; d < descriptors; d++) {
            boolean last = d == descriptors - 1;
            assertThat(lengths(d)[0]).isEqualTo(d == 0 ? UDP_HEADERS : 0);
            assertThat((status(d) & RxStatus.EOP) != 0).isEqualTo(last);
            all = TxScript.concat(all, stored(d));
        }
        assertThat(all).isEqualTo(f);
    }

    @ParameterizedTest
    @ValueSource(ints = {4092, 4093, 4094, 4095, 4096})
    void fcsMayStraddleTwoDescriptors(int payload) {
        bed.write(RCTL, SPLIT | LPE | 2);
        byte[] f = udp(UDP_HEADERS + payload);
        bed.sendAndRun(f);
        int descriptors = payload + 4 > 4096 ? 2 : 1;
        assertThat(bed.read(RDH0)).isEqualTo(2 * descriptors);
        byte[] all = TxScript.concat(stored(0), descriptors == 2 ? stored(1) : new byte[0]);
        assertThat(all).hasSize(f.length + 4).startsWith(f);
    }

    @Test
    void waitsForAllDescriptorsAndRunsDryWithoutAHalfChain() {
        bed.write(RDT0, 2); // one descriptor
        bed.sendAndRun(udp(UDP_HEADERS + 5000));
        assertThat(bed.read(RDH0)).isZero();
        assertThat(bed.read(RNBC)).isEqualTo(1);
        bed.write(RDT0, 3).run(); // and half of another
        assertThat(bed.read(RDH0)).isZero();
        bed.write(RDT0, 4).run();
        assertThat(bed.read(RDH0)).isEqualTo(4);
    }

    @Test
    void ringWrapsManyTimes() {
        for (int i = 0; i < 50; i++) {
            byte[] f = udp(100 + 20 * i);
            bed.sendAndRun(f);
            int d = i % 8;
            assertThat(stored(d)).isEqualTo(f);
            pointers(d, HEADERS + d * 0x200L, page(d, 1), page(d, 2), page(d, 3));
            bed.write(RDT0, 2 * d);
        }
    }

    @Test
    void nullPointersAreSkippedAndEnd() {
        pointers(0, 0, page(0, 1), page(0, 2), page(0, 3));
        pointers(1, HEADERS + 0x200, 0, page(1, 2), page(1, 3));
        for (int d = 2; d < 8; d++) {
            pointers(d, 0, 0, 0, 0);
        }
        byte[] f = udp(UDP_HEADERS + 1000);
        bed.sendAndRun(f);
        assertThat(status(0)).isEqualTo(RxStatus.DD);
        assertThat(lengths(0)).containsOnly(0);
        assertThat(lengths(1)).containsExactly(UDP_HEADERS, 0, 1000, 0);
        bed.sendAndRun(f);
        assertThat(bed.read(RDH0)).isEqualTo(14);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x0201_0100, 0x0201_0001, 0})
    void withoutASizeForBufferZeroOrOneNothingIsReceived(int psrctl) {
        bed.write(PSRCTL, psrctl).sendAndRun(udp(100));
        assertThat(bed.drops(RxDrop.BUFFER_FORMAT)).isEqualTo(1);
        assertThat(bed.read(RDH0)).isZero();
    }

    @Test
    void withoutExtendedDescriptorsTheFormatIsLegacy() {
        bed.write(RFCTL, 0).up(8, SPLIT | SECRC);
        bed.sendAndRun(RxBed.frame(64));
        assertThat(bed.legacyLength(0)).isEqualTo(64);
    }
}
