package dev.doorbell.kernel.inet;

import static dev.doorbell.kernel.net.Packets.ip;
import static dev.doorbell.kernel.net.Packets.udp;
import static dev.doorbell.kernel.net.StackFixture.*;
import static dev.doorbell.kernel.socket.SocketConstants.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.multicast.ReceptionState;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.Syscalls;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From whom a socket takes packets to a group: a test per row of {@link SourceFilter}'s table, and what arrives. */
class SourceFilterTest {
    private static final int GROUP = Ipv4Address.of(232, 5, 6, 7), STRANGER = Ipv4Address.of(10, 0, 0, 9), PORT = 7;

    private final StackFixture f = StackFixture.withPeer();
    private final Syscalls sys = f.process();

    @AfterEach
    void nothingLeaks() {
        sys.closeAll();
        f.takeSent();
        f.close();
    }

    /** Words: "block s", "join s"; before each, the filter as the table writes it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "E    | block s   | E s   | 0",
                "E    | join s    | I s   | 0",
                "E s  | block s   | E s   | EADDRNOTAVAIL",
                "E s  | unblock s | E     | 0",
                "E s  | unblock t | E s   | EADDRNOTAVAIL",
                "E s  | join t    | E s   | EINVAL",
                "E s  | leave s   | E s   | EINVAL",
                "I s  | join t    | I s t | 0",
                "I s  | block s   | I s   | EINVAL",
                "I st | leave t   | I s   | 0",
                "I s  | leave s   | I     | 0",
                "I s  | leave t   | I s   | EADDRNOTAVAIL",
                "E st | block u   | E s t | ENOBUFS",
            })
    void rows(String before, String request, String after, String result) {
        SourceFilter filter = new SourceFilter(2, ReceptionState.ALL);
        boolean include = before.startsWith("I");
        before.substring(1).strip().chars().forEach(source -> filter.add(include, 0, source));
        String[] words = request.strip().split(" ", -1);
        int source = words[1].charAt(0);
        int returned =
                switch (words[0]) {
                    case "block" -> filter.add(false, 0, source);
                    case "join" -> filter.add(true, 0, source);
                    case "unblock" -> filter.remove(false, 0, source);
                    default -> filter.remove(true, 0, source);
                };
        assertThat(returned == 0 ? "0" : Errno.of(returned).name()).isEqualTo(result);
        String listed = after.substring(1);
        for (char c = 's'; c <= 'u'; c++) {
            assertThat(filter.state().allows(0, c))
                    .as("takes " + c)
                    .isEqualTo(listed.indexOf(c) >= 0 == after.startsWith("I"));
        }
        assertThat(filter.state().isNothing()).isEqualTo(after.strip().equals("I"));
    }

    private int socket() throws ErrnoException {
        int fd = sys.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        sys.bind(fd, new SockAddrIn(0, PORT));
        return fd;
    }

    private static ByteBuffer mreqSource(int source) {
        return ByteBuffer.allocate(12).putInt(GROUP).putInt(US).putInt(source).flip();
    }

    /** struct group_source_req. */
    private ByteBuffer groupSource(int source) {
        ByteBuffer b = ByteBuffer.allocate(264).putInt(0, f.dev.ifindex());
        return b.putShort(8, (short) AF_INET)
                .putInt(12, GROUP)
                .putShort(136, (short) AF_INET)
                .putInt(140, source);
    }

    private boolean arrives(int fd, int source) {
        f.inject(ip().from(source)
                .to(GROUP)
                .toMac(0x0100_5E05_0607L)
                .payload(udp(source, GROUP, 1, PORT, new byte[1]))
                .frame());
        try {
            return sys.recv(fd, ByteBuffer.allocate(1), 0) == 1;
        } catch (ErrnoException e) {
            assertThat(e.errno()).isEqualTo(Errno.EAGAIN);
            return false;
        }
    }

    @Test
    void onlyJoinedSourcesArriveAndTheLastOneLeavesTheGroup() throws ErrnoException {
        int fd = socket();
        sys.setsockopt(fd, SOL_IP, IP_ADD_SOURCE_MEMBERSHIP, mreqSource(PEER));
        assertThat(f.dev.multicast().contains(0x0100_5E05_0607L)).isTrue();
        assertThat(arrives(fd, PEER)).isTrue();
        assertThat(arrives(fd, STRANGER)).isFalse();
        sys.setsockopt(fd, SOL_IP, MCAST_JOIN_SOURCE_GROUP, groupSource(STRANGER));
        assertThat(arrives(fd, STRANGER)).isTrue();
        sys.setsockopt(fd, SOL_IP, MCAST_LEAVE_SOURCE_GROUP, groupSource(STRANGER));
        sys.setsockopt(fd, SOL_IP, IP_DROP_SOURCE_MEMBERSHIP, mreqSource(PEER));
        assertThat(f.dev.multicast().contains(0x0100_5E05_0607L)).isFalse();
    }

