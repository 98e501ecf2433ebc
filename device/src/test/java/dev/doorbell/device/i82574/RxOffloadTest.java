package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.RxStatus.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.InternetChecksum;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checksum verdicts and RSS, seen in the extended descriptor. */
class RxOffloadTest {
    private static final int EXSTEN = 1 << 15, PCSD = 1 << 13, IPOFL = 1 << 8, TUOFL = 1 << 9;
    private static final int SECRC = 1 << 26;
    private static final int VERDICT = IXSM | UDPCS | TCPCS | IPCS | TCPE | IPE;
    private static final byte[] KEY =
            HexFormat.of().parseHex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa");

    private final RxBed bed = new RxBed();

    @BeforeEach
    void extended() {
        bed.write(RFCTL, EXSTEN).write(RXCSUM, PCSD | IPOFL | TUOFL);
    }

    private int verdict(byte[] frame) {
        bed.up(8).sendAndRun(frame);
        return bed.extendedStatus(0) & VERDICT;
    }

    /** IPv4 with correct checksums; {@code protocol} 6, 17 or another. */
    private static byte[] ipv4(int protocol, int payloadBytes) {
        int l4 = protocol == 6 ? 20 : protocol == 17 ? 8 : 0;
        byte[] f = new byte[14 + 20 + l4 + payloadBytes];
        ByteBuffer b = ByteBuffer.wrap(f);
        b.put(RxBed.STATION).put(RxBed.PEER).putShort((short) 0x0800);
        b.put((byte) 0x45).put((byte) 0).putShort((short) (f.length - 14)).putShort((short) 0xBEEF);
        b.putShort((short) 0).put((byte) 64).put((byte) protocol).putShort((short) 0);
        b.putInt(0x0A000001).putInt(0x0A000002);
        transport(b, protocol, l4, payloadBytes);
        store(f, 24, 14, 20, 0);
        if (l4 != 0) {
            long pseudo = InternetChecksum.pseudoHeader(0x0A000001, 0x0A000002, protocol, l4 + payloadBytes);
            store(f, 34 + (protocol == 6 ? 16 : 6), 34, l4 + payloadBytes, pseudo);
        }
        return f;
    }

    private static byte[] ipv6(int protocol, int payloadBytes, byte... extensions) {
        int l4 = protocol == 6 ? 20 : protocol == 17 ? 8 : 0;
        byte[] f = new byte[14 + 40 + extensions.length + l4 + payloadBytes];
        ByteBuffer b = ByteBuffer.wrap(f);
        b.put(RxBed.STATION).put(RxBed.PEER).putShort((short) 0x86DD);
        b.putInt(6 << 28).putShort((short) (f.length - 54));
        b.put((byte) (extensions.length == 0 ? protocol : 60)).put((byte) 64);
        b.putLong(1).putLong(2).putLong(3).putLong(4).put(extensions);
        transport(b, protocol, l4, payloadBytes);
        long pseudo = InternetChecksum.pseudoHeaderV6(1, 2, 3, 4, protocol, l4 + payloadBytes);
        int at = 54 + extensions.length;
        store(f, at + (protocol == 6 ? 16 : 6), at, l4 + payloadBytes, pseudo);
        return f;
    }

    private static void transport(ByteBuffer b, int protocol, int l4, int payloadBytes) {
        if (protocol == 6) {
            b.putShort((short) 1000).putShort((short) 80).putInt(1).putInt(2);
            b.put((byte) 0x50).put((byte) 0x10).putShort((short) 512).putInt(0);
        } else if (protocol == 17) {
            b.putShort((short) 1000)
                    .putShort((short) 53)
                    .putShort((short) (l4 + payloadBytes))
                    .putShort((short) 0);
        }
        while (b.hasRemaining()) {
            b.put((byte) b.position());
        }
    }

    private static void store(byte[] f, int field, int from, int bytes, long seed) {
        GuestMemory m = GuestMemory.allocate(f.length);
        m.write(0, f, 0, f.length);
        int sum = InternetChecksum.foldUdp(InternetChecksum.sum(m, from, bytes, seed));
        f[field] = (byte) (sum >>> 8);
        f[field + 1] = (byte) sum;
        m.close();
    }

    private static byte[] flip(byte[] frame, int at) {
        frame[at] ^= 1;
        return frame;
    }

    // ---- checksum

    @Test
    void verdictSaysWhatWasChecked() {
        assertThat(verdict(RxBed.frame(100))).isEqualTo(IXSM);
        assertThat(verdict(ipv4(6, 100))).isEqualTo(IPCS | TCPCS);
        assertThat(verdict(ipv4(17, 101))).isEqualTo(IPCS | TCPCS | UDPCS);
        assertThat(verdict(ipv4(1, 100))).isEqualTo(IPCS);
        assertThat(verdict(ipv6(6, 100))).isEqualTo(TCPCS);
        assertThat(verdict(ipv6(17, 100))).isEqualTo(TCPCS | UDPCS);
        assertThat(verdict(ipv6(6, 100, new byte[] {6, 0, 1, 4, 0, 0, 0, 0}))).isEqualTo(TCPCS);
    }

