package dev.doorbell.kernel.inet;

import static dev.doorbell.kernel.socket.SocketConstants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.net.Packets6;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.socket.SockAddrIn6;
import dev.doorbell.kernel.socket.Syscalls;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** IPV6_HOPOPTS and IPV6_DSTOPTS on what datagram sockets send. */
class ExtensionOptionsTest {
    /** PadN of four bytes; an option of kind 0x1e, to be skipped by who does not know it. */
    private static final String HOP = "0000010400000000", DESTINATION = "00001e0401020304";

    private static final int UDP_AT = 14 + 40 + 16;

    private final StackFixture f = new StackFixture();
    private final Syscalls sys = f.process();
    private final long[] peer = Ipv6Address.parse("2001:db8::2");

    @BeforeEach
    void address() {
        f.stack.ipv6().of(f.dev).dadTransmits = 0;
        f.stack.addAddress(f.dev, "2001:db8::1/64");
        f.stack.ipv6().neighbours().addPermanent(f.dev, peer[0], peer[1], StackFixture.PEER_MAC);
        f.run(20 * StackFixture.SECOND);
        f.takeSent();
    }

    @AfterEach
    void nothingLeaks() {
        sys.closeAll();
        f.close();
    }

    private static ByteBuffer bytes(String hex) {
        return ByteBuffer.wrap(HexFormat.of().parseHex(hex));
    }

    private int socket(int type, int protocol) throws ErrnoException {
        int fd = sys.socket(AF_INET6, type | SOCK_NONBLOCK, protocol);
        sys.setsockopt(fd, SOL_IPV6, IPV6_HOPOPTS, bytes(HOP));
        sys.setsockopt(fd, SOL_IPV6, IPV6_DSTOPTS, bytes(DESTINATION));
        return fd;
    }

    private List<byte[]> send(int fd, int bytes, int port) throws ErrnoException {
        sys.sendto(fd, ByteBuffer.allocate(bytes), 0, new SockAddrIn6(peer[0], peer[1], port, 0));
        return f.takeSent();
    }

    private static String hex(byte[] frame, int from, int to) {
        return HexFormat.of().formatHex(frame, from, to);
    }

    @Test
    void headersStandInTheOrderOfRfc8200AndTheChecksumIsRight() throws ErrnoException {
        byte[] frame = send(socket(SOCK_DGRAM, 0), 100, 9).get(0);
        assertThat(frame[20]).as("next header").isEqualTo((byte) 0);
        assertThat(hex(frame, 54, UDP_AT)).isEqualTo("3c" + HOP.substring(2) + "11" + DESTINATION.substring(2));
        assertThat(Packets.u16(frame, 18)).isEqualTo(16 + 8 + 100);
        byte[] source = Arrays.copyOfRange(frame, 22, 38), destination = Arrays.copyOfRange(frame, 38, 54);
        long pseudo = Packets6.pseudo(source, destination, 17, 108);
        assertThat(Packets.checksum(frame, UDP_AT, 108, pseudo)).isZero();
    }

    @Test
    void fragmentsAllCarryTheHopByHopHeaderAndOnlyTheFirstTheOther() throws ErrnoException {
        List<byte[]> frames = send(socket(SOCK_DGRAM, 0), 3000, 9);
        assertThat(frames).hasSize(3).allSatisfy(frame -> {
            assertThat(frame.length).isLessThanOrEqualTo(1514);
            assertThat(hex(frame, 54, 63)).isEqualTo("2c" + HOP.substring(2) + "3c");
        });
        assertThat(hex(frames.get(0), 70, 78)).isEqualTo("11" + DESTINATION.substring(2));
    }

    @Test
    void rawSocketsPutThemInFrontToo() throws ErrnoException {
        byte[] frame = send(socket(SOCK_RAW, 200), 4, 0).get(0);
        assertThat(hex(frame, 54, UDP_AT)).isEqualTo("3c" + HOP.substring(2) + "c8" + DESTINATION.substring(2));
    }

    @Test
    void aHeaderOfNoLengthEndsItAndGetsockoptShowsWhatWasGiven() throws ErrnoException {
        int fd = socket(SOCK_DGRAM, 0);
        ByteBuffer shown = ByteBuffer.allocate(40);
        assertThat(sys.getsockopt(fd, SOL_IPV6, IPV6_DSTOPTS, shown)).isEqualTo(8);
        assertThat(hex(shown.array(), 0, 8)).isEqualTo(DESTINATION);
        assertThat(sys.getsockopt(fd, SOL_IPV6, IPV6_RTHDR, shown)).isZero();
        sys.setsockopt(fd, SOL_IPV6, IPV6_DSTOPTS, ByteBuffer.allocate(0));
        sys.setsockopt(fd, SOL_IPV6, IPV6_HOPOPTS, ByteBuffer.allocate(0));
        assertThat(send(fd, 4, 9).get(0)[20]).isEqualTo((byte) 17);
        assertThat(sys.getsockopt(fd, SOL_IPV6, IPV6_DSTOPTS, shown.clear())).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"00", "00000104000000", "000001040000000000", "0001010400000000"})
    void headersThatAreNoneAreRefused(String header) {
        assertThatThrownBy(() ->
                        sys.setsockopt(sys.socket(AF_INET6, SOCK_DGRAM, 0), SOL_IPV6, IPV6_HOPOPTS, bytes(header)))
                .hasMessageContaining("EINVAL");
    }

    /** Type 0 is out of use (RFC 5095), type 2 is of mobile IPv6, type 4 of segment routing. */
    @ParameterizedTest
    @CsvSource({"0", "2", "4"})
    void routingHeadersAreRefused(int type) {
        String header = "0002%02x01000000000000000000000000000000000000000001"
                .formatted(type)
                .substring(0, 48);
        assertThatThrownBy(
                        () -> sys.setsockopt(sys.socket(AF_INET6, SOCK_DGRAM, 0), SOL_IPV6, IPV6_RTHDR, bytes(header)))
                .hasMessageContaining("EINVAL");
    }
}
