package dev.doorbell.kernel.ndp;

import static dev.doorbell.kernel.net.Packets6.*;
import static dev.doorbell.kernel.net.StackFixture.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.net.Packets6;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.net.Sysctls;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.tcp.TcpConfig;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * net.ipv6.conf.NAME.forwarding: what an interface does as a host's and as a router's, RFC 4861 §6.2 and §6.3, a test per row;
 * eth0 is under test, and eth1 stays a host's.
 *
 * <pre>
 * what happens             as a host's            as a router's
 * solicitation             answered, R clear      answered, R set
 * link up                  routers asked          nobody asked
 * advertisement            default route          ignored
 * the same, accept_ra 2    default route          default route
 * redirect                 followed               ignored
 * packet to all routers    not for us             taken
 * packet for eth1's link   dropped                dropped: only "all" passes on
 * </pre>
 */
class RouterRoleTest {
    private static final String US = "fe80::ff:fe00:1", ROUTER = "fe80::1", FAR = "2001:db8:ffff::9";

    private final StackFixture f = new StackFixture();
    private final Ipv6 ipv6 = f.stack.ipv6();
    private final Sysctls sysctls = new Sysctls(f.stack, new TcpConfig());
    private final List<byte[]> other = new ArrayList<>();
    private NetDevice eth1;

    @BeforeEach
    void interfaces() throws ErrnoException {
        eth1 = f.addDevice("eth1", 0x02_00_00_00_00_11L, other);
        ipv6.enable(f.dev);
        f.stack.addAddress(f.dev, "2001:db8::1/64");
        f.stack.addAddress(eth1, "2001:db8:1::1/64");
        f.run(20 * SECOND);
        f.takeSent();
        other.clear();
    }

    @AfterEach
    void nothingLeaks() {
        f.takeSent();
        f.close();
    }

    private void role(String value) throws ErrnoException {
        sysctls.set("net.ipv6.conf.eth0.forwarding", value);
        f.run(20 * SECOND);
        f.takeSent();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "solicitation, answer, answer R",
        "link up, asks routers, ''",
        "advertisement, route, ''",
        "'advertisement, accept_ra 2', route, route",
        "redirect, followed, ''",
        "packet to all routers, '', answer",
        "packet for the other link, '', ''",
    })
    void eachRoleDoesWhatItShould(String event, String asHost, String asRouter) throws ErrnoException {
        assertThat(happen(event)).as("as a host's").isEqualTo(asHost);
        forget();
        role("1");
        assertThat(happen(event)).as("as a router's").isEqualTo(asRouter);
        forget();
        role("0");
        assertThat(happen(event)).as("as a host's again").isEqualTo(asHost);
    }

    private void forget() throws ErrnoException {
        sysctls.set("net.ipv6.conf.eth0.accept_ra", "1");
        f.dev.devClose();
        f.dev.devOpen();
        f.dev.netifStartQueue();
        f.run(20 * SECOND);
        f.takeSent();
        other.clear();
    }

    private String happen(String event) throws ErrnoException {
        f.takeSent();
        switch (event) {
            case "solicitation" -> {
                inject(ip6().to(US), message(135, 0, 0, address(US), linkOption(1, PEER_MAC)));
                return f.takeSent().stream()
                        .filter(frame -> icmpType(frame) == 136)
                        .map(frame -> Packets.i32(frame, 58) < 0 ? "answer R" : "answer")
                        .findFirst()
                        .orElse("");
            }
            case "link up" -> {
                f.dev.devClose();
                f.dev.devOpen();
                f.dev.netifStartQueue();
                f.run(20 * SECOND);
                return f.takeSent().stream().anyMatch(frame -> icmpType(frame) == 133) ? "asks routers" : "";
            }
            case "advertisement" -> advertise();
            case "advertisement, accept_ra 2" -> {
                sysctls.set("net.ipv6.conf.eth0.accept_ra", "2");
                advertise();
            }
            case "redirect" -> {
                long[] router = Ipv6Address.parse(ROUTER);
                ipv6.addDefaultRoute(f.dev, router[0], router[1]);
                Packets6.Ip6 packet = ip6().from(ROUTER).to(US);
                inject(packet, message(137, 0, 0, address("fe80::2"), address(FAR)));
                long[] far = Ipv6Address.parse(FAR);
                boolean followed = ipv6.routes().lookup(far[0], far[1], 0, 0, 0).nextHopLow() == 2;
                ipv6.routes().removeIf(e -> e.prefixLength() == 0);
                return followed ? "followed" : "";
            }
            case "packet to all routers" -> {
                byte[] echo = ByteBuffer.allocate(8).putInt(128 << 24).array();
                f.inject(ip6().from("2001:db8::2").to("ff02::2").icmp(echo).frame());
                boolean answered =
                        f.takeSent().stream().anyMatch(frame -> icmpType(frame) == 135 || icmpType(frame) == 129);
                return answered ? "answer" : "";
            }
            default -> {
                Packets6.Ip6 packet = ip6().from("2001:db8::2").to("2001:db8:1::2");
                f.inject(packet.payload(17, new byte[8]).frame());
                return other.isEmpty() ? "" : "passed on";
            }
        }
        long[] far = Ipv6Address.parse(FAR);
        return ipv6.routes().lookup(far[0], far[1], 0, 0, 0) == null ? "" : "route";
    }

    private void advertise() {
        inject(ip6().from(ROUTER).to("ff02::1"), message(134, 0, 64 << 24 | 1800, new byte[8], linkOption(1, 0x99)));
    }

    private void inject(Packets6.Ip6 packet, byte[] message) {
        f.inject(packet.hops(255).icmp(message).frame());
    }

    @Test
    void allMakesEveryInterfaceARoutersAndPassesOn() throws ErrnoException {
        advertise();
        sysctls.set("net.ipv6.conf.all.forwarding", "1");
        assertThat(ipv6.of(eth1).isForwarding()).isTrue();
        long[] far = Ipv6Address.parse(FAR);
        assertThat(ipv6.routes().lookup(far[0], far[1], 0, 0, 0))
                .as("the default router of a host")
                .isNull();
        f.kernel.settle();
        other.clear();
        f.inject(ip6().from("2001:db8::2")
                .to("2001:db8:1::2")
                .payload(17, new byte[8])
                .frame());
        assertThat(other).as("asks for the neighbour").isNotEmpty();
        assertThat(Arrays.stream(new String[] {"ff01::2", "ff02::2", "ff05::2"}))
                .allSatisfy(group -> {
                    long[] halves = Ipv6Address.parse(group);
                    assertThat(ipv6.groups().isMember(f.dev, halves[0], halves[1]))
                            .isTrue();
                });
        f.run(20 * SECOND);
    }
}
