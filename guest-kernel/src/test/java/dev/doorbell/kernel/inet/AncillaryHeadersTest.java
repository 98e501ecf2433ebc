package dev.doorbell.kernel.inet;

import static dev.doorbell.kernel.socket.SocketConstants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.socket.ControlMessages;
import dev.doorbell.kernel.socket.HeaderList;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.SockAddr;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.SockAddrIn6;
import dev.doorbell.kernel.socket.Syscalls;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Extension headers and IPv4 options as ancillary data, in and out, over the loopback interface. */
class AncillaryHeadersTest {
    private static final String HOP = "0000010400000000", DESTINATION = "00001e0401020304";
    private static final int PORT = 4000, LOCALHOST = Ipv4Address.parse("127.0.0.1");

    private final StackFixture f = new StackFixture();
    private final Syscalls sys = f.process();
    private final Message message = new Message();
    private final ControlMessages control = new ControlMessages();

    @AfterEach
    void nothingLeaks() {
        sys.closeAll();
        f.close();
    }

    private static ByteBuffer bytes(String hex) {
        return ByteBuffer.wrap(HexFormat.of().parseHex(hex));
    }

    private int receiver(int domain, int level, int... options) throws ErrnoException {
        int fd = sys.socket(domain, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        sys.bind(fd, address(domain));
        for (int option : options) {
            sys.setsockopt(fd, level, option, bytes("01000000"));
        }
        return fd;
    }

    private static SockAddr address(int domain) {
        return domain == AF_INET6 ? new SockAddrIn6(0, 1, PORT, 0) : new SockAddrIn(LOCALHOST, PORT);
    }

    private void send(int fd, int domain) throws ErrnoException {
        message.set(ByteBuffer.allocate(4), address(domain));
        message.control = control;
        assertThat(sys.sendmsg(fd, message, 0)).isEqualTo(4);
        f.run(StackFixture.SECOND / 10);
    }

    /** What came along with the next datagram: level, type and header of each. */
    private List<String> received(int fd) throws ErrnoException {
        message.set(ByteBuffer.allocate(16));
        message.control = control;
        assertThat(sys.recvmsg(fd, message, 0)).isEqualTo(4);
        List<String> all = new ArrayList<>();
        HeaderList headers = control.headers;
        for (int i = 0; i < headers.count(); i++) {
            ByteBuffer header = headers.header(i);
            byte[] copy = new byte[header.remaining()];
            header.get(copy);
            all.add(headers.level(i) + " " + headers.type(i) + " "
                    + HexFormat.of().formatHex(copy));
        }
        control.clear();
        return all;
    }

    private static String v6(int type, String header) {
        return SOL_IPV6 + " " + type + " " + header;
    }

    @Test
    void extensionHeadersComeAsTheyWereWhereTheyAreWanted() throws ErrnoException {
        int in = receiver(AF_INET6, SOL_IPV6, IPV6_RECVHOPOPTS, IPV6_RECVDSTOPTS, IPV6_RECVRTHDR);
        int out = sys.socket(AF_INET6, SOCK_DGRAM, 0);
        send(out, AF_INET6);
        assertThat(received(in)).isEmpty();
        sys.setsockopt(out, SOL_IPV6, IPV6_HOPOPTS, bytes(HOP));
        sys.setsockopt(out, SOL_IPV6, IPV6_DSTOPTS, bytes(DESTINATION));
        send(out, AF_INET6);
        assertThat(received(in))
                .containsExactly(
                        v6(IPV6_HOPOPTS, "3c" + HOP.substring(2)), v6(IPV6_DSTOPTS, "11" + DESTINATION.substring(2)));
        sys.setsockopt(in, SOL_IPV6, IPV6_RECVHOPOPTS, bytes("00000000"));
        send(out, AF_INET6);
        assertThat(received(in)).containsExactly(v6(IPV6_DSTOPTS, "11" + DESTINATION.substring(2)));
    }

    @Test
    void aMessagesHeadersGoInPlaceOfTheSocketsAndOnlyOnce() throws ErrnoException {
        int in = receiver(AF_INET6, SOL_IPV6, IPV6_RECVHOPOPTS, IPV6_RECVDSTOPTS);
        int out = sys.socket(AF_INET6, SOCK_DGRAM, 0);
        sys.setsockopt(out, SOL_IPV6, IPV6_HOPOPTS, bytes(HOP));
        control.headers.add(SOL_IPV6, IPV6_DSTOPTS, bytes(DESTINATION));
        send(out, AF_INET6);
        assertThat(received(in)).containsExactly(v6(IPV6_DSTOPTS, "11" + DESTINATION.substring(2)));
        send(out, AF_INET6);
        assertThat(received(in)).containsExactly(v6(IPV6_HOPOPTS, "11" + HOP.substring(2)));
    }

    @Test
    void headersThatAreNoneAreRefused() throws ErrnoException {
        int out = sys.socket(AF_INET6, SOCK_DGRAM, 0);
        for (String bad : List.of("", "00010104", "0001010400000000")) {
            control.clear();
            control.headers.add(SOL_IPV6, IPV6_DSTOPTS, bytes(bad));
            assertThatThrownBy(() -> send(out, AF_INET6)).hasMessageContaining("EINVAL");
        }
        control.clear();
        control.headers.add(SOL_IPV6, IPV6_RTHDR, bytes("0002000100000000" + "00".repeat(16)));
        assertThatThrownBy(() -> send(out, AF_INET6)).hasMessageContaining("EINVAL");
    }

    @Test
    void ipv4OptionsComeAsTheyWereAndAsAnAnswerCarriesThem() throws ErrnoException {
        int in = receiver(AF_INET, SOL_IP, IP_RECVOPTS, IP_RETOPTS);
        int out = sys.socket(AF_INET, SOCK_DGRAM, 0);
        send(out, AF_INET);
        assertThat(received(in)).isEmpty();
        control.headers.add(SOL_IP, IP_RETOPTS, bytes("070b04" + "00".repeat(8)));
        send(out, AF_INET);
        List<String> came = received(in);
        assertThat(came).hasSize(2);
        assertThat(came.get(0)).startsWith(SOL_IP + " " + IP_RECVOPTS + " 070b").contains("7f000001");
        assertThat(came.get(1)).startsWith(SOL_IP + " " + IP_RETOPTS + " 070b").contains("7f000001");
        send(out, AF_INET);
        assertThat(received(in)).as("for one message only").isEmpty();
    }

    @Test
    void malformedIpv4OptionsAreRefused() throws ErrnoException {
        int out = sys.socket(AF_INET, SOCK_DGRAM, 0);
        control.headers.add(SOL_IP, IP_RETOPTS, bytes("0700"));
        assertThatThrownBy(() -> send(out, AF_INET)).hasMessageContaining("EINVAL");
    }
}
