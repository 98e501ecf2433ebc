package dev.doorbell.kernel.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.ipv4.Route;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The words of ip, and what they print; the text of routes and neighbours is iproute2's for the same commands. */
class IpCommandTest {
    private final StackFixture f = new StackFixture();
    private final IpCommand ip = new IpCommand(f.stack);

    @AfterEach
    void nothingLeaks() {
        f.close();
    }

    private Route route(String address) {
        return f.stack.ipv4().routes().lookup(Ipv4Address.parse(address), 0, 0);
    }

    @Test
    void routesAreAddedAndShownAsIproute2ShowsThem() throws IpException {
        ip.run("ip addr add 10.0.3.9/24 dev eth0");
        ip.run("ip route add default via 10.0.0.2");
        ip.run("ip route add 10.9.0.0/16 via 10.0.0.3 metric 5 mtu 1400 src 10.0.0.1");
        ip.run("ip route add blackhole 10.8.0.0/16");
        ip.run("ip route add unreachable 10.7.0.0/16 metric 3");
        ip.run("ip route add prohibit 10.6.0.1");
        ip.run("ip route add 10.5.0.0/24 dev eth0");
        assertThat(ip.run("ip route")).isEqualTo("""
                default via 10.0.0.2 dev eth0\s
                10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1\s
                10.0.3.0/24 dev eth0 proto kernel scope link src 10.0.3.9\s
                10.5.0.0/24 dev eth0 scope link\s
                prohibit 10.6.0.1\s
                unreachable 10.7.0.0/16 metric 3\s
                blackhole 10.8.0.0/16\s
                10.9.0.0/16 via 10.0.0.3 dev eth0 src 10.0.0.1 metric 5 mtu 1400\s
                """);
        assertThat(ip.run("ip route get 10.9.1.1"))
                .isEqualTo("10.9.1.1 via 10.0.0.3 dev eth0 src 10.0.0.1 uid 0 \n    cache mtu 1400 \n");
        assertThat(ip.run("ip r g 10.0.0.1"))
                .isEqualTo("local 10.0.0.1 dev lo src 10.0.0.1 uid 0 \n    cache <local> \n");
    }

    @Test
    void theTableLocalFollowsFromTheAddresses() throws IpException {
        ip.run("ip addr add 10.2.0.0/31 dev eth0");
        assertThat(ip.run("ip route show table local")).isEqualTo("""
                local 10.0.0.1 dev eth0 proto kernel scope host src 10.0.0.1\s
                broadcast 10.0.0.255 dev eth0 proto kernel scope link src 10.0.0.1\s
                local 10.2.0.0 dev eth0 proto kernel scope host src 10.2.0.0\s
                local 127.0.0.0/8 dev lo proto kernel scope host src 127.0.0.1\s
                local 127.0.0.1 dev lo proto kernel scope host src 127.0.0.1\s
                broadcast 127.255.255.255 dev lo proto kernel scope link src 127.0.0.1\s
                """);
        assertThat(ip.run("ip route show table local dev lo")).hasLineCount(3);
        assertThat(ip.run("ip -4 route list table all"))
                .startsWith("10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1 \n")
                .contains("local 10.0.0.1 dev eth0 table local proto kernel scope host src 10.0.0.1 \n");
        assertThat(ip.run("ip -6 route show table local"))
                .startsWith("local ::1 dev lo proto kernel metric 0 pref medium\n");
        assertThat(ip.run("ip route show table all"))
                .contains("local 127.0.0.1 dev lo table local")
                .contains("local ::1 dev lo table local");
        assertThatThrownBy(() -> ip.run("ip route add 10.9.0.0/16 dev eth0 table local"))
                .hasMessageStartingWith("table local follows from the addresses");
    }

    /** As Linux 6.1 shows it: the first address of a network speaks for the others, and broadcasts need the link up. */
    @Test
    void theTableLocalNamesTheFirstAddressOfANetwork() throws IpException {
        ip.run("ip addr add 10.0.0.3/24 dev eth0");
        ip.run("ip addr add 10.0.0.9/32 dev eth0");
        assertThat(ip.run("ip route show table local dev eth0")).isEqualTo("""
                local 10.0.0.1 dev eth0 proto kernel scope host src 10.0.0.1\s
                local 10.0.0.3 dev eth0 proto kernel scope host src 10.0.0.1\s
                local 10.0.0.9 dev eth0 proto kernel scope host src 10.0.0.9\s
                broadcast 10.0.0.255 dev eth0 proto kernel scope link src 10.0.0.1\s
                """);
        ip.run("ip link set eth0 down");
        assertThat(ip.run("ip route show table local dev eth0")).hasLineCount(3).doesNotContain("broadcast");
    }

