package dev.doorbell.kernel.netfilter.conntrack;

import static dev.doorbell.kernel.netfilter.FilterFixture.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.net.Sysctls;
import dev.doorbell.kernel.netfilter.FilterFixture;
import dev.doorbell.kernel.tcp.TcpConfig;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Connections through the router: states, timeouts, windows, related errors, limits of the table, hostile packets. */
class ConntrackTest {
    private static final String RULES = "*filter\n"
            + "-A FORWARD -m conntrack --ctstate INVALID -j DROP\n"
            + "-A FORWARD -m conntrack --ctstate NEW -m comment --comment new -j ACCEPT\n"
            + "-A FORWARD -m conntrack --ctstate ESTABLISHED -m comment --comment est -j ACCEPT\n"
            + "-A FORWARD -m conntrack --ctstate RELATED -m comment --comment rel -j ACCEPT\n"
            + "COMMIT\n";
    private static final long SECOND = StackFixture.SECOND;

    private final FilterFixture router = new FilterFixture(RULES);

    @AfterEach
    void nothingLeaks() {
        router.close();
    }

    private int out(int sequence, int ack, int flags, int bytes) {
        return router.fromInside(OUTSIDE, 6, tcp(INSIDE, OUTSIDE, 5000, 80, sequence, ack, flags, bytes))
                .size();
    }

    private int back(int sequence, int ack, int flags, int bytes) {
        return router.fromOutside(INSIDE, 6, tcp(OUTSIDE, INSIDE, 80, 5000, sequence, ack, flags, bytes))
                .size();
    }

    private TcpState state() {
        return router.connection().tcpState();
    }

    private long seconds() {
        Connection connection = router.connection();
        return connection.remainingNs(router.f.kernel.context.nowNs()) / SECOND;
    }

    private void establish() {
        assertThat(out(1000, 0, SYN, 0)).isOne();
        assertThat(back(7000, 1001, SYN | ACK, 0)).isOne();
        assertThat(out(1001, 7001, ACK, 0)).isOne();
    }

    @Test
    void aConnectionPassesThroughItsStatesWithTheirTimes() {
        out(1000, 0, SYN, 0);
        assertThat(state()).isEqualTo(TcpState.SYN_SENT);
        assertThat(seconds()).isEqualTo(120);
        assertThat(router.connection().is(Connection.SEEN_REPLY)).isFalse();
        back(7000, 1001, SYN | ACK, 0);
        assertThat(state()).isEqualTo(TcpState.SYN_RECV);
        assertThat(seconds()).isEqualTo(60);
        out(1001, 7001, ACK, 0);
        assertThat(state()).isEqualTo(TcpState.ESTABLISHED);
        assertThat(seconds()).isEqualTo(432_000);
        assertThat(router.connection().is(Connection.ASSURED)).isTrue();
        out(1001, 7001, PSH | ACK, 100);
        assertThat(seconds()).as("data not acknowledged yet").isEqualTo(300);
        back(7001, 1101, ACK, 0);
        assertThat(seconds()).isEqualTo(432_000);
        out(1101, 7001, FIN | ACK, 0);
        assertThat(state()).isEqualTo(TcpState.FIN_WAIT);
        back(7001, 1102, ACK, 0);
        assertThat(state()).isEqualTo(TcpState.CLOSE_WAIT);
        back(7001, 1102, FIN | ACK, 0);
        assertThat(state()).isEqualTo(TcpState.LAST_ACK);
        assertThat(seconds()).isEqualTo(30);
        out(1102, 7002, ACK, 0);
        assertThat(state()).isEqualTo(TcpState.TIME_WAIT);
        assertThat(seconds()).isEqualTo(120);
        router.f.run(121 * SECOND);
        assertThat(router.connections()).isZero();
        assertThat(router.hits("filter -A FORWARD -m conntrack --ctstate NEW")).isOne();
    }

    @Test
    void whatIsOutsideTheWindowIsInvalid() {
        establish();
        assertThat(out(1001 + 100_000, 7001, ACK, 10)).as("beyond the window").isZero();
        assertThat(back(7001, 1001 + 5000, ACK, 0))
                .as("acknowledges what was never sent")
                .isZero();
        assertThat(out(1001, 7001, ACK, 10)).isOne();
        assertThat(router.hits("filter -A FORWARD -m conntrack --ctstate INVALID"))
                .isEqualTo(2);
    }

