package dev.doorbell.kernel.ndp;

import static dev.doorbell.kernel.net.Packets6.*;
import static dev.doorbell.kernel.net.StackFixture.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.ipv6.InterfaceAddress6;
import dev.doorbell.kernel.ipv6.InterfaceAddress6.State;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.RouteEntry6;
import dev.doorbell.kernel.neighbour.Neighbour;
import dev.doorbell.kernel.neighbour.NeighbourState;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.net.Packets6;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.socket.SockAddrIn6;
import dev.doorbell.kernel.socket.SocketConstants;
import dev.doorbell.kernel.socket.Syscalls;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Neighbour Discovery by its tables: duplicate detection, neighbour states, routers, prefixes, redirects. */
class NeighbourDiscoveryTest {
    private static final String US = "fe80::ff:fe00:1", PEER = "fe80::ff:fe00:2", ROUTER = "fe80::1";
    private static final String SOLICITED = "ff02::1:ff00:1";
    private static final long ROUTER_MAC = 0x0200_0000_0099L;
    private static final int NS = 135, NA = 136, RS = 133, RA = 134, REDIRECT = 137;
    private static final int ROUTER_FLAG = 1 << 31, SOLICITED_FLAG = 1 << 30, OVERRIDE_FLAG = 1 << 29;

    private final StackFixture f = new StackFixture();
    private final Ipv6 ipv6 = f.stack.ipv6();

    @AfterEach
    void nothingLeaks() {
        f.close();
    }

    /** The interface with its link-local address examined and used; no router answered. */
    private void up() {
        ipv6.enable(f.dev);
        f.run(16 * SECOND);
        assertThat(stateOf(US)).isEqualTo(State.PREFERRED);
        f.takeSent();
    }

    private InterfaceAddress6 find(String text) {
        long[] halves = Ipv6Address.parse(text);
        return ipv6.addresses().find(f.dev, halves[0], halves[1]);
    }

    private State stateOf(String text) {
        InterfaceAddress6 found = find(text);
        return found == null ? null : found.state();
    }

    private Neighbour neighbour(String text) {
        long[] halves = Ipv6Address.parse(text);
        return ipv6.neighbours().lookup(f.dev, halves[0], halves[1]);
    }

    private List<byte[]> sent(int type) {
        return f.takeSent().stream().filter(frame -> icmpType(frame) == type).toList();
    }

    private static byte[] solicitation(String target, byte[]... options) {
        byte[] all = address(target);
        for (byte[] option : options) {
            byte[] longer = Arrays.copyOf(all, all.length + option.length);
            System.arraycopy(option, 0, longer, all.length, option.length);
            all = longer;
        }
        return message(NS, 0, 0, all);
    }

    private static byte[] advertisement(int flags, String target, long mac) {
        return message(NA, 0, flags, address(target), mac == 0 ? new byte[0] : linkOption(2, mac));
    }

    private void injectNdp(Packets6.Ip6 packet, byte[] message) {
        f.inject(packet.hops(255).icmp(message).frame());
    }

    private void advertise(int lifetime, byte[]... options) {
        Packets6.Ip6 packet = ip6().from(ROUTER).to("ff02::1");
        packet.ethSource = ROUTER_MAC;
        byte[] head = ByteBuffer.allocate(8).array();
        byte[][] parts = new byte[options.length + 2][];
        parts[0] = head;
        parts[1] = linkOption(1, ROUTER_MAC);
        System.arraycopy(options, 0, parts, 2, options.length);
        injectNdp(packet, message(RA, 0, 64 << 24 | lifetime, parts));
    }

    // ---- duplicate address detection

    /** Column "event": what happens half a second after the probe. */
    enum Claim {
        NOTHING(State.PREFERRED),
        ADVERTISEMENT(State.DUPLICATE),
        PROBE_OF_ANOTHER(State.DUPLICATE),
        OUR_OWN_PROBE(State.PREFERRED),
        QUESTION_FROM_A_HOST(State.PREFERRED);

        final State outcome;

        Claim(State outcome) {
            this.outcome = outcome;
        }
    }

