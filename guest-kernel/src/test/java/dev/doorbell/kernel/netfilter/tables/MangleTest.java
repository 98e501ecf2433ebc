package dev.doorbell.kernel.netfilter.tables;

import static dev.doorbell.kernel.net.Packets6.ip6;
import static dev.doorbell.kernel.netfilter.FilterFixture.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.kernel.TestKernel;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.netfilter.FilterFixture;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.Verdict;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What rules write into packets (MSS, type of service), and what they remember about senders (recent). */
class MangleTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int IP = 14, TCP = IP + 20;

    private static FilterFixture router(String... rules) {
        return new FilterFixture("*mangle\n" + String.join("\n", rules) + "\nCOMMIT\n");
    }

    private static byte[] syn(int... options) {
        byte[] plain = tcp(INSIDE, OUTSIDE, 5000, 80, 1, 0, SYN, options.length);
        for (int i = 0; i < options.length; i++) {
            plain[20 + i] = (byte) options[i];
        }
        plain[12] = (byte) (plain.length / 4 << 4);
        plain[16] = plain[17] = 0;
        int sum = Packets.checksum(plain, 0, plain.length, Packets.pseudo(INSIDE, OUTSIDE, 6, plain.length));
        plain[16] = (byte) (sum >> 8);
        plain[17] = (byte) sum;
        return plain;
    }

    @ParameterizedTest
    @CsvSource({
        "1300, '2,4,5,180', '2,4,5,20'",
        "1300, '2,4,4,0', '2,4,4,0'",
        "1300, '1,2,4,5,180,3,3,7', '1,2,4,5,20,3,3,7'",
        "1300, '', '2,4,2,24'",
        "400, '4,2,0,0', '2,4,1,144,4,2,0,0'"
    })
    void aSynOffersNoMoreThanTheRuleAllows(int mss, String before, String after) {
        try (FilterFixture router = router("-A FORWARD -p tcp --syn -j TCPMSS --set-mss " + mss)) {
            byte[] out = router.fromInside(OUTSIDE, 6, syn(numbers(before))).get(0);
            assertThat(tcpOptions(out)).containsExactly(numbers(after));
            assertThat(out[TCP + 12] >> 4 & 15).isEqualTo(5 + numbers(after).length / 4);
            assertThat(Packets.u16(out, IP + 2)).isEqualTo(out.length - IP);
        }
    }

    private static int[] numbers(String list) {
        return list.isEmpty()
                ? new int[0]
                : Arrays.stream(list.split(",", -1)).mapToInt(Integer::parseInt).toArray();
    }

    private static int[] tcpOptions(byte[] frame) {
        int[] options = new int[frame.length - TCP - 20];
        for (int i = 0; i < options.length; i++) {
            options[i] = frame[TCP + 20 + i] & 0xFF;
        }
        return options;
    }

    @Test
    void clampingTakesTheSmallerMtuOfBothWays() throws Exception {
        try (FilterFixture router = router("-A FORWARD -p tcp --syn -j TCPMSS --clamp-mss-to-pmtu")) {
            assertThat(tcpOptions(
                            router.fromInside(OUTSIDE, 6, syn(2, 4, 0x23, 0x28)).get(0)))
                    .containsExactly(2, 4, 5, 0xB4);
            router.outer.devSetMtu(1400);
            assertThat(tcpOptions(
                            router.fromInside(OUTSIDE, 6, syn(2, 4, 5, 0xB4)).get(0)))
                    .containsExactly(2, 4, 5, 0x50);
            router.outer.devSetMtu(1500);
            router.f.dev.devSetMtu(1000);
            assertThat(tcpOptions(
                            router.fromInside(OUTSIDE, 6, syn(2, 4, 5, 0xB4)).get(0)))
                    .containsExactly(2, 4, 3, 0xC0);
        }
    }

    @ParameterizedTest
    @CsvSource({"'2,4,5,180'", "''"})
    void aChecksumThatTheCardFinishesStaysRight(String options) throws Exception {
        try (FilterFixture router = router("-A POSTROUTING -p tcp --syn -j TCPMSS --set-mss 500")) {
            byte[] frame =
                    Packets.ip().protocol(6).payload(syn(numbers(options))).frame();
            byte[] packet = Arrays.copyOfRange(frame, IP, frame.length);
            SkBuff skb = router.f.kernel.packet(64, packet);
            long pseudo = InternetChecksum.pseudoHeader(INSIDE, INNER, 6, packet.length - 20);
            skb.memory().writeShort(skb.data() + 36, Short.reverseBytes((short) InternetChecksum.fold16(pseudo)));
            skb.ipSummed = SkBuff.CHECKSUM_PARTIAL;
            skb.checksumStart = skb.data() + 20;
            skb.checksumOffset = 16;
            assertThat(router.f.stack.ipv4().netfilter().run(NetfilterHooks.POST_ROUTING, skb, null, router.outer))
                    .isEqualTo(Verdict.ACCEPT);
            assertThat(SkbChecksum.help(skb)).isTrue();
            byte[] done = TestKernel.bytes(skb);
            skb.free();
            assertThat(Packets.checksum(done, 0, 20, 0)).isZero();
            assertThat(Packets.checksum(done, 20, done.length - 20, Packets.pseudo(INSIDE, INNER, 6, done.length - 20)))
                    .isZero();
            assertThat(Packets.i32(done, 40)).isEqualTo(0x0204_01F4);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "TOS --set-tos 0x10/0xff, 0x10",
        "TOS --and-tos 0x80, 0x80",
        "TOS --or-tos 0x04, 0xbe",
        "TOS --xor-tos 0xff, 0x45",
        "DSCP --set-dscp-class EF, 0xba",
        "DSCP --set-dscp 0, 0x02"
    })
    void theTypeOfServiceIsRewrittenBitByBit(String target, String expected) {
        try (FilterFixture router = router("-A FORWARD -j " + target)) {
            router.f.inject(Packets.ip()
                    .from(INSIDE)
                    .to(OUTSIDE)
                    .tos(0xBA)
                    .protocol(99)
                    .payload(new byte[8])
                    .frame());
            byte[] out = router.sentOutside.get(0);
            assertThat(Packets.ipChecksumRight(out)).isTrue();
            assertThat(out[IP + 1] & 0xFF).isEqualTo(Integer.decode(expected));
        }
    }

    @Test
    void theTrafficClassOfIpv6IsRewrittenAndTheFlowLabelStays() throws Exception {
        try (FilterFixture router = new FilterFixture("*filter\nCOMMIT\n")) {
            router.f.stack.ipv6().of(router.f.dev).dadTransmits = 0;
            router.f.stack.addAddress(router.f.dev, "2001:db8::1/64");
            router.f.run(5 * SECOND);
            router.f.takeSent();
            router.f.stack.ip6tables().load("*mangle\n-A OUTPUT -j DSCP --set-dscp 0x2e\nCOMMIT\n");
            router.f.inject(ip6().from("2001:db8::2")
                    .to("2001:db8::1")
                    .icmp(ByteBuffer.allocate(16).putInt(0x8000_0000).array())
                    .frame());
            router.f.run(SECOND);
            List<byte[]> sent = router.f.takeSent();
            assertThat(sent).isNotEmpty();
            assertThat(Packets.i32(sent.get(0), IP) >>> 20).isEqualTo(0x6B8);
        }
    }

    private static int pings(FilterFixture router, int count) {
        int passed = 0;
        for (int i = 0; i < count; i++) {
            passed += router.fromInside(OUTSIDE, 99, new byte[8]).size();
        }
        return passed;
    }

    @Test
    void whoComesTooOftenIsDroppedUntilItHasBeenQuiet() {
        try (FilterFixture router = router(
                "-A FORWARD -m recent --name often --update --seconds 60 --hitcount 3 -j DROP",
                "-A FORWARD -m recent --name often --set")) {
            assertThat(pings(router, 6)).isEqualTo(3);
            router.f.run(40 * SECOND);
            assertThat(pings(router, 1))
                    .as("each update begins the minute anew")
                    .isZero();
            router.f.run(61 * SECOND);
            assertThat(pings(router, 1)).isEqualTo(1);
        }
    }

    @Test
    void aRuleThatOnlyChecksForgetsAfterItsSeconds() {
        try (FilterFixture router = router(
                "-A FORWARD -m recent --name often --rcheck --seconds 60 --hitcount 3 -j DROP",
                "-A FORWARD -m recent --name often --set")) {
            assertThat(pings(router, 6)).isEqualTo(3);
            router.f.run(61 * SECOND);
            assertThat(pings(router, 6)).isEqualTo(3);
        }
    }

    @Test
    void aKnockOpensOneDoorAndIsForgottenWhenUsed() {
        try (FilterFixture router = router(
                "-A FORWARD -p udp -m recent --name knock --set -j DROP",
                "-A FORWARD -m recent --name knock --remove -j ACCEPT",
                "-A FORWARD -j DROP")) {
            assertThat(pings(router, 1)).isZero();
            router.fromInside(OUTSIDE, 17, Packets.udp(INSIDE, OUTSIDE, 1000, 2000, new byte[1]));
            assertThat(pings(router, 2)).isEqualTo(1);
        }
    }

    @Test
    void aTableOfAddressesOutlivesALoadAndIsSharedByName() throws Exception {
        try (FilterFixture router = router("-A FORWARD -m recent --name a --set")) {
            pings(router, 1);
            router.f
                    .stack
                    .iptables()
                    .load("*mangle\n-A FORWARD -m recent --name a --rcheck -j DROP\nCOMMIT\n"
                            + "*filter\n-A FORWARD -m recent ! --rcheck --name b -j ACCEPT\nCOMMIT\n");
            assertThat(pings(router, 1)).isZero();
        }
    }
}
