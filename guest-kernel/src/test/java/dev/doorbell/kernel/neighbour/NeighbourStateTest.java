package dev.doorbell.kernel.neighbour;

import static dev.doorbell.kernel.net.StackFixture.PEER_MAC;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.StackFixture;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A neighbour's states, RFC 4861 §7.3.2 and for ARP what Linux makes of RFC 1122 §2.3.2: a test per row, for both protocols.
 * Events: a packet is sent; a reply to our question; an unsolicited message with another MAC address that may or may not
 * override; a confirmation from above; time. What is sent is a question to all (?), to the neighbour alone (!), the packet (p).
 *
 * <pre>
 * state       event           ARP: next, sent        NDP: next, sent
 * FAILED      packet          INCOMPLETE ?           INCOMPLETE ?
 * INCOMPLETE  packet          INCOMPLETE             INCOMPLETE
 * INCOMPLETE  reply           REACHABLE p            REACHABLE p
 * INCOMPLETE  a second        INCOMPLETE ?           INCOMPLETE ?
 * INCOMPLETE  five seconds    FAILED ??              FAILED ??
 * INCOMPLETE  override        DELAY p                DELAY p
 * REACHABLE   packet          REACHABLE p            REACHABLE p
 * REACHABLE   a minute        STALE                  STALE
 * REACHABLE   confirmed       REACHABLE              REACHABLE
 * REACHABLE   override        STALE                  STALE
 * REACHABLE   other           REACHABLE              STALE
 * STALE       packet          DELAY p                DELAY p
 * STALE       reply           REACHABLE              REACHABLE
 * STALE       a minute        STALE                  STALE
 * STALE       other           STALE                  STALE
 * DELAY       packet          DELAY p                DELAY p
 * DELAY       reply           REACHABLE              REACHABLE
 * DELAY       confirmed       REACHABLE              REACHABLE
 * DELAY       five seconds    PROBE !                PROBE !
 * PROBE       packet          PROBE p                PROBE p
 * PROBE       reply           REACHABLE              REACHABLE
 * PROBE       a second        PROBE !                PROBE !
 * PROBE       five seconds    FAILED !!              FAILED !!
 * PERMANENT   override        PERMANENT              PERMANENT
 * PERMANENT   a minute        PERMANENT              PERMANENT
 * PERMANENT   packet          PERMANENT p            PERMANENT p
 * </pre>
 */
class NeighbourStateTest {
    private static final long OTHER_MAC = 0x02_00_00_00_00_77L, SECOND = 1_000_000_000L;
    private static final int NEIGHBOUR = Ipv4Address.of(10, 0, 0, 2);

    private final StackFixture f = new StackFixture();
    private boolean v6;
    private Neighbour neighbour;

