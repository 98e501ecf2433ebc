package dev.doorbell.kernel.netfilter.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.RulesException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rules in and out: against text that iptables 1.8.9 printed on Linux. */
class IptablesTextTest {
    private final StackFixture f = new StackFixture();

    @AfterEach
    void nothingLeaks() {
        f.close();
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = IptablesTextTest.class.getResourceAsStream("/netfilter/" + name)) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private String saved(boolean counters) {
        StringBuilder text = new StringBuilder();
        for (String line : f.stack.iptables().save(counters).split("\n", -1)) {
            if (!line.startsWith("#") && !line.isEmpty()) {
                text.append(line).append('\n');
            }
        }
        return text.toString();
    }

    @Test
    void whatIptablesSavePrintedComesOutTheSame() throws Exception {
        String text = resource("iptables-save.txt");
        f.stack.iptables().load(text);
        assertThat(saved(true)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "filter, iptables-forms.txt, V4",
        "mangle, iptables-mangle-forms.txt, V4",
        "mangle, ip6tables-mangle-forms.txt, V6"
    })
    void everyFormOfAnOptionBecomesTheOneThatIptablesPrints(String table, String file, IpFamily family)
            throws Exception {
        Iptables tables = family == IpFamily.V4 ? f.stack.iptables() : f.stack.ip6tables();
        String[] lines = resource(file).split("\n", -1);
        for (int i = 0; i < lines.length - 1; ) {
            String input = lines[i++];
            List<String> expected = new ArrayList<>();
            while (i < lines.length && lines[i].startsWith("  ")) {
                expected.add(lines[i++].substring(2));
            }
            tables.load("*" + table + "\n" + input + "\nCOMMIT\n");
            assertThat(tables.save(false)
                            .lines()
                            .filter(l -> l.startsWith("-A"))
                            .toList())
                    .as(input)
                    .isEqualTo(expected);
        }
    }

    @Test
    void countersOfRulesAreKeptOnlyWhenTheTextHasThem() throws RulesException {
        f.stack.iptables().load("*filter\n:INPUT DROP [7:700]\n[5:300] -A INPUT -j ACCEPT\nCOMMIT\n");
        assertThat(saved(true)).contains(":INPUT DROP [7:700]").contains("[5:300] -A INPUT -j ACCEPT");
        f.stack.iptables().load("*filter\n:INPUT DROP [7:700]\n-A INPUT -j ACCEPT\nCOMMIT\n");
        assertThat(saved(true)).contains(":INPUT DROP [0:0]").contains("[0:0] -A INPUT -j ACCEPT");
    }

    @Test
    void anErrorInTheSecondTableLeavesTheFirstAlone() throws RulesException {
        f.stack.iptables().load("*filter\n-A INPUT -j DROP\nCOMMIT\n");
        String before = saved(true);
        assertThatThrownBy(() -> f.stack.iptables().load("*filter\nCOMMIT\n*nat\n-A PREROUTING -j NOWHERE\nCOMMIT\n"))
                .hasMessageStartingWith("line 4: -j NOWHERE: no such chain");
        assertThat(saved(true)).isEqualTo(before);
    }

    @Test
    void aTableThatIsNotNamedStaysAndAPolicyToo() throws RulesException {
        f.stack.iptables().load("*raw\n-A PREROUTING -j NOTRACK\nCOMMIT\n*filter\n:INPUT DROP\nCOMMIT\n");
        f.stack.iptables().load("*filter\n-A INPUT -j ACCEPT\nCOMMIT\n");
        assertThat(saved(false)).contains("-A PREROUTING -j NOTRACK").contains(":INPUT DROP");
    }

    @Test
    void insertPutsARuleInFrontOrAtItsPlace() throws RulesException {
        f.stack.iptables().load("*filter\n-A INPUT -p tcp\n-I INPUT -p udp\n-I INPUT 2 -p icmp\nCOMMIT\n");
        assertThat(saved(false).lines().filter(l -> l.startsWith("-A")))
                .containsExactly("-A INPUT -p udp", "-A INPUT -p icmp", "-A INPUT -p tcp");
    }

