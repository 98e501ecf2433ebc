package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.TxScript.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.reg.Field;
import dev.doorbell.device.spi.Timing;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What single bits of the register book do, where no other test is about it. */
class CornersTest {
    private final HostileGuest guest = new HostileGuest();
    private final TestCard bench = guest.bench;

    private static byte[] pause(int quanta) {
        byte[] f = new byte[60];
        byte[] head = HexFormat.of().parseHex("0180c2000001020000000002" + "8808" + "0001");
        System.arraycopy(head, 0, f, 0, head.length);
        f[16] = (byte) (quanta >>> 8);
        f[17] = (byte) quanta;
        return f;
    }

    private void flowControl() {
        bench.write(FCAL, 0x00C2_8001);
        bench.write(FCAH, 0x0100);
        bench.write(FCT, 0x8808);
        bench.write(FCTTV, 0x0680);
    }

    @Test
    void speedMayBeForcedByEitherBit() {
        bench.write(CTRL, bench.read(CTRL) & ~0x300 | 0x100);
        assertThat(bench.read(STATUS) & 0xC0).isEqualTo(0x80);
        bench.write(CTRL_EXT, CTRL_EXT_SPD_BYPS.mask());
        assertThat(bench.read(STATUS) & 0xC0).isEqualTo(0x40);
        bench.write(CTRL_EXT, 1 << 12); // ASDCHK
        assertThat(bench.read(STATUS) & 0xC0).as("looked at again").isEqualTo(0x80);
        assertThat(bench.read(CTRL_EXT)).isZero();
    }

    @Test
    void eeRstLoadsTheNvmAgain() {
        bench.write(RAL.get(0), 0);
        bench.write(CTRL_EXT, CTRL_EXT_EE_RST.mask());
        assertThat(bench.read(RAL.get(0))).isEqualTo(0x1200_5452);
        assertThat(bench.read(EECD) & 0x200).isZero();
        bench.runMs(2);
        assertThat(bench.read(EECD) & 0x200).isNotZero();
    }

    @Test
    void flashPinsAreGrantedAndFindNobody() {
        bench.write(FLA, FLA_FL_REQ.mask() | 7);
        assertThat(bench.read(FLA)).isEqualTo(0x37);
        bench.write(FLA, 0x8000_0000); // erase
        assertThat(bench.read(FLA)).isZero();
        bench.write(map().get("FLSWCTL"), 0x1000_0000 | 0x0300_0123);
        assertThat(bench.read(map().get("FLSWCTL"))).isEqualTo(0xC300_0123);
    }

    @Test
    void pauseFramesHaveTheProgrammedAddressAndType() {
        bench.write(FCAL, 0x4433_2201);
        bench.write(FCAH, 0x6655);
        bench.write(FCT, 0x1234);
        bench.write(FCTTV, 0xABCD);
        bench.write(TCTL, bench.read(TCTL) | 1 << 22);
        bench.settle();
        assertThat(HexFormat.of().formatHex(bench.wire.sent.get(0).bytes()))
                .startsWith("012233445566" + "525400123456" + "1234" + "0001" + "abcd");
        assertThat(bench.read(XOFFTXC)).isEqualTo(1);
        assertThat(bench.read(TCTL) & 1 << 22).isZero();
    }

    @Test
    void waterMarksSendXoffAndXon() {
        flowControl();
        guest.receive(0);
        bench.write(RDT0, 0);
        bench.write(FCRTH, 0x1000);
        bench.write(FCRTL, 0x0800);
        for (int i = 0; i < 10; i++) {
            bench.arrive(HostileGuest.toTheCard(1000));
        }
        assertThat(guest.sent()).as("without TFCE").isZero();
        bench.write(CTRL, bench.read(CTRL) | CTRL_TFCE.mask());
        bench.arrive(HostileGuest.toTheCard(1000));
        bench.settle();
        assertThat(bench.read(XOFFTXC)).isEqualTo(1);
        bench.write(RDT0, 7);
        bench.settle();
        bench.write(RDT0, 6);
        bench.settle();
        assertThat(bench.read(XONTXC)).as("without XONE").isZero();
        assertThat(guest.sent()).isEqualTo(1);
        bench.write(RDT0, bench.read(RDH0));
        bench.write(FCRTL, 0x8000_0800);
        for (int i = 0; i < 6; i++) {
            bench.arrive(HostileGuest.toTheCard(1000));
        }
        bench.write(RDT0, (bench.read(RDH0) + 7) % 8);
        bench.settle();
        assertThat(bench.read(XOFFTXC)).isEqualTo(1);
        assertThat(bench.read(XONTXC)).isEqualTo(1);
    }

