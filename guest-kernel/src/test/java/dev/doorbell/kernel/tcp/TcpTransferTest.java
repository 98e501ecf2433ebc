package dev.doorbell.kernel.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TcpTransferTest {
    private static final long MINUTES = 60_000_000_000L;

    @Test
    void cleanWireCarriesBothDirectionsAndClosesInOrder() {
        try (TwoStacks net = new TwoStacks(1)) {
            transfer(net, 3_000_000);
            assertThat(net.client.tcp.mib().get(TcpMib.Counter.RetransSegs)).isZero();
            assertThat(net.server.tcp.mib().get(TcpMib.Counter.RetransSegs)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void lossyReorderingDuplicatingWireLosesNothing(long seed) {
        try (TwoStacks net = new TwoStacks(seed)) {
            net.loss = 0.03;
            net.duplicate = 0.02;
            net.reorder = 0.05;
            transfer(net, 400_000);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13})
    void tenPercentLossIsSurvived(long seed) {
        try (TwoStacks net = new TwoStacks(seed)) {
            net.loss = 0.10;
            transfer(net, 150_000);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "false,true,true,cubic",
        "true,false,true,cubic",
        "true,true,false,cubic",
        "false,false,false,reno",
        "true,true,true,bbr"
    })
    void worksWithoutEachOption(boolean sack, boolean timestamps, boolean scale, String congestion) {
        try (TwoStacks net = new TwoStacks(21)) {
            for (TcpHost host : new TcpHost[] {net.client, net.server}) {
                host.config.sack = sack;
                host.config.timestamps = timestamps;
                host.config.windowScaling = scale;
                host.config.congestionControl = congestion;
            }
            net.loss = 0.02;
            net.reorder = 0.02;
            transfer(net, 300_000);
        }
    }

    @Test
    void largeBuffersArriveWholeWhenTheWireAggregates() {
        try (TwoStacks net = new TwoStacks(31)) {
            net.client.keepLarge = net.server.keepLarge = true;
            transfer(net, 20_000_000);
            assertThat(net.segments).isLessThan(6_500);
        }
    }

    private static void transfer(TwoStacks net, long bytes) {
        TcpSock listener = net.listen(80);
        TcpSock client = net.connect(80);
        TcpSock server = net.accept(listener);
        assertThat(server).isNotNull();
        net.world.runUntil(() -> (client.poll() & 4) != 0, MINUTES);
        TwoStacks.Sender up = net.new Sender(client, bytes, 1);
        TwoStacks.Sender down = net.new Sender(server, bytes, 2);
        TwoStacks.Receiver atServer = net.new Receiver(server, 1);
        TwoStacks.Receiver atClient = net.new Receiver(client, 2);
        client.setListener(() -> {
            up.run();
            atClient.run();
        });
        server.setListener(() -> {
            down.run();
            atServer.run();
        });
        up.run();
        down.run();
        boolean ended = net.world.runUntil(() -> atServer.end && atClient.end, 30 * MINUTES);
        assertThat(ended)
                .as("ended; received %d and %d", atServer.received, atClient.received)
                .isTrue();
        assertThat(atServer.wrongAt).isEqualTo(-1);
        assertThat(atClient.wrongAt).isEqualTo(-1);
        assertThat(atServer.received).isEqualTo(bytes);
        assertThat(atClient.received).isEqualTo(bytes);
        client.release();
        server.release();
        listener.release();
        net.world.runFor(5 * MINUTES);
        assertThat(net.client.tcp.flowCount()).isZero();
        assertThat(net.server.tcp.flowCount()).isZero();
        assertThat(net.client.kernel.pendingTimers()).isZero();
    }
}
