package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.tcp.TcpScript.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.kernel.tcp.TcpMib.Counter;
import dev.doorbell.kernel.tcp.TcpScript.Segment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the path takes, found with ICMP's help (RFC 1191) and without (RFC 4821). */
class TcpPathMtuTest {
    private static final int[] MSS_1460 = {2, 4, 0x05, 0xB4, 1, 1, 4, 2};
    private static final int UNREACHABLE = 3, FRAGMENTATION_NEEDED = 4;

    private final TcpScript t = new TcpScript();
    private TcpSock sock;

    @AfterEach
    void everythingIsGivenBack() {
        sock.release();
        t.close();
    }

    private void open() {
        TcpSock listener = t.listen(5);
        t.in(SYN, 0, 0, 65_000, 0, MSS_1460);
        t.expect(SYN | ACK, 0, 0, 1);
        t.run(100);
        t.in(ACK, 1, 1, 65_000, 0);
        sock = (TcpSock) listener.accept();
        listener.release();
    }

    private void icmp(int seq, int mtu) {
        IcmpErrors.handle(t.host.tcp, sock.connection, t.iss + seq, UNREACHABLE, FRAGMENTATION_NEEDED, mtu, null);
    }

    @Test
    void fragmentationNeededMakesSmallerSegmentsAtOnceAndCostsNoWindow() {
        open();
        t.write(sock, 2920);
        t.expect(ACK, 1, 1460, 1);
        t.expect(ACK, 1461, 1460, 1);
        int cwnd = sock.connection.window.cwnd;
        icmp(1, 1200);
        for (int at = 1; at < 2921; at += 1160) {
            t.expect(ACK, at, Math.min(1160, 2921 - at), 1);
        }
        assertThat(sock.connection.window.cwnd).isEqualTo(cwnd);
        assertThat(sock.connection.pathMtu).isEqualTo(1200);
    }

    @Test
    void aClaimBelowTheFloorIsTakenAsTheFloor() {
        open();
        t.write(sock, 1460);
        t.expect(ACK, 1, 1460, 1);
        icmp(1, 68);
        assertThat(t.expect(ACK, 1, 512, 1).length()).isEqualTo(552 - 40);
    }

    @Test
    void anErrorAboutWhatWasNeverSentChangesNothing() {
        open();
        t.write(sock, 1460);
        t.expect(ACK, 1, 1460, 1);
        icmp(5000, 600);
        icmp(-5000, 600);
        t.expectNothing();
        assertThat(sock.connection.pathMtu).isEqualTo(1500);
        assertThat(t.host.tcp.mib().get(Counter.OutOfWindowIcmps)).isEqualTo(2);
    }

    @Test
    void theLearnedSizeIsForgottenAfterTenMinutes() {
        open();
        t.write(sock, 1460);
        t.expect(ACK, 1, 1460, 1);
        icmp(1, 1200);
        t.sent.clear();
        t.in(ACK, 1, 1461, 65_000, 0);
        t.run(601_000);
        t.write(sock, 1460);
        t.expect(ACK, 1461, 1460, 1);
    }

    @Test
    void aBlackHoleShowsByItsTimeoutsAndIsPassedInSmallerSegments() {
        open();
        t.write(sock, 1460);
        t.run(20_000);
        int smallest = t.sent.stream().mapToInt(Segment::length).min().orElseThrow();
        assertThat(smallest).as("the base size, then halves").isLessThanOrEqualTo(1024);
        t.sent.clear();
        t.in(ACK, 1, 1025, 65_000, 0);
        t.run(2000);
        assertThat(t.sent).isNotEmpty().allMatch(s -> s.length() <= 1024);
    }

    @Test
    void withoutProbingTheSegmentsKeepTheirSize() {
        t.host.config.mtuProbing = 0;
        open();
        t.write(sock, 1460);
        t.run(20_000);
        assertThat(t.sent).hasSizeGreaterThan(4).allMatch(s -> s.length() == 1460);
    }

    @Test
    void theSearchSendsOneLargerSegmentInFrontOfOrdinaryOnesAndKeepsWhatWorks() {
        t.host.config.mtuProbing = 2;
        t.host.config.baseMss = 512;
        t.host.config.initialCwnd = 11;
        open();
        sock.connection.mss = 600;
        t.write(sock, 4000);
        int probe = (1500 + 552) / 2 - 40;
        t.expect(ACK, 1, probe, 1);
        for (int at = 1 + probe; at < 4001; at += 600) {
            t.expect(ACK, at, Math.min(600, 4001 - at), 1);
        }
        t.in(ACK, 1, 4001, 65_000, 0);
        assertThat(t.host.tcp.mib().get(Counter.TCPMTUPSuccess)).isEqualTo(1);
        assertThat(sock.connection.mss).isEqualTo(probe);
    }

    @Test
    void aLostProbeIsNoCongestion() {
        t.host.config.mtuProbing = 2;
        t.host.config.baseMss = 512;
        t.host.config.initialCwnd = 11;
        open();
        sock.connection.mss = 600;
        int cwnd = sock.connection.window.cwnd;
        t.write(sock, 4000);
        t.sent.clear();
        t.in(ACK, 1, 1, 65_000, 0, t.sack(987, 1587));
        t.in(ACK, 1, 1, 65_000, 0, t.sack(987, 2187));
        t.in(ACK, 1, 1, 65_000, 0, t.sack(987, 2787));
        assertThat(t.host.tcp.mib().get(Counter.TCPMTUPFail)).isEqualTo(1);
        assertThat(sock.connection.window.cwnd).isEqualTo(cwnd);
        assertThat(sock.connection.mtuProber.high()).isEqualTo(1025);
        t.expect(ACK, 1, 600, 1);
    }

    @Test
    void theOfferedMssIsThatOfTheLinkWhateverThePathWasLearnedToTake() {
        open();
        assertThat(sock.connection.advertisedMss).isEqualTo(1460);
        t.write(sock, 1460);
        icmp(1, 600);
        assertThat(sock.connection.advertisedMss).isEqualTo(1460);
    }
}