    @Test
    void xoffIsRefreshedWhileThePacketBufferStaysFull() {
        flowControl();
        guest.receive(0);
        bench.write(RDT0, 0);
        bench.write(FCRTH, 0x1000);
        bench.write(FCRTL, 0x8000_0800);
        bench.write(FCRTV, 0x0340);
        bench.write(CTRL, bench.read(CTRL) | CTRL_TFCE.mask());
        for (int i = 0; i < 6; i++) {
            bench.arrive(HostileGuest.toTheCard(1000));
        }
        bench.world.runFor(3 * 0x340 * 512);
        assertThat(bench.read(XOFFTXC)).isEqualTo(4);
        bench.write(RDT0, 7);
        bench.runMs(10);
        assertThat(bench.read(XONTXC)).isEqualTo(1);
        assertThat(bench.read(XOFFTXC)).isZero();
    }

    @Test
    void receivedPauseStopsTheTransmitterForItsQuanta() {
        flowControl();
        guest.receive(0);
        bench.write(CTRL, bench.read(CTRL) | CTRL_RFCE.mask());
        bench.arrive(pause(100));
        assertThat(bench.read(STATUS) & STATUS_TXOFF.mask()).isNotZero();
        assertThat(bench.read(XOFFRXC)).isEqualTo(1);
        guest.tx.legacy(frame(100), EOP | IFCS | RS).send();
        assertThat(guest.sent()).isZero();
        bench.world.runFor(100 * 512);
        assertThat(guest.sent()).isEqualTo(1);
        assertThat(bench.read(STATUS) & STATUS_TXOFF.mask()).isZero();
        bench.arrive(pause(0xFFFF));
        bench.arrive(pause(0));
        assertThat(bench.read(XONRXC)).isEqualTo(1);
        assertThat(bench.read(STATUS) & STATUS_TXOFF.mask()).isZero();
    }

    @Test
    void framesHeldByAPauseAreDeferrals() {
        TestCard slow = new TestCard(Timing.REALISTIC, 1);
        slow.world.runFor(3_000_000_000L);
        slow.write(FCAL, 0x00C2_8001);
        slow.write(FCAH, 0x0100);
        slow.write(FCT, 0x8808);
        slow.write(CTRL, slow.read(CTRL) | CTRL_RFCE.mask());
        slow.write(RCTL, RCTL_EN.mask());
        TxScript tx = new TxScript(slow, 0, 64).enable();
        tx.legacy(frame(100), EOP | IFCS | RS).ring();
        slow.world.runFor(2_000); // on the chip, not yet sent
        slow.arrive(pause(0xFFFF));
        slow.world.runFor(5_000);
        assertThat(slow.wire.sent).isEmpty();
        assertThat(slow.read(DC)).isEqualTo(1);
    }

    @Test
    void readsOfPacketDataOverlapWithMulr() {
        assertThat(sendTimeNs(0)).isGreaterThan(sendTimeNs(TCTL_MULR.mask()) + 10_000);
    }

    private static long sendTimeNs(int mulr) {
        TestCard slow = new TestCard(Timing.REALISTIC, 1);
        slow.world.runFor(3_000_000_000L);
        TxScript tx = new TxScript(slow, 0, 64).enable();
        slow.write(TCTL, slow.read(TCTL) | mulr);
        for (int i = 0; i < 16; i++) {
            tx.legacy(frame(100), EOP | IFCS | RS);
        }
        long before = slow.world.nowNs();
        tx.ring();
        slow.world.runUntil(() -> slow.wire.sent.size() == 16, 1_000_000);
        return slow.world.nowNs() - before;
    }

