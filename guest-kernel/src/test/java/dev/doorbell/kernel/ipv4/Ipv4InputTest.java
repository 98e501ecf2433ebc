package dev.doorbell.kernel.ipv4;

import static dev.doorbell.kernel.net.Packets.*;
import static dev.doorbell.kernel.net.StackFixture.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.Verdict;
import dev.doorbell.kernel.skb.DropReason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Ipv4InputTest {
    private static final int PING = 1;

    private final StackFixture f = StackFixture.withPeer();

    @AfterEach
    void nothingLeaks() {
        f.close();
    }

    /** An echo request: whatever is accepted gets answered. */
    private static Packets.Ip ping() {
        return ip().protocol(PING).payload(icmp(8, 0, 0x0001_0001, pattern(20)));
    }

    private boolean isAnswered(byte[] frame) {
        f.inject(frame);
        return !f.takeSent().isEmpty();
    }

    @Test
    void aPacketCutAtAnyLengthIsDroppedAndTheNextIsServed() {
        byte[] whole = ping().frame();
        for (int length = 14; length < whole.length; length++) {
            assertThat(isAnswered(Arrays.copyOf(whole, length)))
                    .as("%d bytes", length)
                    .isFalse();
        }
        assertThat(isAnswered(whole)).isTrue();
        assertThat(f.drops(DropReason.PKT_TOO_SMALL)).isEqualTo(whole.length - 14);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 5, 6, 15})
    void otherVersionsAreDropped(int version) {
        byte[] frame = ping().frame();
        frame[14] = (byte) (version << 4 | 5);
        assertThat(isAnswered(frame)).isFalse();
        assertThat(f.drops(DropReason.IP_INHDR)).isEqualTo(1);
    }

    @Test
    void headerLengthsThatLieAreDropped() {
        for (int words = 0; words <= 15; words++) {
            byte[] frame = ping().frame();
            frame[14] = (byte) (0x40 | words);
            assertThat(isAnswered(frame)).as("IHL %d", words).isEqualTo(words == 5);
        }
    }

    @Test
    void totalLengthsThatLieAreDroppedAndPaddingIsCut() {
        for (int delta : new int[] {1, 1000, -29, -48, 65535}) {
            Packets.Ip lying = ping();
            lying.totalLengthDelta = delta;
            assertThat(isAnswered(lying.frame())).as("delta %d", delta).isFalse();
        }
        Packets.Ip padded = ping();
        padded.padding = 18;
        f.inject(padded.frame());
        assertThat(ipPayload(f.takeOne())).hasSize(28);
    }

    @Test
    void anyFlippedHeaderBitFailsTheChecksum() {
        byte[] good = ping().frame();
        for (int bit = 8; bit < 160; bit++) {
            byte[] bad = good.clone();
            bad[14 + bit / 8] ^= (byte) (0x80 >>> bit % 8);
            assertThat(isAnswered(bad)).as("bit %d", bit).isFalse();
        }
        assertThat(f.stack.snmp().get(Mib.IP_IN_CSUM_ERRORS)).isEqualTo(152);
    }

    @Test
    void martiansAreDropped() {
        int[] sources = {
            Ipv4Address.parse("127.0.0.1"),
            Ipv4Address.parse("224.0.0.1"),
            Ipv4Address.parse("255.255.255.255"),
            Ipv4Address.parse("10.0.0.255"),
            Ipv4Address.parse("0.0.0.0"),
            Ipv4Address.parse("0.1.2.3"),
            US
        };
        for (int source : sources) {
            assertThat(isAnswered(ping().from(source).frame()))
                    .as(Ipv4Address.format(source))
                    .isFalse();
        }
        assertThat(isAnswered(ping().to(Ipv4Address.LOOPBACK).frame())).isFalse();
        assertThat(isAnswered(ping().to(0).frame())).isFalse();
        assertThat(f.drops(DropReason.IP_MARTIAN)).isEqualTo(sources.length + 2);
    }

    @Test
    void othersPacketsAndUnicastInBroadcastFramesAreDropped() {
        assertThat(isAnswered(ping().toMac(PEER_MAC).frame())).isFalse();
        assertThat(isAnswered(ping().toMac(0xFFFF_FFFF_FFFFL).frame())).isFalse();
        assertThat(isAnswered(ping().to(Ipv4Address.of(10, 0, 0, 99)).frame())).isFalse();
        assertThat(f.drops(DropReason.OTHERHOST)).isEqualTo(1);
        assertThat(f.drops(DropReason.UNICAST_IN_L2_MULTICAST)).isEqualTo(1);
        assertThat(f.drops(DropReason.IP_NOT_LOCAL)).isEqualTo(1);
    }

    @Test
    void ttlOfWhatIsForUsDoesNotMatter() {
        assertThat(isAnswered(ping().ttl(1).frame())).isTrue();
        assertThat(isAnswered(ping().ttl(0).frame())).isTrue();
    }

    @Test
    void unknownProtocolIsReported() {
        f.inject(ip().protocol(99).payload(pattern(30)).frame());
        assertThat(ipPayload(f.takeOne())).startsWith(3, 2);
        assertThat(f.stack.snmp().get(Mib.IP_IN_UNKNOWN_PROTOS)).isEqualTo(1);
    }

    @Test
    void optionsAreSkippedOrRefusedWithTheirPlace() {
        assertThat(isAnswered(ping().options(1, 1, 1, 0).frame())).isTrue();
        assertThat(isAnswered(ping().options(148, 4, 0, 0).frame())).isTrue();
        assertThat(isAnswered(ping().options(131, 7, 4, 10, 0, 0, 9, 0).frame()))
                .as("source route")
                .isFalse();
        assertThat(isAnswered(ping().options(137, 3, 4, 0).frame())).isFalse();
        for (int[] bad : new int[][] {{1, 7, 0, 0}, {1, 7, 1, 0}, {1, 7, 9, 0}, {1, 1, 1, 7}}) {
            f.inject(ping().options(bad).frame());
            byte[] error = ipPayload(f.takeOne());
            assertThat(error).startsWith(12, 0);
            assertThat(error[4]).as("pointer").isEqualTo((byte) (bad[1] == 1 ? 23 : 21));
        }
    }

    @Test
    void forwardingLowersTheTtlAndSendsTheErrorsOfARouter() throws ErrnoException {
        List<byte[]> right = new ArrayList<>();
        NetDevice eth1 = f.addDevice("eth1", 0x02_00_00_00_01_01L, right);
        f.stack.addAddress(eth1, "10.1.0.1/24");
        int far = Ipv4Address.of(10, 1, 0, 2);
        f.stack.arp().neighbours().addPermanent(eth1, far, 0x02_00_00_00_01_02L);
        assertThat(isAnswered(ping().to(far).frame())).as("switched off").isFalse();
        assertThat(right).isEmpty();

        f.stack.setForwarding(true);
        f.inject(ping().to(far).frame());
        assertThat(right).hasSize(1);
        byte[] forwarded = right.get(0);
        assertThat(u8(forwarded, 22)).isEqualTo(63);
        assertThat(ipChecksumRight(forwarded)).isTrue();
        assertThat(ipPayload(forwarded)).isEqualTo(ping().payload);

        f.inject(ping().to(far).ttl(1).frame());
        assertThat(ipPayload(f.takeOne())).startsWith(11, 0);
        f.inject(ping().to(Ipv4Address.of(99, 0, 0, 1)).frame());
        assertThat(ipPayload(f.takeOne())).startsWith(3, 0);
        eth1.initMtu(100);
        f.inject(ping().to(far)
                .dontFragment()
                .payload(icmp(8, 0, 1, pattern(200)))
                .frame());
        byte[] tooBig = ipPayload(f.takeOne());
        assertThat(tooBig).startsWith(3, 4);
        assertThat(u16(tooBig, 6)).as("next-hop MTU").isEqualTo(100);
        right.clear();
        f.inject(ping().to(far).payload(icmp(8, 0, 1, pattern(200))).frame());
        assertThat(right).hasSize(3);
    }

    @Test
    void hooksSeeAPacketInOrderAndMayDropIt() {
        List<String> seen = new ArrayList<>();
        NetfilterHooks hooks = f.stack.netfilter();
        for (int point = 0; point < 5; point++) {
            hooks.register(point, NetfilterHooks.PRIORITY_FILTER, (where, skb, in, out) -> {
                seen.add(where + (in == null ? "-" : in.name()) + (out == null ? "-" : out.name()));
                return Verdict.ACCEPT;
            });
        }
        assertThat(isAnswered(ping().frame())).isTrue();
        assertThat(seen).containsExactly("0eth0-", "1eth0-", "3-eth0", "4-eth0");
        hooks.register(NetfilterHooks.LOCAL_IN, NetfilterHooks.PRIORITY_RAW, (w, s, i, o) -> Verdict.DROP);
        assertThat(isAnswered(ping().frame())).isFalse();
        assertThat(f.drops(DropReason.NETFILTER_DROP)).isEqualTo(1);
    }

    @Test
    void randomPacketsDoNoHarm() {
        java.util.SplittableRandom random = new java.util.SplittableRandom(7);
        for (int i = 0; i < 3000; i++) {
            byte[] frame = ping().protocol(new int[] {1, 17, 6, 2, 50}[i % 5])
                    .fragment(random.nextInt(40) * 8, random.nextInt(2) == 0)
                    .frame();
            for (int flips = random.nextInt(4); flips > 0; flips--) {
                frame[14 + random.nextInt(frame.length - 14)] ^= (byte) (1 << random.nextInt(8));
            }
            frame[24] = 0;
            frame[25] = 0;
            int header = Math.max(20, Math.min(frame.length - 14, (frame[14] & 0xF) * 4));
            int sum = checksum(frame, 14, header, 0);
            frame[24] = (byte) (sum >>> 8);
            frame[25] = (byte) sum;
            f.receive(f.dev, Arrays.copyOf(frame, 14 + random.nextInt(frame.length - 13)));
        }
        f.takeSent();
        f.run(31 * SECOND);
        f.takeSent();
        assertThat(isAnswered(ping().frame())).isTrue();
    }
}