    @Test
    void aResetWithAGuessedNumberDoesNotClose() {
        establish();
        back(7001, 1001, ACK, 10);
        out(1001, 7011, ACK, 0);
        back(9000, 0, RST, 0);
        assertThat(state()).isEqualTo(TcpState.ESTABLISHED);
        assertThat(back(6000, 0, RST, 0)).as("before what was acknowledged").isZero();
        back(7011, 0, RST, 0);
        assertThat(state()).isEqualTo(TcpState.CLOSE);
        assertThat(seconds()).isEqualTo(10);
    }

    @Test
    void anAnswerWithoutAQuestionIsInvalid() {
        assertThat(out(1000, 7000, SYN | ACK, 0)).isZero();
        assertThat(out(1000, 0, RST, 0)).isZero();
        assertThat(out(1000, 0, FIN | PSH | URG, 0)).isZero();
        assertThat(out(1000, 0, 0, 0)).isZero();
        assertThat(router.connections()).isZero();
    }

    @Test
    void aConnectionThatBeganEarlierIsTakenUpInTheMiddle() {
        assertThat(out(1000, 7000, ACK, 10)).isOne();
        assertThat(state()).isEqualTo(TcpState.ESTABLISHED);
        assertThat(seconds()).as("no answer yet").isEqualTo(300);
        router.f.stack.iptables().conntrack().settings().setTcpLoose(false);
        router.f.stack.iptables().conntrack().table().removeIf(connection -> true);
        assertThat(out(1000, 7000, ACK, 10)).isZero();
    }

    @Test
    void settingsAreThoseOfSysctl() throws ErrnoException {
        Sysctls sysctls = new Sysctls(router.f.stack, new TcpConfig());
        sysctls.set("net.netfilter.nf_conntrack_udp_timeout", "7");
        sysctls.set("net.netfilter.nf_conntrack_tcp_loose", "0");
        assertThat(out(1000, 7000, ACK, 10)).isZero();
        router.fromInside(OUTSIDE, 17, Packets.udp(INSIDE, OUTSIDE, 5000, 53, new byte[4]));
        assertThat(seconds()).isEqualTo(7);
        assertThat(sysctls.get("net.netfilter.nf_conntrack_tcp_timeout_established"))
                .isEqualTo("432000");
        assertThat(sysctls.get("net.netfilter.nf_conntrack_max")).isEqualTo("65536");
    }

    @Test
    void udpBecomesAStreamWhenItGoesBothWaysForAWhile() {
        byte[] question = Packets.udp(INSIDE, OUTSIDE, 5000, 53, new byte[4]);
        byte[] answer = Packets.udp(OUTSIDE, INSIDE, 53, 5000, new byte[4]);
        router.fromInside(OUTSIDE, 17, question);
        assertThat(seconds()).isEqualTo(30);
        assertThat(router.fromOutside(INSIDE, 17, answer)).hasSize(1);
        router.fromInside(OUTSIDE, 17, question);
        assertThat(seconds()).isEqualTo(30);
        router.f.run(3 * SECOND);
        router.fromInside(OUTSIDE, 17, question);
        assertThat(seconds()).isEqualTo(120);
        assertThat(router.connection().describe(router.f.kernel.context.nowNs()))
                .isEqualTo("udp      17 120 src=10.0.0.2 dst=10.0.1.2 sport=5000 dport=53 src=10.0.1.2 dst=10.0.0.2"
                        + " sport=53 dport=5000 [ASSURED] mark=0 use=1");
        router.f.run(121 * SECOND);
        assertThat(router.connections()).isZero();
    }

    @Test
    void anEchoReplyBelongsToItsRequestAndNoOther() {
        assertThat(router.fromOutside(INSIDE, 1, Packets.icmp(0, 0, 0x1234_0001, new byte[8])))
                .isEmpty();
        router.fromInside(OUTSIDE, 1, Packets.icmp(8, 0, 0x1234_0001, new byte[8]));
        assertThat(router.fromOutside(INSIDE, 1, Packets.icmp(0, 0, 0x1234_0001, new byte[8])))
                .hasSize(1);
        assertThat(router.fromOutside(INSIDE, 1, Packets.icmp(0, 0, 0x1235_0001, new byte[8])))
                .isEmpty();
    }