    @AfterEach
    void nothingLeaks() {
        f.takeSent();
        f.close();
    }

    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "FAILED     | packet       | INCOMPLETE ?  | INCOMPLETE ?",
                "INCOMPLETE | packet       | INCOMPLETE    | INCOMPLETE",
                "INCOMPLETE | reply        | REACHABLE p   | REACHABLE p",
                "INCOMPLETE | a second     | INCOMPLETE ?  | INCOMPLETE ?",
                "INCOMPLETE | five seconds | FAILED ??     | FAILED ??",
                "INCOMPLETE | override     | DELAY p       | DELAY p",
                "REACHABLE  | packet       | REACHABLE p   | REACHABLE p",
                "REACHABLE  | a minute     | STALE         | STALE",
                "REACHABLE  | confirmed    | REACHABLE     | REACHABLE",
                "REACHABLE  | override     | STALE         | STALE",
                "REACHABLE  | other        | REACHABLE     | STALE",
                "STALE      | packet       | DELAY p       | DELAY p",
                "STALE      | reply        | REACHABLE     | REACHABLE",
                "STALE      | a minute     | STALE         | STALE",
                "STALE      | other        | STALE         | STALE",
                "DELAY      | packet       | DELAY p       | DELAY p",
                "DELAY      | reply        | REACHABLE     | REACHABLE",
                "DELAY      | confirmed    | REACHABLE     | REACHABLE",
                "DELAY      | five seconds | PROBE !       | PROBE !",
                "PROBE      | packet       | PROBE p       | PROBE p",
                "PROBE      | reply        | REACHABLE     | REACHABLE",
                "PROBE      | a second     | PROBE !       | PROBE !",
                "PROBE      | five seconds | FAILED !!     | FAILED !!",
                "PERMANENT  | override     | PERMANENT     | PERMANENT",
                "PERMANENT  | a minute     | PERMANENT     | PERMANENT",
                "PERMANENT  | packet       | PERMANENT p   | PERMANENT p",
            })
    void eachEventLeadsToTheNextState(String state, String event, String arp, String ndp) throws ErrnoException {
        check(false, state.strip(), event.strip(), arp.strip());
        check(true, state.strip(), event.strip(), ndp.strip());
    }

    private void check(boolean ipv6, String state, String event, String expected) throws ErrnoException {
        v6 = ipv6;
        if (v6) {
            f.stack.addAddress(f.dev, "2001:db8::1/64");
            f.run(5 * SECOND);
            long[] address = Ipv6Address.parse("2001:db8::2");
            neighbour = f.stack.ipv6().neighbours().lookupOrCreate(f.dev, address[0], address[1]);
        } else {
            neighbour = f.stack.arp().neighbours().lookupOrCreate(f.dev, NEIGHBOUR);
        }
        enter(state);
        assertThat(neighbour.state().name()).as("the way there").isEqualTo(state);
        f.takeSent();
        happen(event);
        String sent = sent();
        String result = neighbour.state() + (sent.isEmpty() ? "" : " " + sent);
        assertThat(result).as((v6 ? "NDP: " : "ARP: ") + state + ", " + event).isEqualTo(expected);
        f.run(30 * SECOND); // what waits is let go
        f.takeSent();
    }

    private void enter(String state) {
        switch (state) {
            case "FAILED" -> {}
            case "PERMANENT" -> neighbour.makePermanent(PEER_MAC);
            case "INCOMPLETE" -> happen("packet");
            default -> {
                happen("packet");
                happen("reply");
                if (state.equals("REACHABLE")) {
                    return;
                }
                happen("a minute");
                if (state.equals("STALE")) {
                    return;
                }
                happen("packet");
                if (state.equals("PROBE")) {
                    happen("five seconds");
                }
            }
        }
    }

    private void happen(String event) {
        switch (event) {
            case "packet" -> send();
            case "reply" -> neighbour.update(PEER_MAC, true, true);
            case "override" -> neighbour.update(OTHER_MAC, false, true);
            case "other" -> neighbour.update(OTHER_MAC, false, false);
            case "confirmed" -> {
                f.run(4 * SECOND);
                neighbour.confirm();
                f.run(2 * SECOND);
            }
            case "a second" -> f.run(SECOND + 1);
            case "five seconds" -> f.run(5 * SECOND + 1);
            case "a minute" -> f.run(60 * SECOND);
            default -> throw new IllegalArgumentException(event.toLowerCase(Locale.ROOT));
        }
        f.kernel.settle();
    }

    private void send() {
        var skb = f.kernel.packet(66, new byte[60]);
        skb.protocol = v6 ? 0x86DD : 0x0800;
        f.kernel.context.cpu().runInSoftirq(() -> neighbour.output(skb));
    }

    /** Questions and packets, in their order. */
    private String sent() {
        StringBuilder text = new StringBuilder();
        List<byte[]> frames = f.takeSent();
        for (byte[] frame : frames) {
            boolean ask = v6 ? frame.length > 54 && frame[20] == 58 && (frame[54] & 0xFF) == 135 : frame[13] == 6;
            boolean packet = frame.length == 74 && frame[14] == 0;
            if (ask) {
                text.append((frame[0] & 1) != 0 ? '?' : '!');
            } else if (packet) {
                text.append('p');
            }
        }
        return text.toString();
    }
}
