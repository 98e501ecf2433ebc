package dev.doorbell.kernel.netdev;

import static dev.doorbell.bus.wire.TcpHeader.ACK;
import static dev.doorbell.bus.wire.TcpHeader.CWR;
import static dev.doorbell.bus.wire.TcpHeader.FIN;
import static dev.doorbell.bus.wire.TcpHeader.PSH;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.TestKernel;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import dev.doorbell.kernel.skb.SkbHead;
import dev.doorbell.kernel.skb.SkbSegmenter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GroTest {
    private static final int MSS = 100;
    private final TestKernel kernel = new TestKernel();
    private final Frames frames = new Frames(kernel);
    private final List<SkBuff> up = new ArrayList<>();
    private NetDevice dev;
    private Napi napi;

    @BeforeEach
    void start() throws ErrnoException {
        dev = new FakeDriver(kernel, Features.GRO).dev;
        napi = dev.netifNapiAdd(budget -> 0, Napi.NAPI_POLL_WEIGHT);
        napi.enable();
        kernel.net.handlers().add(EtherType.IPV4, up::add);
    }

    @AfterEach
    void close() {
        napi.disable();
        up.forEach(SkBuff::free);
        kernel.close();
    }

    private void receive(SkBuff skb) {
        skb.protocol = dev.ethTypeTrans(skb);
        napi.groReceive(skb);
    }

    private void receive(int sequence, int payload, int flags) {
        receive(frames.frame(sequence, payload, flags));
    }

    private List<Integer> lengths() {
        return up.stream().map(skb -> skb.length() - 52).toList();
    }

    @Test
    void consecutiveSegmentsBecomeOneWithRightHeadersAndBytes() {
        for (int i = 0; i < 40; i++) {
            receive(i * MSS, MSS, ACK);
        }
        assertThat(up).isEmpty();
        assertThat(napi.gro().heldPackets()).isEqualTo(1);
        napi.gro().flush();
        assertThat(lengths()).containsExactly(40 * MSS);
        SkBuff skb = up.get(0);
        assertThat(skb.gsoSize).isEqualTo(MSS);
        assertThat(skb.gsoSegments).isEqualTo(40);
        assertThat(skb.gsoType).isEqualTo(SkBuff.GSO_TCPV4);
        assertThat(skb.ipSummed).isEqualTo(SkBuff.CHECKSUM_PARTIAL);
        Ipv4Header ip = new Ipv4Header().wrap(kernel.ram, skb.data(), skb.length());
        assertThat(ip.isValid()).isTrue();
        assertThat(ip.isChecksumValid()).isTrue();
        assertThat(ip.totalLength()).isEqualTo(52 + 40 * MSS);
        byte[] bytes = TestKernel.bytes(skb);
        for (int i = 0; i < 40 * MSS; i++) {
            assertThat(bytes[52 + i]).isEqualTo((byte) i);
        }
        assertThat(skb.truesize).isGreaterThan(40 * MSS);
    }

    @Test
    void whatWasMergedCanBeSegmentedIntoWhatCameIn() {
        List<byte[]> sent = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            SkBuff frame = frames.frame(i * MSS, i == 24 ? 30 : MSS, i == 24 ? ACK | PSH : ACK);
            sent.add(TestKernel.bytes(frame));
            receive(frame);
        }
        SkBuff merged = up.remove(0);
        merged.push(14);
        SkBuff segment = new SkbSegmenter().segment(merged, 0);
        for (byte[] expected : sent) {
            assertThat(segment).isNotNull();
            assertThat(SkbChecksum.help(segment)).isTrue();
            assertThat(TestKernel.bytes(segment)).isEqualTo(expected);
            SkBuff following = segment.next;
            segment.next = null;
            segment.free();
            segment = following;
        }
        assertThat(segment).isNull();
    }

    @Test
    void segmentsWithTheirPayloadInPagesAreMergedToo() {
        for (int i = 0; i < 30; i++) {
            SkBuff flat = frames.frame(i * MSS, MSS, ACK);
            SkBuff paged = kernel.alloc(66, Frames.HEADERS);
            kernel.ram.copyTo(flat.data(), kernel.ram, paged.put(Frames.HEADERS), Frames.HEADERS);
            SkbHead page = kernel.skbs.allocHead(MSS);
            assertThat(page).isNotNull();
            kernel.ram.copyTo(flat.data() + Frames.HEADERS, kernel.ram, page.gpa(), MSS);
            paged.addFrag(page, page.gpa(), MSS);
            flat.free();
            receive(paged);
        }
        napi.gro().flush();
        assertThat(lengths()).containsExactly(30 * MSS);
        byte[] bytes = TestKernel.bytes(up.get(0));
        for (int i = 0; i < 30 * MSS; i++) {
            assertThat(bytes[52 + i]).isEqualTo((byte) i);
        }
    }

    @Test
    void pushEndsThePacketAndItsFlagIsKept() {
        receive(0, MSS, ACK);
        receive(MSS, MSS, ACK | PSH);
        assertThat(lengths()).containsExactly(2 * MSS);
        TcpHeader tcp = new TcpHeader().wrap(kernel.ram, up.get(0).data() + 20, 32);
        assertThat(tcp.flags()).isEqualTo(ACK | PSH);
        assertThat(napi.gro().heldPackets()).isZero();
    }

    @Test
    void aShorterSegmentEndsThePacket() {
        receive(0, MSS, ACK);
        receive(MSS, MSS - 1, ACK);
        assertThat(lengths()).containsExactly(2 * MSS - 1);
    }

    @Test
    void aLongerSegmentIsNotMerged() {
        receive(0, MSS, ACK);
        receive(MSS, MSS + 1, ACK);
        assertThat(lengths()).containsExactly(MSS);
        napi.gro().flush();
        assertThat(lengths()).containsExactly(MSS, MSS + 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ttl", "tos", "ack", "timestamp", "id", "df", "gap", "cwr", "checksum", "source MAC"})
    void aSegmentThatDiffersIsNotMergedAndOrderIsKept(String what) {
        receive(0, MSS, ACK);
        Consumer<Frames> change =
                switch (what) {
                    case "ttl" -> f -> f.ttl = 63;
                    case "tos" -> f -> f.tos = 4;
                    case "ack" -> f -> f.ack = 7001;
                    case "timestamp" -> f -> f.timestamp = 2;
                    case "id" -> f -> f.id = 500;
                    case "df" -> f -> f.dontFragment = false;
                    default -> f -> {};
                };
        change.accept(frames);
        SkBuff second = frames.frame(what.equals("gap") ? MSS + 1 : MSS, MSS, what.equals("cwr") ? ACK | CWR : ACK);
        if (what.equals("checksum")) {
            kernel.ram.writeByte(second.data() + 80, 0x55);
        }
        if (what.equals("source MAC")) {
            kernel.ram.writeByte(second.data() + 11, 0x55);
        }
        receive(second);
        napi.gro().flush();
        assertThat(lengths()).containsExactly(MSS, MSS);
        assertThat(up).allSatisfy(skb -> assertThat(skb.gsoSize).isZero());
        assertThat(up).last().isSameAs(what.equals("source MAC") ? up.get(1) : second);
    }

    @Test
    void aBareAckWithEthernetPaddingPushesOutWhatIsHeldFirst() {
        receive(0, MSS, ACK);
        frames.padding = 6;
        receive(MSS, 0, ACK | FIN);
        assertThat(up).hasSize(2);
        assertThat(up.get(0).length()).isEqualTo(52 + MSS);
        assertThat(napi.gro().heldPackets()).isZero();
    }

    @Test
    void fixedIdentificationWithDfIsMergedAndAChangeOfHabitIsNot() {
        receive(0, MSS, ACK);
        frames.id--;
        receive(MSS, MSS, ACK);
        frames.id--;
        receive(2 * MSS, MSS, ACK);
        assertThat(up).isEmpty();
        receive(3 * MSS, MSS, ACK);
        assertThat(lengths()).containsExactly(3 * MSS);
    }

    @Test
    void flowsAreKeptApart() {
        for (int i = 0; i < 5; i++) {
            frames.port = 80;
            receive(i * MSS, MSS, ACK);
            frames.port = 81;
            receive(i * MSS, MSS, ACK);
            frames.id = 101 + i;
        }
        napi.gro().flush();
        assertThat(lengths())
                .hasSizeBetween(2, 10)
                .allSatisfy(bytes -> assertThat(bytes % MSS).isZero());
        assertThat(lengths().stream().mapToInt(Integer::intValue).sum()).isEqualTo(10 * MSS);
    }

    @Test
    void aMergedPacketStaysBelow64KiB() {
        int mss = 1448;
        for (int i = 0; i < 50; i++) {
            receive(i * mss, mss, ACK);
        }
        napi.gro().flush();
        assertThat(lengths()).containsExactly(45 * mss, 5 * mss);
    }

    @Test
    void heldPacketsDoNotOutliveTheirTick() {
        receive(0, MSS, ACK);
        napi.gro().flushOlderThan(kernel.world.nowNs());
        assertThat(up).isEmpty();
        kernel.world.runFor(1_000_000);
        napi.gro().flushOlderThan(kernel.world.nowNs());
        assertThat(up).hasSize(1);
    }

    @Test
    void manyFlowsPushOutTheOldest() {
        for (int i = 0; i < 200; i++) {
            frames.port = 1000 + i;
            receive(0, MSS, ACK);
        }
        assertThat(napi.gro().heldPackets()).isLessThanOrEqualTo(64);
        assertThat(up.size() + napi.gro().heldPackets()).isEqualTo(200);
    }

    @Test
    void withoutTheFeatureEverythingPassesUpAtOnce() {
        dev.features = 0;
        receive(0, MSS, ACK);
        receive(MSS, MSS, ACK);
        assertThat(lengths()).containsExactly(MSS, MSS);
    }

    @Test
    void taggedSegmentsAreMergedWithinTheirVlan() throws ErrnoException {
        NetDevice vlan = VlanDevice.create(dev, 5);
        vlan.devOpen();
        for (int i = 0; i < 3; i++) {
            SkBuff skb = frames.frame(i * MSS, MSS, ACK);
            VlanTags.insert(skb, 5);
            receive(skb);
        }
        napi.gro().flush();
        assertThat(lengths()).containsExactly(3 * MSS);
        assertThat(up.get(0).dev).isSameAs(vlan);
    }
}
