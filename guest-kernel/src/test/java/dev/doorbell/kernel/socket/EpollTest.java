package dev.doorbell.kernel.socket;

import static dev.doorbell.kernel.net.Packets.*;
import static dev.doorbell.kernel.socket.SocketConstants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.StackFixture;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One test per row of the table in {@link Epoll}. */
class EpollTest {
    private final StackFixture f = StackFixture.withPeer();
    private final Syscalls sys = f.process();
    private final EpollEvents events = new EpollEvents(4);
    private int epfd;
    private int fd;

    @BeforeEach
    void open() throws ErrnoException {
        epfd = sys.epollCreate();
        fd = socket(7);
    }

    @AfterEach
    void nothingLeaks() {
        sys.closeAll();
        f.close();
    }

    private int socket(int port) throws ErrnoException {
        int made = sys.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        sys.bind(made, new SockAddrIn(0, port));
        return made;
    }

    private void datagram(int port) {
        f.inject(udpFrame(1, port, bytes(1)));
    }

    private void read() throws ErrnoException {
        sys.recv(fd, ByteBuffer.allocate(1), 0);
    }

    private int ready() throws ErrnoException {
        return sys.epollWait(epfd, events, 0);
    }

    @Test
    void levelTriggeredReportsAsLongAsItIsReady() throws ErrnoException {
        sys.epollCtl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN, 42);
        assertThat(ready()).isZero();
        datagram(7);
        for (int i = 0; i < 3; i++) {
            assertThat(ready()).isEqualTo(1);
            assertThat(events.events(0)).isEqualTo(EPOLLIN);
            assertThat(events.data(0)).isEqualTo(42);
        }
        read();
        assertThat(ready()).isZero();
    }

    @Test
    void edgeTriggeredReportsEachChangeOnce() throws ErrnoException {
        sys.epollCtl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET, 0);
        datagram(7);
        assertThat(ready()).isEqualTo(1);
        assertThat(ready()).isZero();
        datagram(7);
        assertThat(ready()).as("another arrival, although nothing was read").isEqualTo(1);
        assertThat(ready()).isZero();
        read();
        read();
        assertThat(ready()).isZero();
    }

    @Test
    void oneShotIsDisarmedUntilModified() throws ErrnoException {
        sys.epollCtl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLONESHOT, 1);
        datagram(7);
        assertThat(ready()).isEqualTo(1);
        datagram(7);
        assertThat(ready()).isZero();
        sys.epollCtl(epfd, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT, 2);
        assertThat(ready()).as("ready at once: data is there").isEqualTo(1);
        assertThat(events.data(0)).isEqualTo(2);
        assertThat(ready()).isZero();
    }

    @Test
    void addingAReadySocketReportsItAtOnce() throws ErrnoException {
        datagram(7);
        sys.epollCtl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLET, 0);
        assertThat(ready()).isEqualTo(1);
        assertThat(events.events(0)).isEqualTo(EPOLLIN | EPOLLOUT);
    }

    @Test
    void errorAndHangUpComeUnasked() throws ErrnoException {
        sys.epollCtl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN, 0);
        sys.sock(fd).reportError(dev.doorbell.kernel.core.Errno.ECONNREFUSED);
        assertThat(ready()).isEqualTo(1);
        assertThat(events.events(0)).isEqualTo(EPOLLERR);
        assertThat(sys.getsockopt(fd, SOL_SOCKET, SO_ERROR)).isEqualTo(111);
        assertThat(sys.getsockopt(fd, SOL_SOCKET, SO_ERROR)).isZero();
    }

    @Test
    void manyReadySocketsTakeTurnsWhenThereIsRoomForFew() throws ErrnoException {
        EpollEvents one = new EpollEvents(1);
        int other = socket(8);
        sys.epollCtl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN, 7);
        sys.epollCtl(epfd, EPOLL_CTL_ADD, other, EPOLLIN, 8);
        datagram(7);
        datagram(8);
        StringBuilder order = new StringBuilder();
        for (int i = 0; i < 4; i++) {
            sys.epollWait(epfd, one, 0);
            order.append(one.data(0));
        }
        assertThat(order).hasToString("7878");
    }

    @Test
    void waitBlocksUntilADatagramComesOrTheTimeIsOver() throws ErrnoException {
        sys.epollCtl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN, 0);
        assertThat(sys.epollWait(epfd, events, 30)).isZero();
        assertThat(f.kernel.world.nowNs()).isEqualTo(30_000_000L);
        f.kernel.world.after(1_000_000, "frame", () -> f.receive(f.dev, udpFrame(1, 7, bytes(1))));
        assertThat(sys.epollWait(epfd, events, -1)).isEqualTo(1);
        assertThat(f.kernel.world.nowNs()).isEqualTo(31_000_000L);
    }

    @Test
    void deletedAndClosedSocketsAreForgotten() throws ErrnoException {
        sys.epollCtl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN, 0);
        datagram(7);
        sys.epollCtl(epfd, EPOLL_CTL_DEL, fd, 0, 0);
        assertThat(ready()).isZero();
        sys.epollCtl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN, 0);
        sys.close(fd);
        assertThat(ready()).isZero();
    }

    @Test
    void controlErrors() throws ErrnoException {
        sys.epollCtl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN, 0);
        assertThatThrownBy(() -> sys.epollCtl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN, 0))
                .hasMessageContaining("EEXIST");
        int other = socket(8);
        assertThatThrownBy(() -> sys.epollCtl(epfd, EPOLL_CTL_MOD, other, 0, 0)).hasMessageContaining("ENOENT");
        assertThatThrownBy(() -> sys.epollCtl(epfd, EPOLL_CTL_DEL, other, 0, 0)).hasMessageContaining("ENOENT");
        assertThatThrownBy(() -> sys.epollCtl(epfd, 9, other, 0, 0)).hasMessageContaining("EINVAL");
        assertThatThrownBy(() -> sys.epollCtl(epfd, EPOLL_CTL_ADD, epfd, 0, 0)).hasMessageContaining("EINVAL");
        assertThatThrownBy(() -> sys.epollCtl(epfd, EPOLL_CTL_ADD, 99, 0, 0)).hasMessageContaining("EBADF");
    }

    @Test
    void anEpollMayWatchAnotherButNotInACircle() throws ErrnoException {
        int outer = sys.epollCreate();
        sys.epollCtl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN, 0);
        sys.epollCtl(outer, EPOLL_CTL_ADD, epfd, EPOLLIN, 5);
        assertThatThrownBy(() -> sys.epollCtl(epfd, EPOLL_CTL_ADD, outer, EPOLLIN, 0))
                .hasMessageContaining("ELOOP");
        datagram(7);
        assertThat(sys.epollWait(outer, events, 0)).isEqualTo(1);
        assertThat(events.data(0)).isEqualTo(5);
        read();
        assertThat(sys.epollWait(outer, events, 0)).isZero();
    }

    @Test
    void eachDatagramThatHasLeftIsAnEdgeForAWriter() throws ErrnoException {
        sys.epollCtl(epfd, EPOLL_CTL_ADD, fd, EPOLLOUT | EPOLLIN | EPOLLET, 1);
        assertThat(sys.epollWait(epfd, events, 0)).isEqualTo(1);
        assertThat(sys.epollWait(epfd, events, 0)).isZero();
        sys.sendto(fd, ByteBuffer.allocate(10), 0, new SockAddrIn(StackFixture.PEER, 9));
        f.takeSent();
        f.completeTransmits();
        assertThat(sys.epollWait(epfd, events, 0)).isEqualTo(1);
        assertThat(sys.epollWait(epfd, events, 0)).isZero();
    }
}
