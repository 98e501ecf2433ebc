package dev.doorbell.kernel.netfilter.conntrack;

import static dev.doorbell.kernel.netfilter.FilterFixture.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.netfilter.FilterFixture;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The states of a conversation without a protocol of its own, as Linux has them, a test per row: none, unreplied (one side
 * has spoken), replied (both), stream (UDP only: both, for two seconds and more). The number behind a state is the seconds that
 * it lasts. The rules see NEW, ESTABLISHED, RELATED or INVALID.
 *
 * <pre>
 * UDP
 * state      event                       next           the rules see
 * none       question                    unreplied 30   NEW
 * none       error about it              none           INVALID
 * unreplied  question                    unreplied 30   NEW
 * unreplied  answer                      replied 30     ESTABLISHED
 * unreplied  answer from another port    two            NEW
 * unreplied  error about it              unreplied 25   RELATED
 * unreplied  31 seconds                  none
 * replied    question                    replied 30     ESTABLISHED
 * replied    question after two seconds  stream 120     ESTABLISHED
 * replied    answer after two seconds    stream 120     ESTABLISHED
 * replied    31 seconds                  none
 * stream     question                    stream 120     ESTABLISHED
 * stream     answer                      stream 120     ESTABLISHED
 * stream     31 seconds                  stream 84
 * stream     121 seconds                 none
 *
 * ICMP
 * none       question                    unreplied 30   NEW
 * none       answer                      none           INVALID
 * none       error about it              none           INVALID
 * unreplied  question                    unreplied 30   NEW
 * unreplied  answer                      replied 30     ESTABLISHED
 * unreplied  answer with another number  unreplied 25   INVALID
 * unreplied  error about it              unreplied 25   RELATED
 * unreplied  31 seconds                  none
 * replied    question                    replied 30     ESTABLISHED
 * replied    question after two seconds  replied 30     ESTABLISHED
 * replied    answer                      replied 30     ESTABLISHED
 * replied    31 seconds                  none
 * </pre>
 */
class DatagramStateTest {
    private static final long SECOND = StackFixture.SECOND;
    private static final List<String> SEEN = List.of("NEW", "ESTABLISHED", "RELATED", "INVALID");

    private final FilterFixture router = new FilterFixture("*filter\n"
            + "-A FORWARD -m conntrack --ctstate NEW\n"
            + "-A FORWARD -m conntrack --ctstate ESTABLISHED\n"
            + "-A FORWARD -m conntrack --ctstate RELATED\n"
            + "-A FORWARD -m conntrack --ctstate INVALID\n"
            + "COMMIT\n");
    private boolean udp;

    @AfterEach
    void nothingLeaks() {
        router.close();
    }

