package dev.doorbell.kernel.ipv4;

import static dev.doorbell.kernel.net.Packets.*;
import static dev.doorbell.kernel.net.StackFixture.*;
import static dev.doorbell.kernel.socket.SocketConstants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.Syscalls;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FragmentTest {
    private final StackFixture f = StackFixture.withPeer();
    private final Syscalls sys = f.process();
    private int fd;

    @BeforeEach
    void listen() throws ErrnoException {
        fd = sys.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        sys.bind(fd, new SockAddrIn(0, 7));
    }

    @AfterEach
    void nothingLeaks() {
        sys.closeAll();
        f.run(31 * SECOND);
        assertThat(f.stack.ipv4().reassemblyMemoryBytes()).isZero();
        f.close();
    }

    private static byte[] datagram(int payload) {
        return udp(PEER, US, 5000, 7, pattern(payload));
    }

    private static byte[] piece(byte[] datagram, int from, int to) {
        return ip().fragment(from, to < datagram.length)
                .payload(Arrays.copyOfRange(datagram, from, to))
                .frame();
    }

    /** Received payload, or null. */
    private byte[] receive() {
        ByteBuffer buffer = ByteBuffer.allocate(70_000);
        try {
            sys.recv(fd, buffer, 0);
        } catch (ErrnoException e) {
            return null;
        }
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    @Test
    void everyOrderOfThreeFragmentsReassembles() {
        byte[] whole = datagram(100);
        int[][] orders = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
        int[] cuts = {0, 40, 80, whole.length};
        for (int[] order : orders) {
            for (int i : order) {
                assertThat(receive()).isNull();
                f.inject(piece(whole, cuts[i], cuts[i + 1]));
            }
            assertThat(receive()).as(Arrays.toString(order)).isEqualTo(pattern(100));
        }
        assertThat(f.stack.snmp().get(Mib.IP_REASM_OKS)).isEqualTo(6);
    }

    @Test
    void exactDuplicatesAreHarmless() {
        byte[] whole = datagram(100);
        f.inject(piece(whole, 0, 40));
        f.inject(piece(whole, 0, 40));
        f.inject(piece(whole, 40, 108));
        assertThat(receive()).isEqualTo(pattern(100));
        assertThat(f.drops(DropReason.DUP_FRAG)).isEqualTo(1);
    }

    @Test
    void anyOverlapSpoilsTheWholeDatagram() {
        byte[] whole = datagram(100);
        int[][][] attacks = {
            {{0, 40}, {32, 80}, {80, 108}, {40, 80}},
            {{0, 48}, {40, 108}},
            {{40, 80}, {0, 48}, {80, 108}},
            {{0, 40}, {80, 108}, {32, 88}},
            {{16, 24}, {0, 40}, {40, 108}},
        };
        for (int[][] attack : attacks) {
            for (int[] range : attack) {
                f.inject(piece(whole, range[0], range[1]));
            }
            assertThat(receive()).as(Arrays.deepToString(attack)).isNull();
            f.run(31 * SECOND);
            f.takeSent();
        }
        assertThat(f.stack.snmp().get(Mib.IP_REASM_OVERLAPS)).isGreaterThanOrEqualTo(attacks.length);
    }

    @Test
    void endsThatDisagreeSpoilTheDatagram() {
        byte[] whole = datagram(100);
        f.inject(piece(whole, 80, 108));
        f.inject(ip().fragment(88, false).payload(pattern(40)).frame());
        f.inject(piece(whole, 0, 40));
        f.inject(piece(whole, 40, 80));
        assertThat(receive()).isNull();
    }

    @Test
    void fragmentsThatCannotBeRightAreDropped() {
        f.inject(ip().fragment(0, true).payload(pattern(41)).frame());
        f.inject(ip().fragment(8, true).payload(bytes()).frame());
        f.inject(ip().fragment(65528, false).payload(pattern(100)).frame());
        f.inject(ip().fragment(8, false).protocol(6).payload(pattern(100)).frame());
        assertThat(f.stack.ipv4().incompleteDatagrams()).isZero();
        assertThat(f.drops(DropReason.FRAG_BAD_LENGTH)).isEqualTo(3);
        assertThat(f.drops(DropReason.PKT_TOO_BIG)).isEqualTo(1);
    }

    @Test
    void aMissingFragmentTimesOutAndIsReportedWhenTheFirstWasSeen() {
        f.inject(piece(datagram(100), 0, 40));
        f.inject(ip().id(77).fragment(40, false).payload(pattern(40)).frame());
        f.run(29 * SECOND);
        assertThat(f.stack.ipv4().incompleteDatagrams()).isEqualTo(2);
        assertThat(f.takeSent()).isEmpty();
        f.run(SECOND);
        assertThat(f.stack.ipv4().incompleteDatagrams()).isZero();
        assertThat(ipPayload(f.takeOne())).startsWith(11, 1);
        assertThat(f.stack.snmp().get(Mib.IP_REASM_TIMEOUT)).isEqualTo(2);
    }

    @Test
    void oneSourceCannotTakeAllMemoryAndOthersStillReassemble() {
        for (int id = 0; id < 3000; id++) {
            f.receive(
                    f.dev,
                    ip().from(0x0B00_0001)
                            .id(id)
                            .fragment(8, true)
                            .payload(pattern(8))
                            .frame());
        }
        assertThat(f.stack.ipv4().incompleteDatagrams()).isEqualTo(Reassembly.MAX_PER_SOURCE);
        byte[] whole = datagram(100);
        f.inject(piece(whole, 0, 40));
        f.inject(piece(whole, 40, 108));
        assertThat(receive()).isEqualTo(pattern(100));
    }

    @Test
    void aFloodFromManySourcesStaysWithinMemoryAndTheOldestGoFirst() {
        for (int i = 0; i < 9000; i++) {
            f.receive(
                    f.dev,
                    ip().from(0x0B00_0000 + i)
                            .fragment(8, true)
                            .payload(pattern(8))
                            .frame());
        }
        assertThat(f.stack.ipv4().reassemblyMemoryBytes()).isLessThanOrEqualTo(Reassembly.MAX_MEMORY);
        assertThat(f.drops(DropReason.FRAG_TOO_MANY)).isPositive();
    }

    @Test
    void manySmallFragmentsInRandomOrderReassemble() {
        byte[] whole = datagram(60_000);
        List<byte[]> frames = new ArrayList<>();
        for (int at = 0; at < whole.length; at += 64) {
            frames.add(piece(whole, at, Math.min(at + 64, whole.length)));
        }
        Collections.shuffle(frames, new Random(3));
        frames.forEach(frame -> f.receive(f.dev, frame));
        assertThat(receive()).isEqualTo(pattern(60_000));
    }

    @Test
    void aDatagramOf4000BytesGoesOutAsThreeFragmentsAndComesBack() throws ErrnoException {
        sys.sendto(fd, ByteBuffer.wrap(pattern(4000)), 0, new SockAddrIn(PEER, 7));
        List<byte[]> frames = f.takeSent();
        assertThat(frames).hasSize(3);
        assertThat(frames).allSatisfy(frame -> {
            assertThat(frame.length).isLessThanOrEqualTo(1514);
            assertThat(ipChecksumRight(frame)).isTrue();
            assertThat(u16(frame, 18)).isEqualTo(u16(frames.get(0), 18));
            assertThat(u16(frame, 20) & 0x4000).as("DF").isZero();
        });
        returnToSender(frames);
        assertThat(receive()).isEqualTo(pattern(4000));
    }

    @Test
    void theLargestDatagramGoesBothWays() throws ErrnoException {
        ByteBuffer largest = ByteBuffer.wrap(pattern(65_507));
        assertThat(sys.sendto(fd, largest, 0, new SockAddrIn(PEER, 7))).isEqualTo(65_507);
        List<byte[]> frames = f.takeSent();
        assertThat(frames).hasSize(45);
        returnToSender(frames);
        assertThat(receive()).isEqualTo(pattern(65_507));
    }

    /** Swaps the addresses, which leaves all checksums right. */
    private void returnToSender(List<byte[]> frames) {
        for (byte[] frame : frames) {
            byte[] back = frame.clone();
            ByteBuffer b = ByteBuffer.wrap(back);
            b.putInt(26, PEER).putInt(30, US);
            System.arraycopy(frame, 0, back, 6, 6);
            System.arraycopy(frame, 6, back, 0, 6);
            if ((u16(frame, 20) & 0x1FFF) == 0) {
                assertThat(u16(frame, 34)).isEqualTo(7);
            }
            f.inject(back);
        }
    }

    @Test
    void withPmtudiscDoTooLongIsRefusedAndTheMtuTold() throws ErrnoException {
        sys.setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
        assertThatThrownBy(() -> sys.sendto(fd, ByteBuffer.allocate(1473), 0, new SockAddrIn(PEER, 7)))
                .hasMessageContaining("EMSGSIZE");
        assertThat(sys.sendto(fd, ByteBuffer.allocate(1472), 0, new SockAddrIn(PEER, 7)))
                .isEqualTo(1472);
        assertThat(f.takeSent()).hasSize(1);
    }

    @Test
    void fragmentationNeededLowersThePathMtuForTenMinutes() throws ErrnoException {
        sys.sendto(fd, ByteBuffer.allocate(1400), 0, new SockAddrIn(PEER, 7));
        byte[] sent = f.takeOne();
        f.inject(ip().protocol(1)
                .payload(icmp(3, 4, 1000, Arrays.copyOfRange(sent, 14, 42)))
                .frame());
        assertThat(f.stack.ipv4().routes().lookup(PEER, 0, 0).mtu()).isEqualTo(1000);
        sys.sendto(fd, ByteBuffer.allocate(1400), 0, new SockAddrIn(PEER, 7));
        assertThat(f.takeSent()).hasSize(2);
        f.run(601 * SECOND);
        assertThat(f.stack.ipv4().routes().lookup(PEER, 0, 0).mtu()).isEqualTo(1500);
    }

    @Test
    void aPathMtuBelowTheFloorIsNotBelieved() throws ErrnoException {
        sys.sendto(fd, ByteBuffer.allocate(100), 0, new SockAddrIn(PEER, 7));
        byte[] sent = f.takeOne();
        f.inject(ip().protocol(1)
                .payload(icmp(3, 4, 68, Arrays.copyOfRange(sent, 14, 42)))
                .frame());
        Route route = f.stack.ipv4().routes().lookup(PEER, 0, 0);
        assertThat(route.mtu()).isEqualTo(PathMtuCache.MIN_MTU);
        assertThat(route.isMtuLocked()).isTrue();
        sys.sendto(fd, ByteBuffer.allocate(100), 0, new SockAddrIn(PEER, 7));
        assertThat(u16(f.takeOne(), 20) & 0x4000).as("DF").isZero();
    }
}
