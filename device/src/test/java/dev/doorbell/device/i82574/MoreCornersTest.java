package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.TxScript.*;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Single bits of buffers, rings, RSS and interrupts that no other test is about. */
class MoreCornersTest {
    private static final int SECRC = 1 << 26, LPE = 1 << 5, EXSTEN = 1 << 15, PCSD = 1 << 13;
    private static final byte[] KEY =
            HexFormat.of().parseHex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa");

    private final HostileGuest guest = new HostileGuest();
    private final TestCard bench = guest.bench;

    @ParameterizedTest
    @CsvSource({"16384, 0x02010000", "8192, 0x02020000", "4096, 0x02030000"})
    void bsexMakesBuffersSixteenTimesAsLarge(int size, String rctl) {
        guest.receive(LPE | Integer.decode(rctl));
        bench.write(PBA, 40);
        bench.write(CTRL, CTRL_RST.mask());
        bench.runMs(20);
        guest.receive(LPE | Integer.decode(rctl));
        bench.arrive(HostileGuest.toTheCard(Math.min(size, 16_380)));
        assertThat(bench.read(RDH0)).isEqualTo(1);
        bench.arrive(HostileGuest.toTheCard(Math.min(size + 1, 16_380)));
        assertThat(bench.read(RDH0)).isEqualTo(size == 16_384 ? 2 : 3);
    }

