package dev.doorbell.kernel.udp;

import static dev.doorbell.kernel.net.Packets.*;
import static dev.doorbell.kernel.net.StackFixture.*;
import static dev.doorbell.kernel.socket.SocketConstants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.socket.ControlMessages;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.SockAddr;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.Syscalls;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UdpTest {
    private final StackFixture f = StackFixture.withPeer();
    private final Syscalls sys = f.process();

    @AfterEach
    void nothingLeaks() {
        sys.closeAll();
        f.close();
    }

    private int socket(int type) throws ErrnoException {
        return sys.socket(AF_INET, SOCK_DGRAM | type, 0);
    }

    private int bound(int port) throws ErrnoException {
        int fd = socket(SOCK_NONBLOCK);
        sys.bind(fd, new SockAddrIn(0, port));
        return fd;
    }

    private static void assertErrno(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, Errno errno) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    @Test
    void aDatagramIsSentWithRightChecksumsAndAnsweredToItsSender() throws ErrnoException {
        int fd = bound(7);
        f.inject(udpFrame(5000, 7, bytes('h', 'i')));
        ByteBuffer buffer = ByteBuffer.allocate(100);
        SockAddrIn from = new SockAddrIn();
        assertThat(sys.recvfrom(fd, buffer, 0, from)).isEqualTo(2);
        assertThat(from).isEqualTo(new SockAddrIn(PEER, 5000));
        buffer.flip();
        assertThat(sys.sendto(fd, buffer, 0, from)).isEqualTo(2);

        byte[] frame = f.takeOne();
        assertThat(macAt(frame, 0)).isEqualTo(PEER_MAC);
        assertThat(macAt(frame, 6)).isEqualTo(OUR_MAC);
        assertThat(i32(frame, 26)).isEqualTo(US);
        assertThat(i32(frame, 30)).isEqualTo(PEER);
        assertThat(ipChecksumRight(frame)).isTrue();
        assertThat(transportChecksumRight(frame)).isTrue();
        assertThat(ipPayload(frame)).hasSize(10).endsWith('h', 'i');
        assertThat(u16(frame, 20)).as("DF").isEqualTo(0x4000);
    }

    @Test
    void shortReadsTruncateAndTellTheTrueLength() throws ErrnoException {
        int fd = bound(7);
        for (int i = 0; i < 2; i++) {
            f.inject(udpFrame(5000, 7, pattern(20)));
        }
        Message message = new Message().set(ByteBuffer.allocate(5));
        assertThat(sys.recvmsg(fd, message, 0)).isEqualTo(5);
        assertThat(message.flags).isEqualTo(MSG_TRUNC);
        assertThat(sys.recvmsg(fd, message.set(ByteBuffer.allocate(5)), MSG_TRUNC))
                .isEqualTo(20);
        assertErrno(() -> sys.recv(fd, ByteBuffer.allocate(5), 0), Errno.EAGAIN);
    }

    @Test
    void peekLeavesTheDatagramAndAnEmptyOneReadsAsZero() throws ErrnoException {
        int fd = bound(7);
        f.inject(udpFrame(5000, 7, bytes(1, 2, 3)));
        f.inject(udpFrame(5000, 7, bytes()));
        assertThat(sys.recv(fd, ByteBuffer.allocate(10), MSG_PEEK)).isEqualTo(3);
        assertThat(sys.ioctl(fd, FIONREAD, 0)).isEqualTo(3);
        assertThat(sys.recv(fd, ByteBuffer.allocate(10), 0)).isEqualTo(3);
        assertThat(sys.recv(fd, ByteBuffer.allocate(10), 0)).isZero();
    }

    @Test
    void badLengthsAndChecksumsAreDroppedAndCounted() throws ErrnoException {
        int fd = bound(7);
        byte[] good = udp(PEER, US, 5000, 7, pattern(10));
        for (int length : new int[] {0, 7, 19, 0xFFFF}) {
            byte[] bad = good.clone();
            ByteBuffer.wrap(bad).putShort(4, (short) length);
            f.inject(ip().payload(bad).frame());
        }
        byte[] wrong = good.clone();
        wrong[12] ^= 1;
        f.inject(ip().payload(wrong).frame());
        for (int cut = 0; cut < good.length; cut++) {
            f.inject(ip().payload(Arrays.copyOf(good, cut)).frame());
        }
        assertThat(f.drops(DropReason.UDP_BAD_LENGTH)).isEqualTo(4 + good.length);
        assertThat(f.stack.snmp().get(Mib.UDP_IN_CSUM_ERRORS)).isEqualTo(1);
        assertErrno(() -> sys.recv(fd, ByteBuffer.allocate(5), 0), Errno.EAGAIN);
        assertThat(f.takeSent()).isEmpty();
    }

    @Test
    void checksumZeroMeansNoneAndExcessBytesAreIgnored() throws ErrnoException {
        int fd = bound(7);
        byte[] datagram = Arrays.copyOf(udp(PEER, US, 5000, 7, pattern(10)), 30);
        datagram[6] = 0;
        datagram[7] = 0;
        f.inject(ip().payload(datagram).frame());
        assertThat(sys.recv(fd, ByteBuffer.allocate(100), 0)).isEqualTo(10);
    }

    @Test
    void noListenerMeansPortUnreachableThatQuotesTheDatagram() {
        byte[] frame = udpFrame(5000, 9, pattern(10));
        f.inject(frame);
        byte[] error = f.takeOne();
        assertThat(ipPayload(error)).startsWith(3, 3);
        assertThat(checksum(ipPayload(error), 0, ipPayload(error).length, 0)).isZero();
        assertThat(Arrays.copyOfRange(ipPayload(error), 8, ipPayload(error).length))
                .isEqualTo(Arrays.copyOfRange(frame, 14, frame.length));
        assertThat(f.stack.snmp().get(Mib.UDP_NO_PORTS)).isEqualTo(1);
    }

    @Test
    void connectedSocketHearsOfThePortUnreachableOnce() throws ErrnoException {
        int fd = socket(SOCK_NONBLOCK);
        sys.connect(fd, new SockAddrIn(PEER, 9));
        sys.send(fd, ByteBuffer.wrap(bytes(1)), 0);
        byte[] quoted = f.takeOne();
        f.inject(ip().protocol(1)
                .payload(icmp(3, 3, 0, Arrays.copyOfRange(quoted, 14, 14 + 28)))
                .frame());
        assertThat(sys.sock(fd).poll() & EPOLLERR).isNotZero();
        assertErrno(() -> sys.recv(fd, ByteBuffer.allocate(1), 0), Errno.ECONNREFUSED);
        assertErrno(() -> sys.recv(fd, ByteBuffer.allocate(1), 0), Errno.EAGAIN);
    }

    @Test
    void errorQueueTellsWhoComplainedAboutWhat() throws ErrnoException {
        int fd = bound(1000);
        sys.setsockopt(fd, SOL_IP, IP_RECVERR, 1);
        sys.sendto(fd, ByteBuffer.wrap(bytes(1, 2, 3)), 0, new SockAddrIn(PEER, 33434));
        byte[] quoted = f.takeOne();
        int router = Ipv4Address.of(10, 0, 0, 9);
        f.inject(ip().from(router)
                .protocol(1)
                .payload(icmp(11, 0, 0, Arrays.copyOfRange(quoted, 14, quoted.length)))
                .frame());
        assertErrno(() -> sys.recv(fd, ByteBuffer.allocate(1), 0), Errno.EHOSTUNREACH);
        Message message = new Message().set(ByteBuffer.allocate(10), new SockAddrIn());
        message.control = new ControlMessages();
        assertThat(sys.recvmsg(fd, message, MSG_ERRQUEUE)).isEqualTo(3);
        assertThat(message.flags).isEqualTo(MSG_ERRQUEUE);
        assertThat(message.name).isEqualTo(new SockAddrIn(PEER, 33434));
        assertThat(message.control.errorNumber).isEqualTo(Errno.EHOSTUNREACH.number());
        assertThat(message.control.errorType).isEqualTo(11);
        assertThat(message.control.offender).isEqualTo(router);
        assertErrno(() -> sys.recvmsg(fd, message, MSG_ERRQUEUE), Errno.EAGAIN);
    }

    @Test
    void connectedBeatsBoundBeatsWildcard() throws ErrnoException {
        int wildcard = socket(SOCK_NONBLOCK);
        int specific = socket(SOCK_NONBLOCK);
        int connected = socket(SOCK_NONBLOCK);
        for (int fd : new int[] {wildcard, specific, connected}) {
            sys.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
            sys.bind(fd, new SockAddrIn(fd == wildcard ? 0 : US, 7));
        }
        sys.connect(connected, new SockAddrIn(PEER, 5000));
        f.inject(udpFrame(5000, 7, bytes(1)));
        f.inject(udpFrame(5001, 7, bytes(1, 2)));
        f.inject(ip().to(Ipv4Address.of(10, 0, 0, 255))
                .toMac(-1L >>> 16)
                .payload(udp(PEER, Ipv4Address.of(10, 0, 0, 255), 5002, 7, bytes(1, 2, 3)))
                .frame());
        assertThat(sys.recv(connected, ByteBuffer.allocate(9), 0)).isEqualTo(1);
        assertThat(sys.recv(specific, ByteBuffer.allocate(9), 0)).isEqualTo(2);
        assertThat(sys.recv(wildcard, ByteBuffer.allocate(9), 0)).isEqualTo(3);
    }

    @Test
    void broadcastNeedsPermissionAndReachesOurselvesToo() throws ErrnoException {
        int fd = bound(7);
        SockAddrIn all = new SockAddrIn(Ipv4Address.of(10, 0, 0, 255), 7);
        assertErrno(() -> sys.sendto(fd, ByteBuffer.wrap(bytes(1)), 0, all), Errno.EACCES);
        assertErrno(() -> sys.connect(fd, all), Errno.EACCES);
        sys.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, 1);
        sys.sendto(fd, ByteBuffer.wrap(bytes(1)), 0, all);
        assertThat(macAt(f.takeOne(), 0)).isEqualTo(0xFFFF_FFFF_FFFFL);
        SockAddrIn from = new SockAddrIn();
        assertThat(sys.recvfrom(fd, ByteBuffer.allocate(9), 0, from)).isEqualTo(1);
        assertThat(from).isEqualTo(new SockAddrIn(US, 7));
    }

    @Test
    void bindErrors() throws ErrnoException {
        int fd = bound(7);
        assertErrno(() -> sys.bind(fd, new SockAddrIn(0, 8)), Errno.EINVAL);
        int second = socket(0);
        assertErrno(() -> sys.bind(second, new SockAddrIn(US, 7)), Errno.EADDRINUSE);
        assertErrno(() -> sys.bind(second, new SockAddrIn(PEER, 9)), Errno.EADDRNOTAVAIL);
        assertErrno(() -> sys.bind(second, SockAddr.UNSPEC), Errno.EAFNOSUPPORT);
        sys.bind(second, new SockAddrIn(0, 0));
        assertThat(sys.getsockname(second).port()).isBetween(32768, 60999);
    }

    @Test
    void sendErrors() throws ErrnoException {
        int fd = socket(SOCK_NONBLOCK);
        ByteBuffer data = ByteBuffer.wrap(bytes(1));
        assertErrno(() -> sys.send(fd, data, 0), Errno.EDESTADDRREQ);
        assertErrno(() -> sys.sendto(fd, data, 0, new SockAddrIn(PEER, 0)), Errno.EINVAL);
        assertErrno(() -> sys.sendto(fd, data, 0, new SockAddrIn(Ipv4Address.of(9, 9, 9, 9), 9)), Errno.ENETUNREACH);
        assertErrno(() -> sys.sendto(fd, ByteBuffer.allocate(65508), 0, new SockAddrIn(PEER, 9)), Errno.EMSGSIZE);
        assertErrno(() -> sys.send(fd, data, MSG_OOB), Errno.EOPNOTSUPP);
        assertErrno(() -> sys.shutdown(fd, SHUT_WR), Errno.ENOTCONN);
        assertErrno(() -> sys.sendto(fd, data, 0, new SockAddrIn(PEER, 9)), Errno.EPIPE);
        assertThat(data.remaining()).as("nothing taken").isEqualTo(1);
    }

    @Test
    void theReceiveQueueIsBoundedAndCountsWhatItDrops() throws ErrnoException {
        int fd = bound(7);
        sys.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, 5000);
        assertThat(sys.getsockopt(fd, SOL_SOCKET, SO_RCVBUF)).isEqualTo(10000);
        for (int i = 0; i < 100; i++) {
            f.inject(udpFrame(5000, 7, bytes(i)));
        }
        int received = 0;
        ByteBuffer buffer = ByteBuffer.allocate(1);
        while (sys.sock(fd).recvmsg(new Message().set(buffer.clear()), 0) > 0) {
            assertThat(buffer.get(0)).isEqualTo((byte) received);
            received++;
        }
        assertThat(received).isBetween(5, 50);
        assertThat(f.stack.snmp().get(Mib.UDP_RCVBUF_ERRORS)).isEqualTo(100 - received);
        assertThat(f.stack.snmp().get(Mib.UDP_IN_DATAGRAMS)).isEqualTo(received);
        assertThat(sys.sock(fd).drops).isEqualTo(100 - received);
    }

    @Test
    void aFullSendBufferBlocksUntilTheCardHasSent() throws ErrnoException {
        int fd = bound(7);
        f.holdTransmits = true;
        Message message = new Message();
        SockAddrIn to = new SockAddrIn(PEER, 9);
        long result = 0;
        int sent = 0;
        while (result >= 0 && sent < 10_000) {
            result = sys.sock(fd).sendmsg(message.set(ByteBuffer.allocate(1000), to), 0);
            sent++;
        }
        assertThat(result).isEqualTo(Errno.EAGAIN.negated());
        assertThat(sys.sock(fd).poll() & EPOLLOUT).isZero();
        f.completeTransmits();
        assertThat(sys.sock(fd).poll() & EPOLLOUT).isNotZero();
        f.holdTransmits = false;
    }

    @Test
    void loopbackDeliversWithoutACard() throws ErrnoException {
        int server = bound(7);
        int client = socket(SOCK_NONBLOCK);
        sys.sendto(client, ByteBuffer.wrap(bytes(1, 2)), 0, new SockAddrIn(INADDR_LOOPBACK, 7));
        f.kernel.settle();
        SockAddrIn from = new SockAddrIn();
        assertThat(sys.recvfrom(server, ByteBuffer.allocate(9), 0, from)).isEqualTo(2);
        assertThat(from.address()).isEqualTo(INADDR_LOOPBACK);
        assertThat(f.takeSent()).isEmpty();
    }

    @Test
    void pktinfoAndTtlTellHowADatagramCame() throws ErrnoException {
        int fd = bound(7);
        sys.setsockopt(fd, SOL_IP, IP_PKTINFO, 1);
        sys.setsockopt(fd, SOL_IP, IP_RECVTTL, 1);
        f.inject(ip().ttl(33).payload(udp(PEER, US, 1, 7, bytes(1))).frame());
        Message message = new Message().set(ByteBuffer.allocate(9));
        message.control = new ControlMessages();
        sys.recvmsg(fd, message, 0);
        assertThat(message.control.localAddress).isEqualTo(US);
        assertThat(message.control.interfaceIndex).isEqualTo(f.dev.ifindex());
        assertThat(message.control.ttl).isEqualTo(33);
    }

    @Test
    void reusePortSpreadsFlowsOverItsSockets() throws ErrnoException {
        int[] fds = new int[4];
        for (int i = 0; i < fds.length; i++) {
            fds[i] = socket(SOCK_NONBLOCK);
            sys.setsockopt(fds[i], SOL_SOCKET, SO_REUSEPORT, 1);
            sys.bind(fds[i], new SockAddrIn(0, 7));
        }
        for (int port = 1; port <= 400; port++) {
            f.inject(udpFrame(port, 7, bytes(1)));
        }
        for (int fd : fds) {
            int got = 0;
            while (sys.sock(fd).recvmsg(new Message().set(ByteBuffer.allocate(1)), 0) > 0) {
                got++;
            }
            assertThat(got).isBetween(50, 170);
        }
    }

    @Test
    void groupsAreReceivedOnceJoinedAndSentWithTtlOne() throws ErrnoException {
        int fd = bound(7);
        int group = Ipv4Address.of(224, 5, 6, 7);
        byte[] frame = ip().to(group)
                .toMac(0x0100_5E05_0607L)
                .payload(udp(PEER, group, 1, 7, bytes(1)))
                .frame();
        f.inject(frame);
        assertErrno(() -> sys.recv(fd, ByteBuffer.allocate(1), 0), Errno.EAGAIN);
        ByteBuffer mreq = ByteBuffer.allocate(8).putInt(group).putInt(US).flip();
        sys.setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, mreq);
        f.takeSent();
        assertErrno(() -> sys.setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, mreq), Errno.EADDRINUSE);
        assertThat(f.dev.multicast().contains(0x0100_5E05_0607L)).isTrue();
        f.inject(frame);
        assertThat(sys.recv(fd, ByteBuffer.allocate(1), 0)).isEqualTo(1);
        sys.setsockopt(fd, SOL_IP, IP_MULTICAST_IF, ByteBuffer.allocate(4).putInt(0, US));
        sys.sendto(fd, ByteBuffer.wrap(bytes(1)), 0, new SockAddrIn(group, 7));
        byte[] out = f.takeOne();
        assertThat(macAt(out, 0)).isEqualTo(0x0100_5E05_0607L);
        assertThat(u8(out, 22)).as("TTL").isEqualTo(1);
        assertThat(sys.recv(fd, ByteBuffer.allocate(1), 0)).as("own copy").isEqualTo(1);
        sys.setsockopt(fd, SOL_IP, IP_DROP_MEMBERSHIP, mreq);
        assertThat(f.dev.multicast().contains(0x0100_5E05_0607L)).isFalse();
    }
}
