package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.TxScript.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.device.spi.Frame;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Hardware time stamps as Linux's SO_TIMESTAMPING and PTP daemons use them. */
class TimeStampTest {
    private static final int LINUX_TIMINCA = 0x01A0_0000, NS_SHIFT = 18;
    private static final int TSTAMP = 1 << 4, EN = 1 << 4, VALID = 1;
    private static final int L2_V2 = 0, L4_V1 = 2, L2_L4_V2 = 4, ALL = 8, EVENT_V2 = 0xA;
    private static final int SYNC = 0, DELAY_REQ = 1, FOLLOW_UP = 8;

    private final HostileGuest guest = new HostileGuest();
    private final TestCard bench = guest.bench;

    private void startClock() {
        bench.write(TIMINCA, LINUX_TIMINCA);
    }

    private long txStampNs() {
        return (bench.read(TXSTMPL) & 0xFFFF_FFFFL | (long) bench.read(TXSTMPH) << 32) >>> NS_SHIFT;
    }

    private long rxStampNs() {
        return (bench.read(RXSTMPL) & 0xFFFF_FFFFL | (long) bench.read(RXSTMPH) << 32) >>> NS_SHIFT;
    }

    private boolean rxValid() {
        return (bench.read(TSYNCRXCTL) & VALID) != 0;
    }

    /** A PTP message of 44 bytes behind an Ethernet header. */
    static byte[] overEthernet(int type, int version) {
        byte[] f = HostileGuest.toTheCard(60);
        f[12] = (byte) 0x88;
        f[13] = (byte) 0xF7;
        message(f, 14, type, version);
        return f;
    }

    static byte[] overUdp(int type, int version, int port) {
        byte[] f = HostileGuest.toTheCard(14 + 20 + 8 + 44);
        f[12] = 8;
        f[13] = 0;
        f[14] = 0x45;
        f[15] = 0;
        f[16] = 0;
        f[17] = 20 + 8 + 44;
        f[20] = 0; // not a fragment
        f[21] = 0;
        f[23] = 17;
        f[36] = (byte) (port >>> 8);
        f[37] = (byte) port;
        f[38] = 0;
        f[39] = 8 + 44;
        f[40] = 0;
        f[41] = 0;
        message(f, 42, type, version);
        return f;
    }

    private static void message(byte[] f, int at, int type, int version) {
        for (int i = 0; i < 44; i++) {
            f[at + i] = (byte) (0x40 + i);
        }
        f[at] = (byte) (version == 2 ? type : 0);
        f[at + 1] = (byte) version;
        f[at + 30] = 0x12; // sequence
        f[at + 31] = 0x34;
        f[at + 32] = (byte) (version == 1 ? type : 0);
    }

    private void receiveExtended() {
        bench.write(RFCTL, RFCTL_EXSTEN.mask());
        guest.receive(0);
    }

    private int status(int descriptor) {
        return (int) guest.high(descriptor);
    }

    @Test
    void aSentFrameIsStampedWhenItsDescriptorAsks() {
        startClock();
        bench.write(TSYNCTXCTL, EN);
        bench.world.runFor(1_000_000);
        guest.tx.data(frame(100), EOP | IFCS | RS, TSTAMP, 0).send();
        assertThat(bench.read(TSYNCTXCTL)).isEqualTo(EN | VALID);
        assertThat(bench.read(TSYNCTXCTL))
                .as("reading the control changes nothing")
                .isEqualTo(EN | VALID);
        assertThat(txStampNs()).isEqualTo(1_000_000);
        assertThat(bench.read(TSYNCTXCTL)).isEqualTo(EN);
    }

    @Test
    void withoutTheBitOrWithoutEnableNothingIsStamped() {
        startClock();
        guest.tx.data(frame(100), EOP | IFCS | RS, TSTAMP, 0).send();
        assertThat(bench.read(TSYNCTXCTL)).isZero();
        bench.write(TSYNCTXCTL, EN);
        guest.tx.data(frame(100), EOP | IFCS | RS, 0, 0).send();
        guest.tx.legacy(frame(100), EOP | IFCS | RS).send();
        assertThat(bench.read(TSYNCTXCTL)).isEqualTo(EN);
    }

    @Test
    void aStampWaitsUntilItHasBeenRead() {
        startClock();
        bench.write(TSYNCTXCTL, EN);
        bench.world.runFor(1_000_000);
        guest.tx.data(frame(100), EOP | IFCS | RS, TSTAMP, 0).send();
        bench.world.runFor(1_000_000);
        guest.tx.data(frame(100), EOP | IFCS | RS, TSTAMP, 0).send();
        assertThat(txStampNs()).isEqualTo(1_000_000);
        guest.tx.data(frame(100), EOP | IFCS | RS, TSTAMP, 0).send();
        assertThat(txStampNs()).isEqualTo(2_000_000);
    }