    @Test
    void wrongChecksumsAreReportedNotDropped() {
        assertThat(verdict(flip(ipv4(6, 100), 24))).isEqualTo(IPCS | IPE | TCPCS);
        assertThat(verdict(flip(ipv4(6, 100), 99))).isEqualTo(IPCS | TCPCS | TCPE);
        assertThat(verdict(flip(ipv4(17, 100), 99))).isEqualTo(IPCS | TCPCS | UDPCS | TCPE);
        assertThat(verdict(flip(ipv6(6, 100), 99))).isEqualTo(TCPCS | TCPE);
        assertThat(bed.rx.truth().allDrops()).isZero();
    }

    @Test
    void offloadsThatAreOffCheckNothing() {
        bed.write(RXCSUM, PCSD);
        assertThat(verdict(ipv4(6, 100))).isEqualTo(IXSM);
        bed.write(RXCSUM, PCSD | IPOFL);
        assertThat(verdict(flip(ipv4(6, 100), 99))).isEqualTo(IPCS);
        bed.write(RXCSUM, PCSD | TUOFL);
        assertThat(verdict(ipv4(6, 100))).isEqualTo(TCPCS);
        bed.write(RFCTL, EXSTEN | 1 << 11);
        assertThat(verdict(ipv6(6, 100))).isEqualTo(IXSM);
    }

    @Test
    void udpWithoutChecksumIsNotVouchedFor() {
        byte[] f = ipv4(17, 100);
        f[40] = 0;
        f[41] = 0;
        assertThat(verdict(f)).isEqualTo(IPCS);
    }

    @Test
    void fragmentHasNoTransportVerdict() {
        byte[] f = ipv4(6, 100);
        f[20] = 0x20;
        f[24] = 0;
        f[25] = 0;
        store(f, 24, 14, 20, 0);
        assertThat(verdict(f)).isEqualTo(IPCS);
        bed.write(RXCSUM, IPOFL | TUOFL);
        assertThat(verdict(f)).isEqualTo(IPCS);
        assertThat(bed.extendedStatus(0) & IPIDV).isNotZero();
        assertThat((int) bed.descriptorLow(0) >>> 0).isZero();
        assertThat(bed.descriptorLow(0) >>> 32 & 0xFFFF).isEqualTo(0xBEEF);
    }

    @Test
    void oneVlanTagIsLookedThrough() {
        assertThat(verdict(RxBed.tagged(ipv4(6, 100), 5))).isEqualTo(IPCS | TCPCS);
        assertThat(verdict(RxBed.tagged(RxBed.tagged(ipv4(6, 100), 5), 6))).isEqualTo(IXSM);
    }

    @Test
    void headersCutOffAnywhereAreNeverVouchedFor() {
        for (byte[] whole : new byte[][] {ipv4(6, 40), ipv4(17, 40), ipv6(6, 40), ipv6(17, 40)}) {
            for (int bytes = 14; bytes < whole.length; bytes++) {
                byte[] cut = Arrays.copyOf(whole, bytes);
                int verdict = verdict(cut);
                boolean paddedWhole = bytes < 60 && verdict != IXSM;
                assertThat(verdict & (TCPCS | UDPCS)).as("cut to " + bytes).isZero();
                assertThat(paddedWhole && (verdict & IPE) != 0).isFalse();
            }
        }
    }

    @Test
    void linkThatVouchesIsBelieved() {
        bed.up(8).rx.receive(bed.on(flip(ipv4(6, 100), 99)).checksumsVerified(true));
        bed.run();
        assertThat(bed.extendedStatus(0) & VERDICT).isEqualTo(IPCS | TCPCS);
    }

    @Test
    void checksumLeftToTheCardIsCompleted() {
        byte[] whole = ipv4(6, 100);
        byte[] partial = whole.clone();
        long pseudo = InternetChecksum.pseudoHeader(0x0A000001, 0x0A000002, 6, 120);
        int seed = InternetChecksum.fold16(pseudo);
        partial[50] = (byte) (seed >>> 8);
        partial[51] = (byte) seed;
        bed.up(8).rx.receive(bed.on(partial).partialChecksum(34, 16));
        bed.run();
        assertThat(bed.bufferBytes(0, whole.length)).isEqualTo(whole);
        assertThat(bed.extendedStatus(0) & VERDICT).isEqualTo(IPCS | TCPCS);
        partial[24]++;
        bed.rx.receive(bed.on(partial).partialChecksum(34, 16));
        bed.run();
        assertThat(bed.extendedStatus(1) & VERDICT)
                .as("its IP header is still checked")
                .isEqualTo(IPCS | IPE | TCPCS);
    }

