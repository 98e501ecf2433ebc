package dev.doorbell.kernel.icmp;

import static dev.doorbell.kernel.net.Packets.*;
import static dev.doorbell.kernel.net.StackFixture.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.net.StackFixture;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Redirects of IPv4: who may send them, and how long they hold. */
class RedirectTest {
    private static final int ROUTER = Ipv4Address.of(10, 0, 0, 254), FAR = Ipv4Address.of(192, 0, 2, 1);

    private final StackFixture f = new StackFixture();

    @BeforeEach
    void routed() {
        f.stack.addDefaultRoute(f.dev, ROUTER);
    }

    @AfterEach
    void nothingLeaks() {
        f.close();
    }

    private int nextHop() {
        Route route = f.stack.ipv4().routes().lookup(FAR, 0, 0);
        return route == null ? 0 : route.nextHop();
    }

    private void redirect(int from, int gateway, int quotedSource) {
        byte[] quoted = ip().from(quotedSource)
                .to(FAR)
                .payload(udp(quotedSource, FAR, 1, 2, new byte[8]))
                .frame();
        byte[] message = icmp(5, 1, gateway, Arrays.copyOfRange(quoted, 14, quoted.length));
        f.inject(ip().from(from).protocol(1).payload(message).frame());
        f.takeSent();
    }

    /** Row: sender, gateway, source of the quoted packet; is it followed. */
    @ParameterizedTest
    @CsvSource({
        "10.0.0.254, 10.0.0.7, 10.0.0.1, true",
        "10.0.0.7, 10.0.0.7, 10.0.0.1, false",
        "10.0.0.254, 10.0.1.7, 10.0.0.1, false",
        "10.0.0.254, 10.0.0.1, 10.0.0.1, false",
        "10.0.0.254, 10.0.0.255, 10.0.0.1, false",
        "10.0.0.254, 224.0.0.1, 10.0.0.1, false",
        "10.0.0.254, 10.0.0.254, 10.0.0.1, false",
        "10.0.0.254, 10.0.0.7, 10.0.0.9, false"
    })
    void onlyTheFirstHopRouterMayNameAnotherNeighbour(String from, String gateway, String source, boolean followed) {
        redirect(Ipv4Address.parse(from), Ipv4Address.parse(gateway), Ipv4Address.parse(source));
        assertThat(nextHop()).isEqualTo(followed ? Ipv4Address.parse(gateway) : ROUTER);
    }

    @Test
    void aRedirectIsForgottenAfterTenMinutes() {
        redirect(ROUTER, PEER, US);
        assertThat(nextHop()).isEqualTo(PEER);
        f.run(601 * SECOND);
        assertThat(nextHop()).isEqualTo(ROUTER);
    }
}
