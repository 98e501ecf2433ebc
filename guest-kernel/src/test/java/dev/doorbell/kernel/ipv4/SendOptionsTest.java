package dev.doorbell.kernel.ipv4;

import static dev.doorbell.kernel.net.Packets.*;
import static dev.doorbell.kernel.net.StackFixture.*;
import static dev.doorbell.kernel.socket.SocketConstants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.net.Sysctls;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.Syscalls;
import dev.doorbell.kernel.tcp.Tcp;
import dev.doorbell.kernel.tcp.TcpConfig;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** IP_OPTIONS on what is sent, and the options of answers: RFC 791 §3.1, RFC 1122 §3.2.1.8. Addresses: ours 0a000001. */
class SendOptionsTest {
    private static final int FAR = Ipv4Address.of(192, 0, 2, 9);

    private final StackFixture f = StackFixture.withPeer();
    private final Syscalls sys = f.process();
    private final TcpConfig config = new TcpConfig();
    private final Tcp tcp =
            new Tcp(f.kernel.context, f.stack.layers(), f.kernel.skbs, f.stack.inet(), f.stack.inet6(), config);

    @AfterEach
    void nothingLeaks() {
        sys.closeAll();
        f.run(200 * SECOND);
        f.takeSent();
        tcp.close();
        f.close();
    }

    private static String hex(byte[] frame) {
        int header = (frame[14] & 0xF) * 4;
        assertThat(ipChecksumRight(frame)).isTrue();
        return HexFormat.of().formatHex(frame, 34, 14 + header);
    }

    private static ByteBuffer bytes(String hex) {
        return ByteBuffer.wrap(HexFormat.of().parseHex(hex));
    }