    @Test
    void aReceivedMessageIsStampedAndItsDescriptorSaysSo() {
        startClock();
        receiveExtended();
        bench.write(TSYNCRXCTL, EN | L2_V2);
        bench.write(RXMTRL, SYNC << 24 | 0x88F7);
        bench.world.runFor(500_000);
        bench.arrive(HostileGuest.toTheCard(100));
        bench.arrive(overEthernet(SYNC, 2));
        bench.world.runFor(500_000);
        bench.arrive(overEthernet(SYNC, 2));
        assertThat(status(0) & RxStatus.TST).isZero();
        assertThat(status(1) & RxStatus.TST).isNotZero();
        assertThat(status(2) & RxStatus.TST)
                .as("the first stamp has not been read")
                .isZero();
        assertThat(rxValid()).isTrue();
        assertThat(bench.read(RXSATRL)).isEqualTo(0x5958_5756);
        assertThat(rxStampNs()).isEqualTo(500_000);
        assertThat(rxValid()).isFalse();
        bench.arrive(overEthernet(SYNC, 2));
        assertThat(rxValid()).isTrue();
        assertThat(bench.read(RXSATRH)).isEqualTo(0x1234_5B5A);
        assertThat(rxValid()).as("this read makes room too").isFalse();
        assertThat(rxStampNs()).isEqualTo(1_000_000);
    }

    @ParameterizedTest
    @CsvSource({
        // control, RXMTRL message, control field, over, message type, version, stamped
        "0x0, 0, 0, ethernet, 0, 2, true",
        "0x0, 1, 0, ethernet, 0, 2, false",
        "0x0, 1, 0, ethernet, 1, 2, true",
        "0x0, 0, 0, ethernet, 0, 1, false",
        "0x0, 0, 0, udp, 0, 2, false",
        "0x2, 0, 0, udp, 0, 1, true",
        "0x2, 0, 1, udp, 0, 1, false",
        "0x2, 0, 1, udp, 1, 1, true",
        "0x2, 0, 0, udp, 0, 2, false",
        "0x2, 0, 0, port 320, 0, 1, false",
        "0x4, 1, 0, udp, 1, 2, true",
        "0x4, 1, 0, ethernet, 1, 2, true",
        "0x4, 0, 0, udp, 1, 2, false",
        "0x8, 9, 9, plain, 0, 2, true",
        "0xA, 9, 9, udp, 3, 2, true",
        "0xA, 0, 0, ethernet, 8, 2, false",
        "0xA, 0, 0, plain, 0, 2, false",
        "0x6, 0, 0, ethernet, 0, 2, false",
        "0xC, 0, 0, ethernet, 0, 2, false",
    })
    void theTypeSelectsWhatIsStamped(
            String control, int message, int field, String over, int type, int version, boolean stamped) {
        startClock();
        receiveExtended();
        bench.write(TSYNCRXCTL, EN | Integer.decode(control));
        bench.write(RXMTRL, message << 24 | field << 16 | 0x88F7);
        bench.write(RXUDP, 0x3F01);
        bench.arrive(
                switch (over) {
                    case "ethernet" -> overEthernet(type, version);
                    case "udp" -> overUdp(type, version, 319);
                    case "port 320" -> overUdp(type, version, 320);
                    default -> HostileGuest.toTheCard(100);
                });
        assertThat(bench.read(RDH0)).as("received").isEqualTo(1);
        assertThat(rxValid()).isEqualTo(stamped);
        assertThat((status(0) & RxStatus.TST) != 0).isEqualTo(stamped);
    }

    @Test
    void truncatedMessagesAreNotStamped() {
        receiveExtended();
        bench.write(RFCTL, RFCTL_EXSTEN.mask());
        bench.write(RXUDP, 0x3F01);
        for (int control : new int[] {L2_V2, L4_V1, L2_L4_V2, EVENT_V2}) {
            bench.write(TSYNCRXCTL, EN | control);
            byte[] udp = overUdp(SYNC, 2, 319);
            for (int bytes = 60; bytes < 42 + 32; bytes++) {
                udp[17] = (byte) (bytes - 14);
                udp[39] = (byte) (bytes - 34);
                bench.arrive(java.util.Arrays.copyOf(udp, bytes));
            }
            bench.arrive(java.util.Arrays.copyOf(overEthernet(DELAY_REQ, 2), 14));
            assertThat(rxValid()).isFalse();
        }
    }

    @Test
    void withoutEnableNothingIsStamped() {
        receiveExtended();
        bench.write(TSYNCRXCTL, ALL);
        bench.arrive(overEthernet(FOLLOW_UP, 2));
        assertThat(rxValid()).isFalse();
    }

    @Test
    void aStampThatTheWireTookCounts() {
        startClock();
        receiveExtended();
        bench.write(TSYNCRXCTL, EN | ALL);
        bench.world.runFor(1_000_000);
        byte[] bytes = overEthernet(SYNC, 2);
        GuestMemory memory = GuestMemory.allocate(bytes.length);
        memory.write(0, bytes, 0, bytes.length);
        bench.wire.receiver.receive(
                new Frame(memory).set(memory, 0, bytes.length).timestampNs(bench.world.nowNs() - 400));
        bench.settle();
        assertThat(rxStampNs()).isEqualTo(1_000_000 - 400);
    }

    @Test
    void resetForgetsStamps() {
        startClock();
        bench.write(TSYNCTXCTL, EN);
        guest.tx.data(frame(100), EOP | IFCS | RS, TSTAMP, 0).send();
        bench.write(CTRL, CTRL_RST.mask());
        assertThat(bench.read(TSYNCTXCTL)).isZero();
    }
}