    @Test
    void policiesAndFlushedChainsMayStandAmongTheRules() throws RulesException {
        f.stack
                .iptables()
                .load(
                        "*filter\n-A INPUT -p tcp\n-A OUTPUT -p udp\n-P INPUT DROP\n-F INPUT\n-A INPUT -p icmp\nCOMMIT\n");
        assertThat(saved(false)).contains(":INPUT DROP");
        assertThat(saved(false).lines().filter(l -> l.startsWith("-A")))
                .containsExactly("-A INPUT -p icmp", "-A OUTPUT -p udp");
    }

    /** As iptables-restore 1.8.9 takes them. */
    @Test
    void aChainLineBetweenRulesFlushesAChainOfTheUserAndADashLeavesThePolicy() throws RulesException {
        f.stack.iptables().load("""
                *filter
                :INPUT DROP [1:2]
                :mine - [0:0]
                -A INPUT -c 5,600 -j mine
                -A mine -p tcp
                :INPUT - [7:8]
                :mine - [0:0]
                [0:0] -A mine -p udp
                COMMIT
                """);
        assertThat(saved(true))
                .contains(":INPUT DROP [7:8]")
                .contains("[5:600] -A INPUT -j mine\n[0:0] -A mine -p udp\n")
                .doesNotContain("tcp");
    }

    @Test
    void rulesAreDeletedReplacedAndCheckedWhereALineSaysSo() throws RulesException {
        f.stack.iptables().load("""
                *filter
                -A INPUT -s 1.2.3.4,1.2.3.5 -j DROP
                -A INPUT -p tcp --dport 22 -j ACCEPT
                -A INPUT -p udp
                -C INPUT -p tcp --dport 22 -j ACCEPT
                -D INPUT 2
                -D INPUT -p udp
                -R INPUT 1 -p icmp -j ACCEPT
                -D OUTPUT -6 -s 2001:db8::/32
                COMMIT
                """);
        assertThat(saved(false).lines().filter(l -> l.startsWith("-A")))
                .containsExactly("-A INPUT -p icmp -j ACCEPT", "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT");
    }

    @Test
    void chainsAreRenamedAndDeletedAndCountersZeroed() throws RulesException {
        f.stack.iptables().load("""
                *filter
                :old - [0:0]
                :gone - [0:0]
                [3:40] -A INPUT -j old
                [1:60] -A OUTPUT -p tcp
                -E old new
                -X gone
                -Z OUTPUT 1
                COMMIT
                """);
        assertThat(saved(true))
                .contains(":new - [0:0]\n[3:40] -A INPUT -j new\n[0:0] -A OUTPUT -p tcp\n")
                .doesNotContain("gone")
                .doesNotContain("old");
        assertThatThrownBy(() -> f.stack.iptables().load("*filter\n:mine - [0:0]\n-A INPUT -j mine\n-X mine\nCOMMIT\n"))
                .hasMessage("line 4: -X mine: rules jump to the chain");
    }

    @Test
    void rulesOfTheOtherVersionOfIpAreLeftOut() throws RulesException {
        f.stack.iptables().load("*filter\n-A INPUT -6 -s 2001:db8::/32 -j DROP\n-A INPUT -p tcp\nCOMMIT\n");
        assertThat(saved(false).lines().filter(l -> l.startsWith("-A"))).containsExactly("-A INPUT -p tcp");
    }

