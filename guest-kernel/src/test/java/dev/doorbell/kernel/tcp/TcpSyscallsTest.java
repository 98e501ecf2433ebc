package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.net.StackFixture.*;
import static dev.doorbell.kernel.socket.SocketConstants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.socket.EpollEvents;
import dev.doorbell.kernel.socket.PollFd;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.Syscalls;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** System calls on stream sockets over the loopback device: what programs see. */
class TcpSyscallsTest {
    private static final SockAddrIn SERVER = new SockAddrIn(INADDR_LOOPBACK, 80);

    private final StackFixture f = StackFixture.withPeer();
    private final Syscalls sys = f.process();
    private final Tcp tcp = new Tcp(
            f.kernel.context, f.stack.layers(), f.kernel.skbs, f.stack.inet(), f.stack.inet6(), new TcpConfig());
    private int listener, client, server;

    @BeforeEach
    void connect() throws ErrnoException {
        listener = stream(0);
        sys.setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, 1);
        sys.bind(listener, SERVER);
        sys.listen(listener, 5);
        client = stream(0);
        sys.connect(client, SERVER);
        server = sys.accept4(listener, 0);
    }

    @AfterEach
    void nothingLeaks() {
        sys.closeAll();
        f.run(200 * SECOND);
        assertThat(tcp.flowCount()).isZero();
        tcp.close();
        f.close();
    }

    private int stream(int flags) throws ErrnoException {
        return sys.socket(AF_INET, SOCK_STREAM | flags, 0);
    }

    private static void assertErrno(ThrowingCallable call, Errno errno) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private void say(int fd, String text) throws ErrnoException {
        sys.send(fd, ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), 0);
    }

    private String hear(int bytes, int flags) throws ErrnoException {
        ByteBuffer into = ByteBuffer.allocate(bytes);
        long n = sys.recv(server, into, flags);
        return n + ":" + new String(into.array(), 0, into.position(), StandardCharsets.US_ASCII).replace('\0', '.');
    }

    private void later(long ns, ThrowingCallable action) {
        f.kernel.world.after(ns, "later", () -> {
            try {
                action.call();
            } catch (Throwable t) {
                throw new AssertionError(t);
            }
        });
    }

    private void timeout(int fd, int option, long ms) throws ErrnoException {
        sys.setsockopt(
                fd,
                SOL_SOCKET,
                option,
                ByteBuffer.allocate(16).putLong(0, ms / 1000).putLong(8, ms % 1000 * 1000));
    }

    // ---- receive flags

    @Test
    void peekLeavesTheDataAndTruncThrowsItAway() throws ErrnoException {
        say(client, "abcdef");
        assertThat(hear(3, MSG_PEEK)).isEqualTo("3:abc");
        assertThat(hear(3, MSG_PEEK)).isEqualTo("3:abc");
        assertThat(hear(2, MSG_TRUNC)).isEqualTo("2:..");
        assertThat(hear(10, 0)).isEqualTo("4:cdef");
        assertErrno(() -> hear(1, MSG_DONTWAIT), Errno.EAGAIN);
    }

    @Test
    void waitAllWaitsForAllOrTheEnd() throws ErrnoException {
        say(client, "ab");
        later(SECOND, () -> say(client, "cd"));
        later(2 * SECOND, () -> say(client, "efgh"));
        assertThat(hear(6, MSG_WAITALL)).isEqualTo("6:abcdef");
        assertThat(f.kernel.world.nowNs()).isBetween(2 * SECOND, 2 * SECOND + SECOND / 10);
        later(SECOND, () -> sys.shutdown(client, SHUT_WR));
        assertThat(hear(6, MSG_WAITALL)).isEqualTo("2:gh");
        assertThat(hear(6, MSG_WAITALL)).isEqualTo("0:");
    }

    @Test
    void waitAllAlsoPeeksAndThrowsAwayNoMoreThanAsked() throws ErrnoException {
        say(client, "ab");
        later(SECOND, () -> say(client, "cdef"));
        assertThat(hear(4, MSG_WAITALL | MSG_PEEK)).isEqualTo("4:abcd");
        assertThat(hear(4, MSG_WAITALL | MSG_TRUNC)).isEqualTo("4:....");
        assertThat(hear(4, 0)).isEqualTo("2:ef");
        timeout(server, SO_RCVTIMEO, 500);
        say(client, "xy");
        assertThat(hear(4, MSG_WAITALL | MSG_PEEK)).as("out of time").isEqualTo("2:xy");
        assertThat(hear(4, MSG_WAITALL)).isEqualTo("2:xy");
    }

    @Test
    void aBlockingReceiveWaitsForTheLowWaterMark() throws ErrnoException {
        sys.setsockopt(server, SOL_SOCKET, SO_RCVLOWAT, 4);
        say(client, "ab");
        later(SECOND, () -> say(client, "cde"));
        assertThat(hear(10, 0)).isEqualTo("5:abcde");
        say(client, "xyz");
        assertThat(hear(3, 0)).as("never more than fits").isEqualTo("3:xyz");
        say(client, "xyz");
        f.kernel.settle();
        assertThat(hear(10, MSG_DONTWAIT)).isEqualTo("3:xyz");
    }

    @Test
    void waitAllEndsAtTheUrgentMark() throws ErrnoException {
        say(client, "ab");
        sys.send(client, ByteBuffer.wrap(new byte[] {'!'}), MSG_OOB);
        say(client, "cd");
        f.kernel.settle();
        assertThat(hear(4, MSG_WAITALL)).isEqualTo("2:ab");
        assertThat(sys.ioctl(server, SIOCATMARK, 0)).isEqualTo(1);
        assertThat(hear(1, MSG_OOB)).isEqualTo("1:!");
        assertThat(hear(2, MSG_WAITALL)).isEqualTo("2:cd");
        assertErrno(() -> hear(1, MSG_OOB), Errno.EINVAL);
    }

    @Test
    void timeoutsEndInEagainOrInWhatWasDone() throws ErrnoException {
        timeout(server, SO_RCVTIMEO, 250);
        long start = f.kernel.world.nowNs();
        assertErrno(() -> hear(1, 0), Errno.EAGAIN);
        assertThat(f.kernel.world.nowNs() - start).isEqualTo(250_000_000L);
        timeout(client, SO_SNDTIMEO, 250);
        ByteBuffer much = ByteBuffer.allocate(32 << 20);
        long sent = sys.send(client, much, 0);
        assertThat(sent).isBetween(1L, (32L << 20) - 1).isEqualTo(much.position());
        sys.send(client, much, MSG_DONTWAIT); // a little room, too little to wake a writer for
        assertErrno(() -> sys.send(client, much, 0), Errno.EAGAIN);
    }

    // ---- errors

    @Test
    void resetShowsOnceThenEndAndBrokenPipe() throws ErrnoException {
        sys.setsockopt(server, SOL_SOCKET, SO_LINGER, ByteBuffer.allocate(8).putInt(0, 1));
        sys.close(server);
        f.kernel.settle();
        assertErrno(() -> sys.recv(client, ByteBuffer.allocate(1), 0), Errno.ECONNRESET);
        assertThat(sys.recv(client, ByteBuffer.allocate(1), 0)).isZero();
        assertErrno(() -> say(client, "x"), Errno.EPIPE);
    }

    @Test
    void aSendThatMovedSomethingLeavesTheErrorToTheNext() throws ErrnoException {
        sys.setsockopt(server, SOL_SOCKET, SO_LINGER, ByteBuffer.allocate(8).putInt(0, 1));
        later(SECOND, () -> sys.close(server));
        ByteBuffer much = ByteBuffer.allocate(32 << 20);
        assertThat(sys.send(client, much, 0)).isEqualTo(much.position()).isPositive();
        assertErrno(() -> sys.send(client, much, 0), Errno.ECONNRESET);
        assertErrno(() -> sys.send(client, much, 0), Errno.EPIPE);
    }

    @Test
    void aWaitingReceiveThatGotSomethingLeavesTheErrorToTheNext() throws ErrnoException {
        say(client, "ab");
        sys.setsockopt(client, SOL_SOCKET, SO_LINGER, ByteBuffer.allocate(8).putInt(0, 1));
        later(SECOND, () -> sys.close(client));
        assertThat(hear(10, MSG_WAITALL)).isEqualTo("2:ab");
        assertErrno(() -> hear(1, 0), Errno.ECONNRESET);
        assertThat(hear(1, 0)).isEqualTo("0:");
    }

    // ---- connect

    @Test
    void connectedAndUnconnectedAreToldApart() throws ErrnoException {
        assertErrno(() -> sys.connect(client, SERVER), Errno.EISCONN);
        assertErrno(() -> sys.connect(listener, SERVER), Errno.EISCONN);
        int fresh = stream(0);
        assertErrno(() -> sys.recv(fresh, ByteBuffer.allocate(1), 0), Errno.ENOTCONN);
        assertErrno(() -> say(fresh, "x"), Errno.EPIPE);
        assertErrno(() -> sys.shutdown(fresh, SHUT_WR), Errno.ENOTCONN);
        assertErrno(() -> sys.accept4(fresh, 0), Errno.EINVAL);
        assertErrno(() -> sys.listen(client, 1), Errno.EINVAL);
    }

    @Test
    void aClosedPortRefusesAndTheSocketMayTryAgain() throws ErrnoException {
        int fd = stream(0);
        assertErrno(() -> sys.connect(fd, new SockAddrIn(INADDR_LOOPBACK, 81)), Errno.ECONNREFUSED);
        assertThat(sys.getsockopt(fd, SOL_SOCKET, SO_ERROR)).isZero();
        sys.connect(fd, SERVER);
        sys.close(sys.accept4(listener, 0));
        assertThat(sys.recv(fd, ByteBuffer.allocate(1), 0)).isZero();
    }

    @Test
    void nonBlockingConnectShowsInPollAndSoError() throws ErrnoException {
        int fd = stream(SOCK_NONBLOCK);
        assertErrno(() -> sys.connect(fd, SERVER), Errno.EINPROGRESS);
        assertErrno(() -> sys.connect(fd, SERVER), Errno.EALREADY);
        PollFd out = new PollFd(fd, EPOLLOUT);
        assertThat(sys.poll(0, out)).isZero();
        assertThat(sys.poll(-1, out)).isEqualTo(1);
        assertThat(out.revents).isEqualTo(EPOLLOUT);
        assertThat(sys.getsockopt(fd, SOL_SOCKET, SO_ERROR)).isZero();
        sys.connect(fd, SERVER); // success, told once
        assertErrno(() -> sys.connect(fd, SERVER), Errno.EISCONN);

        int refused = stream(SOCK_NONBLOCK);
        assertErrno(() -> sys.connect(refused, new SockAddrIn(INADDR_LOOPBACK, 81)), Errno.EINPROGRESS);
        PollFd hup = new PollFd(refused, EPOLLOUT);
        assertThat(sys.poll(-1, hup)).isEqualTo(1);
        assertThat(hup.revents & (EPOLLERR | EPOLLHUP | EPOLLOUT)).isEqualTo(EPOLLERR | EPOLLHUP | EPOLLOUT);
        assertThat(sys.getsockopt(refused, SOL_SOCKET, SO_ERROR)).isEqualTo(Errno.ECONNREFUSED.number());
        assertThat(sys.getsockopt(refused, SOL_SOCKET, SO_ERROR)).isZero();
    }

    @Test
    void aSilentHostTimesOutAndAMissingOneIsUnreachable() throws ErrnoException {
        int silent = stream(0);
        long start = f.kernel.world.nowNs();
        assertErrno(() -> sys.connect(silent, new SockAddrIn(PEER, 80)), Errno.ETIMEDOUT);
        assertThat(f.kernel.world.nowNs() - start).isEqualTo(131 * SECOND);
        int missing = stream(0);
        assertErrno(() -> sys.connect(missing, new SockAddrIn(Ipv4Address.of(10, 0, 0, 77), 80)), Errno.EHOSTUNREACH);
        int nowhere = stream(0);
        assertErrno(() -> sys.connect(nowhere, new SockAddrIn(Ipv4Address.of(192, 0, 2, 1), 80)), Errno.ENETUNREACH);
        int impatient = stream(0);
        timeout(impatient, SO_SNDTIMEO, 500);
        assertErrno(() -> sys.connect(impatient, new SockAddrIn(PEER, 80)), Errno.EINPROGRESS);
    }

    // ---- close

    @Test
    void lingeringCloseWaitsForTheLastAcknowledgementOnAnyThread() throws ErrnoException {
        sys.setsockopt(
                client,
                SOL_SOCKET,
                SO_LINGER,
                ByteBuffer.allocate(8).putInt(0, 1).putInt(4, 30));
        sys.fcntl(client, F_SETFL, O_NONBLOCK);
        while (true) {
            try {
                sys.send(client, ByteBuffer.allocate(1 << 20), 0);
            } catch (ErrnoException full) {
                break;
            }
        }
        List<String> log = new ArrayList<>();
        f.kernel.world.threads().start("closer", () -> {
            try {
                long start = f.kernel.world.nowNs();
                sys.close(client);
                log.add("closed after " + (f.kernel.world.nowNs() - start) / SECOND + " s");
            } catch (ErrnoException e) {
                log.add(e.getMessage());
            }
        });
        f.run(5 * SECOND);
        assertThat(log).isEmpty();
        ByteBuffer sink = ByteBuffer.allocate(1 << 20);
        while (sys.recv(server, sink.clear(), 0) > 0) {
            f.kernel.settle();
        }
        f.run(SECOND / 2);
        assertThat(log).hasSize(1).first().asString().startsWith("closed after 5 s");
    }

    @Test
    void lingeringCloseEndsAfterItsTime() throws ErrnoException {
        int fd = stream(SOCK_NONBLOCK);
        assertErrno(() -> sys.connect(fd, SERVER), Errno.EINPROGRESS);
        int other = sys.accept4(listener, 0);
        sys.setsockopt(
                fd, SOL_SOCKET, SO_LINGER, ByteBuffer.allocate(8).putInt(0, 1).putInt(4, 2));
        assertErrno(
                () -> {
                    while (true) {
                        sys.send(fd, ByteBuffer.allocate(1 << 20), 0);
                    }
                },
                Errno.EAGAIN);
        long start = f.kernel.world.nowNs();
        sys.close(fd);
        assertThat(f.kernel.world.nowNs() - start).isEqualTo(2 * SECOND);
        sys.close(other);
    }

    // ---- readiness

    @Test
    void edgeTriggeredTellsOfNewDataAlsoWhenOldDataWasNotReadToTheEnd() throws ErrnoException {
        int epfd = sys.epollCreate();
        EpollEvents events = new EpollEvents(4);
        sys.epollCtl(epfd, EPOLL_CTL_ADD, server, EPOLLIN | EPOLLRDHUP | EPOLLET, 7);
        say(client, "abcdef");
        assertThat(sys.epollWait(epfd, events, -1)).isEqualTo(1);
        assertThat(hear(2, 0)).isEqualTo("2:ab");
        f.kernel.settle();
        assertThat(sys.epollWait(epfd, events, 0)).as("nothing new").isZero();
        say(client, "gh");
        assertThat(sys.epollWait(epfd, events, -1)).isEqualTo(1);
        assertThat(events.events(0)).isEqualTo(EPOLLIN);
        assertThat(hear(20, 0)).isEqualTo("6:cdefgh");
        sys.shutdown(client, SHUT_WR);
        assertThat(sys.epollWait(epfd, events, -1)).isEqualTo(1);
        assertThat(events.events(0)).isEqualTo(EPOLLIN | EPOLLRDHUP);
        assertThat(sys.epollWait(epfd, events, 0)).isZero();
    }

    @Test
    void edgeTriggeredWriterIsToldWhenThereIsRoomAgain() throws ErrnoException {
        int epfd = sys.epollCreate();
        EpollEvents events = new EpollEvents(4);
        sys.fcntl(client, F_SETFL, O_NONBLOCK);
        sys.epollCtl(epfd, EPOLL_CTL_ADD, client, EPOLLOUT | EPOLLET, 7);
        assertThat(sys.epollWait(epfd, events, 0)).isEqualTo(1);
        assertErrno(
                () -> {
                    while (true) {
                        sys.send(client, ByteBuffer.allocate(1 << 20), 0);
                        f.kernel.settle();
                    }
                },
                Errno.EAGAIN);
        while (sys.epollWait(epfd, events, 0) > 0) {
            assertErrno(
                    () -> {
                        while (true) {
                            sys.send(client, ByteBuffer.allocate(1 << 20), 0);
                            f.kernel.settle();
                        }
                    },
                    Errno.EAGAIN);
        }
        ByteBuffer sink = ByteBuffer.allocate(64 << 10);
        int reads = 0;
        while (sys.epollWait(epfd, events, 0) == 0) {
            sys.recv(server, sink.clear(), 0);
            f.kernel.settle();
            assertThat(++reads).isLessThan(1000);
        }
        assertThat(events.events(0)).isEqualTo(EPOLLOUT);
        sys.send(client, ByteBuffer.allocate(1), 0);
    }
}