    @ParameterizedTest
    @EnumSource(Claim.class)
    void anAddressIsUsedOnlyWhenNobodyElseHasIt(Claim claim) {
        ipv6.enable(f.dev);
        assertThat(stateOf(US)).isEqualTo(State.TENTATIVE);
        byte[] probe = null;
        for (int i = 0; i < 100 && probe == null; i++) {
            f.run(SECOND / 50);
            List<byte[]> probes = sent(NS);
            probe = probes.isEmpty() ? null : probes.get(0);
        }
        assertThat(probe).as("a probe within the random delay of a second").isNotNull();
        assertThat(sourceOf(probe)).isEqualTo(new byte[16]);
        assertThat(destinationOf(probe)).isEqualTo(address(SOLICITED));
        assertThat(Packets.macAt(probe, 0)).isEqualTo(0x3333_FF00_0001L);
        assertThat(probe[21] & 0xFF).as("hop limit").isEqualTo(255);
        assertThat(checksumRight(probe)).isTrue();
        assertThat(Arrays.copyOfRange(probe, 62, 78)).isEqualTo(address(US));
        f.run(SECOND / 2);
        switch (claim) {
            case ADVERTISEMENT -> injectNdp(ip6().from(US).to("ff02::1"), advertisement(OVERRIDE_FLAG, US, PEER_MAC));
            case PROBE_OF_ANOTHER -> injectNdp(ip6().from("::").to(SOLICITED), solicitation(US));
            case OUR_OWN_PROBE -> f.inject(probe);
            case QUESTION_FROM_A_HOST ->
                injectNdp(ip6().from(PEER).to(SOLICITED), solicitation(US, linkOption(1, PEER_MAC)));
            default -> {}
        }
        f.run(2 * SECOND);
        assertThat(stateOf(US)).isEqualTo(claim.outcome);
        boolean usable = claim.outcome == State.PREFERRED;
        long[] halves = Ipv6Address.parse(US);
        assertThat(ipv6.addresses().isLocal(halves[0], halves[1], f.dev)).isEqualTo(usable);
        f.takeSent();
        injectNdp(ip6().from(PEER).to(SOLICITED), solicitation(US, linkOption(1, PEER_MAC)));
        assertThat(sent(NA)).hasSize(usable ? 1 : 0);
    }

    @Test
    void aConflictOfAStableIdentifierIsFollowedByTheNextIdentifier() {
        ipv6.of(f.dev); // settings before the interface takes part
        f.stack.ipv6().enable(f.dev).stableSecret = 77;
        f.run(3 * SECOND);
        // The first link-local address was made before the secret was set: make the interface anew.
        f.dev.devClose();
        InterfaceAddress6 old = ipv6.addresses().list().get(1);
        ipv6.removeAddress(f.dev, old.high(), old.low());
        try {
            f.dev.devOpen();
        } catch (ErrnoException e) {
            throw new AssertionError(e);
        }
        InterfaceAddress6 first = ipv6.addresses().list().get(1);
        assertThat(first.low()).isNotEqualTo(0x0000_00FF_FE00_0001L);
        f.run(SECOND);
        injectNdp(
                ip6().from(Ipv6Address.format(first.high(), first.low())).to("ff02::1"),
                advertisement(OVERRIDE_FLAG, Ipv6Address.format(first.high(), first.low()), PEER_MAC));
        f.run(3 * SECOND);
        InterfaceAddress6 second = ipv6.addresses().list().get(1);
        assertThat(second.low()).isNotEqualTo(first.low());
        assertThat(second.state()).isEqualTo(State.PREFERRED);
    }

    // ---- answering

    @Test
    void aSolicitationIsAnsweredSolicitedAndOverriding() {
        up();
        injectNdp(ip6().from(PEER).to(SOLICITED), solicitation(US, linkOption(1, PEER_MAC)));
        byte[] answer = f.takeOne();
        assertThat(icmpType(answer)).isEqualTo(NA);
        assertThat(Packets.macAt(answer, 0)).isEqualTo(PEER_MAC);
        assertThat(destinationOf(answer)).isEqualTo(address(PEER));
        assertThat(Packets.i32(answer, 58)).isEqualTo(SOLICITED_FLAG | OVERRIDE_FLAG);
        assertThat(Arrays.copyOfRange(answer, 78, 86)).isEqualTo(linkOption(2, OUR_MAC));
        assertThat(checksumRight(answer)).isTrue();
        assertThat(neighbour(PEER).state()).isEqualTo(NeighbourState.STALE);
    }

