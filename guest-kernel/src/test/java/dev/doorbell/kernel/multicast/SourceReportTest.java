package dev.doorbell.kernel.multicast;

import static dev.doorbell.kernel.net.StackFixture.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.net.Packets6;
import dev.doorbell.kernel.net.StackFixture;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What routers are told of one group's sources, RFC 3376 §5 and RFC 3810 §6: a test per row and protocol. States are what the
 * interface wants: {@code -} no member, {@code I ab} from a and b only, {@code E ab} from all but these.
 *
 * <pre>
 * changes, at once one after the other    reports, and what is repeated within a second each
 * - E                                     TO_EX; TO_EX
 * - I a                                   ALLOW a; ALLOW a
 * - E a                                   TO_EX a; TO_EX a
 * I a, I ab                               ALLOW b; ALLOW b
 * I ab, I a                               BLOCK b; BLOCK b
 * I a, I b                                ALLOW b BLOCK a; ALLOW b BLOCK a
 * I a, E b                                TO_EX b; TO_EX b
 * I a, -                                  BLOCK a; BLOCK a
 * E, E a                                  BLOCK a; BLOCK a
 * E a, E                                  ALLOW a; ALLOW a
 * E a, E b                                ALLOW a BLOCK b; ALLOW a BLOCK b
 * E a, I b                                TO_IN b; TO_IN b
 * E, -                                    TO_IN; TO_IN
 * E a, -                                  TO_IN; TO_IN
 * E, E a, E ab                            BLOCK a; BLOCK ab; BLOCK b
 * E, E a, E                               BLOCK a; ALLOW a; ALLOW a
 * I a, E, E b                             TO_EX; TO_EX b; BLOCK b
 * I a, E, I a                             TO_EX; TO_IN a; TO_IN a
 * I a, I ab, E                            ALLOW b; TO_EX; TO_EX
 *
 * state   queries                         answers
 * -       general                         none
 * E       general                         IS_EX
 * I ab    general                         IS_IN ab
 * E a     group                           IS_EX a
 * I a     group                           IS_IN a
 * E       another group                   none
 * I ab    group and b c                   IS_IN b
 * I a     group and b                     none
 * E a     group and a b                   IS_IN b
 * E a     group and a                     none
 * E       group and a, group and b        IS_IN ab, once
 * E       group and a, group              IS_EX, once
 * E       group, group and a              IS_EX, once
 * E       general, group later            IS_EX, once
 * E       general, general later          IS_EX, once
 * E       older, general                  a report of the older version
 * </pre>
 */
class SourceReportTest {
    private static final long GROUP6_HIGH = 0xFF0E_0000_0000_0000L, GROUP6_LOW = 0x1234;
    private static final int GROUP = Ipv4Address.of(232, 1, 2, 3);
    private static final String[] TYPES = {"", "IS_IN", "IS_EX", "TO_IN", "TO_EX", "ALLOW", "BLOCK"};

    /** The same conversation in either protocol. */
    enum Family {
        IGMP,
        MLD
    }

    private final StackFixture f = new StackFixture();
    private Family family = Family.IGMP;
    private ReceptionState state = ReceptionState.NOTHING;

    @AfterEach
    void nothingLeaks() {
        f.close();
    }

    private static Stream<Arguments> forBoth(String... rows) {
        return Stream.of(Family.values())
                .flatMap(family -> Stream.of(rows).map(row -> {
                    String[] cells = row.split("\\|", -1);
                    return Arguments.of(family, cells[0].strip(), cells[1].strip());
                }));
    }