    @Test
    void rulesAndBriefFormsAreShown() throws IpException {
        assertThat(ip.run("ip rule"))
                .isEqualTo(
                        "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n");
        assertThat(ip.run("ip -6 rule list")).hasLineCount(2);
        assertThat(ip.run("ip -br -4 a"))
                .isEqualTo(
                        "lo               UNKNOWN        127.0.0.1/8 \neth0             UP             10.0.0.1/24 \n");
        assertThat(ip.run("ip -br addr show dev lo"))
                .isEqualTo("lo               UNKNOWN        127.0.0.1/8 ::1/128 \n");
        assertThat(ip.run("ip -br l show lo"))
                .isEqualTo("lo               UNKNOWN        00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP> \n");
    }

    @Test
    void aSecondAddressOfANetworkIsSecondaryAndHasNoRouteOfItsOwn() throws IpException {
        ip.run("addr add 10.0.0.9/24 dev eth0");
        ip.run("addr add 10.0.5.1/32 dev eth0 label eth0:1");
        assertThat(ip.run("-4 addr show dev eth0"))
                .doesNotContain("link/ether")
                .contains("inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0")
                .contains("inet 10.0.0.9/24 brd 10.0.0.255 scope global secondary eth0");
        assertThat(ip.run("route")).isEqualTo("10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1 \n");
        ip.run("addr del 10.0.0.1/24 dev eth0");
        assertThat(ip.run("addr")).contains("inet 10.0.0.9/24 brd 10.0.0.255 scope global eth0");
        assertThat(ip.run("route")).isEqualTo("10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.9 \n");
    }

    @Test
    void neighboursAreShownByAddressAndState() throws IpException {
        ip.run("neigh add 10.0.0.50 lladdr 02:00:00:00:00:50 dev eth0");
        ip.run("neigh add 10.0.0.51 lladdr 02:00:00:00:00:51 dev eth0 nud stale");
        String first = "10.0.0.50 dev eth0 lladdr 02:00:00:00:00:50 PERMANENT \n";
        String second = "10.0.0.51 dev eth0 lladdr 02:00:00:00:00:51 STALE \n";
        assertThat(ip.run("neigh show nud permanent")).isEqualTo(first);
        assertThat(ip.run("neigh show 10.0.0.51 dev eth0")).isEqualTo(second);
        assertThat(ip.run("neigh show to 10.0.0.0/24")).contains(first, second);
        assertThat(ip.run("neigh show to 10.0.1.0/24")).isEmpty();
        assertThat(ip.run("neigh show 2001:db8::1")).isEmpty();
        ip.run("neigh flush dev eth0");
        assertThat(ip.run("neigh")).isEqualTo(first);
        ip.run("neigh flush nud permanent");
        assertThat(ip.run("neigh")).isEmpty();
        assertThatThrownBy(() -> ip.run("neigh show nud sleepy")).hasMessageContaining("nud \"sleepy\"");
    }

    @Test
    void thereIsOneTableOfRoutesToBeChanged() throws IpException {
        ip.run("route add 10.9.0.0/16 via 10.0.0.3 table main");
        assertThatThrownBy(() -> ip.run("route add 10.8.0.0/16 via 10.0.0.3 table 5"))
                .hasMessageContaining("table \"5\"");
    }

    @Test
    void theLongestPrefixWinsThenTheLowestMetric() throws IpException {
        ip.run("ip route add default via 10.0.0.2 metric 10");
        ip.run("ip route add default via 10.0.0.3 metric 5");
        ip.run("ip route add 10.9.0.0/16 via 10.0.0.4 metric 100");
        ip.run("ip route add 10.9.1.0/24 via 10.0.0.5 metric 200");
        assertThat(route("8.8.8.8").gateway()).isEqualTo(Ipv4Address.parse("10.0.0.3"));
        assertThat(route("10.9.2.1").gateway()).isEqualTo(Ipv4Address.parse("10.0.0.4"));
        assertThat(route("10.9.1.1").gateway()).isEqualTo(Ipv4Address.parse("10.0.0.5"));
        ip.run("ip route del default metric 5");
        assertThat(route("8.8.8.8").gateway()).isEqualTo(Ipv4Address.parse("10.0.0.2"));
    }

