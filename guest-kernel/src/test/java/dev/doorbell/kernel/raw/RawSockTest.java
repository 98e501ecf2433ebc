package dev.doorbell.kernel.raw;

import static dev.doorbell.kernel.net.Packets.*;
import static dev.doorbell.kernel.net.StackFixture.*;
import static dev.doorbell.kernel.socket.SocketConstants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.packet.PacketSock;
import dev.doorbell.kernel.packet.SockAddrLl;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.Syscalls;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RawSockTest {
    private final StackFixture f = StackFixture.withPeer();
    private final Syscalls sys = f.process();
    private final ByteBuffer buffer = ByteBuffer.allocate(70_000);

    @AfterEach
    void nothingLeaks() {
        sys.closeAll();
        f.close();
    }

    private int raw(int protocol) throws ErrnoException {
        return sys.socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, protocol);
    }

    private byte[] receive(int fd) throws ErrnoException {
        sys.recv(fd, buffer.clear(), 0);
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    @Test
    void aPingProgramSendsAnEchoAndReadsTheReplyWithItsHeader() throws ErrnoException {
        int fd = raw(IPPROTO_ICMP);
        byte[] echo = icmp(8, 0, 0x0007_0001, pattern(56));
        sys.sendto(fd, ByteBuffer.wrap(echo), 0, new SockAddrIn(PEER, 0));
        byte[] sent = f.takeOne();
        assertThat(u8(sent, 23)).isEqualTo(1);
        assertThat(ipPayload(sent)).isEqualTo(echo);
        byte[] reply =
                ip().protocol(1).payload(icmp(0, 0, 0x0007_0001, pattern(56))).frame();
        f.inject(reply);
        SockAddrIn from = new SockAddrIn();
        assertThat(sys.recvfrom(fd, buffer, 0, from)).isEqualTo(20 + 64);
        assertThat(from.address()).isEqualTo(PEER);
        assertThat(Arrays.copyOf(buffer.array(), 84)).isEqualTo(Arrays.copyOfRange(reply, 14, reply.length));
    }

    @Test
    void theFilterHidesIcmpTypesAndTheKernelAnswersAllTheSame() throws ErrnoException {
        int fd = raw(IPPROTO_ICMP);
        sys.setsockopt(fd, SOL_RAW, ICMP_FILTER, ~(1 << 0));
        f.inject(ip().protocol(1).payload(icmp(8, 0, 1, pattern(8))).frame());
        assertThatThrownBy(() -> receive(fd)).hasMessageContaining("EAGAIN");
        assertThat(f.takeSent()).hasSize(1);
        f.inject(ip().protocol(1).payload(icmp(0, 0, 1, pattern(8))).frame());
        assertThat(receive(fd)).hasSize(36);
    }

    @Test
    void aRawSocketMakesItsProtocolKnown() throws ErrnoException {
        int fd = raw(99);
        f.inject(ip().protocol(99).payload(pattern(10)).frame());
        assertThat(f.takeSent()).as("no protocol unreachable").isEmpty();
        assertThat(receive(fd)).hasSize(30);
        sys.close(fd);
        f.inject(ip().protocol(99).payload(pattern(10)).frame());
        assertThat(f.takeSent()).hasSize(1);
    }

    @Test
    void withHeaderIncludedLengthAndChecksumAreFilledIn() throws ErrnoException {
        int fd = raw(IPPROTO_RAW);
        byte[] packet = Arrays.copyOfRange(
                ip().from(0).to(PEER).id(0).payload(pattern(8)).frame(), 14, 42);
        packet[2] = 0;
        packet[10] = 0;
        sys.sendto(fd, ByteBuffer.wrap(packet), 0, new SockAddrIn(PEER, 0));
        byte[] sent = f.takeOne();
        assertThat(ipChecksumRight(sent)).isTrue();
        assertThat(u16(sent, 16)).isEqualTo(28);
        assertThat(i32(sent, 26)).isEqualTo(US);
        packet[0] = 0x4F;
        assertThatThrownBy(() -> sys.sendto(fd, ByteBuffer.wrap(packet), 0, new SockAddrIn(PEER, 0)))
                .hasMessageContaining("EINVAL");
        assertThatThrownBy(() -> sys.sendto(fd, ByteBuffer.allocate(19), 0, new SockAddrIn(PEER, 0)))
                .hasMessageContaining("EINVAL");
        assertThatThrownBy(() -> sys.sendto(fd, ByteBuffer.allocate(1501), 0, new SockAddrIn(PEER, 0)))
                .hasMessageContaining("EMSGSIZE");
    }

    @Test
    void aPacketSocketSeesFramesBothWaysAndSendsItsOwn() throws ErrnoException {
        int fd = sys.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, PacketSock.ETH_P_ALL);
        sys.bind(fd, new SockAddrLl(PacketSock.ETH_P_ALL, f.dev.ifindex()));
        byte[] request = ip().protocol(1).payload(icmp(8, 0, 1, pattern(20))).frame();
        f.inject(request);
        byte[] reply = f.takeOne();
        SockAddrLl from = new SockAddrLl();
        sys.recvfrom(fd, buffer.clear(), 0, from);
        assertThat(Arrays.copyOf(buffer.array(), buffer.position())).isEqualTo(request);
        assertThat(from.mac()).isEqualTo(PEER_MAC);
        assertThat(from.packetType()).isEqualTo(SkBuff.PACKET_HOST);
        sys.recvfrom(fd, buffer.clear(), 0, from);
        assertThat(Arrays.copyOf(buffer.array(), buffer.position())).isEqualTo(reply);
        assertThat(from.packetType()).isEqualTo(SkBuff.PACKET_OUTGOING);
        sys.send(fd, ByteBuffer.wrap(request), 0);
        assertThat(f.takeOne()).isEqualTo(request);
    }

    /** As Linux: the queue of a link without carrier takes everything and sends nothing. */
    @Test
    void aPacketSocketHearsNothingOfAMissingCarrier() throws ErrnoException {
        int fd = sys.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
        sys.bind(fd, new SockAddrLl(PacketSock.ETH_P_ALL, f.dev.ifindex()));
        f.dev.netifCarrierOff();
        assertThat(sys.send(fd, ByteBuffer.wrap(arp(1, OUR_MAC, US, 0, PEER, PEER_MAC)), 0))
                .isEqualTo(60);
        assertThat(f.takeSent()).isEmpty();
    }

    @Test
    void aDatagramPacketSocketOfOneProtocolSeesOnlyThatWithoutTheHeader() throws ErrnoException {
        int fd = sys.socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0x0806);
        f.inject(udpFrame(1, 9, bytes(1)));
        byte[] arp = arp(1, PEER_MAC, PEER, 0, US, 0xFFFF_FFFF_FFFFL);
        f.inject(arp);
        assertThat(receive(fd)).isEqualTo(Arrays.copyOfRange(arp, 14, arp.length));
        assertThatThrownBy(() -> receive(fd)).hasMessageContaining("EAGAIN");
        f.takeSent();
        sys.sendto(fd, ByteBuffer.wrap(pattern(50)), 0, new SockAddrLl(0x88B5, f.dev.ifindex(), PEER_MAC));
        byte[] sent = f.takeOne();
        assertThat(macAt(sent, 0)).isEqualTo(PEER_MAC);
        assertThat(u16(sent, 12)).isEqualTo(0x88B5);
    }

    @Test
    void promiscuousModeEndsWithTheSocket() throws ErrnoException {
        int fd = sys.socket(AF_PACKET, SOCK_RAW, PacketSock.ETH_P_ALL);
        ByteBuffer mreq = ByteBuffer.allocate(16).putInt(0, f.dev.ifindex()).putShort(4, (short) PACKET_MR_PROMISC);
        sys.setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, mreq);
        assertThat(f.dev.isPromiscuous()).isTrue();
        sys.close(fd);
        assertThat(f.dev.isPromiscuous()).isFalse();
    }
}