    @Test
    void theNatTableTranslatesAndDoesNotFilter() throws RulesException {
        assertThatThrownBy(() -> f.stack.iptables().load("*nat\n-A PREROUTING -j DROP\nCOMMIT\n"))
                .hasMessageStartingWith("line 2: -j DROP: not in table nat");
        f.stack
                .iptables()
                .load(
                        "*nat\n-A PREROUTING -p tcp -j DNAT --to 10.0.0.5\n-A PREROUTING -p udp -j REDIRECT --to-port 53\nCOMMIT\n");
        assertThat(saved(false).lines().filter(l -> l.startsWith("-A")))
                .containsExactly(
                        "-A PREROUTING -p tcp -j DNAT --to-destination 10.0.0.5",
                        "-A PREROUTING -p udp -j REDIRECT --to-ports 53");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            -A INPUT -j NOWHERE                         | line 2: -j NOWHERE: no such chain
            -A NOWHERE -j DROP                          | line 2: chain NOWHERE: table filter has no such chain
            -A INPUT -p tcp --dport 99999               | line 2: --dport "99999": must be a port
            -A INPUT -p tcp --dport 9:3                 | line 2: --dport "9:3": the range ends before it begins
            -A INPUT --dport 5                          | line 2: unknown option --dport
            -A INPUT -m nothing                         | line 2: -m nothing: unknown match
            -A INPUT -s 1.2.3.4.5                       | line 2: -s "1.2.3.4.5": must be an IPv4 address
            -A INPUT -p tcp -p udp                      | line 2: -p: only once
            -A INPUT -i eth0 -i eth1                    | line 2: -i: only once
            -A INPUT -s 1.2.3.4/33                      | line 2: -s "33": must be a number from 0 to 32
            -A INPUT -o eth0                            | line 2: -o cannot be used in INPUT
            -A OUTPUT -i eth0                           | line 2: -i cannot be used in OUTPUT
            -A INPUT -p tcp -m state --state OPEN       | line 2: --state "OPEN": must be of INVALID, NEW
            -A INPUT -m limit --limit 5/fortnight       | line 2: --limit "5/fortnight": must be a rate
            -A INPUT -m limit --limit 99999/second      | line 2: --limit "99999/second": at most 10000 per second
            -A INPUT -j REJECT --reject-with shrug      | line 2: --reject-with "shrug": must be one of
            -A INPUT -j REJECT --reject-with tcp-reset  | line 2: --reject-with tcp-reset needs -p tcp
            -A INPUT -j SNAT --to-source 1.2.3.4        | line 2: -j SNAT: only in table nat, not in filter
            -A INPUT -j LOG --log-level loud            | line 2: --log-level "loud": must be 0 to 7
            -A INPUT -m comment --comment "abc          | line 2: a quoted word does not end
            -A INPUT -j ""                              | line 2: -j "": must name a target or a chain
            -A INPUT -c 5, -j DROP                      | line 2: -c "": must be a number from 0
            -N ""                                       | line 2: chain "": a name has 1 to 28 characters
            -N -mine                                    | line 2: chain "-mine": a name has 1 to 28 characters
            -A INPUT -j                                 | line 2: option -j needs an argument
            -A INPUT -j ACCEPT -j DROP                  | line 2: -j: a rule has one target only
            -A INPUT ! -j ACCEPT                        | line 2: option -j cannot be inverted
            -A INPUT !                                  | line 2: nothing follows the exclamation mark
            -A INPUT -j OUTPUT                          | line 2: -j OUTPUT: a built-in chain cannot be jumped to
            -A INPUT -p tcp -m multiport --ports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 | line 2: --ports: takes 15 ports
            -A INPUT -m multiport --ports 1             | line 2: match multiport needs -p tcp
            -A INPUT -m mark                            | line 2: match mark needs --mark
            -A INPUT -m owner --uid-owner 0             | line 2: match owner works in OUTPUT
            -L INPUT                                    | line 2: "-L": a rule begins with -A CHAIN
            -X NOWHERE                                  | line 2: chain NOWHERE: table filter has no such chain
            -X INPUT                                    | line 2: chain INPUT: a built-in chain stays
            -D INPUT 1                                  | line 2: -D INPUT 1: the chain has 0 rules so far
            -D INPUT -p tcp                             | line 2: -D INPUT: the chain has no such rule
            -C INPUT -p tcp                             | line 2: -C INPUT: the chain has no such rule
            -R INPUT -p tcp                             | line 2: -R INPUT: the number of a rule must follow
            -R INPUT 1 -p tcp                           | line 2: -R INPUT 1: the chain has 0 rules so far
            -R INPUT 1 -s 1.2.3.4,1.2.3.5               | line 2: -R INPUT: a single rule takes the place of another
            -I INPUT 0 -p tcp                           | line 2: -I INPUT 0: the chain has 0 rules so far
            -Z INPUT 1                                  | line 2: -Z INPUT 1: the chain has 0 rules so far
            -A INPUT -j TOS --set-tos 4                 | line 2: -j TOS: only in table mangle, not in filter
            -A INPUT -j CLASSIFY --set-class 1:2        | line 2: -j CLASSIFY: only in FORWARD, OUTPUT, POSTROUTING
            -A OUTPUT -j CLASSIFY --set-class 12        | line 2: --set-class "12": must be two hexadecimal numbers
            -A INPUT -p tcp -j TCPMSS --set-mss 5       | line 2: -j TCPMSS: only for SYNs
            -A INPUT -p tcp ! --syn -j TCPMSS --set-mss 5 | line 2: -j TCPMSS: only for SYNs
            -A INPUT -p tcp --syn -j TCPMSS --clamp-mss-to-pmtu | line 2: -j TCPMSS --clamp-mss-to-pmtu: only in FORWARD
            -A INPUT -m tcpmss --mss 5                  | line 2: match tcpmss needs -p tcp
            -A INPUT -m recent --seconds 5              | line 2: match recent needs --set, --rcheck
            -A INPUT -m recent --rcheck --update        | line 2: match recent: only one of --set, --rcheck
            -A INPUT -m recent --set --seconds 5        | line 2: match recent: --seconds, --hitcount
            -A INPUT -m recent --rcheck --reap          | line 2: match recent: --reap needs --seconds
            -A INPUT -m recent --rcheck --name a/b      | line 2: --name "a/b": must have 1 to 199 characters
            -A INPUT -m dscp --dscp-class af55          | line 2: --dscp-class "af55": must be BE, EF
            -P NOWHERE DROP                             | line 2: chain NOWHERE: table filter has no such chain
            -P INPUT REJECT                             | line 2: chain INPUT: policy "REJECT" must be ACCEPT or DROP
            -F INPUT OUTPUT                             | line 2: "OUTPUT": nothing more can follow -F
            :ACCEPT - [0:0]                             | line 2: chain ACCEPT: there is a target of that name
            :INPUT REJECT [0:0]                         | line 2: chain INPUT: policy "REJECT" must be ACCEPT or DROP
            :mine ACCEPT [0:0]                          | line 2: chain mine: not a built-in chain
            :INPUT DROP [x:0]                           | line 2: counters "[x:0]": must be as in [12:3456]
            [1] -A INPUT                                | line 2: counters "[1]": must be as in [12:3456]
            *nat                                        | line 2: COMMIT is missing before the next table
            """)
    void whatIsWrongIsSaidInOneLineWithItsNumber(String line, String message) {
        assertThatThrownBy(() -> f.stack.iptables().load("*filter\n" + line + "\nCOMMIT\n"))
                .isInstanceOf(RulesException.class)
                .hasMessageStartingWith(message)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void aTextWithoutCommitOrTableIsRefused() {
        assertThatThrownBy(() -> f.stack.iptables().load("*filter\n-A INPUT -j DROP\n"))
                .hasMessage("line 3: the text ends before COMMIT");
        assertThatThrownBy(() -> f.stack.iptables().load("*colours\nCOMMIT\n")).hasMessageStartingWith("line 1: ");
        assertThatThrownBy(() -> f.stack.iptables().load("-A INPUT -j DROP\n")).hasMessageStartingWith("line 1: ");
    }

    @Test
    void chainsThatJumpInACircleAreRefused() {
        String text = "*filter\n:a - [0:0]\n:b - [0:0]\n-A INPUT -j a\n-A a -j b\n-A b -g a\nCOMMIT\n";
        assertThatThrownBy(() -> f.stack.iptables().load(text))
                .hasMessage("line 6: jumps go round in a circle: a -> b -> a");
    }

    @Test
    void aTargetInAChainOfTheUserIsCheckedForTheHooksThatReachIt() throws RulesException {
        String text = "*nat\n:mine - [0:0]\n-A %s -j mine\n-A mine -j MASQUERADE\nCOMMIT\n";
        f.stack.iptables().load(text.formatted("POSTROUTING"));
        assertThatThrownBy(() -> f.stack.iptables().load(text.formatted("PREROUTING")))
                .hasMessageStartingWith("line 4: -j MASQUERADE: only in POSTROUTING, not in mine");
    }
}
