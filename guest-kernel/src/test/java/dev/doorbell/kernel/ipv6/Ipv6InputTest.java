package dev.doorbell.kernel.ipv6;

import static dev.doorbell.kernel.net.Packets6.*;
import static dev.doorbell.kernel.net.StackFixture.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.net.Packets6;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.skb.DropReason;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What IPv6 accepts, refuses and answers; hostile chains cut at every length. */
class Ipv6InputTest {
    private static final String US = "2001:db8::1", PEER = "2001:db8::2";
    private static final int ECHO = 128, ECHO_REPLY = 129, PROBLEM = 4, TIME_EXCEEDED = 3;

    private final StackFixture f = new StackFixture();

    @BeforeEach
    void up() {
        f.stack.addAddress(f.dev, US + "/64");
        f.run(16 * SECOND);
        long[] halves = dev.doorbell.bus.wire.Ipv6Address.parse(PEER);
        f.stack.ipv6().neighbours().lookupOrCreate(f.dev, halves[0], halves[1]).makePermanent(PEER_MAC);
        f.takeSent();
    }

    @AfterEach
    void nothingLeaks() {
        f.close();
    }

    private static Packets6.Ip6 packet() {
        return ip6().from(PEER).to(US);
    }

    private static byte[] ping() {
        return message(ECHO, 0, 0x0001_0001, Packets.pattern(20));
    }

    private boolean isAnswered(byte[] frame) {
        f.inject(frame);
        return f.takeSent().stream().anyMatch(sent -> icmpType(sent) == ECHO_REPLY);
    }

    /** Type, code and pointer of the only ICMPv6 error sent; empty: none. */
    private List<Integer> problem(byte[] frame) {
        f.run(2 * SECOND); // the rate limit has forgotten the last one
        f.inject(frame);
        List<byte[]> sent = f.takeSent();
        if (sent.isEmpty()) {
            return List.of();
        }
        assertThat(sent).hasSize(1);
        byte[] error = sent.get(0);
        assertThat(checksumRight(error)).isTrue();
        assertThat(error.length - 14).isLessThanOrEqualTo(1280);
        return List.of(icmpType(error), error[55] & 0xFF, Packets.i32(error, 58));
    }

    @Test
    void theReplyIsTheRequestTurnedRound() {
        byte[] request = packet().icmp(ping()).frame();
        f.inject(request);
        byte[] reply = f.takeOne();
        assertThat(icmpType(reply)).isEqualTo(ECHO_REPLY);
        assertThat(sourceOf(reply)).isEqualTo(address(US));
        assertThat(destinationOf(reply)).isEqualTo(address(PEER));
        assertThat(Arrays.copyOfRange(reply, 58, reply.length))
                .isEqualTo(Arrays.copyOfRange(request, 58, request.length));
        assertThat(checksumRight(reply)).isTrue();
    }

