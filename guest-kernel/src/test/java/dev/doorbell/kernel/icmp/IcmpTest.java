package dev.doorbell.kernel.icmp;

import static dev.doorbell.kernel.net.Packets.*;
import static dev.doorbell.kernel.net.StackFixture.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.ipv4.IcmpErrno;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.skb.DropReason;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IcmpTest {
    private final StackFixture f = StackFixture.withPeer();

    @AfterEach
    void nothingLeaks() {
        f.close();
    }

    private static byte[] echo(byte[] data) {
        return ip().protocol(1).payload(icmp(8, 0, 0x1234_0001, data)).frame();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 55, 56, 1472})
    void echoIsAnsweredByteForByte(int length) {
        f.inject(echo(pattern(length)));
        byte[] frame = f.takeOne();
        assertThat(i32(frame, 26)).isEqualTo(US);
        assertThat(i32(frame, 30)).isEqualTo(PEER);
        byte[] reply = ipPayload(frame);
        assertThat(reply).startsWith(0, 0);
        assertThat(i32(reply, 4)).isEqualTo(0x1234_0001);
        assertThat(Arrays.copyOfRange(reply, 8, reply.length)).isEqualTo(pattern(length));
        assertThat(checksum(reply, 0, reply.length, 0)).isZero();
    }

    @Test
    void echoOf65507BytesComesAndGoesInFragments() {
        byte[] request = icmp(8, 0, 1, pattern(65_507));
        for (int at = 0; at < request.length; at += 1480) {
            int end = Math.min(at + 1480, request.length);
            f.inject(ip().protocol(1)
                    .fragment(at, end < request.length)
                    .payload(Arrays.copyOfRange(request, at, end))
                    .frame());
        }
        List<byte[]> frames = f.takeSent();
        byte[] reply = new byte[request.length];
        for (byte[] frame : frames) {
            byte[] part = ipPayload(frame);
            System.arraycopy(part, 0, reply, (u16(frame, 20) & 0x1FFF) * 8, part.length);
        }
        assertThat(checksum(reply, 0, reply.length, 0)).isZero();
        assertThat(Arrays.copyOfRange(reply, 8, reply.length)).isEqualTo(pattern(65_507));
    }

    @Test
    void echoToBroadcastIsNotAnswered() {
        int all = Ipv4Address.of(10, 0, 0, 255);
        f.inject(ip().to(all)
                .toMac(0xFFFF_FFFF_FFFFL)
                .protocol(1)
                .payload(icmp(8, 0, 1, pattern(8)))
                .frame());
        assertThat(f.takeSent()).isEmpty();
    }

    @Test
    void shortWrongOrUnknownMessagesAreDroppedSilently() {
        byte[] message = icmp(8, 0, 1, pattern(8));
        for (int length = 0; length < 8; length++) {
            f.inject(ip().protocol(1).payload(Arrays.copyOf(message, length)).frame());
        }
        message[9] ^= 1;
        f.inject(ip().protocol(1).payload(message).frame());
        for (int type : new int[] {1, 2, 6, 7, 15, 17, 18, 40, 255}) {
            f.inject(ip().protocol(1).payload(icmp(type, 0, 0, pattern(20))).frame());
        }
        assertThat(f.takeSent()).isEmpty();
        assertThat(f.drops(DropReason.ICMP_BAD_HEADER)).isEqualTo(8);
        assertThat(f.stack.snmp().get(Mib.ICMP_IN_CSUM_ERRORS)).isEqualTo(1);
    }

    @Test
    void timestampRequestIsAnswered() {
        f.run(5 * SECOND);
        f.inject(ip().protocol(1)
                .payload(icmp(13, 0, 7, bytes(0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0)))
                .frame());
        byte[] reply = ipPayload(f.takeOne());
        assertThat(reply).startsWith(14, 0);
        assertThat(i32(reply, 8)).isEqualTo(9);
        assertThat(i32(reply, 12)).isEqualTo(5000);
        assertThat(checksum(reply, 0, reply.length, 0)).isZero();
    }

    @Test
    void timestampsCountFromMidnight() {
        long day = 86_400 * SECOND;
        f.kernel.context.setTimeOfDay(20_000 * day + 51_000 * SECOND);
        f.run(SECOND / 4);
        f.inject(ip().protocol(1)
                .payload(icmp(13, 0, 7, bytes(0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0)))
                .frame());
        assertThat(i32(ipPayload(f.takeOne()), 16)).isEqualTo(51_000_250);
    }

    @Test
    void neverAnErrorAboutAnErrorAFragmentABroadcastOrNobody() {
        byte[] data = udp(PEER, US, 1, 9, pattern(8));
        f.inject(ip().protocol(99).fragment(80, false).payload(data).frame());
        f.inject(ip().protocol(99).from(0).payload(data).frame());
        f.inject(ip().to(Ipv4Address.of(10, 0, 0, 255))
                .toMac(0xFFFF_FFFF_FFFFL)
                .payload(data)
                .frame());
        f.stack.setForwarding(true);
        f.inject(ip().protocol(1)
                .to(Ipv4Address.of(99, 0, 0, 1))
                .payload(icmp(3, 1, 0, pattern(28)))
                .frame());
        assertThat(f.takeSent()).isEmpty();
        f.run(31 * SECOND);
        assertThat(f.takeSent()).isEmpty();
    }

    @Test
    void errorsAreLimitedPerDestination() {
        for (int i = 0; i < 100; i++) {
            f.inject(udpFrame(1, 9, bytes(1)));
        }
        assertThat(f.takeSent()).hasSize(6);
        f.run(2 * SECOND);
        for (int i = 0; i < 100; i++) {
            f.inject(udpFrame(1, 9, bytes(1)));
        }
        assertThat(f.takeSent()).hasSize(2);
        assertThat(f.stack.snmp().get(Mib.ICMP_OUT_RATE_LIMIT_HOST)).isEqualTo(192);
    }

    @Test
    void errorsAreLimitedInTotalByANumberNobodyCanCountOn() {
        f.stack.addDefaultRoute(f.dev, PEER);
        for (int i = 0; i < 500; i++) {
            int source = 0x0B00_0000 + i;
            f.receive(
                    f.dev,
                    ip().from(source).payload(udp(source, US, 1, 9, bytes(1))).frame());
        }
        assertThat(f.takeSent().size()).isBetween(15, 50);
        assertThat(f.stack.snmp().get(Mib.ICMP_OUT_RATE_LIMIT_GLOBAL)).isPositive();
    }

    @Test
    void errorsQuoteAtMost576BytesInAll() {
        f.inject(udpFrame(1, 9, pattern(1400)));
        byte[] error = f.takeOne();
        assertThat(u16(error, 16)).isEqualTo(576);
        assertThat(u8(error, 15)).as("precedence").isEqualTo(0xC0);
    }

    @Test
    void malformedErrorsReachNobody() {
        byte[] quoted = Arrays.copyOfRange(udpFrame(1, 2, pattern(8)), 14, 42);
        for (int length = 0; length < 28; length++) {
            f.inject(ip().protocol(1)
                    .payload(icmp(3, 3, 0, Arrays.copyOf(quoted, length)))
                    .frame());
        }
        assertThat(f.drops(DropReason.ICMP_BAD_HEADER)).isEqualTo(28);
        f.inject(ip().protocol(1).payload(icmp(3, 3, 0, quoted)).frame());
        assertThat(f.drops(DropReason.IP_BAD_SOURCE)).as("not sent by us").isEqualTo(1);
        assertThat(f.takeSent()).isEmpty();
    }

    @Test
    void redirectsAndSourceQuenchesChangeNothing() {
        byte[] quoted = Arrays.copyOfRange(udpFrame(1, 2, pattern(8)), 14, 42);
        f.inject(ip().protocol(1).payload(icmp(5, 1, 0x0A00_0009, quoted)).frame());
        f.inject(ip().protocol(1).payload(icmp(4, 0, 0, quoted)).frame());
        assertThat(f.stack.snmp().get(Mib.ICMP_IN_REDIRECTS)).isEqualTo(1);
        assertThat(f.takeSent()).isEmpty();
    }

    @Test
    void errorsMapToLinuxErrnos() {
        assertThat(IcmpErrno.of(3, 0)).isEqualTo(Errno.ENETUNREACH);
        assertThat(IcmpErrno.of(3, 1)).isEqualTo(Errno.EHOSTUNREACH);
        assertThat(IcmpErrno.of(3, 2)).isEqualTo(Errno.ENOPROTOOPT);
        assertThat(IcmpErrno.of(3, 3)).isEqualTo(Errno.ECONNREFUSED);
        assertThat(IcmpErrno.of(3, 4)).isEqualTo(Errno.EMSGSIZE);
        assertThat(IcmpErrno.of(3, 99)).isEqualTo(Errno.EHOSTUNREACH);
        assertThat(IcmpErrno.of(11, 0)).isEqualTo(Errno.EHOSTUNREACH);
        assertThat(IcmpErrno.of(12, 0)).isEqualTo(Errno.EPROTO);
        assertThat(IcmpErrno.isFatal(3, 3)).isTrue();
        assertThat(IcmpErrno.isFatal(3, 1)).isFalse();
        assertThat(IcmpErrno.isFatal(11, 0)).isFalse();
    }
}