    @ParameterizedTest
    @CsvSource({"0, 3", "1, 5", "2, 6"})
    void rdmtsChoosesTheThreshold(int rdmts, int frames) {
        guest.receive(rdmts << 8);
        for (int i = 1; i <= 7; i++) {
            bench.arrive(HostileGuest.toTheCard(60));
            boolean low = (bench.read(ICR) & Interrupts.RXDMT0) != 0;
            assertThat(low).as("after %d of 7 with a ring of 8", i).isEqualTo(i == frames);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void ringsLieWhereTheirRegistersSay(int queue) {
        int step = queue * 0x100;
        bench.write(RDBAH0.offset() + step, 1);
        bench.write(RDBAL0.offset() + step, 0x1008);
        assertThat(bench.read(RDBAL0.offset() + step)).isEqualTo(0x1000);
        bench.write(RDBAH0.offset() + step, 0);
        bench.write(RDLEN0.offset() + step, 128);
        bench.write(RDH0.offset() + step, 3);
        bench.ram.writeLong(0x1000 + 3 * 16, 0x4_0000);
        if (queue == 1) {
            rss(0x0002_0001);
            for (int i = 0; i < 32; i++) {
                bench.write(RETA.get(i), 0x8080_8080);
            }
        }
        bench.write(RCTL, RCTL_EN.mask() | SECRC);
        bench.write(RDT0.offset() + step, 4);
        bench.arrive(ipv4());
        assertThat(bench.read(RDH0.offset() + step)).isEqualTo(4);
        assertThat(bench.ram.readLong(0x4_0000)).isNotZero();
    }

    @Test
    void secondTransmitQueueHasItsOwnRingEnableAndThreshold() {
        TxScript tx = new TxScript(bench, 1, 64).enable();
        bench.write(TARC1, 0x003);
        tx.legacy(frame(100), EOP | IFCS | RS).send();
        assertThat(guest.sent()).isZero();
        bench.write(TARC1, 0x403);
        bench.settle();
        assertThat(guest.sent()).isEqualTo(1);
        assertThat(bench.read(TDH1)).isEqualTo(1);
        bench.read(ICR);
        bench.write(TXDCTL1, 1 << 25); // 8 descriptors
        for (int i = 0; i < 9; i++) {
            tx.legacy(frame(100), EOP | IFCS | RS);
        }
        tx.send();
        assertThat(bench.read(ICR) & Interrupts.TXD_LOW).isNotZero();
        assertThat(bench.read(ICTXQMTC)).isEqualTo(1);
    }

    @Test
    void ackWaitsForRaidWithRdtr() {
        guest.receive(0);
        bench.write(RDTR, 1000);
        bench.write(RAID, 100);
        bench.arrive(tcpAck());
        bench.world.runFor(100_000);
        assertThat(bench.read(ICR)).isZero();
        bench.world.runFor(3_000);
        assertThat(bench.read(ICR) & (Interrupts.ACK | Interrupts.RXT0)).isEqualTo(Interrupts.ACK | Interrupts.RXT0);
    }

    @Test
    void enablingEverythingEndsTheGapsOnDemand() {
        bench.write(ITR, 0xFFFF);
        bench.write(IMS, 1);
        bench.write(ICS, 1);
        bench.settle();
        assertThat(bench.interrupts.lineRises).isEqualTo(1);
        bench.read(ICR);
        bench.write(ICS, 1);
        bench.settle();
        assertThat(bench.interrupts.lineRises).as("throttled").isEqualTo(1);
        bench.write(CTRL_EXT, CTRL_EXT_INT_TIMERS_CLEAR_ENA.mask());
        bench.write(IMS, -1);
        bench.settle();
        assertThat(bench.interrupts.lineRises).isEqualTo(2);
    }

    @Test
    void enablingACauseClearsThePendingBitOfItsVectorOnDemand() {
        bench.enableMsix(3);
        bench.write(IVAR, 0x800A_0908);
        bench.write(CTRL_EXT, CTRL_EXT_PBA_CLR.mask());
        bench.mask(0);
        bench.write(IMS, Interrupts.RXQ0);
        bench.write(ICS, Interrupts.RXQ0);
        bench.settle();
        assertThat(bench.card.barRead(3, 0x2000, 4)).isEqualTo(1);
        bench.read(ICR);
        bench.write(IMS, Interrupts.RXQ0);
        assertThat(bench.card.barRead(3, 0x2000, 4)).isZero();
    }

    // ---- RSS over IPv6

    @ParameterizedTest
    @CsvSource({
        // fields of MRQC, RFCTL, TCP, extension header, type, hash
        "0x00040000, 0, true, none, 3, 0x40207d3d",
        "0x00080000, 0, true, none, 4, 0x2cc18cd5",
        "0x00100000, 0, true, none, 5, 0x2cc18cd5",
        "0x001C0000, 0, false, none, 4, 0x2cc18cd5",
        "0x00040000, 0, false, none, 0, 0",
        "0x001C0000, 0x10000, true, hop, 5, 0x2cc18cd5",
        "0x001C0000, 0, true, hop, 3, 0x40207d3d",
        "0x001C0000, 0x20000, true, hop, 3, 0x40207d3d",
        "0x001C0000, 0x20000, true, home, 5, 0x2cc18cd5",
        "0x00200000, 0, true, none, 0, 0",
    })
    void ipv6HashAndTypeFollowTheFieldBits(
            String fields, String rfctl, boolean tcp, String extension, int type, String hash) {
        rss(Integer.decode(fields) | 1);
        guest.receive(0);
        bench.write(RFCTL, EXSTEN | Integer.decode(rfctl));
        bench.arrive(ipv6(tcp, extension));
        long low = bench.ram.readLong(HostileGuest.RX_RING);
        assertThat((int) low & 0xF).isEqualTo(type);
        assertThat(low >>> 32).isEqualTo(Long.decode(hash));
    }

    @ParameterizedTest
    @CsvSource({"0, true", "0x400, false", "0x800, false"})
    void ipv6ChecksumsAreVerifiedUnlessExcluded(String rfctl, boolean verified) {
        guest.receive(0);
        bench.write(RFCTL, EXSTEN | Integer.decode(rfctl));
        bench.arrive(ipv6(true, "none"));
        assertThat((guest.high(0) & RxStatus.TCPCS) != 0).isEqualTo(verified);
    }

    @Test
    void eachByteOfTheRedirectionTableIsAnEntryOfItsOwn() {
        rss(0x0002_0001);
        guest.receive(0);
        bench.write(RFCTL, EXSTEN);
        int hash = 0x323e_8fc2;
        int entry = hash & 0x7F;
        for (int lane = 0; lane < 4; lane++) {
            bench.write(RETA.get(entry / 4), 0x80 << 8 * lane);
            bench.write(RDBAL1, 0x6000);
            bench.write(RDLEN1, 128);
            bench.write(RDH1, 0);
            bench.ram.writeLong(0x6000, 0x8_0000);
            bench.write(RDT1, 1);
            bench.arrive(ipv4());
            assertThat(bench.read(RDH1)).isEqualTo(lane == entry % 4 ? 1 : 0);
        }
    }

    private void rss(int mrqc) {
        bench.write(RFCTL, EXSTEN);
        bench.write(RXCSUM, 0x300 | PCSD);
        for (int i = 0; i < KEY.length; i++) {
            int before = bench.read(RSSRK.get(i / 4));
            bench.write(RSSRK.get(i / 4), before | (KEY[i] & 0xFF) << 8 * (i % 4));
        }
        bench.write(MRQC, mrqc);
    }

    private static byte[] with(String hex) {
        byte[] f = HostileGuest.toTheCard(120);
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        System.arraycopy(bytes, 0, f, 12, bytes.length);
        return f;
    }

    private static byte[] ipv4() {
        return with("0800 4500 0040 0000 0000 4011 0000 420995bb a18e6450 0aea 06e6 002c 0000");
    }

    private static byte[] tcpAck() {
        return with(
                "0800 4500 0028 0000 0000 4006 0000 420995bb a18e6450 0aea 06e6 00000000 00000000 5010 0000 0000 0000");
    }

    private static byte[] ipv6(boolean tcp, String extension) {
        String addresses = "3ffe250102001fff0000000000000007" + "3ffe2501020000030000000000000001";
        String transport = tcp
                ? "0aea 06e6 00000000 00000000 5010 0000 0000 0000"
                : "0aea 06e6 0014 0000 000000000000000000000000";
        int next = tcp ? 6 : 17;
        String inner =
                switch (extension) {
                    case "hop" -> String.format("%02x00 0104 00000000", next);
                    case "home" -> String.format("%02x02 0102 0000", next) + "c910 3ffe0501000800000260 97fffe40efab";
                    default -> "";
                };
        inner = inner.replace(" ", "");
        int first =
                switch (extension) {
                    case "hop" -> 0;
                    case "home" -> 60;
                    default -> next;
                };
        int bytes = 20 + inner.length() / 2;
        return with(String.format("86dd 60000000 %04x %02x40", bytes, first) + addresses + inner + transport);
    }
}
