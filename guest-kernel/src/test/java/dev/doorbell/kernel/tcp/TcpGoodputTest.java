package dev.doorbell.kernel.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.kernel.tcp.TcpMib.Counter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What random loss may cost on a path of 40 ms, where all answers to one flight arrive at the same moment. The floors are a
 * little below what a recovery without timeouts and without needless retransmissions reaches; a real Linux host over a wire
 * of the same kind has 3.3 to 3.5 Mbit/s per stream at 1 %, and 1.1 at 5 %.
 */
class TcpGoodputTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int STREAMS = 8, SECONDS = 10;

    @ParameterizedTest
    @CsvSource({"0.01, 1, 3.0, 0.02", "0.01, 2, 3.0, 0.02", "0.05, 1, 1.0, 0.08", "0.05, 2, 1.0, 0.08"})
    void randomLossCostsItsRetransmissionsAndNoOthers(double loss, long seed, double perStream, double lostAgain) {
        try (TwoStacks net = new TwoStacks(seed)) {
            net.loss = loss;
            net.delayNs = 20_000_000;
            List<TwoStacks.Receiver> receivers = new ArrayList<>();
            TcpSock listener = net.listen(80);
            for (int i = 0; i < STREAMS; i++) {
                TcpSock client = net.connect(80);
                TcpSock server = net.accept(listener);
                TwoStacks.Receiver receiver = net.new Receiver(server, i);
                server.setListener(receiver::run);
                TwoStacks.Sender sender = net.new Sender(client, Long.MAX_VALUE, i);
                sender.run();
                receivers.add(receiver);
            }
            long before = received(receivers);
            net.world.runFor(SECONDS * SECOND);
            double megabits = (received(receivers) - before) * 8.0 / SECONDS / 1e6;
            TcpMib sender = net.client.tcp.mib, receiver = net.server.tcp.mib;
            long again = sender.get(Counter.RetransSegs);
            assertThat(receivers).allMatch(r -> r.wrongAt < 0);
            assertThat(megabits / STREAMS).isGreaterThan(perStream);
            assertThat(sender.get(Counter.TCPLostRetransmit)).isLessThan((long) (lostAgain * again) + 5);
            assertThat(receiver.get(Counter.TCPDSACKOldSent)).isLessThan(again / 50 + 5);
        }
    }

    private static long received(List<TwoStacks.Receiver> receivers) {
        return receivers.stream().mapToLong(r -> r.received).sum();
    }
}