    @Test
    void aProbeForOurAddressIsAnsweredToAllNodes() {
        up();
        injectNdp(ip6().from("::").to(SOLICITED), solicitation(US));
        byte[] answer = f.takeOne();
        assertThat(destinationOf(answer)).isEqualTo(address("ff02::1"));
        assertThat(Packets.i32(answer, 58)).isEqualTo(OVERRIDE_FLAG);
    }

    /** Everything that RFC 4861 §7.1.1 and RFC 6980 forbid. */
    enum Fault {
        HOP_LIMIT_254(p -> p.hops(254).icmp(solicitation(US, linkOption(1, PEER_MAC)))),
        CODE_1(p -> p.icmp(message(NS, 1, 0, address(US), linkOption(1, PEER_MAC)))),
        TOO_SHORT(p -> p.icmp(Arrays.copyOf(solicitation(US), 23))),
        TARGET_IS_A_GROUP(p -> p.icmp(solicitation("ff02::1"))),
        OPTION_OF_LENGTH_0(p -> p.icmp(solicitation(US, new byte[8]))),
        OPTION_BEYOND_THE_END(p -> p.icmp(solicitation(US, Packets.bytes(1, 2, 0, 0, 0, 0, 0, 0)))),
        PROBE_TO_UNICAST(p -> p.from("::").to(US).icmp(solicitation(US))),
        PROBE_WITH_LINK_ADDRESS(p -> p.from("::").icmp(solicitation(US, linkOption(1, PEER_MAC)))),
        IN_A_FRAGMENT(p -> p.fragment(0, false, 7).icmp(solicitation(US, linkOption(1, PEER_MAC)))),
        BAD_CHECKSUM(p -> p.payload(ICMP, solicitation(US, linkOption(1, PEER_MAC))));

        final UnaryOperator<Packets6.Ip6> build;

        Fault(UnaryOperator<Packets6.Ip6> build) {
            this.build = build;
        }
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void aSolicitationThatBreaksARuleIsDroppedSilently(Fault fault) {
        up();
        Packets6.Ip6 packet = ip6().from(PEER).to(SOLICITED).hops(255);
        f.inject(fault.build.apply(packet).frame());
        assertThat(f.takeSent()).isEmpty();
        assertThat(neighbour(PEER)).isNull();
    }

    // ---- neighbour states