    @Test
    void packetChecksumIsTheRawSumFromPcss() {
        bed.write(RFCTL, 0).write(RXCSUM, 14).up(8);
        byte[] f = new byte[60];
        System.arraycopy(RxBed.STATION, 0, f, 0, 6);
        f[14] = 0x12;
        f[15] = 0x34;
        f[59] = 0x01;
        bed.sendAndRun(f);
        assertThat(bed.legacyChecksum(0)).isEqualTo(0x1235);
        bed.write(RXCSUM, 255).sendAndRun(f);
        assertThat(bed.legacyChecksum(1)).isZero();
    }

    @Test
    void ackCauseIsForAcksThatRfctlLetsCount() {
        assertThat(acks(EXSTEN, ipv4(6, 100))).isEqualTo(1);
        assertThat(acks(EXSTEN, ipv4(17, 100))).isZero();
        assertThat(acks(EXSTEN | 1 << 12, ipv4(6, 100))).isZero();
        assertThat(acks(EXSTEN | 1 << 13, ipv4(6, 100))).isZero();
        assertThat(acks(EXSTEN | 1 << 13, ipv4(6, 0))).isEqualTo(1);
    }

    private int acks(int rfctl, byte[] frame) {
        bed.ackCalls = 0;
        bed.write(RFCTL, rfctl).up(8).sendAndRun(frame);
        return bed.ackCalls;
    }

    // ---- RSS

    private void rss(int mrqc) {
        for (int i = 0; i < KEY.length; i += 4) {
            bed.write(
                    RSSRK.get(i / 4),
                    ByteBuffer.wrap(KEY).order(java.nio.ByteOrder.LITTLE_ENDIAN).getInt(i));
        }
        bed.write(MRQC, mrqc);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 0x00010000, 6, 0x51ccc178",
        "2, 0x00020000, 6, 0x323e8fc2",
        "2, 0x00030000, 17, 0x323e8fc2",
        "0, 0x00010000, 17, 0",
    })
    void ipv4HashAndTypeComeWithTheFrame(int type, String fields, int protocol, String hash) {
        rss(Integer.decode(fields) | 1);
        byte[] f = ipv4(protocol, 100);
        System.arraycopy(new byte[] {66, 9, (byte) 149, (byte) 187, (byte) 161, (byte) 142, 100, 80}, 0, f, 26, 8);
        ByteBuffer.wrap(f).putShort(34, (short) 2794).putShort(36, (short) 1766);
        bed.up(8).sendAndRun(f);
        assertThat((int) bed.descriptorLow(0) & 0xF).isEqualTo(type);
        assertThat(bed.descriptorLow(0) >>> 32).isEqualTo(Long.decode(hash));
    }

    @Test
    void linuxLeavesRssOffWithOnlyFieldBits() {
        rss(0x0037_0000);
        bed.up(8).sendAndRun(ipv4(6, 100));
        assertThat(bed.descriptorLow(0)).isZero();
    }

    @Test
    void redirectionTableChoosesTheQueue() {
        rss(0x0003_0001);
        for (int i = 0; i < 32; i++) {
            bed.write(RETA.get(i), 0x8080_8080);
        }
        bed.write(RDBAL1, RxBed.RING1).write(RDLEN1, 128);
        bed.ram.writeLong(RxBed.RING1, 0x8_0000);
        bed.write(RDT1, 1);
        bed.up(8).send(ipv4(6, 100)).sendAndRun(RxBed.frame(64));
        assertThat(bed.read(RDH1)).isEqualTo(1);
        assertThat(bed.read(RDH0)).as("what is not hashed goes to queue 0").isEqualTo(1);
        assertThat(bed.ram.readLong(RxBed.RING1) & 0x1F0F).isEqualTo(0x0101);
        assertThat(bed.causes & (Interrupts.RXQ0 | Interrupts.RXQ1)).isEqualTo(Interrupts.RXQ0 | Interrupts.RXQ1);
    }

    /** One packet buffer, in order: a queue without descriptors holds up the other one. */
    @Test
    void frameThatWaitsForItsQueueHoldsUpTheOtherQueue() {
        rss(0x0003_0001);
        for (int i = 0; i < 32; i++) {
            bed.write(RETA.get(i), 0x8080_8080);
        }
        bed.write(RDBAL1, RxBed.RING1).write(RDLEN1, 128);
        bed.ram.writeLong(RxBed.RING1, 0x8_0000);
        bed.up(8).send(ipv4(6, 100)).sendAndRun(RxBed.frame(64));
        assertThat(bed.read(RNBC)).isEqualTo(1);
        assertThat(bed.read(RDH0)).as("behind the frame for queue 1").isZero();
        bed.write(RDT1, 1).run();
        assertThat(bed.read(RDH1)).isEqualTo(1);
        assertThat(bed.read(RDH0)).isEqualTo(1);
    }
}