    @Test
    void theMtuOfARouteHoldsForItsPackets() throws IpException {
        ip.run("ip route add 10.9.0.0/16 via 10.0.0.3 mtu 1400");
        assertThat(route("10.9.0.1").mtu()).isEqualTo(1400);
        assertThat(route("10.0.0.9").mtu()).isEqualTo(1500);
    }

    @Test
    void replaceChangesAndFlushRemoves() throws IpException {
        ip.run("ip route replace default via 10.0.0.2");
        ip.run("ip route replace default via 10.0.0.3");
        assertThat(ip.run("ip route show default")).isEqualTo("default via 10.0.0.3 dev eth0 \n");
        ip.run("ip route flush default");
        assertThat(ip.run("ip route show default")).isEmpty();
    }

    @Test
    void addressesComeAndGoWithTheirRoutes() throws IpException {
        ip.run("ip a add 10.1.0.1/16 dev eth0");
        assertThat(ip.run("ip addr show dev eth0"))
                .contains(
                        "    inet 10.1.0.1/16 brd 10.1.255.255 scope global eth0\n       valid_lft forever preferred_lft forever\n")
                .contains("<BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 ")
                .contains("    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n");
        assertThat(route("10.1.2.3")).isNotNull();
        ip.run("ip addr del 10.1.0.1/16 dev eth0");
        assertThat(route("10.1.2.3")).isNull();
        ip.run("ip addr flush dev eth0");
        assertThat(ip.run("ip addr show dev eth0")).doesNotContain("inet ");
    }

    @Test
    void neighboursByHandStayAndAreShownWithTheirState() throws IpException {
        ip.run("ip neigh add 10.0.0.5 lladdr 02:00:00:00:00:05 dev eth0");
        ip.run("ip neigh add 10.0.0.6 lladdr 02:00:00:00:00:06 dev eth0 nud stale");
        ip.run("ip neigh replace 10.0.0.7 lladdr 02:00:00:00:00:07 dev eth0 nud reachable");
        assertThat(ip.run("ip neigh").lines())
                .containsExactlyInAnyOrder(
                        "10.0.0.5 dev eth0 lladdr 02:00:00:00:00:05 PERMANENT ",
                        "10.0.0.6 dev eth0 lladdr 02:00:00:00:00:06 STALE ",
                        "10.0.0.7 dev eth0 lladdr 02:00:00:00:00:07 REACHABLE ");
        ip.run("ip neigh flush dev eth0");
        assertThat(ip.run("ip neigh")).isEqualTo("10.0.0.5 dev eth0 lladdr 02:00:00:00:00:05 PERMANENT \n");
        ip.run("ip neigh del 10.0.0.5 dev eth0");
        assertThat(ip.run("ip neigh")).isEmpty();
    }

    @Test
    void ipv6HasTheSameWords() throws IpException {
        ip.run("ip -6 addr add 2001:db8::1/64 dev eth0");
        f.run(5 * StackFixture.SECOND);
        assertThat(ip.run("ip addr show eth0"))
                .contains("    inet 10.0.0.1/24 ")
                .contains("    inet6 2001:db8::1/64 scope global \n       valid_lft forever preferred_lft forever\n")
                .contains(" scope link");
        assertThat(ip.run("ip -4 addr")).doesNotContain("inet6");
        assertThat(ip.run("ip -6 addr")).doesNotContain("inet ");
        ip.run("ip route add 2001:db8:9::/48 via 2001:db8::9 metric 7");
        ip.run("ip -6 route add default via fe80::1 dev eth0");
        ip.run("ip route add blackhole 2001:db8:a::/48");
        assertThat(ip.run("ip -6 route").lines())
                .contains(
                        "2001:db8::/64 dev eth0 proto kernel metric 256 pref medium",
                        "2001:db8:9::/48 via 2001:db8::9 dev eth0 metric 7 pref medium",
                        "blackhole 2001:db8:a::/48 dev lo metric 1024 pref medium",
                        "default via fe80::1 dev eth0 metric 1024 pref medium");
        assertThat(ip.run("ip route get 2001:db8:9::5"))
                .isEqualTo("2001:db8:9::5 from :: via 2001:db8::9 dev eth0 src 2001:db8::1\n");
        ip.run("ip neigh add 2001:db8::9 lladdr 02:00:00:00:00:09 dev eth0 router");
        assertThat(ip.run("ip neigh")).isEqualTo("2001:db8::9 dev eth0 lladdr 02:00:00:00:00:09 router PERMANENT \n");
        ip.run("ip neigh del 2001:db8::9 dev eth0");
        ip.run("ip -6 route replace default via fe80::2 dev eth0");
        assertThat(ip.run("ip -6 route show default"))
                .isEqualTo("default via fe80::2 dev eth0 metric 1024 pref medium\n");
        ip.run("ip -6 route flush 2001:db8:9::/48");
        ip.run("ip route del 2001:db8:a::/48");
        ip.run("ip addr del 2001:db8::1/64 dev eth0");
        assertThat(ip.run("ip -6 route")).doesNotContain("2001:db8:");
        assertThat(ip.run("ip addr show eth0")).doesNotContain("2001:db8::1");
    }