    @Test
    void blockedSourcesDoNotArriveUntilTheyAreUnblocked() throws ErrnoException {
        int fd = socket();
        ByteBuffer mreq = ByteBuffer.allocate(8).putInt(GROUP).putInt(US).flip();
        sys.setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, mreq);
        sys.setsockopt(fd, SOL_IP, IP_BLOCK_SOURCE, mreqSource(STRANGER));
        assertThat(arrives(fd, STRANGER)).isFalse();
        assertThat(arrives(fd, PEER)).isTrue();
        sys.setsockopt(fd, SOL_IP, MCAST_UNBLOCK_SOURCE, groupSource(STRANGER));
        assertThat(arrives(fd, STRANGER)).isTrue();
        int other = socketWithoutJoin();
        try {
            sys.setsockopt(other, SOL_IP, IP_BLOCK_SOURCE, mreqSource(PEER));
        } catch (ErrnoException e) {
            assertThat(e.errno()).isEqualTo(Errno.EINVAL);
            return;
        }
        throw new AssertionError("blocking in a group that was not joined");
    }

    private int socketWithoutJoin() throws ErrnoException {
        return sys.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    }

    // ---- IP_MSFILTER, MCAST_MSFILTER

    private static ByteBuffer msfilter(int mode, int count, int... sources) {
        ByteBuffer b =
                ByteBuffer.allocate(64).putInt(GROUP).putInt(US).putInt(mode).putInt(count);
        for (int source : sources) {
            b.putInt(source);
        }
        return b.flip();
    }

    private ByteBuffer groupFilter(int mode, int room, int... sources) {
        ByteBuffer b = ByteBuffer.allocate(144 + 128 * room).putInt(0, f.dev.ifindex());
        b.putShort(8, (short) AF_INET).putInt(12, GROUP).putInt(136, mode).putInt(140, room);
        for (int i = 0; i < sources.length; i++) {
            b.putShort(144 + 128 * i, (short) AF_INET).putInt(144 + 128 * i + 4, sources[i]);
        }
        return b;
    }

    private Errno setting(int fd, int name, ByteBuffer value) {
        try {
            sys.setsockopt(fd, SOL_IP, name, value);
            return null;
        } catch (ErrnoException e) {
            return e.errno();
        }
    }

    @Test
    void aWholeFilterIsSetAndReadBackInEitherForm() throws ErrnoException {
        int fd = socket();
        assertThat(setting(fd, IP_MSFILTER, msfilter(MCAST_INCLUDE, 1, PEER))).isEqualTo(Errno.EINVAL);
        assertThat(setting(fd, IP_MSFILTER, msfilter(MCAST_INCLUDE, 0))).isEqualTo(Errno.EADDRNOTAVAIL);
        sys.setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, msfilter(0, 0).limit(8));
        assertThat(setting(fd, IP_MSFILTER, msfilter(7, 0))).isEqualTo(Errno.EINVAL);
        assertThat(setting(fd, IP_MSFILTER, msfilter(MCAST_INCLUDE, 3, PEER))).isEqualTo(Errno.EINVAL);
        assertThat(setting(fd, IP_MSFILTER, msfilter(MCAST_INCLUDE, 11))).isEqualTo(Errno.ENOBUFS);
        sys.setsockopt(fd, SOL_IP, IP_MSFILTER, msfilter(MCAST_INCLUDE, 2, PEER, STRANGER));
        assertThat(arrives(fd, PEER)).isTrue();
        assertThat(arrives(fd, STRANGER)).isTrue();
        ByteBuffer read = groupFilter(9, 1);
        assertThat(sys.getsockopt(fd, SOL_IP, MCAST_MSFILTER, read)).isEqualTo(144 + 128);
        assertThat(read.getInt(136)).isEqualTo(MCAST_INCLUDE);
        assertThat(read.getInt(140))
                .as("all there are, though only one has room")
                .isEqualTo(2);
        assertThat(read.getShort(144)).isEqualTo((short) AF_INET);
        assertThat(read.getInt(148)).isEqualTo(PEER);
        sys.setsockopt(fd, SOL_IP, MCAST_MSFILTER, groupFilter(MCAST_EXCLUDE, 1, STRANGER));
        assertThat(arrives(fd, PEER)).isTrue();
        assertThat(arrives(fd, STRANGER)).isFalse();
        ByteBuffer older = msfilter(9, 5).clear();
        assertThat(sys.getsockopt(fd, SOL_IP, IP_MSFILTER, older)).isEqualTo(20);
        assertThat(older.getInt(8)).isEqualTo(MCAST_EXCLUDE);
        assertThat(older.getInt(12)).isEqualTo(1);
        assertThat(older.getInt(16)).isEqualTo(STRANGER);
        sys.setsockopt(fd, SOL_IP, IP_MSFILTER, msfilter(MCAST_INCLUDE, 0));
        assertThat(f.dev.multicast().contains(0x0100_5E05_0607L)).as("a member").isFalse();
    }

    @Test
    void theSameForIpv6() throws ErrnoException {
        int fd = sys.socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        ByteBuffer filter = ByteBuffer.allocate(144 + 128).putInt(0, f.dev.ifindex());
        filter.putShort(8, (short) AF_INET6).putLong(16, 0xFF0E_0000_0000_0000L).putLong(24, 5);
        sys.setsockopt(fd, SOL_IPV6, MCAST_JOIN_GROUP, filter);
        filter.putInt(136, MCAST_EXCLUDE).putInt(140, 1);
        filter.putShort(144, (short) AF_INET6)
                .putLong(152, 0x2001_0DB8_0000_0000L)
                .putLong(160, 9);
        sys.setsockopt(fd, SOL_IPV6, MCAST_MSFILTER, filter);
        ByteBuffer read =
                ByteBuffer.allocate(144 + 128).put(filter.duplicate().limit(36)).rewind();
        read.putInt(140, 1);
        assertThat(sys.getsockopt(fd, SOL_IPV6, MCAST_MSFILTER, read)).isEqualTo(144 + 128);
        assertThat(read.getInt(136)).isEqualTo(MCAST_EXCLUDE);
        assertThat(read.getLong(152)).isEqualTo(0x2001_0DB8_0000_0000L);
        assertThat(read.getLong(160)).isEqualTo(9);
    }
}