    @Test
    void fragmentsHaveTheirPayloadSummedOnDemand() {
        bench.write(RFCTL, RFCTL_EXSTEN.mask());
        guest.receive(0);
        byte[] fragment = TimeStampTest.overUdp(0, 2, 319);
        fragment[20] = 0x20; // more fragments
        bench.arrive(fragment);
        int whole = bench.ram.readShort(HostileGuest.RX_RING + 6) & 0xFFFF;
        bench.write(RXCSUM, 0x300 | RXCSUM_IPPCSE.mask());
        bench.arrive(fragment);
        int payload = bench.ram.readShort(HostileGuest.RX_RING + 16 + 6) & 0xFFFF;
        int expected = 0;
        for (int i = 34; i < fragment.length; i += 2) {
            expected += (fragment[i] & 0xFF) << 8 | fragment[i + 1] & 0xFF;
        }
        expected = (expected & 0xFFFF) + (expected >>> 16);
        assertThat(payload).isEqualTo(expected).isNotEqualTo(whole);
    }

    @ParameterizedTest
    @CsvSource({
        // mode, lit with a link of 1000, 100, 10 Mb/s, and without
        "0, true, false, true, false",
        "1, true, true, false, false",
        "2, true, true, true, false",
        "5, false, false, true, false",
        "6, false, true, false, false",
        "7, true, false, false, false",
        "9, true, true, true, false",
        "14, true, true, true, true",
        "15, false, false, false, false",
        "10, false, false, false, false",
    })
    void lightsFollowTheLink(int mode, boolean at1000, boolean at100, boolean at10, boolean without) {
        for (int led = 0; led < 3; led++) {
            for (int invert = 0; invert < 2; invert++) {
                bench.write(CTRL, bench.read(CTRL) | CTRL_SLU.mask());
                bench.write(LEDCTL, (mode | invert * 0x40) << 8 * led);
                assertThat(lit(2, led)).isEqualTo(at1000 != (invert == 1));
                assertThat(lit(1, led)).isEqualTo(at100 != (invert == 1));
                assertThat(lit(0, led)).isEqualTo(at10 != (invert == 1));
                bench.write(CTRL, bench.read(CTRL) & ~CTRL_SLU.mask());
                assertThat(bench.card.isLedLit(led)).isEqualTo(without != (invert == 1));
            }
        }
    }

    private boolean lit(int speed, int led) {
        int others = bench.read(CTRL) & ~CTRL_SPD.mask();
        bench.write(CTRL, others | CTRL_FRCSPD.mask() | speed << CTRL_SPD.shift());
        return bench.card.isLedLit(led);
    }

    @Test
    void lightsShowActivityAndPauses() {
        flowControl();
        guest.receive(0);
        bench.write(LEDCTL, 13 << 16 | 4 << 8 | 11);
        assertThat(bench.card.isLedLit(0)).isFalse();
        assertThat(bench.card.isLedLit(1)).isTrue();
        assertThat(bench.card.isLedLit(2)).isFalse();
        bench.write(CTRL, bench.read(CTRL) | CTRL_RFCE.mask());
        bench.arrive(pause(0xFFFF));
        assertThat(bench.card.isLedLit(0)).isTrue();
        assertThat(bench.card.isLedLit(1)).as("blinks").isFalse();
        assertThat(bench.card.isLedLit(2)).isTrue();
        assertThat(bench.card.isLedLit(0)).isFalse();
        assertThat(bench.card.isLedLit(1)).isTrue();
    }

    @Test
    void lightsBlinkSlowlyOrFast() {
        for (Field field : new Field[] {map().get("LEDCTL", "LED0_BLINK")}) {
            bench.write(LEDCTL, 14 | field.mask());
        }
        assertThat(changes(200)).isEqualTo(5);
        bench.write(LEDCTL, bench.read(LEDCTL) | LEDCTL_GLOBAL_BLINK_MODE.mask());
        assertThat(changes(83)).isEqualTo(5);
    }

    /** Edges of light 0 in five periods. */
    private int changes(int periodMs) {
        int edges = 0;
        boolean before = bench.card.isLedLit(0);
        for (int i = 0; i < 5 * periodMs; i++) {
            bench.runMs(1);
            boolean now = bench.card.isLedLit(0);
            edges += now != before ? 1 : 0;
            before = now;
        }
        return edges;
    }
}
