package dev.doorbell.kernel.socket;

import static dev.doorbell.kernel.net.Packets.*;
import static dev.doorbell.kernel.net.StackFixture.*;
import static dev.doorbell.kernel.socket.SocketConstants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.StackFixture;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SyscallsTest {
    private final StackFixture f = StackFixture.withPeer();
    private final Syscalls sys = f.process();

    @AfterEach
    void nothingLeaks() {
        sys.closeAll();
        f.close();
    }

    private static void assertErrno(ThrowingCallable call, Errno errno) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private int udp(int flags) throws ErrnoException {
        return sys.socket(AF_INET, SOCK_DGRAM | flags, 0);
    }

    @Test
    void socketRefusesWhatItDoesNotHave() {
        assertErrno(() -> sys.socket(99, SOCK_DGRAM, 0), Errno.EAFNOSUPPORT);
        assertErrno(() -> sys.socket(AF_INET, 7, 0), Errno.ESOCKTNOSUPPORT);
        assertErrno(() -> sys.socket(AF_INET, SOCK_DGRAM, 6), Errno.EPROTONOSUPPORT);
        assertErrno(() -> sys.socket(AF_INET, SOCK_RAW, 0), Errno.EPROTONOSUPPORT);
        assertErrno(() -> sys.socket(AF_INET, SOCK_DGRAM | 0x100, 0), Errno.EINVAL);
    }

    @Test
    void badDescriptorsAreRefusedByEveryCall() throws ErrnoException {
        ByteBuffer data = ByteBuffer.allocate(4);
        List<ThrowingCallable> calls = List.of(
                () -> sys.bind(99, new SockAddrIn()),
                () -> sys.listen(99, 1),
                () -> sys.accept4(99, 0),
                () -> sys.connect(99, new SockAddrIn()),
                () -> sys.send(99, data, 0),
                () -> sys.recv(99, data, 0),
                () -> sys.shutdown(99, SHUT_RD),
                () -> sys.close(99),
                () -> sys.close(-1),
                () -> sys.getsockname(99),
                () -> sys.getpeername(99),
                () -> sys.setsockopt(99, SOL_SOCKET, SO_BROADCAST, 1),
                () -> sys.fcntl(99, F_GETFL, 0),
                () -> sys.ioctl(99, FIONREAD, 0),
                () -> sys.epollWait(99, new EpollEvents(1), 0));
        calls.forEach(call -> assertErrno(call, Errno.EBADF));
        int epfd = sys.epollCreate();
        assertErrno(() -> sys.send(epfd, data, 0), Errno.ENOTSOCK);
        int fd = udp(0);
        assertErrno(() -> sys.epollWait(fd, new EpollEvents(1), 0), Errno.EINVAL);
    }

    @Test
    void datagramSocketsRefuseWhatOnlyStreamsDo() throws ErrnoException {
        int fd = udp(0);
        assertErrno(() -> sys.listen(fd, 1), Errno.EOPNOTSUPP);
        assertErrno(() -> sys.accept4(fd, 0), Errno.EOPNOTSUPP);
        assertErrno(() -> sys.getpeername(fd), Errno.ENOTCONN);
        assertErrno(() -> sys.shutdown(fd, 3), Errno.EINVAL);
    }

    @Test
    void theLowestFreeDescriptorIsUsedAndDupShares() throws ErrnoException {
        int a = udp(0);
        int b = udp(0);
        assertThat(a).isEqualTo(3);
        assertThat(b).isEqualTo(4);
        sys.close(a);
        assertThat(udp(0)).isEqualTo(3);
        int copy = sys.dup(b);
        assertThat(sys.sock(copy)).isSameAs(sys.sock(b));
        sys.bind(b, new SockAddrIn(0, 7));
        sys.close(b);
        f.inject(udpFrame(1, 7, bytes(1)));
        assertThat(sys.recv(copy, ByteBuffer.allocate(1), 0)).as("still open").isEqualTo(1);
        assertThat(sys.fcntl(copy, F_DUPFD, 20)).isEqualTo(20);
        assertThat(sys.openFiles()).isEqualTo(3);
    }

    @Test
    void aBlockingReceiveOnABatonThreadWaitsForTheDatagram() throws ErrnoException {
        int fd = udp(0);
        sys.bind(fd, new SockAddrIn(0, 7));
        List<String> log = new ArrayList<>();
        f.kernel.world.threads().start("reader", () -> {
            try {
                log.add("got " + sys.recv(fd, ByteBuffer.allocate(10), 0));
            } catch (ErrnoException e) {
                log.add(e.getMessage());
            }
        });
        f.kernel.settle();
        assertThat(log).isEmpty();
        f.inject(udpFrame(1, 7, bytes(1, 2, 3)));
        assertThat(log).containsExactly("got 3");
    }

    @Test
    void aReceiveTimeoutEndsInEagainAfterExactlyThatTime() throws ErrnoException {
        int fd = udp(0);
        sys.setsockopt(
                fd,
                SOL_SOCKET,
                SO_RCVTIMEO,
                ByteBuffer.allocate(16).putLong(0, 1).putLong(8, 500_000));
        assertErrno(() -> sys.recv(fd, ByteBuffer.allocate(1), 0), Errno.EAGAIN);
        assertThat(f.kernel.world.nowNs()).isEqualTo(1_500_000_000L);
        assertErrno(
                () -> sys.setsockopt(
                        fd, SOL_SOCKET, SO_RCVTIMEO, ByteBuffer.allocate(16).putLong(8, 1_000_000)),
                Errno.EDOM);
    }

    @Test
    void nonBlockingComesFromTheTypeFcntlIoctlOrTheCall() throws ErrnoException {
        int fd = udp(SOCK_NONBLOCK);
        assertThat(sys.fcntl(fd, F_GETFL, 0)).isEqualTo(O_RDWR | O_NONBLOCK);
        assertErrno(() -> sys.recv(fd, ByteBuffer.allocate(1), 0), Errno.EAGAIN);
        sys.ioctl(fd, FIONBIO, 0);
        assertThat(sys.fcntl(fd, F_GETFL, 0)).isEqualTo(O_RDWR);
        assertErrno(() -> sys.recv(fd, ByteBuffer.allocate(1), MSG_DONTWAIT), Errno.EAGAIN);
        sys.fcntl(fd, F_SETFL, O_NONBLOCK);
        assertErrno(() -> sys.recv(fd, ByteBuffer.allocate(1), 0), Errno.EAGAIN);
    }

    @Test
    void aCloseDuringABlockingReceiveTakesEffectWhenTheReceiveReturns() throws ErrnoException {
        int fd = udp(0);
        sys.bind(fd, new SockAddrIn(0, 7));
        List<Long> log = new ArrayList<>();
        f.kernel.world.threads().start("reader", () -> {
            try {
                log.add(sys.recv(fd, ByteBuffer.allocate(10), 0));
            } catch (ErrnoException e) {
                throw new AssertionError(e);
            }
        });
        f.kernel.settle();
        sys.close(fd);
        f.inject(udpFrame(1, 7, bytes(1, 2)));
        assertThat(log).containsExactly(2L);
        f.inject(udpFrame(1, 7, bytes(1)));
        assertThat(ipPayload(f.takeOne())).as("port unreachable").startsWith(3, 3);
    }

    @Test
    void pollTellsWhatIsReadyAndWaitsForIt() throws ErrnoException {
        int fd = udp(0);
        sys.bind(fd, new SockAddrIn(0, 7));
        PollFd reader = new PollFd(fd, EPOLLIN);
        PollFd writer = new PollFd(fd, EPOLLOUT);
        PollFd bad = new PollFd(77, EPOLLIN);
        PollFd skipped = new PollFd(-1, EPOLLIN);
        assertThat(sys.poll(0, reader)).isZero();
        assertThat(sys.poll(-1, reader, writer, bad, skipped)).isEqualTo(2);
        assertThat(writer.revents).isEqualTo(EPOLLOUT);
        assertThat(bad.revents).isEqualTo(POLLNVAL);
        assertThat(skipped.revents).isZero();
        assertThat(sys.poll(20, reader)).isZero();
        assertThat(f.kernel.world.nowNs()).isEqualTo(20_000_000L);
        f.kernel.world.after(5_000_000, "frame", () -> f.receive(f.dev, udpFrame(1, 7, bytes(1))));
        assertThat(sys.poll(20, reader)).isEqualTo(1);
        assertThat(f.kernel.world.nowNs()).isEqualTo(25_000_000L);
        assertThat(reader.revents).isEqualTo(EPOLLIN);
    }

    @Test
    void socketOptionsAreSetAndGot() throws ErrnoException {
        int fd = udp(0);
        int[] switches = {
            SO_REUSEADDR,
            SO_REUSEPORT,
            SO_BROADCAST,
            SO_KEEPALIVE,
            SO_DONTROUTE,
            SO_OOBINLINE,
            SO_NO_CHECK,
            SO_TIMESTAMP
        };
        for (int option : switches) {
            assertThat(sys.getsockopt(fd, SOL_SOCKET, option)).isZero();
            sys.setsockopt(fd, SOL_SOCKET, option, 5);
            assertThat(sys.getsockopt(fd, SOL_SOCKET, option)).isEqualTo(1);
        }
        assertThat(sys.getsockopt(fd, SOL_SOCKET, SO_TYPE)).isEqualTo(SOCK_DGRAM);
        assertThat(sys.getsockopt(fd, SOL_SOCKET, SO_DOMAIN)).isEqualTo(AF_INET);
        assertThat(sys.getsockopt(fd, SOL_SOCKET, SO_PROTOCOL)).isEqualTo(IPPROTO_UDP);
        assertThat(sys.getsockopt(fd, SOL_SOCKET, SO_RCVBUF)).isEqualTo(212_992);
        sys.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, 1);
        assertThat(sys.getsockopt(fd, SOL_SOCKET, SO_SNDBUF)).isEqualTo(4608);
        sys.setsockopt(
                fd, SOL_SOCKET, SO_LINGER, ByteBuffer.allocate(8).putInt(0, 1).putInt(4, 9));
        ByteBuffer linger = ByteBuffer.allocate(8);
        assertThat(sys.getsockopt(fd, SOL_SOCKET, SO_LINGER, linger)).isEqualTo(8);
        assertThat(linger.getInt(4)).isEqualTo(9);
        sys.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ByteBuffer.wrap("eth0".getBytes()));
        assertThat(sys.getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX)).isEqualTo(f.dev.ifindex());
        assertErrno(
                () -> sys.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ByteBuffer.wrap("eth9".getBytes())),
                Errno.ENODEV);
        assertErrno(() -> sys.setsockopt(fd, SOL_SOCKET, SO_TYPE, 1), Errno.ENOPROTOOPT);
        assertErrno(() -> sys.setsockopt(fd, SOL_SOCKET, 9999, 1), Errno.ENOPROTOOPT);
        assertErrno(() -> sys.setsockopt(fd, 77, 1, 1), Errno.ENOPROTOOPT);
        assertErrno(() -> sys.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, ByteBuffer.allocate(3)), Errno.EINVAL);
        sys.setsockopt(fd, SOL_SOCKET, SO_PRIORITY, 7); // as root, as all programs of a guest
        assertThat(sys.getsockopt(fd, SOL_SOCKET, SO_PRIORITY)).isEqualTo(7);
        assertThat(sys.getsockopt(fd, SOL_SOCKET, SO_LINGER, ByteBuffer.allocate(4)))
                .isEqualTo(4);
        ByteBuffer name = ByteBuffer.allocate(16);
        assertThat(sys.getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name)).isEqualTo(5);
        assertThat(name.array()).startsWith("eth0\0".getBytes());
        assertErrno(() -> sys.getsockopt(fd, 77, 1), Errno.EOPNOTSUPP);
    }

    @Test
    void ipOptionsAreSetAndGotAndTakeEffect() throws ErrnoException {
        int fd = udp(0);
        assertThat(sys.getsockopt(fd, SOL_IP, IP_TTL)).isEqualTo(64);
        assertErrno(() -> sys.setsockopt(fd, SOL_IP, IP_TTL, 256), Errno.EINVAL);
        assertErrno(() -> sys.getsockopt(fd, SOL_IP, IP_MTU), Errno.ENOTCONN);
        sys.setsockopt(fd, SOL_IP, IP_TTL, 9);
        sys.setsockopt(fd, SOL_IP, IP_TOS, 0x10);
        sys.setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
        sys.connect(fd, new SockAddrIn(PEER, 9));
        assertThat(sys.getsockopt(fd, SOL_IP, IP_MTU)).isEqualTo(1500);
        sys.send(fd, ByteBuffer.allocate(1), 0);
        byte[] frame = f.takeOne();
        assertThat(u8(frame, 22)).isEqualTo(9);
        assertThat(u8(frame, 15)).isEqualTo(0x10);
        assertThat(u16(frame, 20)).isZero();
        assertThat(sys.getsockname(fd))
                .isInstanceOfSatisfying(
                        SockAddrIn.class, a -> assertThat(a.address()).isEqualTo(US));
        assertThat(sys.getpeername(fd)).isEqualTo(new SockAddrIn(PEER, 9));
        sys.connect(fd, SockAddr.UNSPEC);
        assertErrno(() -> sys.getpeername(fd), Errno.ENOTCONN);
        ByteBuffer little =
                ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(0, 33);
        sys.setsockopt(fd, SOL_IP, IP_TTL, little);
        assertThat(sys.getsockopt(fd, SOL_IP, IP_TTL)).isEqualTo(33);
    }

    @Test
    void aBlockingCallInsideAnEventIsABug() throws ErrnoException {
        int fd = udp(0);
        List<Throwable> thrown = new ArrayList<>();
        f.kernel.world.after(0, "event", () -> {
            try {
                sys.recv(fd, ByteBuffer.allocate(1), 0);
            } catch (IllegalStateException | ErrnoException e) {
                thrown.add(e);
            }
        });
        f.kernel.settle();
        assertThat(thrown).hasSize(1);
        assertThat(thrown.get(0)).isInstanceOf(IllegalStateException.class).hasMessageContaining("recvmsg");
    }
}