    static Stream<Arguments> changes() {
        return forBoth(
                "-, E | TO_EX; TO_EX",
                "-, I a | ALLOW a; ALLOW a",
                "-, E a | TO_EX a; TO_EX a",
                "I a, I ab | ALLOW b; ALLOW b",
                "I ab, I a | BLOCK b; BLOCK b",
                "I a, I b | ALLOW b BLOCK a; ALLOW b BLOCK a",
                "I a, E b | TO_EX b; TO_EX b",
                "I a, - | BLOCK a; BLOCK a",
                "E, E a | BLOCK a; BLOCK a",
                "E a, E | ALLOW a; ALLOW a",
                "E a, E b | ALLOW a BLOCK b; ALLOW a BLOCK b",
                "E a, I b | TO_IN b; TO_IN b",
                "E, - | TO_IN; TO_IN",
                "E a, - | TO_IN; TO_IN",
                "E, E a, E ab | BLOCK a; BLOCK ab; BLOCK b",
                "E, E a, E | BLOCK a; ALLOW a; ALLOW a",
                "I a, E, E b | TO_EX; TO_EX b; BLOCK b",
                "I a, E, I a | TO_EX; TO_IN a; TO_IN a",
                "I a, I ab, E | ALLOW b; TO_EX; TO_EX");
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("changes")
    void changesAreToldAndRepeated(Family protocol, String states, String reports) {
        begin(protocol);
        String[] path = states.split(", ", -1);
        want(path[0]);
        f.run(10 * SECOND);
        f.takeSent();
        for (int i = 1; i < path.length; i++) {
            want(path[i]);
        }
        List<String> told = told();
        for (int second = 0; second < 3; second++) {
            f.run(SECOND);
            List<String> again = told();
            assertThat(again).as("reports within a second").hasSizeLessThanOrEqualTo(1);
            told.addAll(again);
        }
        assertThat(String.join("; ", told)).isEqualTo(reports);
    }

    static Stream<Arguments> queries() {
        return forBoth(
                "- : general | ",
                "E : general | IS_EX",
                "I ab : general | IS_IN ab",
                "E a : group | IS_EX a",
                "I a : group | IS_IN a",
                "E : another | ",
                "I ab : group bc | IS_IN b",
                "I a : group b | ",
                "E a : group ab | IS_IN b",
                "E a : group a | ",
                "E : group a, group b | IS_IN ab",
                "E : group a, group | IS_EX",
                "E : group, group a | IS_EX",
                "E : general, later group | IS_EX",
                "E : general, later general | IS_EX",
                "E : older, general | older");
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("queries")
    void queriesAreAnsweredOnce(Family protocol, String stateAndQueries, String answers) {
        begin(protocol);
        String[] cells = stateAndQueries.split(" : ", -1);
        want(cells[0]);
        f.run(10 * SECOND);
        f.takeSent();
        for (String query : cells[1].split(", ", -1)) {
            String[] words = query.split(" ", -1);
            boolean later = words[0].equals("later");
            String what = later ? words[1] : words[0];
            String sources = !later && words.length > 1 ? words[1] : "";
            ask(what, later ? 1000 : 2, sources);
        }
        assertThat(told()).as("not before its time").isEmpty();
        f.run(2 * SECOND);
        assertThat(String.join("; ", told())).isEqualTo(answers);
        f.run(2000 * SECOND);
        assertThat(told()).as("afterwards").isEmpty();
    }

    @Test
    void manySourcesAreSpreadOverReportsButWhatIsExcludedIsCut() {
        begin(Family.IGMP);
        SourceSet many = SourceSet.EMPTY;
        for (int i = 0; i < 1000; i++) {
            many = many.with(0, Ipv6Address.ofV4(Ipv4Address.of(10, 1, i >> 8, i & 0xFF)));
        }
        change(new ReceptionState(true, many));
        int sources = 0;
        for (byte[] frame : f.takeSent()) {
            assertThat(frame.length).isLessThanOrEqualTo(1514);
            ByteBuffer b = ByteBuffer.wrap(frame, 38, frame.length - 38).slice();
            assertThat(b.get(8)).isEqualTo((byte) GroupRecord.ALLOW_NEW_SOURCES);
            sources += b.getShort(10);
        }
        assertThat(sources).isEqualTo(1000);
        change(new ReceptionState(false, many));
        assertThat(f.takeSent()).hasSize(1);
    }

    @Test
    void aFloodOfSourcesInQueriesIsAnsweredForTheWholeGroup() {
        begin(Family.IGMP);
        want("E");
        f.run(10 * SECOND);
        f.takeSent();
        for (int i = 0; i < 50; i++) {
            StringBuilder sources = new StringBuilder();
            for (int j = 0; j < 100; j++) {
                sources.append((char) (100 + i * 100 + j));
            }
            ask("group", 2, sources.toString());
        }
        f.run(2 * SECOND);
        assertThat(told()).containsExactly("IS_EX");
    }

    @Test
    void theQueriersRobustnessSaysHowOftenAChangeIsTold() {
        begin(Family.MLD);
        robustness = 4;
        ask("general", 1, "");
        f.run(2 * SECOND);
        f.takeSent();
        want("I a");
        f.run(20 * SECOND);
        assertThat(told()).containsExactly("ALLOW a", "ALLOW a", "ALLOW a", "ALLOW a");
    }

    // ---- what happens

    private int robustness = 2;

    private void begin(Family protocol) {
        family = protocol;
        if (family == Family.MLD) {
            f.stack.ipv6().enable(f.dev);
            f.run(10 * SECOND);
        }
        f.takeSent();
    }

    private void want(String text) {
        SourceSet sources = SourceSet.EMPTY;
        for (char c : text.substring(1).strip().toCharArray()) {
            sources = sources.with(0, family == Family.IGMP ? Ipv6Address.ofV4(c) : c);
        }
        change(text.equals("-") ? ReceptionState.NOTHING : new ReceptionState(text.charAt(0) == 'I', sources));
    }

    private void change(ReceptionState wanted) {
        if (family == Family.IGMP) {
            f.stack.ipv4().groups().table().change(f.dev, 0, Ipv6Address.ofV4(GROUP), state, wanted);
        } else {
            f.stack.ipv6().groups().table().change(f.dev, GROUP6_HIGH, GROUP6_LOW, state, wanted);
        }
        state = wanted;
        f.kernel.settle();
    }

    private void ask(String what, int seconds, String sources) {
        boolean older = what.equals("older");
        int group = what.equals("group") ? GROUP : older || what.equals("another") ? GROUP + 1 : 0;
        if (family == Family.IGMP) {
            ByteBuffer b = ByteBuffer.allocate(older ? 8 : 12 + 4 * sources.length());
            b.put((byte) 0x11).put((byte) code(seconds * 10, 4, 8)).putInt(4, group);
            if (!older) {
                b.put(8, (byte) robustness).putShort(10, (short) sources.length());
                for (int i = 0; i < sources.length(); i++) {
                    b.putInt(12 + 4 * i, sources.charAt(i));
                }
            }
            b.putShort(2, (short) Packets.checksum(b.array(), 0, b.capacity(), 0));
            int to = group == 0 ? Ipv4Address.of(224, 0, 0, 1) : GROUP;
            f.inject(Packets.ip()
                    .protocol(2)
                    .ttl(1)
                    .to(to)
                    .toMac(0x0100_5E00_0000L | to & 0x7F_FFFF)
                    .options(148, 4, 0, 0)
                    .payload(b.array())
                    .frame());
            return;
        }
        ByteBuffer b = ByteBuffer.allocate(older ? 24 : 28 + 16 * sources.length());
        b.put((byte) 130).putShort(4, (short) code(seconds * 1000, 12, 16));
        if (group != 0) {
            b.putLong(8, GROUP6_HIGH).putLong(16, group == GROUP ? GROUP6_LOW : GROUP6_LOW + 1);
        }
        if (!older) {
            b.put(24, (byte) robustness).putShort(26, (short) sources.length());
            for (int i = 0; i < sources.length(); i++) {
                b.putLong(28 + 16 * i + 8, sources.charAt(i));
            }
        }
        f.inject(Packets6.ip6()
                .to(group == 0 ? "ff02::1" : "ff0e::1234")
                .hops(1)
                .extension(Packets6.HOP_BY_HOP, 0, 0, 5, 2, 0, 0, 1, 0)
                .icmp(b.array())
                .frame());
    }

    /** The floating point form of RFC 3376 §4.1.1 and RFC 3810 §5.1.3, rounded down. */
    private static int code(int value, int mantissaBits, int bits) {
        if (value < 1 << bits - 1) {
            return value;
        }
        int exponent = 31 - Integer.numberOfLeadingZeros(value) - mantissaBits;
        return 1 << bits - 1 | exponent - 3 << mantissaBits | value >> exponent & (1 << mantissaBits) - 1;
    }

    /** Reports about our group that were sent since the last look, each as "TYPE sources TYPE sources"; of older versions "older". */
    private List<String> told() {
        List<String> reports = new ArrayList<>();
        for (byte[] frame : f.takeSent()) {
            boolean igmp = frame[12] == 8 && frame[23] == 2;
            boolean mld = frame[12] == (byte) 0x86 && frame[20] == 0;
            if (family == Family.IGMP ? igmp : mld) {
                int at = igmp ? 38 : 62;
                ByteBuffer b = ByteBuffer.wrap(frame, at, frame.length - at).slice();
                boolean newest = b.get(0) == (igmp ? 0x22 : (byte) 143);
                String report = newest ? records(b, igmp ? 4 : 16) : isGroup(b, igmp ? 4 : 20) ? "older" : "";
                if (!report.isEmpty()) {
                    reports.add(report);
                }
            }
        }
        return reports;
    }

    /** About our group, rather than one that the interface has for an address of its own. */
    private boolean isGroup(ByteBuffer b, int lastWordAt) {
        return b.getInt(lastWordAt) == (family == Family.IGMP ? GROUP : (int) GROUP6_LOW);
    }

    private String records(ByteBuffer b, int addressBytes) {
        Map<Integer, String> records = new TreeMap<>();
        int at = 8;
        for (int i = 0; i < b.getShort(6); i++) {
            TreeSet<Character> sources = new TreeSet<>();
            int count = b.getShort(at + 2);
            for (int s = 1; s <= count; s++) {
                sources.add((char) b.getInt(at + 4 + (s + 1) * addressBytes - 4));
            }
            StringBuilder text = new StringBuilder(TYPES[b.get(at)]).append(count == 0 ? "" : " ");
            sources.forEach(text::append);
            if (isGroup(b, at + addressBytes)) {
                records.put((int) b.get(at), text.toString());
            }
            at += 4 + addressBytes * (1 + count);
        }
        assertThat(at).as("length of the report").isEqualTo(b.capacity());
        return String.join(" ", records.values());
    }
}
