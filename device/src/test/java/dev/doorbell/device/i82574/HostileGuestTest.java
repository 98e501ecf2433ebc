package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.HostileGuest.*;
import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.TxScript.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.device.spi.Frame;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What guests have done to other models of this family, one row for each published bug: what the attack must lead to
 * instead. After each, the card has done a bounded amount of work, and still sends and receives after a reset.
 */
class HostileGuestTest {
    private static final int LPE = 1 << 5, SPLIT = 1 << 10;
    private static final int LOOPBACK = 1 << 6, UPE = 1 << 3;
    private static final int TCP4 = TSE | CONTEXT_TCP | CONTEXT_IPV4;
    private static final int LINUX_IVAR = 0x800A_0908, EIAME = 1 << 24;

    private record Row(String id, Consumer<HostileGuest> attack) {
        @Override
        public String toString() {
            return id;
        }
    }

    private static final List<Row> ROWS = new ArrayList<>();

    private static void row(String id, Consumer<HostileGuest> attack) {
        ROWS.add(new Row(id, attack));
    }

    static List<Row> rows() {
        return ROWS;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void cardHoldsOutAgainst(Row row) {
        HostileGuest guest = new HostileGuest();
        assertThatNoException().as(row.id).isThrownBy(() -> row.attack.accept(guest));
        guest.bench.runMs(10);
        assertThat(guest.bench.dma.reads + guest.bench.dma.writes).as("work").isLessThan(5_000);
        guest.resetAndUseTheCard();
    }

    // ---- 1. published as CVEs

    static {
        row("CVE-2012-6075 frame longer than the driver's buffers", g -> {
            g.receive(0);
            g.bench.arrive(toTheCard(1519));
            g.bench.arrive(toTheCard(9000));
            assertThat(g.bench.read(ROC)).isEqualTo(2);
            assertThat(g.bench.read(RDH0)).isZero();
            g.bench.arrive(toTheCard(1518));
            assertThat(g.bench.read(RDH0)).isEqualTo(1);
            g.bench.write(RCTL, LPE | SECRC | BAM | EN);
            g.bench.arrive(toTheCard(16_381));
            assertThat(g.bench.read(ROC)).isEqualTo(1);
            assertThat(g.bench.read(RDH0)).isEqualTo(1);
        });
        row("CVE-2015-6815 segmentation with HDRLEN and MSS 0", g -> {
            g.tx.context(0, 0, 0, 0, 0, 0, 1000, TCP4, 0, 0)
                    .data(TransmitTest.tcpRequest(1000), EOP | IFCS | TSE | RS, IXSM | TXSM, 0)
                    .send();
            assertThat(g.sent()).isZero();
            assertThat(g.bench.read(TSCTFC)).isEqualTo(1);
            assertThat(g.tx.status(1)).isEqualTo(1);
        });
        row("CVE-2016-1981 head and tail outside the ring", HostileGuestTest::headAndTailOutside);
        row("CVE-2017-9310 the same with extended descriptors", g -> {
            g.bench.write(RFCTL, RFCTL_EXSTEN.mask());
            headAndTailOutside(g);
        });
        row("CVE-2020-15859 transmit buffer in the card's own registers", g -> {
            CardOnTheBus bus = new CardOnTheBus();
            bus.transmit(0, CardOnTheBus.BAR0 + ICR.offset(), 64);
            bus.transmit(1, CardOnTheBus.BAR0 + SWSM.offset(), 64);
            assertThat(bus.wire.sent).isEmpty();
            assertThat(bus.read(SWSM))
                    .as("not taken by a read of the card itself")
                    .isZero();
            assertThat(bus.ram.readByte(0x200C)).as("done all the same").isEqualTo((byte) 1);
            bus.transmit(2, 0x8000, 64);
            assertThat(bus.wire.sent).hasSize(1);
        });
        row("CVE-2020-16092 more fragments than any table holds", g -> {
            for (int i = 0; i < 250; i++) {
                g.tx.data(new byte[] {(byte) i}, i == 249 ? EOP | IFCS | RS : IFCS, 0, 0);
            }
            g.tx.send();
            assertThat(g.bench.wire.sent.get(0).bytes()).hasSize(250);
        });
        row("CVE-2020-27617 segmentation of what is not IP", g -> {
            byte[] ones = new byte[600];
            Arrays.fill(ones, (byte) -1);
            g.bench.wire.maxTrainBytes = 65_536;
            g.tx.context(14, 24, 33, 34, 50, 0, 546, TCP4, 54, 100)
                    .data(ones, EOP | IFCS | TSE | RS, IXSM | TXSM, 0)
                    .send();
            assertThat(g.bench.wire.sent).hasSize(6).allMatch(s -> s.segmentBytes() == 0);
        });
        row("CVE-2020-28916 (CVE-2020-25707) null receive buffers", g -> {
            g.receive(0);
            for (int i = 0; i < 8; i++) {
                g.slot(i, 0, 0);
            }
            g.bench.arrive(toTheCard(100));
            assertThat(g.bench.read(RDH0)).isEqualTo(7);
            assertThat(g.status(0)).isEqualTo(RxStatus.DD);
        });
        row("CVE-2021-20257 legacy and data descriptors mixed under an odd MSS", g -> {
            g.tx.context(14, 24, 33, 34, 50, 0, 0xF_FFFF, TCP4, 0xFF, 1)
                    .legacy(frame(200), IFCS)
                    .data(frame(200), IFCS | TSE, IXSM | TXSM, 0)
                    .legacy(new byte[0], IFCS)
                    .data(frame(200), EOP | IFCS | TSE | RS, IXSM | TXSM, 0)
                    .send();
            assertThat(g.sent()).isZero();
            assertThat(g.tx.status(4)).isEqualTo(1);
        });
        row("CVE-2021-3416 looped-back frame that rings the transmit doorbell", g -> {
            CardOnTheBus bus = new CardOnTheBus();
            bus.write(RCTL, SECRC | BAM | EN | UPE | LOOPBACK);
            for (int i = 0; i < 8; i++) {
                bus.ram.writeLong(RX_RING + 16L * i, CardOnTheBus.BAR0 + TDT0.offset());
            }
            bus.write(RDT0, 7);
            bus.transmit(0, 0x8000, 64);
            assertThat(bus.read(TPR)).isEqualTo(1);
            assertThat(bus.read(TDT0)).isEqualTo(1);
            assertThat(bus.ram.readByte(RX_RING + 13)).as("RXE").isEqualTo((byte) 0x80);
        });
        row("CVE-2023-3019 receive buffer over the reset bit", g -> {
            CardOnTheBus bus = new CardOnTheBus();
            bus.ram.writeLong(RX_RING, CardOnTheBus.BAR0 + CTRL.offset());
            bus.write(RDT0, 7);
            byte[] f = RxBed.frame(100);
            Arrays.fill(f, 0, 6, (byte) -1);
            bus.arrive(f);
            assertThat(bus.read(RCTL)).as("not reset").isEqualTo(SECRC | BAM | EN);
            assertThat(bus.read(RDH0)).isEqualTo(1);
            bus.arrive(f);
            assertThat(bus.ram.bytes(0x4800, 100)).isEqualTo(f);
        });
        row("CVE-2024-3567 checksum asked for beyond the end of a fragment", g -> {
            byte[] f = TransmitTest.tcpRequest(0);
            byte[] fragment = Arrays.copyOf(f, 38);
            fragment[20] = 0x20;
            fragment[23] = (byte) 132;
            g.tx.context(14, 24, 33, 34, 42, 0, 0, 0, 0, 0)
                    .data(fragment, EOP | IFCS | RS, TXSM, 0)
                    .send();
            assertThat(g.bench.wire.sent.get(0).bytes()).startsWith(fragment);
        });
        row("CVE-2025-12464 looped-back frame shorter than 60 bytes", g -> {
            g.receive(LOOPBACK | UPE);
            g.bench.write(TCTL, 0x0003_F0F2); // no padding on the way out
            g.tx.legacy(frame(17), EOP | IFCS | RS).send();
            assertThat(g.length(0)).isEqualTo(60);
            assertThat(g.bench.ram.bytes(RX_BUFFERS + 17, 43)).containsOnly(0);
        });
    }

    private static void headAndTailOutside(HostileGuest g) {
        int before = g.bench.dma.reads;
        for (int[] ring : new int[][] {
            {128, 8, 1}, {128, 1, 8}, {128, 0xFFFF, 0xFFFF}, {128, 0xFFFF, 0}, {0, 0, 5}, {0, 5, 0}, {0x7F, 0, 3}
        }) {
            g.bench.write(TDLEN0, ring[0]);
            g.bench.write(TDH0, ring[1]);
            g.bench.write(TDT0, ring[2]);
            g.bench.write(RDLEN0, ring[0]);
            g.bench.write(RDH0, ring[1]);
            g.bench.write(RDT0, ring[2]);
            g.bench.write(RCTL, BAM | EN);
            g.bench.arrive(toTheCard(64));
            g.bench.runMs(1);
        }
        assertThat(g.bench.dma.reads).isEqualTo(before);
    }

    // ---- 2. other bugs of the same model

    static {
        row("gitlab 537 looped-back frame larger than the payload buffers behind a split header", g -> {
            split(g, LOOPBACK | UPE);
            byte[] f = udp(42 + 3 * 1024 + 86); // fits in 128 + 3 KiB, not in 3 KiB
            g.tx.legacy(f, EOP | IFCS | RS).send();
            assertThat(g.length16(0, 12)).isEqualTo(42);
            assertThat(g.bench.read(RDH0)).isEqualTo(4);
            assertThat(g.length16(1, 18)).isEqualTo(86);
        });
        row("bab496a1 frame that exactly fills its buffers", g -> {
            split(g, 0);
            byte[] f = udp(42 + 3 * 1024);
            System.arraycopy(toTheCard(14), 0, f, 0, 6);
            g.bench.arrive(f);
            assertThat(g.bench.read(RDH0)).isEqualTo(2);
        });
        row("6da0c982 null receive buffer in the middle of a frame", g -> {
            g.receive(LPE);
            g.slot(1, 0, 0);
            byte[] f = toTheCard(4000);
            g.bench.arrive(f);
            assertThat(g.length(0) + g.length(1) + g.length(2)).isEqualTo(4000);
            assertThat(g.bench.ram.bytes(RX_BUFFERS + 0x2000, 1952)).isEqualTo(Arrays.copyOfRange(f, 2048, 4000));
        });
        row("fuzz 2020 PSRCTL of 0 before packet split is chosen", g -> {
            g.bench.write(RFCTL, RFCTL_EXSTEN.mask());
            g.bench.write(PSRCTL, 0);
            g.receive(SPLIT);
            g.bench.arrive(toTheCard(100));
            assertThat(g.bench.read(RDH0)).isZero();
        });
        row("Odaki 2023 MSI-X switched while throttle timers run", g -> {
            g.bench.write(ITR, 100);
            for (int round = 0; round < 6; round++) {
                g.bench.write(EITR.get(2), 100);
                g.bench.write(IVAR, LINUX_IVAR);
                g.bench.write(IMS, -1);
                g.bench.write(ICS, Interrupts.LSC);
                g.bench.settle();
                if (round % 2 == 0) {
                    g.bench.enableMsix(5);
                } else {
                    g.bench.card.configWrite(0xA2, 2, 0);
                }
                g.bench.world.runFor(10_000);
            }
            g.bench.runMs(1);
            assertThat(g.bench.interrupts.line).as("pending in INTx").isTrue();
        });
        row("Vivier 2025 delayed cause that falls due after MSI-X was enabled", g -> {
            g.receive(0);
            g.bench.write(RDTR, 100);
            g.bench.write(IVAR, LINUX_IVAR);
            g.bench.write(IMS, Interrupts.RXQ0);
            g.bench.arrive(toTheCard(100));
            g.bench.enableMsix(5);
            g.bench.runMs(1);
            assertThat(g.bench.interrupts.vectors).containsExactly(0);
            assertThat(g.causes() & Interrupts.RXT0).isZero();
        });
        row("Piggin 2025 throttled message: neither cleared early, nor spurious, and throttled again", g -> {
            linuxMsix(g);
            g.bench.write(EITR.get(0), 1000); // 256 us
            g.bench.write(IMS, Interrupts.RXQ0);
            g.bench.write(ICS, Interrupts.RXQ0);
            g.bench.settle();
            g.bench.write(IMS, Interrupts.RXQ0);
            g.bench.write(ICS, Interrupts.RXQ0);
            g.bench.world.runFor(200_000);
            assertThat(g.causes() & Interrupts.RXQ0).as("waits in ICR").isNotZero();
            assertThat(g.bench.read(IMS) & Interrupts.RXQ0).isNotZero();
            g.bench.world.runFor(100_000);
            assertThat(g.bench.interrupts.vectors).containsExactly(0, 0);
            assertThat(g.causes() & Interrupts.RXQ0).isZero();
            g.bench.write(IMS, Interrupts.RXQ0);
            g.bench.write(ICS, Interrupts.RXQ0);
            g.bench.world.runFor(100_000);
            assertThat(g.bench.interrupts.vectors).as("the gap runs again").hasSize(2);
            g.bench.runMs(1);
            assertThat(g.bench.interrupts.vectors)
                    .as("and ends without a spurious one")
                    .hasSize(3);
        });
        row("82342e91 ICR.OTHER written while LSC is pending", g -> {
            linuxMsix(g);
            g.bench.write(IMS, Interrupts.OTHER | Interrupts.LSC);
            g.bench.write(ICS, Interrupts.LSC);
            g.bench.settle();
            g.bench.write(ICR, Interrupts.OTHER);
            g.bench.settle();
            assertThat(g.causes()).isZero();
            assertThat(g.bench.interrupts.vectors).containsExactly(2);
        });
        row("e4142700 ICR read in MSI-X without IAME", g -> {
            linuxMsix(g);
            g.bench.write(IMS, Interrupts.OTHER | Interrupts.LSC);
            g.bench.write(ICS, Interrupts.LSC);
            g.bench.settle();
            assertThat(g.bench.read(ICR) & Interrupts.LSC).isNotZero();
            assertThat(g.bench.read(ICR)).isZero();
            assertThat(g.bench.read(IMS)).isEqualTo(Interrupts.OTHER | Interrupts.LSC);
        });
        row("IMS bits 3, 5, 8 and 10 to 14 not storable", g -> {
            for (int bit = 0; bit <= 18; bit++) {
                g.bench.write(IMC, -1);
                g.bench.read(ICR);
                g.bench.write(IMS, 1 << bit);
                g.bench.write(ICS, 1 << bit);
                g.bench.settle();
                assertThat(g.bench.interrupts.line).as("bit " + bit).isTrue();
                assertThat(g.bench.read(ICR)).isEqualTo(Interrupts.INT_ASSERTED | 1 << bit);
            }
        });
        row("PBA upper half not computed", g -> {
            g.bench.write(PBA, 32);
            assertThat(g.bench.read(PBA)).isEqualTo(8 << 16 | 32);
            g.bench.write(PBA, 0xFFFF);
            assertThat(g.bench.read(PBA)).isEqualTo(0xFFFF);
        });
        row("034d00d4 (8dc27791) DD visible before the rest of the descriptor", g -> {
            for (int format : new int[] {0, RFCTL_EXSTEN.mask()}) {
                g.bench.write(RFCTL, format);
                g.receive(0);
                int before = g.bench.dma.writes;
                g.bench.arrive(toTheCard(100));
                assertThat(g.bench.dma.writes - before).as("data, fields, DD").isEqualTo(3);
                assertThat(g.high(0) & (format == 0 ? 1L << 32 : 1)).isNotZero();
            }
        });
        row("INT_ASSERTED although everything is masked", g -> {
            g.bench.write(IMS, Interrupts.TXDW);
            g.bench.write(ICS, Interrupts.LSC);
            assertThat(g.bench.read(ICR)).isEqualTo(Interrupts.LSC);
        });
    }

    /** Four packet-split descriptors: 128 bytes, and three times 1 KiB. */
    private static void split(HostileGuest g, int rctl) {
        g.bench.write(RFCTL, RFCTL_EXSTEN.mask());
        g.bench.write(PSRCTL, 0x0101_0101);
        g.receive(SPLIT | LPE | rctl);
        for (int i = 0; i < 8; i++) {
            g.slot(i, RX_BUFFERS + i * 0x2000L, RX_BUFFERS + i * 0x2000L + 0x1000);
        }
        g.bench.write(RDT0, 6);
    }

    private static byte[] udp(int bytes) {
        byte[] f = frame(bytes);
        byte[] ip = {0x45, 0, (byte) (bytes - 14 >>> 8), (byte) (bytes - 14), 0, 1, 0, 0, 64, 17, 0, 0};
        System.arraycopy(ip, 0, f, 14, ip.length);
        f[38] = (byte) (bytes - 34 >>> 8);
        f[39] = (byte) (bytes - 34);
        return f;
    }

    private static void linuxMsix(HostileGuest g) {
        g.bench.enableMsix(5);
        g.bench.write(IVAR, LINUX_IVAR);
        g.bench.write(EIAC, 0x0050_0000);
        g.bench.write(IAM, -1);
        g.bench.write(CTRL_EXT, EIAME);
    }

    // ---- 3. the same class of bug elsewhere, and the design rules

    static {
        row("VirtualBox 2018 context changed inside a packet, loop-back on", g -> {
            g.bench.write(RCTL, LOOPBACK);
            g.tx.context(14, 24, 33, 34, 50, 0, 0x2000, TCP4, 0x3F, 0x10)
                    .data(frame(0x10), IFCS | TSE, 0, 0)
                    .context(14, 24, 33, 34, 50, 0, 0xF_FFFF, TCP4, 0xFF, 0xF)
                    .data(new byte[0], EOP | IFCS | TSE | RS, 0, 0)
                    .data(frame(0x400), EOP | IFCS | TSE | RS, 0, 0)
                    .send();
            assertThat(g.bench.read(TSCTFC)).isEqualTo(2);
        });
        row("CVE-2019-2723 registers rewritten between the steps", g -> {
            g.receive(0);
            g.tx.legacy(frame(100), EOP | IFCS | RS).ring();
            g.bench.write(TDLEN0, 0);
            g.bench.write(TDBAL0, 0x7FFF_FFF0);
            g.bench.wire.receiver.receive(frameOf(toTheCard(100)));
            g.bench.write(RDLEN0, 0);
            g.bench.write(RDBAH0, -1);
            g.bench.settle();
            assertThat(g.sent()).isZero();
            assertThat(g.status(0)).isZero();
        });
        row("CVE-2020-14700 checksum offsets beyond the packet", g -> {
            byte[] f = frame(100);
            g.tx.context(200, 254, 300, 99, 99, 0, 0, CONTEXT_TCP | CONTEXT_IPV4, 0, 0)
                    .data(f, EOP | IFCS | RS, IXSM | TXSM, 0)
                    .context(50, 24, 40, 34, 50, 0xFFFF, 0, CONTEXT_TCP | CONTEXT_IPV4, 0, 0)
                    .data(f, EOP | IFCS | RS, IXSM | TXSM, 0)
                    .legacy(f, EOP | IFCS | IC | RS, 99, 255, 0)
                    .send();
            assertThat(g.bench.wire.sent)
                    .hasSize(3)
                    .allSatisfy(s -> assertThat(s.bytes()).isEqualTo(f));
        });
        row("CVE-2024-21113 stale bytes in the padding", g -> {
            g.tx.legacy(filled(1000), EOP | IFCS | RS).send();
            g.tx.legacy(frame(20), EOP | IFCS | RS).send();
            assertThat(Arrays.copyOfRange(g.bench.wire.sent.get(1).bytes(), 20, 60))
                    .containsOnly(0);
            g.receive(0);
            g.bench.arrive(Arrays.copyOf(toTheCard(1000), 1000));
            g.bench.arrive(toTheCard(20));
            assertThat(g.bench.ram.bytes(RX_BUFFERS + 0x1000 + 20, 40)).containsOnly(0);
        });
        row("CVE-2018-6973 (CVE-2019-5515, CVE-2019-5541) lengths that add up to more than any buffer", g -> {
            for (int i = 0; i < 200; i++) {
                g.tx.raw(0x20_0000, 0xF_FFFFL | DATA | IFCS | TSE);
            }
            g.tx.raw(0x20_0000, 0xF_FFFFL | DATA | EOP | IFCS | TSE | RS);
            g.tx.send();
            assertThat(g.sent()).isZero();
            assertThat(g.tx.status(200)).isEqualTo(1);
        });
        row("rule 12 reset during activity", g -> {
            g.receive(0);
            g.tx.legacy(frame(100), EOP | IFCS | RS).ring();
            g.bench.wire.receiver.receive(frameOf(toTheCard(100)));
            g.bench.write(CTRL, CTRL_RST.mask());
            g.bench.runMs(1);
            assertThat(g.sent()).isZero();
            assertThat(g.bench.dma.writes).isZero();
        });
        row("rule 14 statistics stick", g -> {
            g.bench.card.registers().set(GPTC, -2);
            for (int i = 0; i < 3; i++) {
                g.tx.legacy(frame(100), EOP | IFCS | RS).send();
            }
            assertThat(g.bench.read(GPTC)).isEqualTo(-1);
            assertThat(g.bench.read(GPTC)).isZero();
        });
        row("rule 15 packets of no length", g -> {
            g.tx.legacy(new byte[0], EOP | IFCS | RS)
                    .data(new byte[0], EOP | IFCS | RS, 0, 0)
                    .context(14, 24, 33, 34, 50, 0, 0, TCP4, 54, 1)
                    .data(new byte[0], EOP | IFCS | TSE | RS, IXSM | TXSM, 0)
                    .send();
            assertThat(g.sent()).isZero();
            assertThat(g.tx.status(0) & g.tx.status(1) & g.tx.status(3)).isEqualTo(1);
        });
        row("rule 17 IVAR entries that name no vector", g -> {
            g.bench.enableMsix(5);
            for (int vector = 5; vector < 8; vector++) {
                g.bench.write(IVAR, 0x8888_8888 | 0x1_1111 * vector);
                g.bench.write(IMS, -1);
                g.bench.write(ICS, -1);
                g.bench.settle();
            }
            assertThat(g.bench.interrupts.vectors).isEmpty();
        });
        row("rule 18 link down", g -> {
            g.receive(0);
            g.bench.wire.receiver.carrierChanged(false);
            int before = g.bench.dma.reads;
            g.tx.legacy(frame(100), EOP | IFCS | RS).send();
            g.bench.arrive(toTheCard(100));
            g.bench.runMs(10);
            assertThat(g.bench.dma.reads).as("no spinning").isEqualTo(before);
            g.bench.wire.receiver.carrierChanged(true);
            g.bench.runMs(20);
            assertThat(g.sent()).as("kept in the ring").isEqualTo(1);
        });
    }

    private static Frame frameOf(byte[] bytes) {
        GuestMemory memory = GuestMemory.allocate(bytes.length);
        memory.write(0, bytes, 0, bytes.length);
        return new Frame(memory).set(memory, 0, bytes.length);
    }

    private static byte[] filled(int bytes) {
        byte[] f = frame(bytes);
        Arrays.fill(f, 14, bytes, (byte) 0xA5);
        return f;
    }
}
