package dev.doorbell.kernel.netfilter.nat;

import static dev.doorbell.kernel.netfilter.FilterFixture.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.TestKernel;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.netfilter.FilterFixture;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.conntrack.Connection;
import dev.doorbell.kernel.netfilter.conntrack.Tuple;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.Syscalls;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Translation there and back, of errors, of packets whose checksum the card finishes, and when ports run out. */
class NatTest {
    private static FilterFixture router(String rules) {
        return new FilterFixture("*nat\n" + rules + "\nCOMMIT\n*filter\nCOMMIT\n");
    }

    private static int source(byte[] frame) {
        return Packets.i32(frame, 26);
    }

    private static int destination(byte[] frame) {
        return Packets.i32(frame, 30);
    }

    @Test
    void masqueradeHidesTheInsideAndAnswersFindBack() {
        try (FilterFixture router = router("-A POSTROUTING -o eth1 -j MASQUERADE")) {
            byte[] out = router.fromInside(OUTSIDE, 6, tcp(INSIDE, OUTSIDE, 5000, 80, 1, 0, SYN, 0))
                    .get(0);
            assertThat(source(out)).isEqualTo(OUTER);
            assertThat(Packets.u16(out, 34)).isEqualTo(5000);
            byte[] back = router.fromOutside(OUTER, 6, tcp(OUTSIDE, OUTER, 80, 5000, 9, 2, SYN | ACK, 0))
                    .get(0);
            assertThat(destination(back)).isEqualTo(INSIDE);
            assertThat(source(back)).isEqualTo(OUTSIDE);
            assertThat(router.connection().is(Connection.SRC_NAT)).isTrue();
        }
    }

    @Test
    void destinationIsTranslatedAndTheAnswerComesFromWhoWasAsked() {
        try (FilterFixture router =
                router("-A PREROUTING -d 10.0.0.1 -p udp --dport 53 -j DNAT --to-destination 10.0.1.2:5353")) {
            byte[] out = router.fromInside(INNER, 17, Packets.udp(INSIDE, INNER, 5000, 53, new byte[3]))
                    .get(0);
            assertThat(destination(out)).isEqualTo(OUTSIDE);
            assertThat(Packets.u16(out, 36)).isEqualTo(5353);
            byte[] back = router.fromOutside(INSIDE, 17, Packets.udp(OUTSIDE, INSIDE, 5353, 5000, new byte[3]))
                    .get(0);
            assertThat(source(back)).isEqualTo(INNER);
            assertThat(Packets.u16(back, 34)).isEqualTo(53);
        }
    }

    @Test
    void anErrorAboutATranslatedPacketIsTranslatedWithWhatItQuotes() {
        try (FilterFixture router = router("-A POSTROUTING -o eth1 -j SNAT --to-source 10.0.1.1:7777 -p udp")) {
            byte[] sent = Packets.udp(INSIDE, OUTSIDE, 5000, 53, new byte[30]);
            byte[] out = router.fromInside(OUTSIDE, 17, sent).get(0);
            assertThat(Packets.u16(out, 34)).isEqualTo(7777);
            byte[] error = Packets.icmp(3, 4, 1400, Arrays.copyOfRange(out, 14, 14 + 28));
            byte[] back = router.fromOutside(OUTER, 1, error).get(0);
            assertThat(destination(back)).isEqualTo(INSIDE);
            byte[] quoted = Arrays.copyOfRange(back, 14 + 28, 14 + 28 + 28);
            assertThat(Packets.i32(quoted, 12)).isEqualTo(INSIDE);
            assertThat(Packets.u16(quoted, 20)).isEqualTo(5000);
            assertThat(Packets.checksum(quoted, 0, 20, 0))
                    .as("quoted IP checksum")
                    .isZero();
            assertThat(Packets.u16(quoted, 26)).as("quoted UDP checksum").isEqualTo(Packets.u16(sent, 6));
        }
    }

    @Test
    void portsThatCollideAreToldApartAndWhenNoneIsLeftThePacketIsDropped() {
        try (FilterFixture router = router("-A POSTROUTING -o eth1 -p udp -j SNAT --to-source 10.0.1.1:6000-6009")) {
            Set<Integer> ports = new HashSet<>();
            int passed = 0;
            for (int i = 0; i < 15; i++) {
                for (byte[] frame :
                        router.fromInside(OUTSIDE, 17, Packets.udp(INSIDE, OUTSIDE, 1000 + i, 53, new byte[1]))) {
                    ports.add(Packets.u16(frame, 34));
                    passed++;
                }
            }
            assertThat(passed).isEqualTo(10);
            assertThat(ports).hasSize(10).allMatch(port -> port >= 6000 && port <= 6009);
        }
    }