    @Test
    void anErrorAboutAConnectionIsRelatedAndOneAboutNothingInvalid() {
        byte[] sent = router.fromInside(OUTSIDE, 17, Packets.udp(INSIDE, OUTSIDE, 5000, 53, new byte[4]))
                .get(0);
        byte[] quote = Arrays.copyOfRange(sent, 14, 14 + 28);
        assertThat(router.fromOutside(INSIDE, 1, Packets.icmp(3, 3, 0, quote))).hasSize(1);
        assertThat(router.hits("filter -A FORWARD -m conntrack --ctstate RELATED"))
                .isOne();
        quote[21]++; // another port
        assertThat(router.fromOutside(INSIDE, 1, Packets.icmp(3, 3, 0, quote))).isEmpty();
    }

    @Test
    void fragmentsAreJoinedBeforeRulesLookAtPortsAndCutAgain() {
        byte[] datagram = Packets.udp(INSIDE, OUTSIDE, 5000, 53, Packets.pattern(1200));
        byte[] first = Arrays.copyOfRange(datagram, 0, 800);
        byte[] second = Arrays.copyOfRange(datagram, 800, datagram.length);
        router.f.inject(
                Packets.ip().to(OUTSIDE).fragment(800, false).payload(second).frame());
        assertThat(router.sentOutside).isEmpty();
        router.f.inject(
                Packets.ip().to(OUTSIDE).fragment(0, true).payload(first).frame());
        assertThat(router.sentOutside).hasSize(1);
        assertThat(Packets.u16(router.sentOutside.get(0), 16)).isEqualTo(1228);
        assertThat(router.connection().original().destinationPort).isEqualTo(53);
    }

    @Test
    void aFullTableMakesRoomAtTheCostOfTheUnansweredAndKeepsTheRest() {
        establish();
        router.f.stack.iptables().conntrack().table().setMaximum(64);
        for (int i = 0; i < 2000; i++) {
            router.fromInside(OUTSIDE, 17, Packets.udp(INSIDE, OUTSIDE, 10_000 + i, 53, new byte[1]));
        }
        assertThat(router.connections()).isLessThanOrEqualTo(64);
        assertThat(out(1001, 7001, ACK, 10)).isOne();
        assertThat(router.hits("filter -A FORWARD -m conntrack --ctstate ESTABLISHED"))
                .isPositive();
    }

    @Test
    void packetsCutAnywhereAndWithAnyByteChangedHarmNobody() {
        SplittableRandom random = new SplittableRandom(3);
        byte[][] kinds = {
            Packets.ip()
                    .to(OUTSIDE)
                    .protocol(6)
                    .payload(tcp(INSIDE, OUTSIDE, 5000, 80, 1, 0, SYN, 20))
                    .frame(),
            Packets.ip()
                    .to(OUTSIDE)
                    .payload(Packets.udp(INSIDE, OUTSIDE, 1, 2, new byte[30]))
                    .frame(),
            Packets.ip()
                    .to(OUTSIDE)
                    .protocol(1)
                    .payload(Packets.icmp(3, 1, 0, new byte[40]))
                    .frame()
        };
        for (byte[] whole : kinds) {
            for (int length = 14; length < whole.length; length++) {
                router.f.inject(Arrays.copyOf(whole, length));
                byte[] header = Arrays.copyOf(whole, length);
                if (length > 34) { // the same with a total length that agrees
                    int total = length - 14;
                    header[16] = (byte) (total >>> 8);
                    header[17] = (byte) total;
                    header[24] = 0;
                    header[25] = 0;
                    int sum = Packets.checksum(header, 14, 20, 0);
                    header[24] = (byte) (sum >>> 8);
                    header[25] = (byte) sum;
                    router.f.inject(header);
                }
            }
            for (int i = 0; i < 3000; i++) {
                byte[] broken = whole.clone();
                broken[34 + random.nextInt(broken.length - 34)] = (byte) random.nextInt();
                router.f.inject(broken);
            }
        }
        router.f.takeSent();
        router.sentOutside.clear();
        assertThat(router.connections()).isLessThan(4000);
        establish();
    }
}
