package dev.doorbell.kernel.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BbrTest {
    private static final long SECOND = 1_000_000_000L, MS = 1_000_000L;
    private static final long RATE = 50_000_000;

    /** One transfer over a bottleneck, and what it showed. */
    private static final class Run implements AutoCloseable {
        final TwoStacks net;
        private TcpSock client;
        private TwoStacks.Receiver receiver;

        Run(String congestion, double loss) {
            this(congestion, loss, 0);
        }

        /** @param lateNs for how long the sender's machine is busy elsewhere, again and again */
        Run(String congestion, double loss, long lateNs) {
            net = new TwoStacks(5, world -> new LateWorld(world, "tcp pacing", lateNs));
            net.clientLooksEveryNs = lateNs;
            net.client.config.congestionControl = congestion;
            net.bitsPerSecond = RATE;
            net.delayNs = 10 * MS;
            net.loss = loss;
        }

        Run start() {
            TcpSock listener = net.listen(80);
            client = net.connect(80);
            TcpSock server = net.accept(listener);
            net.world.runUntil(() -> (client.poll() & 4) != 0, 10 * SECOND);
            TwoStacks.Sender sender = net.new Sender(client, Long.MAX_VALUE, 1);
            receiver = net.new Receiver(server, 1);
            server.setListener(receiver::run);
            sender.run();
            return this;
        }

        /** Bits per second that reach the application from now on. */
        double goodput(long seconds) {
            long before = receiver.received;
            net.world.runFor(seconds * SECOND);
            assertThat(receiver.wrongAt).isEqualTo(-1);
            return (receiver.received - before) * 8.0 / seconds;
        }

        TcpConnection connection() {
            return client.connection;
        }

        @Override
        public void close() {
            net.close();
        }
    }

    @Test
    void fillsTheBottleneckAndKeepsItsQueueShort() {
        try (Run run = new Run("bbr", 0).start()) {
            run.goodput(3);
            assertThat(run.goodput(5)).isGreaterThan(0.88 * RATE);
            // 20 ms of path; a full queue would add 100 ms
            assertThat(run.connection().rtt.srtt8Us() >> 3).isLessThan(45_000);
        }
    }

    @ParameterizedTest
    @CsvSource({"0.01, 0.80", "0.05, 0.65"})
    void randomLossDoesNotTakeItsRate(double loss, double share) {
        double bbr;
        double cubic;
        try (Run run = new Run("bbr", loss).start()) {
            run.goodput(2);
            bbr = run.goodput(8);
        }
        try (Run run = new Run("cubic", loss).start()) {
            run.goodput(2);
            cubic = run.goodput(8);
        }
        assertThat(bbr).isGreaterThan(share * RATE);
        assertThat(cubic).isLessThan(bbr / 3);
    }

    @Test
    void everyTenSecondsTheFlightShrinksToFourPacketsToSeeThePathItself() {
        try (Run run = new Run("bbr", 0).start()) {
            run.goodput(2);
            TcpConnection c = run.connection();
            boolean seen = run.net.world.runUntil(() -> c.window.cwnd == 4 && c.inFlight() <= 4, 12 * SECOND);
            assertThat(seen).isTrue();
            run.goodput(1);
            assertThat(run.goodput(3)).isGreaterThan(0.85 * RATE);
        }
    }

    @Test
    void aSlowerBottleneckIsFollowedWithinTheBandwidthWindow() {
        try (Run run = new Run("bbr", 0).start()) {
            run.goodput(3);
            run.net.bitsPerSecond = RATE / 5;
            run.goodput(4);
            assertThat(run.goodput(4)).isBetween(0.80 * RATE / 5, 1.0 * RATE / 5);
            assertThat(run.connection().rtt.srtt8Us() >> 3).isLessThan(100_000);
        }
    }

    @ParameterizedTest
    @CsvSource({"3, 0.85", "8, 0.75"})
    void aSenderThatItsHostWakesLateKeepsItsRate(long lateMs, double share) {
        try (Run run = new Run("bbr", 0, lateMs * MS).start()) {
            run.goodput(2);
            assertThat(run.goodput(3)).isGreaterThan(share * RATE);
            assertThat(run.connection().rtt.srtt8Us() >> 3).isLessThan(60_000);
        }
    }
}