    @Test
    void redirectSendsToThisHost() {
        try (FilterFixture router = router("-A PREROUTING -p udp --dport 53 -j REDIRECT --to-ports 9")) {
            router.fromInside(OUTSIDE, 17, Packets.udp(INSIDE, OUTSIDE, 5000, 53, new byte[1]));
            byte[] answer = router.f.takeOne(); // nobody listens there
            assertThat(Packets.u8(answer, 34)).isEqualTo(3);
            assertThat(source(answer)).as("from whom the client asked").isEqualTo(OUTSIDE);
            assertThat(Packets.u16(answer, 14 + 28 + 22)).as("quoted port").isEqualTo(53);
        }
    }

    @Test
    void whatGoesOutOfThisHostIsTranslatedToo() throws Exception {
        try (FilterFixture router = router("-A OUTPUT -d 10.0.0.2 -p udp -j DNAT --to-destination 10.0.1.2:99")) {
            Syscalls sys = router.f.process();
            int fd = sys.socket(2, 2, 0);
            sys.sendto(fd, ByteBuffer.wrap(new byte[4]), 0, new SockAddrIn(INSIDE, 53));
            router.f.kernel.settle();
            assertThat(router.f.takeSent()).isEmpty();
            byte[] out = router.sentOutside.get(0);
            assertThat(destination(out)).isEqualTo(OUTSIDE);
            assertThat(Packets.u16(out, 36)).isEqualTo(99);
            assertThat(Packets.transportChecksumRight(out)).isTrue();
            sys.closeAll();
        }
    }

    @Test
    void aChecksumThatTheCardFinishesStaysRightForBothKindsOfPacket() {
        try (TestKernel kernel = new TestKernel()) {
            Tuple target = new Tuple();
            int natted = Ipv4Address.of(203, 0, 113, 77);
            target.sourceLow = Ipv6Address.ofV4(natted);
            target.sourcePort = 40_001;
            byte[] frame = Packets.ip()
                    .protocol(6)
                    .payload(tcp(Packets.ip().source, Packets.ip().destination, 5000, 80, 1, 2, ACK, 3000))
                    .frame();
            byte[] packet = Arrays.copyOfRange(frame, 14, frame.length);
            SkBuff skb = kernel.packet(64, packet);
            int from = Packets.ip().source;
            int to = Packets.ip().destination;
            long pseudo = InternetChecksum.pseudoHeader(from, to, 6, packet.length - 20);
            skb.memory().writeShort(skb.data() + 36, Short.reverseBytes((short) InternetChecksum.fold16(pseudo)));
            skb.ipSummed = SkBuff.CHECKSUM_PARTIAL;
            skb.checksumStart = skb.data() + 20;
            skb.checksumOffset = 16;
            skb.gsoSize = 1000;
            Packet loaded = new Packet();
            assertThat(loaded.load(NetfilterHooks.POST_ROUTING, skb, null, null))
                    .isTrue();
            assertThat(new NatRewriter().rewrite(loaded, target, true)).isTrue();
            assertThat(skb.gsoSize).isEqualTo(1000);
            assertThat(SkbChecksum.help(skb)).isTrue();
            byte[] done = TestKernel.bytes(skb);
            skb.free();
            assertThat(Packets.checksum(done, 0, 20, 0)).isZero();
            long after = Packets.pseudo(natted, to, 6, done.length - 20);
            assertThat(Packets.checksum(done, 20, done.length - 20, after)).isZero();
            assertThat(Packets.u16(done, 20)).isEqualTo(40_001);
        }
    }

    @Test
    void aClientKeepsOneAddressOfARangeWhomeverItTalksTo() {
        try (FilterFixture router =
                router("-A POSTROUTING -o eth1 -p udp -j SNAT --to-source 192.0.2.10-192.0.2.19 --persistent")) {
            Set<Integer> addresses = new HashSet<>();
            for (int port = 1; port < 20; port++) {
                byte[] out = router.fromInside(OUTSIDE, 17, Packets.udp(INSIDE, OUTSIDE, 5000, port, new byte[1]))
                        .get(0);
                addresses.add(source(out));
            }
            assertThat(addresses).as("one client keeps one address").hasSize(1);
        }
    }
}
