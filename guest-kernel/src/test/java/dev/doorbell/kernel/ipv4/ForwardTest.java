package dev.doorbell.kernel.ipv4;

import static dev.doorbell.kernel.netfilter.FilterFixture.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.IpCommand;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.netfilter.FilterFixture;
import dev.doorbell.kernel.skb.SkBuff;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A router: TTL, errors, fragments, redirects, trains of segments. */
class ForwardTest {
    private final FilterFixture router = new FilterFixture("*filter\nCOMMIT\n");

    @AfterEach
    void nothingLeaks() {
        router.close();
    }

    private static byte[] udp(int bytes) {
        return Packets.udp(INSIDE, OUTSIDE, 5000, 53, Packets.pattern(bytes));
    }

    @Test
    void aPacketLosesOneHopAndKeepsARightChecksum() {
        byte[] out = router.fromInside(OUTSIDE, 17, udp(10)).get(0);
        assertThat(Packets.u8(out, 22)).isEqualTo(63);
        assertThat(router.hits("filter -P FORWARD")).isOne();
    }

    @Test
    void theLastHopEndsHereWithAnError() {
        router.f.inject(Packets.ip().to(OUTSIDE).ttl(1).payload(udp(10)).frame());
        assertThat(router.sentOutside).isEmpty();
        byte[] error = router.f.takeOne();
        assertThat(Packets.u8(error, 34)).isEqualTo(11);
        assertThat(Packets.i32(error, 26)).isEqualTo(INNER);
    }

    @Test
    void whatIsTooLongIsCutOrRefusedWithTheMtu() throws ErrnoException {
        router.outer.devSetMtu(1000);
        router.f.inject(Packets.ip().to(OUTSIDE).payload(udp(1200)).frame());
        assertThat(router.sentOutside).hasSize(2);
        router.sentOutside.clear();
        router.f.inject(
                Packets.ip().to(OUTSIDE).dontFragment().payload(udp(1200)).frame());
        assertThat(router.sentOutside).isEmpty();
        byte[] error = router.f.takeOne();
        assertThat(Packets.u8(error, 34)).isEqualTo(3);
        assertThat(Packets.u8(error, 35)).isEqualTo(4);
        assertThat(Packets.u16(error, 40)).isEqualTo(1000);
    }

    @Test
    void routesThatRefuseAnswerInTheirWay() throws Exception {
        IpCommand ip = new IpCommand(router.f.stack);
        ip.run("route add unreachable 10.7.0.0/16");
        ip.run("route add prohibit 10.6.0.0/16");
        ip.run("route add blackhole 10.5.0.0/16");
        int[][] expected = {{7, 1}, {6, 13}, {5, -1}, {99, 0}};
        for (int[] row : expected) {
            router.f.inject(Packets.ip()
                    .to(Ipv4Address.of(10, row[0], 0, 1))
                    .payload(udp(10))
                    .frame());
            List<byte[]> answers = router.f.takeSent();
            if (row[1] < 0) {
                assertThat(answers).isEmpty();
            } else {
                assertThat(Packets.u8(answers.get(0), 35)).isEqualTo(row[1]);
            }
        }
    }

    @Test
    void aHostThatCouldHaveSentItItselfIsToldSo() throws Exception {
        int better = Ipv4Address.of(10, 0, 0, 9);
        router.f.stack.arp().neighbours().addPermanent(router.f.dev, better, 0x02_00_00_00_00_99L);
        new IpCommand(router.f.stack).run("route add 10.9.0.0/16 via 10.0.0.9");
        router.f.inject(
                Packets.ip().to(Ipv4Address.of(10, 9, 0, 1)).payload(udp(10)).frame());
        List<byte[]> sent = router.f.takeSent();
        assertThat(sent).hasSize(2);
        byte[] redirect = sent.get(0);
        assertThat(Packets.u8(redirect, 34)).isEqualTo(5);
        assertThat(Packets.u8(redirect, 35)).isEqualTo(1);
        assertThat(Packets.i32(redirect, 38)).isEqualTo(better);
        assertThat(Packets.macAt(sent.get(1), 0)).isEqualTo(0x02_00_00_00_00_99L);
        router.f.stack.ipv4().setSendsRedirects(false);
        router.f.inject(
                Packets.ip().to(Ipv4Address.of(10, 9, 0, 1)).payload(udp(10)).frame());
        assertThat(router.f.takeSent()).hasSize(1);
    }

    private void injectTrain(int gsoSize, boolean dontFragment) {
        Packets.Ip ip = Packets.ip().from(INSIDE).to(OUTSIDE).protocol(6);
        byte[] frame = (dontFragment ? ip.dontFragment() : ip)
                .payload(tcp(INSIDE, OUTSIDE, 5000, 80, 1, 2, ACK, 4200))
                .frame();
        SkBuff skb = router.f.kernel.packet(66, frame);
        router.f.kernel.context.cpu().runInSoftirq(() -> {
            skb.protocol = router.f.dev.ethTypeTrans(skb);
            skb.transportHeader = skb.data() + 20;
            skb.ipSummed = SkBuff.CHECKSUM_PARTIAL;
            skb.checksumStart = skb.data() + 20;
            skb.checksumOffset = 16;
            skb.gsoSize = gsoSize;
            skb.gsoSegments = (4200 + gsoSize - 1) / gsoSize;
            skb.gsoType = SkBuff.GSO_TCPV4;
            router.f.dev.netifReceiveSkb(skb);
        });
        router.f.kernel.settle();
    }

    private static int payload(byte[] frame) {
        return Packets.u16(frame, 16) - 40;
    }

    @Test
    void aTrainOfSegmentsLeavesAsSegmentsAgain() {
        injectTrain(1400, true);
        assertThat(router.sentOutside).extracting(ForwardTest::payload).containsExactly(1400, 1400, 1400);
        assertThat(router.sentOutside).allMatch(Packets::transportChecksumRight);
    }

    @Test
    void aTrainWhoseSegmentsAreTooLongIsRefusedOrCutShorter() throws ErrnoException {
        router.outer.devSetMtu(1000);
        injectTrain(1400, true);
        assertThat(router.sentOutside).isEmpty();
        byte[] error = router.f.takeOne();
        assertThat(Packets.u16(error, 40)).isEqualTo(1000);
        injectTrain(1400, false);
        assertThat(router.sentOutside).allMatch(Packets::transportChecksumRight);
        assertThat(router.sentOutside.stream().mapToInt(ForwardTest::payload).toArray())
                .isEqualTo(new int[] {960, 960, 960, 960, 360});
    }

    @Test
    void nothingPassesWhileForwardingIsOff() {
        router.f.stack.setForwarding(false);
        assertThat(router.fromInside(OUTSIDE, 17, udp(10))).isEmpty();
    }
}
