package dev.doorbell.kernel.multicast;

import static dev.doorbell.kernel.net.StackFixture.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.net.Packets6;
import dev.doorbell.kernel.net.StackFixture;
import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The host's side of a group while a querier of IGMP version 2 (RFC 2236 §6) or MLD version 1 (RFC 2710 §5) is heard: a test
 * per row and protocol. A host is no member, delaying (a report is due) or idle; whoever reported last says that it leaves. Each
 * row happens twice, because looking at a state ends it: delaying shows in a report that comes with time, last in the word on
 * leaving.
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
class OlderVersionStateTest {
    private static final int GROUP = Ipv4Address.of(239, 1, 2, 3), OTHER_GROUP = Ipv4Address.of(239, 1, 2, 4);
    private static final long GROUP6_HIGH = 0xFF0E_0000_0000_0000L;

    private final StackFixture f = new StackFixture();
    private boolean v6;

    @AfterEach
    void nothingLeaks() {
        f.close();
    }

    static Stream<Arguments> rows() {
        String[] rows = {
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
        };
        return Stream.of("IGMP", "MLD")
                .flatMap(protocol -> Stream.of(rows).map(row -> {
                    String[] cells = row.split("\\|", -1);
                    return Arguments.of(
                            protocol, cells[0].strip(), cells[1].strip(), cells[2].strip(), cells[3].strip());
                }));
    }

    @ParameterizedTest(name = "{0}: {1}, {2}")
    @MethodSource("rows")
    void eachEventLeadsToTheNextState(String protocol, String state, String event, String next, String sent) {
        v6 = protocol.equals("MLD");
        if (v6) {
            f.stack.ipv6().enable(f.dev);
            f.run(20 * SECOND);
            sent();
        }
        assertThat(happening(state, event)).as("sent").isEqualTo(sent);
        boolean delaying = isMember() && happensIn("the time is over", "report");
        leaveAgain();
        happening(state, event);
        boolean last = isMember() && happensIn("leave", "done");
        leaveAgain();
        String shown = next.startsWith("no") ? next : (delaying ? "delaying" : "idle") + (last ? ", last" : "");
        assertThat(shown).as("state").isEqualTo(next);
        happening(state, event);
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
        return v6
                ? f.stack.ipv6().groups().isMember(f.dev, GROUP6_HIGH, GROUP)
                : f.stack.ipv4().groups().isMember(f.dev, GROUP);
    }

    private void enter(String state) {
        if (!isMember()) {
            query(100, OTHER_GROUP, true); // from now on the older version for 260 s
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
            case "join" -> {
                if (v6) {
                    f.stack.ipv6().groups().join(f.dev, GROUP6_HIGH, GROUP);
                } else {
                    f.stack.ipv4().groups().join(f.dev, GROUP);
                }
            }
            case "leave" -> {
                if (v6) {
                    f.stack.ipv6().groups().leave(f.dev, GROUP6_HIGH, GROUP);
                } else {
                    f.stack.ipv4().groups().leave(f.dev, GROUP);
                }
            }
            case "query" -> query(100, 0, true);
            case "query, later answer" -> query(255, 0, true);
            case "query of the group" -> query(100, GROUP, false);
            case "query of another group" -> query(100, OTHER_GROUP, false);
            case "report of another" -> inject(v6 ? 131 : 0x16, 0, GROUP, false);
            default -> f.run(30 * SECOND);
        }
        f.kernel.settle();
    }

    private void query(int tenths, int group, boolean toAll) {
        inject(v6 ? 130 : 0x11, tenths, group, toAll);
    }

    private void inject(int type, int tenths, int group, boolean toAll) {
        if (v6) {
            ByteBuffer b = ByteBuffer.allocate(24).put((byte) type).putShort(4, (short) (tenths * 100));
            if (group != 0) {
                b.putLong(8, GROUP6_HIGH).putLong(16, group);
            }
            String to = toAll ? "ff02::1" : Ipv6Address.format(GROUP6_HIGH, group);
            f.inject(Packets6.ip6()
                    .to(to)
                    .hops(1)
                    .extension(Packets6.HOP_BY_HOP, 0, 0, 5, 2, 0, 0, 1, 0)
                    .icmp(b.array())
                    .frame());
            return;
        }
        ByteBuffer b =
                ByteBuffer.allocate(8).put((byte) type).put((byte) tenths).putInt(4, group);
        b.putShort(2, (short) Packets.checksum(b.array(), 0, 8, 0));
        int to = toAll ? Ipv4Address.of(224, 0, 0, 1) : group;
        f.inject(Packets.ip()
                .protocol(2)
                .ttl(1)
                .to(to)
                .toMac(0x0100_5E00_0000L | to & 0x7F_FFFF)
                .options(148, 4, 0, 0)
                .payload(b.array())
                .frame());
    }

    /** What was said of the group. */
    private String sent() {
        StringBuilder text = new StringBuilder();
        for (byte[] frame : f.takeSent()) {
            int type = v6
                    ? (frame[12] == (byte) 0x86 && frame[20] == 0 ? frame[62] & 0xFF : 0)
                    : frame[23] == 2 ? frame[38] : 0;
            boolean ofTheGroup = v6 ? type != 0 && Packets.i32(frame, 82) == GROUP : Packets.i32(frame, 42) == GROUP;
            boolean report = type == (v6 ? 131 : 0x16);
            boolean done = type == (v6 ? 132 : 0x17);
            if (ofTheGroup && (report || done)) {
                text.append(text.length() == 0 ? "" : ", ").append(report ? "report" : "done");
            }
        }
        return text.length() == 0 ? "-" : text.toString();
    }
}
