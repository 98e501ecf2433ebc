package dev.doorbell.kernel.udp;

import static dev.doorbell.kernel.socket.SocketConstants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.socket.ControlMessages;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.Syscalls;
import java.nio.ByteBuffer;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** UDP_SEGMENT: one call, many datagrams; each case as Linux 6.18 answered it. */
class UdpSegmentTest {
    private final StackFixture f = StackFixture.withPeer();
    private final Syscalls sys = f.process();
    private int fd;

    @BeforeEach
    void open() throws ErrnoException {
        fd = sys.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        sys.connect(fd, new SockAddrIn(StackFixture.PEER, 9));
    }

    @AfterEach
    void nothingLeaks() {
        sys.closeAll();
        f.close();
    }

    private List<Integer> sizes() {
        return f.takeSent().stream()
                .peek(frame -> assertThat(Packets.transportChecksumRight(frame)).isTrue())
                .map(frame -> Packets.u16(frame, 38) - 8)
                .toList();
    }

    private static void fails(ThrowingCallable call, Errno errno) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private long send(int bytes) throws ErrnoException {
        return sys.send(fd, ByteBuffer.wrap(Packets.pattern(bytes)), 0);
    }

    @Test
    void aMessageIsCutIntoDatagramsTheLastOfWhichMayBeShorter() throws ErrnoException {
        sys.setsockopt(fd, SOL_UDP, UDP_SEGMENT, 1000);
        assertThat(sys.getsockopt(fd, SOL_UDP, UDP_SEGMENT)).isEqualTo(1000);
        ByteBuffer data = ByteBuffer.wrap(Packets.pattern(3500));
        assertThat(sys.send(fd, data, 0)).isEqualTo(3500);
        assertThat(data.hasRemaining()).isFalse();
        List<byte[]> frames = f.takeSent();
        assertThat(frames).hasSize(4);
        assertThat(frames.get(3)).hasSize(14 + 28 + 500).endsWith(Packets.pattern(3500)[3499]);
        assertThat(send(1000)).isEqualTo(1000);
        assertThat(send(10)).isEqualTo(10);
        assertThat(send(0)).isZero();
        assertThat(sizes()).containsExactly(1000, 10, 0);
    }

    @ParameterizedTest
    @CsvSource({"1000, '1000,1000,400'", "0, '1400'", "700, '700,700'"})
    void ancillaryDataSaysItForOneMessage(int segment, String expected) throws ErrnoException {
        sys.setsockopt(fd, SOL_UDP, UDP_SEGMENT, 100);
        Message message = new Message().set(ByteBuffer.wrap(Packets.pattern(segment == 1000 ? 2400 : 1400)));
        ControlMessages control = new ControlMessages();
        control.present = ControlMessages.SEGMENT;
        control.segmentBytes = segment;
        message.control = control;
        sys.sendmsg(fd, message, 0);
        assertThat(String.join(",", sizes().stream().map(String::valueOf).toList()))
                .isEqualTo(expected);
    }

    @Test
    void whatCannotBeCutIsRefused() throws ErrnoException {
        fails(() -> sys.setsockopt(fd, SOL_UDP, UDP_SEGMENT, -1), Errno.EINVAL);
        fails(() -> sys.setsockopt(fd, SOL_UDP, UDP_SEGMENT, 65_536), Errno.EINVAL);
        sys.setsockopt(fd, SOL_UDP, UDP_SEGMENT, 1473);
        assertThat(send(1472)).as("small enough as it is").isEqualTo(1472);
        fails(() -> send(1473), Errno.EMSGSIZE);
        sys.setsockopt(fd, SOL_UDP, UDP_SEGMENT, 10);
        assertThat(send(1280)).isEqualTo(1280);
        fails(() -> send(1281), Errno.EINVAL);
        assertThat(sizes()).hasSize(129);
        sys.setsockopt(fd, SOL_SOCKET, SO_NO_CHECK, 1);
        fails(() -> send(100), Errno.EINVAL);
    }

    @Test
    void aCorkIsCutWhenItIsTakenOut() throws ErrnoException {
        sys.setsockopt(fd, SOL_UDP, UDP_SEGMENT, 500);
        sys.setsockopt(fd, SOL_UDP, UDP_CORK, 1);
        send(700);
        send(700);
        assertThat(f.takeSent()).isEmpty();
        sys.setsockopt(fd, SOL_UDP, UDP_CORK, 0);
        assertThat(sizes()).containsExactly(500, 500, 400);
    }
}