    @ParameterizedTest(name = "UDP: {0}, {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "none      | question                   | unreplied 30 | NEW",
                "none      | error about it             | none         | INVALID",
                "unreplied | question                   | unreplied 30 | NEW",
                "unreplied | answer                     | replied 30   | ESTABLISHED",
                "unreplied | answer from another port   | two          | NEW",
                "unreplied | error about it             | unreplied 25 | RELATED",
                "unreplied | 31 seconds                 | none         | ''",
                "replied   | question                   | replied 30   | ESTABLISHED",
                "replied   | question after two seconds | stream 120   | ESTABLISHED",
                "replied   | answer after two seconds   | stream 120   | ESTABLISHED",
                "replied   | 31 seconds                 | none         | ''",
                "stream    | question                   | stream 120   | ESTABLISHED",
                "stream    | answer                     | stream 120   | ESTABLISHED",
                "stream    | 31 seconds                 | stream 84    | ''",
                "stream    | 121 seconds                | none         | ''",
            })
    void udp(String state, String event, String next, String seen) {
        udp = true;
        check(state, event, next, seen);
    }

    @ParameterizedTest(name = "ICMP: {0}, {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "none      | question                   | unreplied 30 | NEW",
                "none      | answer                     | none         | INVALID",
                "none      | error about it             | none         | INVALID",
                "unreplied | question                   | unreplied 30 | NEW",
                "unreplied | answer                     | replied 30   | ESTABLISHED",
                "unreplied | answer with another number | unreplied 25 | INVALID",
                "unreplied | error about it             | unreplied 25 | RELATED",
                "unreplied | 31 seconds                 | none         | ''",
                "replied   | question                   | replied 30   | ESTABLISHED",
                "replied   | question after two seconds | replied 30   | ESTABLISHED",
                "replied   | answer                     | replied 30   | ESTABLISHED",
                "replied   | 31 seconds                 | none         | ''",
            })
    void icmp(String state, String event, String next, String seen) {
        udp = false;
        check(state, event, next, seen);
    }

    private void check(String state, String event, String next, String seen) {
        enter(state);
        boolean waits = !state.equals("none") && !event.contains("seconds") || state.equals("stream");
        router.f.run(waits ? 5 * SECOND - (state.equals("replied") ? 4 * SECOND : 0) : 0);
        long[] before = counts();
        happen(event);
        assertThat(state()).isEqualTo(next);
        long[] after = counts();
        StringBuilder newlySeen = new StringBuilder();
        for (int i = 0; i < before.length; i++) {
            newlySeen.append(after[i] > before[i] ? SEEN.get(i) : "");
        }
        assertThat(newlySeen.toString()).as("the rules see").isEqualTo(seen);
    }

    private long[] counts() {
        return SEEN.stream()
                .mapToLong(name -> router.hits("filter -A FORWARD -m conntrack --ctstate " + name))
                .toArray();
    }

    private String state() {
        if (router.connections() != 1) {
            return router.connections() == 0 ? "none" : "two";
        }
        Connection connection = router.connection();
        String name = !connection.is(Connection.SEEN_REPLY)
                ? "unreplied"
                : udp && connection.is(Connection.ASSURED) ? "stream" : "replied";
        return name + " " + connection.remainingNs(router.f.kernel.context.nowNs()) / SECOND;
    }

    private void enter(String state) {
        switch (state) {
            case "unreplied" -> happen("question");
            case "replied" -> {
                happen("question");
                happen("answer");
            }
            case "stream" -> {
                enter("replied");
                happen("question after two seconds");
            }
            default -> {}
        }
    }

    private byte[] question() {
        return udp ? Packets.udp(INSIDE, OUTSIDE, 5000, 53, new byte[4]) : Packets.icmp(8, 0, 0x1234_0001, new byte[8]);
    }

    private void answer(int port, int number) {
        byte[] message =
                udp ? Packets.udp(OUTSIDE, INSIDE, port, 5000, new byte[4]) : Packets.icmp(0, 0, number, new byte[8]);
        router.fromOutside(INSIDE, udp ? 17 : 1, message);
    }

    private void happen(String event) {
        switch (event) {
            case "question" -> router.fromInside(OUTSIDE, udp ? 17 : 1, question());
            case "question after two seconds" -> {
                router.f.run(3 * SECOND);
                happen("question");
            }
            case "answer" -> answer(53, 0x1234_0001);
            case "answer after two seconds" -> {
                router.f.run(3 * SECOND);
                happen("answer");
            }
            case "answer from another port" -> answer(54, 0);
            case "answer with another number" -> answer(0, 0x1235_0001);
            case "error about it" -> {
                byte[] packet = Packets.ip()
                        .from(INSIDE)
                        .to(OUTSIDE)
                        .protocol(udp ? 17 : 1)
                        .payload(question())
                        .frame();
                byte[] quote = Arrays.copyOfRange(packet, 14, 42);
                router.fromOutside(INSIDE, 1, Packets.icmp(3, 3, 0, quote));
            }
            default -> router.f.run(Integer.parseInt(event.split(" ", -1)[0]) * SECOND);
        }
    }
}