    @Test
    void aPacketCutAtAnyLengthIsDroppedAndTheNextIsServed() {
        byte[] whole = packet().icmp(ping()).frame();
        for (int length = 14; length < whole.length; length++) {
            assertThat(isAnswered(Arrays.copyOf(whole, length)))
                    .as("%d bytes", length)
                    .isFalse();
        }
        assertThat(isAnswered(whole)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4, 5, 7, 15})
    void otherVersionsAreDropped(int version) {
        Packets6.Ip6 p = packet();
        p.version = version;
        assertThat(isAnswered(p.icmp(ping()).frame())).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "ff02::5, 2001:db8::1",
        "::1, 2001:db8::1",
        "2001:db8::1, 2001:db8::1",
        "::ffff:10.0.0.2, 2001:db8::1",
        "2001:db8::2, ::1",
        "2001:db8::2, ::",
        "2001:db8::2, ff00::1",
        "2001:db8::2, ff01::1",
        "2001:db8::2, ff02::1:2",
        "::, 2001:db8::1"
    })
    void addressesThatCannotBeRightGetNoAnswer(String source, String destination) {
        // Java takes mapped addresses apart: put the sixteen octets together by hand.
        Packets6.Ip6 p = packet();
        p.source = sixteen(source);
        p.destination = sixteen(destination);
        assertThat(isAnswered(p.icmp(ping()).frame())).isFalse();
    }

    private static byte[] sixteen(String text) {
        byte[] raw = address(text);
        if (raw.length == 16) {
            return raw;
        }
        byte[] mapped = new byte[16];
        mapped[10] = mapped[11] = (byte) 0xFF;
        System.arraycopy(raw, 0, mapped, 12, 4);
        return mapped;
    }

    @Test
    void aPacketForAnotherHostIsNotForwarded() {
        assertThat(isAnswered(ip6().from(PEER).to("2001:db8::99").icmp(ping()).frame()))
                .isFalse();
    }

    @Test
    void aJumbogramIsRefused() {
        byte[] frame = packet().extension(HOP_BY_HOP, 0, 0, 0xC2, 4, 0, 1, 0, 0)
                .icmp(ping())
                .frame();
        frame[18] = frame[19] = 0;
        assertThat(isAnswered(frame)).isFalse();
    }

    // ---- options

    /** Row: option type; answered; problem complained about. RFC 8200 §4.2. */
    @ParameterizedTest
    @CsvSource({"0x1E, true, false", "0x5E, false, false", "0x9E, false, true", "0xDE, false, true"})
    void unknownOptionsAreTreatedByTheirTopBits(String type, boolean answered, boolean problem) {
        int option = Integer.decode(type);
        for (int header : new int[] {HOP_BY_HOP, OPTIONS}) {
            byte[] frame = packet().extension(header, 0, 0, option, 4, 0, 0, 0, 0)
                    .icmp(ping())
                    .frame();
            assertThat(isAnswered(frame)).isEqualTo(answered);
            if (!answered) {
                assertThat(problem(frame)).isEqualTo(problem ? List.of(PROBLEM, 2, 42) : List.of());
            }
        }
    }

    @Test
    void onlyOneOfTheComplainingKindsComplainsAboutGroups() {
        byte[] always = ip6().from(PEER)
                .to("ff02::1")
                .extension(OPTIONS, 0, 0, 0x9E, 4, 0, 0, 0, 0)
                .icmp(ping())
                .frame();
        byte[] unicastOnly = ip6().from(PEER)
                .to("ff02::1")
                .extension(OPTIONS, 0, 0, 0xDE, 4, 0, 0, 0, 0)
                .icmp(ping())
                .frame();
        assertThat(problem(always)).isEqualTo(List.of(PROBLEM, 2, 42));
        assertThat(problem(unicastOnly)).isEmpty();
    }

    @Test
    void hopByHopAnywhereButFirstIsAnUnknownHeader() {
        byte[] frame = packet().extension(OPTIONS, 0, 0, 1, 4, 0, 0, 0, 0)
                .extension(HOP_BY_HOP, 0, 0, 1, 4, 0, 0, 0, 0)
                .icmp(ping())
                .frame();
        assertThat(problem(frame)).isEqualTo(List.of(PROBLEM, 1, 40));
    }

    @Test
    void anUnknownNextHeaderIsAProblemWithItsPointer() {
        assertThat(problem(packet().payload(200, new byte[20]).frame())).isEqualTo(List.of(PROBLEM, 1, 6));
        byte[] behind = packet().extension(OPTIONS, 0, 0, 1, 4, 0, 0, 0, 0)
                .payload(200, new byte[20])
                .frame();
        assertThat(problem(behind)).isEqualTo(List.of(PROBLEM, 1, 40));
        assertThat(problem(packet().payload(NONE, new byte[20]).frame())).isEmpty();
    }

    @Test
    void aRoutingHeaderIsNeverObeyed() {
        byte[] done =
                packet().extension(ROUTING, 0, 0, 0, 0, 0, 0, 0, 0).icmp(ping()).frame();
        assertThat(isAnswered(done)).isTrue();
        byte[] left = packet().extension(
                        ROUTING, 0, 2, 0, 1, 0, 0, 0, 0, 0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2)
                .icmp(ping())
                .frame();
        assertThat(problem(left)).isEqualTo(List.of(PROBLEM, 0, 42));
    }

    @Test
    void everyChainCutAtEveryLengthIsSurvived() {
        byte[][] chains = {
            packet().extension(HOP_BY_HOP, 0, 1, 1, 4, 0, 0, 0, 0, 1, 6, 0, 0, 0, 0, 0, 0)
                    .icmp(ping())
                    .frame(),
            packet().extension(HOP_BY_HOP, 0, 0, 5, 2, 0, 0, 1, 0)
                    .extension(OPTIONS, 0, 0, 1, 4, 0, 0, 0, 0)
                    .icmp(ping())
                    .frame(),
            packet().extension(OPTIONS, 0, 0, 1, 4, 0, 0, 0, 0)
                    .extension(ROUTING, 0, 0, 0, 0, 0, 0, 0, 0)
                    .extension(OPTIONS, 0, 0, 1, 4, 0, 0, 0, 0)
                    .icmp(ping())
                    .frame(),
            packet().fragment(0, false, 9).icmp(ping()).frame(),
            packet().extension(OPTIONS, 0, 0, 1, 4, 0, 0, 0, 0)
                    .fragment(0, true, 10)
                    .icmp(ping())
                    .frame(),
            packet().fragment(8, true, 11).payload(ICMP, new byte[32]).frame(),
            packet().extension(OPTIONS, 0, 255).payload(NONE, new byte[100]).frame(),
        };
        for (byte[] chain : chains) {
            for (int length = 54; length <= chain.length; length++) {
                // Cut with the right payload length, and with the length that it claims.
                byte[] honest = Arrays.copyOf(chain, length);
                honest[18] = (byte) (length - 54 >> 8);
                honest[19] = (byte) (length - 54);
                f.inject(honest);
                f.inject(Arrays.copyOf(chain, length));
            }
        }
        f.takeSent();
        assertThat(isAnswered(packet().icmp(ping()).frame())).isTrue();
    }

    @Test
    void anyBytesBehindTheHeaderAreSurvived() {
        SplittableRandom random = new SplittableRandom(3);
        int[] heads = {HOP_BY_HOP, ROUTING, FRAGMENT, OPTIONS, ICMP, 6, 17};
        for (int i = 0; i < 20_000; i++) {
            byte[] noise = new byte[random.nextInt(120)];
            random.nextBytes(noise);
            if (noise.length > 1) {
                noise[0] = (byte) heads[random.nextInt(heads.length)];
                noise[1] = (byte) random.nextInt(4);
            }
            f.inject(
                    packet().payload(heads[random.nextInt(heads.length)], noise).frame());
        }
        f.takeSent();
        assertThat(isAnswered(packet().icmp(ping()).frame())).isTrue();
        assertThat(f.stack.ipv6().reassemblyMemoryBytes()).isLessThanOrEqualTo(4 << 20);
    }

    // ---- errors that must not be sent

    @Test
    void noErrorIsSentAboutErrorsGroupsOrNobody() {
        byte[] quoted = Packets6.payload(packet().icmp(ping()).frame());
        byte[] error = message(1, 4, 0, quoted);
        assertThat(problem(packet().extension(OPTIONS, 0, 0, 0x9E, 4, 0, 0, 0, 0)
                        .icmp(error)
                        .frame()))
                .isEmpty();
        assertThat(problem(ip6().from("::").to(US).payload(200, new byte[8]).frame()))
                .isEmpty();
        assertThat(problem(
                        ip6().from(PEER).to("ff02::1").payload(200, new byte[8]).frame()))
                .isEmpty();
    }

    @Test
    void errorsAreLimitedInRate() {
        for (int i = 0; i < 1000; i++) {
            f.inject(packet().payload(200, new byte[8]).frame());
        }
        assertThat(f.takeSent()).hasSizeLessThanOrEqualTo(6);
        assertThat(f.stack.snmp().get(Mib.ICMP_OUT_RATE_LIMIT_HOST)).isPositive();
    }

    // ---- UDP

    private static byte[] datagram(int port, int delta, boolean checksum) {
        byte[] udp = new byte[12];
        udp[1] = 7;
        udp[2] = (byte) (port >> 8);
        udp[3] = (byte) port;
        udp[5] = (byte) (12 + delta);
        if (checksum) {
            int sum = Packets.checksum(udp, 0, 12, pseudo(address(PEER), address(US), 17, 12));
            udp[6] = (byte) (sum >> 8);
            udp[7] = (byte) sum;
        }
        return udp;
    }

    @Test
    void aDatagramWithoutChecksumIsDroppedAndOneWithoutListenerRefused() {
        assertThat(problem(packet().payload(17, datagram(9, 0, false)).frame())).isEmpty();
        assertThat(f.drops(DropReason.UDP_CSUM)).isEqualTo(1);
        assertThat(problem(packet().payload(17, datagram(9, 0, true)).frame())).isEqualTo(List.of(1, 4, 0));
        for (int delta : new int[] {-5, -12, 1, 100}) {
            assertThat(problem(packet().payload(17, datagram(9, delta, true)).frame()))
                    .isEmpty();
        }
    }

    // ---- fragments

    private static byte[] echoMessage(int bytes) {
        byte[] message = message(ECHO, 0, 0x0001_0001, Packets.pattern(bytes - 8));
        int c = Packets.checksum(message, 0, bytes, pseudo(address(PEER), address(US), ICMP, bytes));
        message[2] = (byte) (c >> 8);
        message[3] = (byte) c;
        return message;
    }

    private void fragment(byte[] whole, int from, int to, boolean more, int id) {
        f.inject(packet().fragment(from, more, id)
                .payload(ICMP, Arrays.copyOfRange(whole, from, to))
                .frame());
    }

    @ParameterizedTest
    @ValueSource(strings = {"012", "021", "102", "120", "201", "210"})
    void anyOrderOfThreeFragmentsReassembles(String order) {
        byte[] whole = echoMessage(3000);
        int[] cuts = {0, 1000, 2000, 3000};
        for (char c : order.toCharArray()) {
            int i = c - '0';
            fragment(whole, cuts[i], cuts[i + 1], i < 2, 5);
        }
        List<byte[]> reply = f.takeSent();
        assertThat(reply).hasSize(3); // as long as the request, so cut again
        assertThat(f.stack.ipv6().incompleteDatagrams()).isZero();
    }

    @Test
    void duplicatesAreHarmlessAndOverlapsSpoilTheDatagram() {
        byte[] whole = echoMessage(2000);
        fragment(whole, 0, 1000, true, 6);
        fragment(whole, 0, 1000, true, 6);
        fragment(whole, 1000, 2000, false, 6);
        assertThat(f.takeSent()).hasSize(2);
        fragment(whole, 0, 1000, true, 7);
        fragment(whole, 992, 2000, false, 7);
        assertThat(f.takeSent()).isEmpty();
        assertThat(f.stack.ipv6().incompleteDatagrams()).isZero();
        assertThat(f.drops(DropReason.FRAG_OVERLAP)).isEqualTo(2);
    }

    @Test
    void atomicFragmentsStandForThemselves() {
        byte[] whole = echoMessage(100);
        fragment(whole, 0, 48, true, 8);
        f.inject(packet().fragment(0, false, 8).payload(ICMP, whole).frame());
        assertThat(f.takeSent()).hasSize(1);
        assertThat(f.stack.ipv6().incompleteDatagrams()).isEqualTo(1);
    }

    @Test
    void lengthsThatCannotBeRightAreComplainedAbout() {
        assertThat(problem(packet().fragment(0, true, 9)
                        .payload(ICMP, echoMessage(100))
                        .frame()))
                .isEqualTo(List.of(PROBLEM, 0, 4));
        assertThat(problem(packet().fragment(65_528, false, 9)
                        .payload(ICMP, new byte[100])
                        .frame()))
                .isEqualTo(List.of(PROBLEM, 0, 42));
    }

    @Test
    void aFirstFragmentHoldsTheWholeChainOfHeaders() {
        byte[] frame = packet().fragment(0, true, 9)
                .payload(OPTIONS, Packets.bytes(58, 3, 1, 4, 0, 0, 0, 0))
                .frame();
        assertThat(problem(frame)).isEqualTo(List.of(PROBLEM, 3, 0));
        assertThat(f.stack.ipv6().incompleteDatagrams()).isZero();
    }

    @Test
    void afterAMinuteTheSenderIsToldWhenTheFirstFragmentCame() {
        byte[] whole = echoMessage(2000);
        fragment(whole, 0, 1000, true, 10);
        fragment(whole, 1000, 1992, true, 11);
        f.run(61 * SECOND);
        byte[] error = f.takeOne();
        assertThat(icmpType(error)).isEqualTo(TIME_EXCEEDED);
        assertThat(error[55]).isEqualTo((byte) 1);
        assertThat(f.stack.ipv6().incompleteDatagrams()).isZero();
        assertThat(f.stack.ipv6().reassemblyMemoryBytes()).isZero();
    }

    @Test
    void aFloodOfFragmentsIsBoundedAndOthersStillReassemble() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 5000; i++) {
            byte[] noise = new byte[800];
            f.inject(ip6().from("2001:db8::" + Integer.toHexString(2 + random.nextInt(60_000)))
                    .to(US)
                    .fragment(8 * (1 + random.nextInt(8000)), true, random.nextInt())
                    .payload(ICMP, noise)
                    .frame());
        }
        assertThat(f.stack.ipv6().reassemblyMemoryBytes()).isLessThanOrEqualTo(4 << 20);
        f.takeSent();
        f.run(61 * SECOND);
        f.takeSent();
        byte[] whole = echoMessage(2000);
        fragment(whole, 0, 1000, true, 12);
        fragment(whole, 1000, 2000, false, 12);
        assertThat(f.takeSent()).hasSize(2);
    }
}
