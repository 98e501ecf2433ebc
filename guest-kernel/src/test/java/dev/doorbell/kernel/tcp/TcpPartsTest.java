package dev.doorbell.kernel.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.inet.Endpoints;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The pure parts, each on its own. */
class TcpPartsTest {
    private static final long MIN_RTO_US = 200_000;

    @Test
    void firstSampleSetsTheTimeoutToThreeTimesTheRtt() {
        RttEstimator rtt = new RttEstimator();
        rtt.sample(100_000, 1, 2, MIN_RTO_US);
        assertThat(rtt.srttUs()).isEqualTo(100_000);
        assertThat(rtt.timeoutUs()).isEqualTo(300_000);
    }

    @Test
    void steadyRttKeepsTheTimeoutAtRttPlusTheMinimum() {
        RttEstimator rtt = new RttEstimator();
        for (int i = 0; i < 200; i++) {
            rtt.sample(50_000, i + 1, i + 2, MIN_RTO_US);
        }
        assertThat(rtt.srttUs()).isEqualTo(50_000);
        assertThat(rtt.timeoutUs()).isBetween(250_000L, 251_000L);
    }

    @Test
    void fallingRttDoesNotRaiseTheTimeout() {
        RttEstimator rtt = new RttEstimator();
        for (int i = 0; i < 50; i++) {
            rtt.sample(400_000, i + 1, i + 2, MIN_RTO_US);
        }
        long before = rtt.timeoutUs();
        rtt.sample(20_000, 100, 101, MIN_RTO_US);
        assertThat(rtt.timeoutUs()).isLessThanOrEqualTo(before);
    }

    @Test
    void minimumIsForgottenAfterTheWindow() {
        MinRtt min = new MinRtt(1000);
        min.update(0, 10);
        min.update(400, 30);
        min.update(800, 20);
        assertThat(min.get()).isEqualTo(10);
        min.update(1500, 40);
        assertThat(min.get()).isEqualTo(20);
    }

    @Test
    void renoHalvesAndGrowsByOneSegmentPerWindow() {
        CongestionWindow window = new CongestionWindow(10);
        Reno reno = new Reno();
        reno.avoid(window, 0, 10, true, 0);
        assertThat(window.cwnd).isEqualTo(20);
        window.ssthresh = reno.ssthresh(window);
        window.set(window.ssthresh);
        assertThat(window.cwnd).isEqualTo(10);
        for (int i = 0; i < 10; i++) {
            reno.avoid(window, 0, 1, true, 0);
        }
        assertThat(window.cwnd).isEqualTo(11);
        reno.avoid(window, 0, 100, false, 0);
        assertThat(window.cwnd).as("not limited by the window: no growth").isEqualTo(11);
    }

    @Test
    void cubicShrinksTo07AndIsBackAtItsMaximumAfterKSeconds() {
        Cubic cubic = new Cubic(false, new TcpMib());
        CongestionWindow window = new CongestionWindow(1000);
        window.ssthresh = cubic.ssthresh(window);
        assertThat(window.ssthresh).isEqualTo(700);
        window.set(700);
        double k = Math.cbrt((1000 - 700) / 0.4);
        long rtt = 100_000_000L;
        long now = 0;
        while (now < k * 1e9) {
            cubic.avoid(window, 0, window.cwnd, true, now);
            now += rtt;
        }
        assertThat(window.cwnd).isBetween(970, 1010);
        while (now < (k + 4) * 1e9) {
            cubic.avoid(window, 0, window.cwnd, true, now);
            now += rtt;
        }
        assertThat(window.cwnd).as("convex behind the plateau").isGreaterThan(1015);
    }

    @Test
    void flowTableFindsWhatItHoldsUnderAnyHistory() {
        FlowTable table = new FlowTable(77);
        Map<Integer, Flow> model = new HashMap<>();
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 200_000; i++) {
            int port = random.nextInt(3000) + 1;
            Flow known = model.get(port);
            if (known == null) {
                Flow flow = flow(port);
                table.put(flow);
                model.put(port, flow);
            } else if (random.nextBoolean()) {
                table.remove(known);
                model.remove(port);
            }
            assertThat(table.find(ends(port))).isSameAs(model.get(port));
        }
        assertThat(table.size()).isEqualTo(model.size());
    }

    private static Endpoints ends(int port) {
        return new Endpoints().localV4(1, 80).remoteV4(2, port);
    }

    private static Flow flow(int port) {
        return new Flow(ends(port)) {
            @Override
            TcpState state() {
                return TcpState.ESTABLISHED;
            }
        };
    }

    @Test
    void cookieComesBackForTwoMinutesAndOnlyToItsOwner() {
        SynCookies cookies = new SynCookies(new SplittableRandom(1));
        int cookie = cookies.make(ends(3), 1000, 1460, 0);
        assertThat(cookies.check(cookie, ends(3), 1000, 60_000_000_000L)).isEqualTo(1460);
        assertThat(cookies.check(cookie, ends(3), 1000, 130_000_000_000L)).isZero();
        assertThat(cookies.check(cookie, ends(4), 1000, 0)).isZero();
        assertThat(cookies.check(cookie + 1000, ends(3), 1000, 0)).isZero();
    }

    @Test
    void portsAreSharedOnlyWhenBothSidesAgree() {
        PortTable ports = new PortTable(new TcpConfig(), new SplittableRandom(1));
        PortTable.Holder first = holder(false, false);
        ports.add(first);
        assertThat(ports.conflicts(holder(true, false))).isTrue();
        first.reuseAddress = true;
        assertThat(ports.conflicts(holder(true, false))).isFalse();
        first.listening = true;
        assertThat(ports.conflicts(holder(true, false))).isTrue();
        first.reusePort = true;
        assertThat(ports.conflicts(holder(false, true))).isFalse();
        ports.remove(first);
        assertThat(ports.conflicts(holder(false, false))).isFalse();
    }

    private static PortTable.Holder holder(boolean reuseAddress, boolean reusePort) {
        PortTable.Holder holder = new PortTable.Holder(80, 0, Ipv6Address.ofV4(0));
        holder.reuseAddress = reuseAddress;
        holder.reusePort = reusePort;
        return holder;
    }

    @Test
    void fifteenRetriesTakeAboutFifteenMinutes() {
        assertThat(TcpTimers.backoffTime(200 * TcpConfig.MS, new TcpConfig().rtoMaxNs, 15))
                .isEqualTo(924_600_000_000L);
    }
}
