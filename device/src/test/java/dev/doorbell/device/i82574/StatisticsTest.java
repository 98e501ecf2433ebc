package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.TxScript.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.device.spi.Frame;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each statistics register: something happens that it is about, it says how often, and reading clears it. */
class StatisticsTest {
    private static final int TCP4 = TSE | CONTEXT_TCP | CONTEXT_IPV4;

    private record Row(String register, long expected, Consumer<HostileGuest> happens) {
        @Override
        public String toString() {
            return register;
        }
    }

    private static final List<Row> ROWS = new ArrayList<>();

    private static void row(String register, long expected, Consumer<HostileGuest> happens) {
        ROWS.add(new Row(register, expected, happens));
    }

    static List<Row> rows() {
        return ROWS;
    }

    /** Of half duplex, of optical parts and of firmware: a full-duplex wire without bit errors below the FCS has none. */
    private static final List<String> NEVER = List.of(
            "ALGNERRC",
            "SYMERRS",
            "RXERRC",
            "SCC",
            "ECOL",
            "MCC",
            "LATECOL",
            "COLC",
            "TNCRS",
            "SEC",
            "CEXTERR",
            "MGTPRC",
            "MGTPDC",
            "MGTPTC");

    static List<String> counters() {
        List<String> all = new ArrayList<>(NEVER);
        all.add("DC"); // CornersTest: it takes realistic timing
        ROWS.forEach(row -> all.add(row.register));
        return all;
    }

    private static void arrive(HostileGuest g, int bytes, boolean goodFcs) {
        GuestMemory memory = GuestMemory.allocate(20_000);
        byte[] frame = HostileGuest.toTheCard(bytes);
        memory.write(0, frame, 0, bytes);
        g.bench.wire.receiver.receive(
                new Frame(memory).set(memory, 0, bytes).fcsGood(goodFcs).exactLength(true));
        g.bench.settle();
    }

    private static void arrives(String register, int bytes, boolean goodFcs) {
        row(register, 1, g -> arrive(g, bytes, goodFcs));
    }

    private static void sent(HostileGuest g, int bytes, String destination) {
        byte[] f = frame(bytes);
        System.arraycopy(HexFormat.of().parseHex(destination), 0, f, 0, 6);
        g.tx.legacy(f, EOP | IFCS | RS).send();
    }

    private static byte[] control(int opcode, int quanta) {
        byte[] f = new byte[60];
        byte[] head = HexFormat.of().parseHex("0180c2000001020000000002" + "8808");
        System.arraycopy(head, 0, f, 0, head.length);
        f[15] = (byte) opcode;
        f[17] = (byte) quanta;
        return f;
    }

    private static void flowControl(HostileGuest g) {
        g.bench.write(FCAL, 0x00C2_8001);
        g.bench.write(FCAH, 0x0100);
        g.bench.write(FCT, 0x8808);
        g.bench.write(FCTTV, 0x10);
        g.bench.write(CTRL, g.bench.read(CTRL) | CTRL_RFCE.mask() | CTRL_TFCE.mask());
    }

    private static byte[] toAll(int first) {
        byte[] f = HostileGuest.toTheCard(60);
        for (int i = 0; i < 6; i++) {
            f[i] = (byte) first;
        }
        return f;
    }

    private static void segmentation(HostileGuest g, int mss) {
        g.tx.context(14, 24, 33, 34, 50, 0, 1000, TCP4, 54, mss)
                .data(TransmitTest.tcpRequest(1000), EOP | IFCS | TSE | RS, IXSM | TXSM, 0)
                .send();
    }

