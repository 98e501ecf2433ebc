package dev.doorbell.kernel.netfilter.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.kernel.net.StackFixture;
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

    @Test
    void everyFormOfAnOptionBecomesTheOneThatIptablesPrints() throws Exception {
        String[] lines = resource("iptables-forms.txt").split("\n", -1);
        for (int i = 0; i < lines.length - 1; ) {
            String input = lines[i++];
            List<String> expected = new ArrayList<>();
            while (i < lines.length && lines[i].startsWith("  ")) {
                expected.add(lines[i++].substring(2));
            }
            f.stack.iptables().load("*filter\n" + input + "\nCOMMIT\n");
            assertThat(saved(false).lines().filter(l -> l.startsWith("-A")).toList())
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
            -A INPUT -j                                 | line 2: option -j needs an argument
            -A INPUT -j ACCEPT -j DROP                  | line 2: -j: a rule has one target only
            -A INPUT ! -j ACCEPT                        | line 2: option -j cannot be inverted
            -A INPUT !                                  | line 2: nothing follows the exclamation mark
            -A INPUT -j OUTPUT                          | line 2: -j OUTPUT: a built-in chain cannot be jumped to
            -A INPUT -p tcp -m multiport --ports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 | line 2: --ports: takes 15 ports
            -A INPUT -m multiport --ports 1             | line 2: match multiport needs -p tcp
            -A INPUT -m mark                            | line 2: match mark needs --mark
            -A INPUT -m owner --uid-owner 0             | line 2: match owner works in OUTPUT
            -X                                          | line 2: "-X": a rule begins with -A CHAIN
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