    private void sendTo(String peer) {
        Syscalls sys = f.process();
        try {
            int fd = sys.socket(SocketConstants.AF_INET6, SocketConstants.SOCK_DGRAM, 0);
            long[] halves = Ipv6Address.parse(peer);
            sys.sendto(fd, ByteBuffer.allocate(1), 0, new SockAddrIn6(halves[0], halves[1], 9, f.dev.ifindex()));
            sys.closeAll();
        } catch (ErrnoException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean isDatagram(byte[] frame) {
        return frame[20] == 17;
    }

    @Test
    void packetsWaitForTheAnswerAndAreSentInOrder() {
        up();
        sendTo(PEER);
        sendTo(PEER);
        byte[] question = f.takeOne();
        assertThat(icmpType(question)).isEqualTo(NS);
        assertThat(Packets.macAt(question, 0)).isEqualTo(0x3333_FF00_0002L);
        assertThat(sourceOf(question)).isEqualTo(address(US));
        assertThat(Arrays.copyOfRange(question, 78, 86)).isEqualTo(linkOption(1, OUR_MAC));
        injectNdp(ip6().from(PEER), advertisement(SOLICITED_FLAG | OVERRIDE_FLAG, PEER, PEER_MAC));
        assertThat(f.takeSent()).hasSize(2).allMatch(NeighbourDiscoveryTest::isDatagram);
        assertThat(neighbour(PEER).state()).isEqualTo(NeighbourState.REACHABLE);
    }

    @Test
    void threeQuestionsASecondApartThenUnreachable() {
        up();
        sendTo("fe80::77");
        for (int i = 0; i < 3; i++) {
            assertThat(sent(NS)).as("question %d", i).hasSize(1);
            f.run(SECOND);
        }
        assertThat(sent(NS)).isEmpty();
        assertThat(neighbour("fe80::77").state()).isEqualTo(NeighbourState.FAILED);
    }

    /** Row: state before; flags S and O; another MAC address; state after; whether the MAC address was taken. */
    @ParameterizedTest
    @CsvSource({
        "INCOMPLETE, S, O, true, REACHABLE, true",
        "INCOMPLETE, -, O, true, STALE, true",
        "INCOMPLETE, -, -, true, STALE, true",
        "REACHABLE, -, -, true, STALE, false",
        "REACHABLE, S, -, true, STALE, false",
        "REACHABLE, -, O, true, STALE, true",
        "REACHABLE, S, O, true, REACHABLE, true",
        "REACHABLE, -, O, false, REACHABLE, false",
        "STALE, -, -, true, STALE, false",
        "STALE, S, -, true, STALE, false",
        "STALE, S, -, false, REACHABLE, false",
        "STALE, S, O, true, REACHABLE, true",
        "STALE, -, O, true, STALE, true"
    })
    void anAdvertisementChangesWhatItsFlagsAllow(
            NeighbourState before, String s, String o, boolean otherMac, NeighbourState after, boolean taken) {
        up();
        sendTo(PEER);
        if (before != NeighbourState.INCOMPLETE) {
            int first = before == NeighbourState.REACHABLE ? SOLICITED_FLAG : 0;
            injectNdp(ip6().from(PEER), advertisement(first | OVERRIDE_FLAG, PEER, PEER_MAC));
            if (before == NeighbourState.STALE && neighbour(PEER).state() == NeighbourState.DELAY) {
                injectNdp(ip6().from(PEER), advertisement(OVERRIDE_FLAG, PEER, PEER_MAC + 8));
                injectNdp(ip6().from(PEER), advertisement(OVERRIDE_FLAG, PEER, PEER_MAC));
            }
            assertThat(neighbour(PEER).state()).isEqualTo(before);
        }
        long mac = otherMac ? 0x0200_0000_0077L : PEER_MAC;
        int flags = (s.equals("S") ? SOLICITED_FLAG : 0) | (o.equals("O") ? OVERRIDE_FLAG : 0);
        injectNdp(ip6().from(PEER), advertisement(flags, PEER, mac));
        NeighbourState now = neighbour(PEER).state();
        // A packet that waited moves a fresh STALE entry on to DELAY at once.
        assertThat(now == NeighbourState.DELAY ? NeighbourState.STALE : now).isEqualTo(after);
        assertThat(neighbour(PEER).mac()).isEqualTo(taken ? mac : PEER_MAC);
    }

    @Test
    void aStaleNeighbourIsUsedAtOnceAndProbedByUnicastAfterFiveSeconds() {
        up();
        injectNdp(ip6().from(PEER).to(SOLICITED), solicitation(US, linkOption(1, PEER_MAC)));
        f.takeSent();
        sendTo(PEER);
        assertThat(f.takeOne()).matches(NeighbourDiscoveryTest::isDatagram);
        assertThat(neighbour(PEER).state()).isEqualTo(NeighbourState.DELAY);
        f.run(5 * SECOND + 1);
        byte[] probe = f.takeOne();
        assertThat(icmpType(probe)).isEqualTo(NS);
        assertThat(Packets.macAt(probe, 0)).isEqualTo(PEER_MAC);
        assertThat(destinationOf(probe)).isEqualTo(address(PEER));
        f.run(4 * SECOND);
        assertThat(sent(NS)).hasSize(2);
        assertThat(neighbour(PEER).state()).isEqualTo(NeighbourState.FAILED);
    }

    @Test
    void advertisementsNobodyAskedForMakeNoEntry() {
        up();
        for (int i = 0; i < 5000; i++) {
            String host = "fe80::1:" + Integer.toHexString(i);
            injectNdp(ip6().from(host).to("ff02::1"), advertisement(OVERRIDE_FLAG, host, PEER_MAC));
        }
        assertThat(ipv6.neighbours().size()).isZero();
    }

    @Test
    void theTableIsBoundedWhateverSolicits() {
        up();
        for (int i = 0; i < 5000; i++) {
            String host = "fe80::1:" + Integer.toHexString(i);
            injectNdp(ip6().from(host).to(SOLICITED), solicitation(US, linkOption(1, PEER_MAC)));
        }
        assertThat(ipv6.neighbours().size()).isLessThanOrEqualTo(1024);
        f.takeSent();
        injectNdp(ip6().from(PEER).to(SOLICITED), solicitation(US, linkOption(1, PEER_MAC)));
        assertThat(sent(NA)).hasSize(1);
    }

    // ---- routers and prefixes

    @Test
    void threeRouterSolicitationsFourSecondsApartThenSilence() {
        ipv6.enable(f.dev);
        f.run(4 * SECOND);
        int seen = sent(RS).size();
        for (int i = 0; i < 6; i++) {
            f.run(4 * SECOND);
            seen += sent(RS).size();
        }
        assertThat(seen).isEqualTo(3);
    }

    @Test
    void anAdvertisementEndsSoliciting() {
        ipv6.enable(f.dev);
        f.run(4 * SECOND);
        int before = sent(RS).size();
        advertise(1800);
        f.run(20 * SECOND);
        assertThat(before).isEqualTo(1);
        assertThat(sent(RS)).isEmpty();
    }

    @Test
    void aRouterAppearsAndExpires() {
        up();
        advertise(30);
        assertThat(defaultRoutes()).hasSize(1);
        assertThat(neighbour(ROUTER).mac()).isEqualTo(ROUTER_MAC);
        f.run(29 * SECOND);
        assertThat(defaultRoutes()).hasSize(1);
        f.run(2 * SECOND);
        assertThat(defaultRoutes()).isEmpty();
        advertise(30);
        advertise(0);
        assertThat(defaultRoutes()).isEmpty();
    }

    private List<RouteEntry6> defaultRoutes() {
        return ipv6.routes().list().stream().filter(e -> e.prefixLength() == 0).toList();
    }

    private static final String SLAAC = "2001:db8:1::ff:fe00:1";

    @Test
    void anAddressIsMadeExaminedDeprecatedAndRemoved() {
        up();
        advertise(1800, prefixOption("2001:db8:1::", 64, 0xC0, 100, 50));
        assertThat(stateOf(SLAAC)).isEqualTo(State.TENTATIVE);
        f.run(3 * SECOND);
        assertThat(stateOf(SLAAC)).isEqualTo(State.PREFERRED);
        f.run(48 * SECOND);
        assertThat(stateOf(SLAAC)).isEqualTo(State.DEPRECATED);
        f.run(50 * SECOND);
        assertThat(stateOf(SLAAC)).isNull();
    }

    /** Row: prefix length, flags, valid, preferred; is an address made, is the prefix on the link. */
    @ParameterizedTest
    @CsvSource({
        "64, 0xC0, 100, 50, true, true",
        "64, 0x40, 100, 50, true, false",
        "64, 0x80, 100, 50, false, true",
        "48, 0xC0, 100, 50, false, true",
        "64, 0xC0, 50, 100, false, true",
        "64, 0xC0, 0, 0, false, false",
        "129, 0xC0, 100, 50, false, false"
    })
    void prefixesAreUsedAsTheirFlagsSay(
            int length, String flags, int valid, int preferred, boolean address, boolean onLink) {
        up();
        advertise(1800, prefixOption("2001:db8:1::", length, Integer.decode(flags), valid, preferred));
        assertThat(find(SLAAC) != null).isEqualTo(address);
        assertThat(ipv6.routes().list().stream().anyMatch(e -> e.high() == 0x2001_0DB8_0001_0000L))
                .isEqualTo(onLink);
    }

    /** Row: first valid lifetime, then the next advertisement's; what is left at least and at most. RFC 4862 §5.5.3 (e). */
    @ParameterizedTest
    @CsvSource({
        "10000, 20000, 20000",
        "10000, 8000, 8000",
        "10000, 100, 7200",
        "100, 50, 97",
        "100, 150, 150",
        "100000, 0, 7200"
    })
    void aLifetimeCannotBeCutBelowTwoHours(int first, int next, int left) {
        up();
        advertise(1800, prefixOption("2001:db8:1::", 64, 0xC0, first, Math.min(first, 50)));
        f.run(3 * SECOND);
        advertise(1800, prefixOption("2001:db8:1::", 64, 0xC0, next, Math.min(next, 40)));
        long seconds = (find(SLAAC).validUntilNs() - f.kernel.context.nowNs()) / SECOND;
        assertThat(seconds).isBetween(left - 1L, (long) left);
    }

    @Test
    void anAdvertisementSetsTheLinksParametersWithinTheirBounds() {
        up();
        byte[] mtu = ByteBuffer.allocate(8)
                .put((byte) 5)
                .put((byte) 1)
                .putShort((short) 0)
                .putInt(1400)
                .array();
        advertise(1800, mtu);
        assertThat(ipv6.of(f.dev).mtu()).isEqualTo(1400);
        for (int bad : new int[] {0, 1279, 1501, -1}) {
            advertise(1800, ByteBuffer.wrap(mtu.clone()).putInt(4, bad).array());
            assertThat(ipv6.of(f.dev).mtu()).isEqualTo(1400);
        }
    }

    @Test
    void advertisementsFromElsewhereAreIgnored() {
        up();
        Packets6.Ip6 offLink = ip6().from("2001:db8::1").to("ff02::1");
        injectNdp(offLink, message(RA, 0, 64 << 24 | 1800, new byte[8]));
        f.inject(ip6().from(ROUTER)
                .to("ff02::1")
                .hops(254)
                .icmp(message(RA, 0, 64 << 24 | 1800, new byte[8]))
                .frame());
        assertThat(defaultRoutes()).isEmpty();
    }

    @Test
    void aFloodOfPrefixesAndRoutersIsBounded() {
        up();
        for (int i = 0; i < 500; i++) {
            String router = "fe80::9:" + Integer.toHexString(i);
            byte[] prefix = prefixOption("2001:db8:" + Integer.toHexString(i) + "::", 64, 0xC0, 1000, 1000);
            injectNdp(ip6().from(router).to("ff02::1"), message(RA, 0, 64 << 24 | 1800, new byte[8], prefix));
        }
        assertThat(defaultRoutes().size()).isLessThanOrEqualTo(16);
        assertThat(ipv6.addresses().list().size()).isLessThanOrEqualTo(18);
        assertThat(ipv6.routes().list().size()).isLessThanOrEqualTo(100);
    }

    // ---- redirects

    private void redirect(String from, String target, String destination) {
        injectNdp(
                ip6().from(from),
                message(REDIRECT, 0, 0, address(target), address(destination), linkOption(2, PEER_MAC)));
    }

    @Test
    void onlyTheFirstHopRouterMayRedirect() {
        up();
        advertise(1800, prefixOption("2001:db8:1::", 64, 0xC0, 1000, 1000));
        f.run(3 * SECOND);
        redirect("fe80::66", PEER, "2001:db8:9::9");
        assertThat(nextHop("2001:db8:9::9")).isEqualTo(ROUTER);
        redirect(ROUTER, "2001:db8:1::66", "2001:db8:9::9"); // neither link-local nor the destination
        assertThat(nextHop("2001:db8:9::9")).isEqualTo(ROUTER);
        redirect(ROUTER, PEER, "2001:db8:9::9");
        assertThat(nextHop("2001:db8:9::9")).isEqualTo(PEER);
        assertThat(nextHop("2001:db8:9::8")).isEqualTo(ROUTER);
        redirect(ROUTER, "2001:db8:9::8", "2001:db8:9::8");
        assertThat(nextHop("2001:db8:9::8")).isEqualTo("2001:db8:9::8");
    }

    private String nextHop(String destination) {
        long[] halves = Ipv6Address.parse(destination);
        var route = ipv6.routes().lookup(halves[0], halves[1], 0, 0, 0);
        return route == null ? "none" : Ipv6Address.format(route.nextHopHigh(), route.nextHopLow());
    }
}