    static {
        arrives("CRCERRS", 100, false);
        arrives("RLEC", 40, true);
        arrives("RUC", 40, true);
        arrives("RFC", 40, false);
        arrives("ROC", 2000, true);
        arrives("RJC", 2000, false);
        arrives("PRC64", 60, true);
        arrives("PRC127", 61, true);
        arrives("PRC255", 251, true);
        arrives("PRC511", 507, true);
        arrives("PRC1023", 1019, true);
        arrives("PRC1522", 1020, true);
        arrives("GPRC", 100, true);
        arrives("TPR", 100, false);
        row("GORCL", 104, g -> arrive(g, 100, true));
        row("TORL", 104, g -> arrive(g, 100, false));
        row("GORCH", 1, g -> {
            g.bench.card.registers().set(map().get("GORCL"), -100);
            arrive(g, 100, true);
        });
        row("TORH", 1, g -> {
            g.bench.card.registers().set(map().get("TORL"), -100);
            arrive(g, 100, false);
        });
        row("BPRC", 1, g -> g.bench.arrive(toAll(0xFF)));
        row("MPRC", 1, g -> {
            g.bench.write(RCTL, g.bench.read(RCTL) | RCTL_MPE.mask());
            g.bench.arrive(toAll(0x01));
        });
        row("MPC", 200 - 20, g -> {
            g.bench.write(RDT0, 0);
            for (int i = 0; i < 200; i++) {
                arrive(g, 1000, true);
            }
        });
        row("RNBC", 2, g -> {
            g.bench.write(RDT0, 1);
            for (int i = 0; i < 3; i++) {
                arrive(g, 100, true);
            }
        });
        row("XONRXC", 1, g -> {
            flowControl(g);
            g.bench.arrive(control(1, 0));
        });
        row("XOFFRXC", 1, g -> {
            flowControl(g);
            g.bench.arrive(control(1, 9));
        });
        row("FCRUC", 1, g -> {
            flowControl(g);
            g.bench.arrive(control(2, 9));
        });
        row("XOFFTXC", 1, g -> {
            flowControl(g);
            g.bench.write(FCRTH, 0x1000);
            g.bench.write(RDT0, 0);
            for (int i = 0; i < 6; i++) {
                arrive(g, 1000, true);
            }
        });
        row("XONTXC", 1, g -> {
            flowControl(g);
            g.bench.write(FCRTH, 0x1000);
            g.bench.write(FCRTL, 0x8000_0800);
            g.bench.write(RDT0, 0);
            for (int i = 0; i < 6; i++) {
                arrive(g, 1000, true);
            }
            g.bench.write(RDT0, 7);
        });
        row("GPTC", 2, g -> {
            sent(g, 100, "001b21112233");
            sent(g, 100, "001b21112233");
        });
        row("TPT", 2, g -> {
            sent(g, 100, "001b21112233");
            g.bench.write(TCTL, g.bench.read(TCTL) | TCTL_SWXOFF.mask());
        });
        row("GOTCL", 104, g -> sent(g, 100, "001b21112233"));
        row("TOTL", 104 + 64, g -> {
            sent(g, 100, "001b21112233");
            g.bench.write(TCTL, g.bench.read(TCTL) | TCTL_SWXOFF.mask());
        });
        row("GOTCH", 1, g -> {
            g.bench.card.registers().set(map().get("GOTCL"), -100);
            sent(g, 100, "001b21112233");
        });
        row("TOTH", 1, g -> {
            g.bench.card.registers().set(map().get("TOTL"), -100);
            sent(g, 100, "001b21112233");
        });
        row("MPTC", 1, g -> sent(g, 100, "01005e000001"));
        row("BPTC", 1, g -> sent(g, 100, "ffffffffffff"));
        int[] lengths = {60, 61, 251, 507, 1019, 1020};
        String[] bins = {"PTC64", "PTC127", "PTC255", "PTC511", "PTC1023", "PTC1522"};
        for (int i = 0; i < bins.length; i++) {
            int bytes = lengths[i];
            row(bins[i], 1, g -> sent(g, bytes, "001b21112233"));
        }
        row("TSCTC", 1, g -> segmentation(g, 500));
        row("TSCTFC", 1, g -> segmentation(g, 0));
        row("IAC", 2, g -> {
            for (int i = 0; i < 2; i++) {
                g.bench.write(IMS, 4);
                g.bench.write(ICS, 4);
                g.bench.settle();
                g.bench.read(ICR);
            }
        });
        row("ICRXPTC", 1, g -> {
            g.bench.write(RDTR, 10);
            arrive(g, 100, true);
        });
        row("ICRXATC", 1, g -> {
            g.bench.write(RDTR, 10);
            g.bench.write(RADV, 5);
            arrive(g, 100, true);
        });
        row("ICTXPTC", 1, g -> {
            g.bench.write(TIDV, 10);
            g.tx.data(frame(100), EOP | IFCS | RS | IDE, 0, 0).send();
        });
        row("ICTXATC", 1, g -> {
            g.bench.write(TIDV, 10);
            g.bench.write(TADV, 5);
            g.tx.data(frame(100), EOP | IFCS | RS | IDE, 0, 0).send();
        });
        row("ICTXQEC", 1, g -> sent(g, 100, "001b21112233"));
        row("ICTXQMTC", 1, g -> {
            g.bench.write(TXDCTL0, 1 << 25);
            for (int i = 0; i < 9; i++) {
                g.tx.legacy(frame(100), EOP | IFCS | RS);
            }
            g.tx.send();
        });
        row("ICRXDMTC", 1, g -> {
            for (int i = 0; i < 5; i++) {
                arrive(g, 100, true);
            }
        });
        row("ICRXOC", 1, g -> {
            g.bench.write(RDT0, 0);
            for (int i = 0; i < 21; i++) {
                arrive(g, 1000, true);
            }
        });
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void eachCounterCountsWhatItSays(Row row) {
        HostileGuest guest = new HostileGuest();
        guest.receive(0);
        Register register = map().get(row.register);
        row.happens.accept(guest);
        guest.bench.runMs(1);
        assertThat(guest.bench.read(register) & 0xFFFF_FFFFL).isEqualTo(row.expected);
        if (!row.register.endsWith("L") || row.register.equals("RLEC")) {
            assertThat(guest.bench.read(register)).as("cleared by reading").isZero();
        }
        guest.bench.card.registers().set(register, -1);
        guest.bench.write(register, 0);
        assertThat(guest.bench.card.registers().get(register))
                .as("not writable")
                .isEqualTo(-1);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void eachCounterSticksAtAllOnes(Row row) {
        HostileGuest guest = new HostileGuest();
        guest.receive(0);
        boolean wide = row.register.matches("(GORC|GOTC|TOR|TOT)[LH]");
        if (wide) {
            String pair = row.register.substring(0, row.register.length() - 1);
            guest.bench.card.registers().set(map().get(pair + "L"), -1);
            guest.bench.card.registers().set(map().get(pair + "H"), -1);
        } else {
            guest.bench.card.registers().set(map().get(row.register), -1);
        }
        if (!row.register.endsWith("H")) {
            row.happens.accept(guest);
            guest.bench.runMs(1);
        }
        assertThat(guest.bench.read(map().get(row.register))).isEqualTo(-1);
    }

    @Test
    void whatThisWireNeverDoesIsNotCounted() {
        HostileGuest guest = new HostileGuest();
        guest.receive(0);
        for (Row row : ROWS) {
            row.happens.accept(guest);
            guest.bench.runMs(1);
        }
        for (String register : NEVER) {
            assertThat(guest.bench.read(map().get(register))).as(register).isZero();
        }
    }
}