    private int socket(int type, String options) throws ErrnoException {
        int fd = sys.socket(AF_INET, type | SOCK_NONBLOCK, 0);
        sys.setsockopt(fd, SOL_IP, IP_OPTIONS, bytes(options));
        return fd;
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "nothing to do, 01010100, 01010100",
        "padded to four bytes, 940400000101, 9404000001010000",
        "what is behind the end is cleared, 0100ffff, 01000000",
        "record route begins with us, 070b0400000000000000000000000000, 070b080a000001000000000000000000",
        "record route that is full, 0707080a0b0c0d00, 0707080a0b0c0d00",
        "times alone, 440c0500000000000000000000000000, 440c0900TTTTTTTT0000000000000000",
        "times with addresses, 440c05010000000000000000, 440c0d010a000001TTTTTTTT",
        "time at a given place that is ours, 440c05030a00000100000000, 440c0d030a000001TTTTTTTT",
        "time at a given place of another, 440c05030a00000900000000, 440c05030a00000900000000",
    })
    void optionsAreCompletedOnTheirWayOut(String name, String given, String sent) throws ErrnoException {
        f.run(77_000_000_000L);
        int fd = socket(SOCK_DGRAM, given);
        sys.sendto(fd, ByteBuffer.allocate(4), 0, new SockAddrIn(PEER, 9));
        byte[] frame = f.takeOne();
        assertThat(hex(frame)).isEqualTo(sent.replace("TTTTTTTT", String.format("%08x", 77_000)));
        assertThat(u16(frame, 16)).isEqualTo(frame.length - 14);
        assertThat(transportChecksumRight(frame)).isTrue();
        ByteBuffer shown = ByteBuffer.allocate(40);
        int length = sys.getsockopt(fd, SOL_IP, IP_OPTIONS, shown);
        assertThat(HexFormat.of().formatHex(shown.array(), 0, length))
                .as("getsockopt")
                .startsWith(name.contains("cleared") ? "01000000" : given);
        assertThat(length % 4).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0701", // no room for its pointer
                "07070300000000", // pointer into the head of the option
                "07070500000000", // pointer between two places
                "070704000000000707040000000000", // twice
                "4404", // a list longer than what was given
                "440805020000000000000000", // no such flag
                "8307040a000002830704c0000209", // two routes
                "8307080a000002", // a route that was gone through
                "83060400000000", // no whole address
                "9402", // an alert without its value
                "44080500000000000000000000000000000000000000000000000000000000000000000000000000000000000000", // too
                // long
            })
    void malformedOptionsAreRefused(String given) {
        assertThatThrownBy(() -> socket(SOCK_DGRAM, given)).hasMessageContaining("EINVAL");
    }

    @Test
    void aSourceRouteGoesToItsFirstHopAndCarriesTheDestinationLast() throws ErrnoException {
        int fd = socket(SOCK_DGRAM, "830b040a000002c000020100");
        sys.sendto(fd, ByteBuffer.allocate(4), 0, new SockAddrIn(FAR, 9));
        byte[] frame = f.takeOne();
        assertThat(i32(frame, 30)).isEqualTo(PEER);
        assertThat(hex(frame)).isEqualTo("830b04c0000201c000020900");
        int udp = checksum(frame, 46, frame.length - 46, pseudo(US, FAR, 17, frame.length - 46));
        assertThat(udp).as("checksum, over the real destination").isZero();
        assertThat(i32(frame, 26)).isEqualTo(US);
    }

    @Test
    void theFirstHopOfAStrictRouteMustBeANeighbour() throws ErrnoException {
        f.stack.addDefaultRoute(f.dev, PEER);
        int fd = socket(SOCK_DGRAM, "890704c000020100");
        assertThatThrownBy(() -> sys.sendto(fd, ByteBuffer.allocate(4), 0, new SockAddrIn(FAR, 9)))
                .hasMessageContaining("ENETUNREACH");
    }

    @Test
    void fragmentsBehindTheFirstCarryCopiedOptionsOnly() throws ErrnoException {
        int fd = socket(SOCK_DGRAM, "0707040000000001" + "94040000");
        sys.setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
        sys.sendto(fd, ByteBuffer.allocate(3000), 0, new SockAddrIn(PEER, 9));
        assertThat(f.takeSent().stream().map(SendOptionsTest::hex))
                .containsExactly("0707080a0000010194040000", "94040000", "94040000");
    }

    @Test
    void aRawSocketWithItsOwnHeaderTakesNone() throws ErrnoException {
        int fd = sys.socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
        sys.setsockopt(fd, SOL_IP, IP_OPTIONS, bytes("94040000"));
        byte[] packet = Arrays.copyOfRange(ip().payload(new byte[4]).frame(), 14, 38);
        sys.setsockopt(fd, SOL_IP, IP_HDRINCL, 1);
        assertThatThrownBy(() -> sys.sendto(fd, ByteBuffer.wrap(packet), 0, new SockAddrIn(PEER, 0)))
                .hasMessageContaining("EINVAL");
        sys.setsockopt(fd, SOL_IP, IP_HDRINCL, 0);
        sys.sendto(fd, ByteBuffer.wrap(packet), 0, new SockAddrIn(PEER, 0));
        assertThat(hex(f.takeOne())).isEqualTo("94040000");
    }

    // ---- answers

    private byte[] echo(String options) {
        byte[] given = HexFormat.of().parseHex(options);
        int[] values = new int[given.length];
        for (int i = 0; i < given.length; i++) {
            values[i] = given[i] & 0xFF;
        }
        f.inject(ip().protocol(1)
                .options(values)
                .payload(icmp(8, 0, 1, new byte[8]))
                .frame());
        return f.takeOne();
    }

    /** As Linux: the receiver is in the list twice, on its way in and on its way out. */
    @Test
    void anEchoReplyGoesOnRecordingWhereTheRequestEnded() {
        assertThat(hex(echo("070f080a000002000000000000000000"))).isEqualTo("070f100a0000020a0000010a00000100");
        assertThat(hex(echo("0707080a00000200"))).as("full").isEqualTo("0707080a00000200");
        assertThat(hex(echo("94040000" + "01010101")))
                .as("an alert is not for the answer")
                .isEmpty();
        String stamped = hex(echo("440c0500000000000000000000000000"));
        assertThat(stamped).startsWith("440c0d00");
    }

    @Test
    void aRouteThatWasGoneThroughIsWalkedBackWhenItIsTakenAtAll() throws ErrnoException {
        f.inject(ip().protocol(1)
                .from(FAR)
                .options(0x83, 11, 12, 192, 0, 2, 1, 10, 0, 0, 2, 0)
                .payload(icmp(8, 0, 1, new byte[8]))
                .frame());
        assertThat(f.takeSent()).as("refused by default").isEmpty();
        new Sysctls(f.stack, config).set("net.ipv4.conf.all.accept_source_route", "1");
        f.inject(ip().protocol(1)
                .from(FAR)
                .options(0x83, 11, 12, 192, 0, 2, 1, 10, 0, 0, 2, 0)
                .payload(icmp(8, 0, 1, new byte[8]))
                .frame());
        byte[] reply = f.takeOne();
        assertThat(i32(reply, 30)).isEqualTo(PEER);
        assertThat(hex(reply)).isEqualTo("830b04c0000201c000020900");
    }

    // ---- TCP

    private byte[] segment(int flags, int sequence, int ack) {
        ByteBuffer b = ByteBuffer.allocate(20).putShort((short) 4000).putShort((short) 80);
        b.putInt(sequence).putInt(ack).put((byte) 0x50).put((byte) flags).putShort((short) 5000);
        return b.putShort(16, (short) checksum(b.array(), 0, 20, pseudo(PEER, US, 6, 20)))
                .array();
    }

    @Test
    void aConnectionAnswersTheOptionsOfItsSynAndPutsThemOnEverySegment() throws ErrnoException {
        int listener = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        sys.bind(listener, new SockAddrIn(0, 80));
        sys.listen(listener, 5);
        f.inject(ip().protocol(6)
                .options(7, 15, 8, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0)
                .payload(segment(2, 100, 0))
                .frame());
        byte[] synAck = f.takeOne();
        assertThat(hex(synAck)).isEqualTo("070f100a0000020a0000010a00000100");
        int iss = i32(synAck, 14 + 36 + 4);
        f.inject(ip().protocol(6).payload(segment(16, 101, iss + 1)).frame());
        int child = sys.accept4(listener, SOCK_NONBLOCK);
        sys.send(child, ByteBuffer.allocate(1000), 0);
        List<byte[]> first = f.takeSent();
        assertThat(first).hasSize(2).allSatisfy(frame -> {
            assertThat(hex(frame)).startsWith("070f10");
            assertThat(transportChecksumRight(frame)).isTrue();
        });
        sys.setsockopt(child, SOL_IP, IP_OPTIONS, ByteBuffer.allocate(0));
        f.inject(ip().protocol(6).payload(segment(16, 101, iss + 1001)).frame());
        sys.send(child, ByteBuffer.allocate(1000), 0);
        assertThat(f.takeSent())
                .isNotEmpty()
                .allSatisfy(frame -> assertThat(hex(frame)).isEmpty());
    }

    @Test
    void aConnectionIsOpenedWithTheOptionsOfItsSocket() throws ErrnoException {
        int fd = socket(SOCK_STREAM, "830704" + "0a000002" + "01");
        assertThatThrownBy(() -> sys.connect(fd, new SockAddrIn(FAR, 80))).hasMessageContaining("EINPROGRESS");
        byte[] syn = f.takeOne();
        assertThat(i32(syn, 30)).isEqualTo(PEER);
        assertThat(hex(syn)).isEqualTo("830704" + "c0000209" + "01");
        int bytes = syn.length - 42;
        assertThat(checksum(syn, 42, bytes, pseudo(US, FAR, 6, bytes))).isZero();
    }
}