    @Test
    void linksAreSet() throws IpException {
        ip.run("ip link set dev eth0 mtu 1400");
        assertThat(f.dev.mtu()).isEqualTo(1400);
        ip.run("ip link set eth0 down");
        assertThat(ip.run("ip link show eth0"))
                .contains("<BROADCAST,MULTICAST> ")
                .contains(" state DOWN ");
        ip.run("ip link set eth0 up");
        assertThat(f.dev.isUp()).isTrue();
    }

    @Test
    void aLinkIsLeftAloneWhenOneOfTheWordsIsWrong() {
        int mtu = f.dev.mtu();
        assertThatThrownBy(() -> ip.run("ip link set eth0 mtu 1400 down nonsense"))
                .hasMessageStartingWith("ip link set: unknown word \"nonsense\"");
        assertThat(f.dev.isUp()).isTrue();
        assertThat(f.dev.mtu()).isEqualTo(mtu);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ip foo                                   | Object "foo" is unknown
            ip addr add 10.0.0.1/24 dev eth0         | ipv4: Address already assigned.
            ip addr add 10.0.0.300/24 dev eth0       | "10.0.0.300": must be an IPv4 address
            ip addr add 10.0.0.3/33 dev eth0         | prefix length "33": must be a number from 0 to 32
            ip addr add 10.0.0.3/24                  | Not enough information: "dev" argument is required.
            ip addr add 1.1.1.1/24 dev nope          | Cannot find device "nope"
            ip addr del 10.0.0.77/24 dev eth0        | ipv4: Address not found.
            ip route add 10.0.0.0/24 dev eth0        | RTNETLINK answers: File exists
            ip route del 1.2.3.0/24                  | RTNETLINK answers: No such process
            ip route add 1.2.3.4/24 dev eth0         | "1.2.3.4/24": Invalid prefix for given prefix length.
            ip route add default via 99.9.9.9        | Nexthop has invalid gateway.
            ip route add default                     | RTNETLINK answers: No such device
            ip route add default via 10.0.0.2 metric x | metric "x": must be a number
            ip route get 9.9.9.9                     | RTNETLINK answers: Network is unreachable
            ip neigh add 10.0.0.5 dev eth0           | ip neigh add: lladdr MAC is missing
            ip neigh add 10.0.0.5 lladdr zz dev eth0 | lladdr "zz": must be six octets
            ip addr add 2001:db8::x/64 dev eth0      | "2001:db8::x": must be an IPv6 address
            ip -6 addr add 2001:db8::1/64            | Not enough information: "dev" argument is required.
            ip addr del 2001:db8::7/64 dev eth0      | RTNETLINK answers: Cannot assign requested address
            ip -6 route add default                  | RTNETLINK answers: No such device
            ip -6 route add default via 2001:db8:f::1 | RTNETLINK answers: No route to host
            ip -6 route del 2001:db8:7::/48          | RTNETLINK answers: No such process
            ip -6 route get 2001:db8:f::1            | RTNETLINK answers: Network is unreachable
            ip neigh add fe80::5 dev eth0            | ip neigh add: lladdr MAC is missing
            ip neigh c 10.0.0.5 lladdr 02:00:00:00:00:05 dev eth0 | RTNETLINK answers: No such file or directory
            ip neigh ch fe80::5 lladdr 02:00:00:00:00:05 dev eth0 | RTNETLINK answers: No such file or directory
            ip addr show eth0 junk                   | "junk": nothing more can follow here
            ip route get 10.0.0.1 junk               | "junk": nothing more can follow here
            ip rule show junk                        | "junk": nothing more can follow here
            ip link set eth0 mtu 1                   | mtu "1": must be a number from 68
            ip                                       | the command ends where addr, route
            """)
    void whatCannotBeDoneIsSaidInOneLine(String command, String message) {
        assertThatThrownBy(() -> ip.run(command))
                .isInstanceOf(IpException.class)
                .hasMessageStartingWith(message);
    }
}
