package dev.doorbell.kernel.igmp;

import static dev.doorbell.kernel.net.StackFixture.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.net.StackFixture;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The host's side of a group while a querier of version 2 is heard, RFC 2236 §6: a test per row. A host is no member, delaying (a report is due) or idle; whoever
 * reported last says that it leaves. Each row happens twice, because looking at a state ends it: delaying shows in a report
 * that comes with time, last in the word on leaving.
 *
 * <pre>
 * state           event                      next            sent
 * no member       join                       delaying, last  report
 * no member       query                      no member       -
 * no member       report of another          no member       -
 * delaying, last  the time is over           idle, last      report
 * delaying, last  report of another          idle            -
 * delaying, last  query, later answer        delaying, last  -
 * delaying, last  leave                      no member       done
 * idle, last      query                      delaying, last  -
 * idle, last      query of the group         delaying, last  -
 * idle, last      query of another group     idle, last      -
 * idle, last      report of another          idle            -
 * idle, last      leave                      no member       done
 * idle            leave                      no member       -
 * idle            query                      delaying        -
 * delaying        the time is over           idle, last      report
 * </pre>
 */
class MembershipStateTest {
    private static final int GROUP = Ipv4Address.of(239, 1, 2, 3), OTHER_GROUP = Ipv4Address.of(239, 1, 2, 4);
    private static final int ALL_SYSTEMS = Ipv4Address.of(224, 0, 0, 1);

    private final StackFixture f = new StackFixture();

    @AfterEach
    void nothingLeaks() {
        f.stack.ipv4().groups().leave(f.dev, GROUP);
        f.takeSent();
        f.close();
    }

    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "no member      | join                   | delaying, last | report",
                "no member      | query                  | no member      | -",
                "no member      | report of another      | no member      | -",
                "delaying, last | the time is over       | idle, last     | report",
                "delaying, last | report of another      | idle           | -",
                "delaying, last | query, later answer    | delaying, last | -",
                "delaying, last | leave                  | no member      | done",
                "idle, last     | query                  | delaying, last | -",
                "idle, last     | query of the group     | delaying, last | -",
                "idle, last     | query of another group | idle, last     | -",
                "idle, last     | report of another      | idle           | -",
                "idle, last     | leave                  | no member      | done",
                "idle           | leave                  | no member      | -",
                "idle           | query                  | delaying       | -",
                "delaying       | the time is over       | idle, last     | report",
            })
    void eachEventLeadsToTheNextState(String state, String event, String next, String sent) {
        assertThat(happening(state.strip(), event.strip())).as("sent").isEqualTo(sent.strip());
        boolean delaying = isMember() && happensIn("the time is over", "report");
        leaveAgain();
        happening(state.strip(), event.strip());
        boolean last = isMember() && happensIn("leave", "done");
        leaveAgain();
        String shown = next.startsWith("no") ? next : (delaying ? "delaying" : "idle") + (last ? ", last" : "");
        assertThat(shown).as("state").isEqualTo(next.strip());
        happening(state.strip(), event.strip());
        assertThat(isMember()).as("is a member").isEqualTo(!next.startsWith("no"));
    }

    private String happening(String state, String event) {
        enter(state);
        happen(event);
        return sent();
    }

    private boolean happensIn(String event, String answer) {
        happen(event);
        return sent().equals(answer);
    }

    private void leaveAgain() {
        happen("leave");
        sent();
    }

    private boolean isMember() {
        return Arrays.stream(f.stack.ipv4().groups().of(f.dev)).anyMatch(group -> group == GROUP);
    }

    private void enter(String state) {
        if (!isMember()) {
            inject(ALL_SYSTEMS, 0x11, 100, OTHER_GROUP); // from now on version 2 for 260 s
        }
        switch (state) {
            case "delaying, last" -> happen("join");
            case "idle, last" -> {
                happen("join");
                happen("the time is over");
            }
            case "idle" -> {
                happen("join");
                happen("report of another");
            }
            case "delaying" -> {
                enter("idle");
                happen("query");
            }
            default -> {}
        }
        sent();
    }

    private void happen(String event) {
        switch (event) {
            case "join" -> f.stack.ipv4().groups().join(f.dev, GROUP);
            case "leave" -> f.stack.ipv4().groups().leave(f.dev, GROUP);
            case "query" -> inject(ALL_SYSTEMS, 0x11, 100, 0);
            case "query, later answer" -> inject(ALL_SYSTEMS, 0x11, 255, 0);
            case "query of the group" -> inject(GROUP, 0x11, 100, GROUP);
            case "query of another group" -> inject(OTHER_GROUP, 0x11, 100, OTHER_GROUP);
            case "report of another" -> inject(GROUP, 0x16, 0, GROUP);
            default -> f.run(30 * SECOND);
        }
        f.kernel.settle();
    }

    private void inject(int to, int type, int tenths, int group) {
        ByteBuffer b =
                ByteBuffer.allocate(8).put((byte) type).put((byte) tenths).putInt(4, group);
        b.putShort(2, (short) Packets.checksum(b.array(), 0, 8, 0));
        f.inject(Packets.ip()
                .protocol(2)
                .ttl(1)
                .to(to)
                .toMac(0x0100_5E00_0000L | to & 0x7F_FFFF)
                .options(148, 4, 0, 0)
                .payload(b.array())
                .frame());
    }

    private String sent() {
        StringBuilder text = new StringBuilder();
        for (byte[] frame : f.takeSent()) {
            if (frame[13] == 0 && frame[23] == 2) {
                text.append(text.length() == 0 ? "" : ", ").append(frame[38] == 0x16 ? "report" : "done");
            }
        }
        return text.length() == 0 ? "-" : text.toString();
    }
}
