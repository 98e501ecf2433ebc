package dev.doorbell.kernel.ndp;

import static dev.doorbell.kernel.net.Packets6.*;
import static dev.doorbell.kernel.net.StackFixture.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.ipv6.InterfaceAddress6;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.net.Packets6;
import dev.doorbell.kernel.net.StackFixture;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Duplicate address detection with two probes, RFC 4862 §5.4 and RFC 7527: a test per row. An address waits, is probed (once
 * or twice), is used, is a duplicate, or is not there. What is sent is a probe (?), a defending advertisement (!).
 *
 * <pre>
 * state      event                       next        sent
 * absent     added, link up              waiting
 * absent     added, link down            waiting
 * waiting    a second                    probing 1   ?
 * waiting    advertisement               duplicate
 * waiting    probe of another            duplicate
 * waiting    question from a host        waiting
 * waiting    link down, a minute         waiting
 * waiting    removed                     absent
 * probing 1  a second                    probing 2   ?
 * probing 1  advertisement               duplicate
 * probing 1  probe of another            duplicate
 * probing 1  our own probe               probing 1
 * probing 1  question from a host        probing 1
 * probing 1  link down, a minute         waiting
 * probing 1  removed                     absent
 * probing 2  a second                    preferred
 * probing 2  advertisement               duplicate
 * probing 2  probe of another            duplicate
 * preferred  probe of another            preferred   !
 * preferred  question from a host        preferred   !
 * preferred  advertisement               preferred
 * preferred  link down and up            waiting
 * duplicate  a minute                    duplicate
 * duplicate  probe of another            duplicate
 * duplicate  link down and up            duplicate
 * duplicate  removed                     absent
 * </pre>
 */
class DuplicateStateTest {
    private static final String US = "2001:db8::1", SOLICITED = "ff02::1:ff00:1";
    private static final int SOLICITATION = 135, ADVERTISEMENT = 136;

    private final StackFixture f = new StackFixture();
    private final Ipv6 ipv6 = f.stack.ipv6();
    private final long[] us = Ipv6Address.parse(US);
    private int probes;
    private byte[] lastProbe;

    @AfterEach
    void nothingLeaks() {
        f.takeSent();
        f.close();
    }

    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "absent    | added, link up       | waiting   | ''",
                "absent    | added, link down     | waiting   | ''",
                "waiting   | a second             | probing 1 | ?",
                "waiting   | advertisement        | duplicate | ''",
                "waiting   | probe of another     | duplicate | ''",
                "waiting   | question from a host | waiting   | ''",
                "waiting   | link down, a minute  | waiting   | ''",
                "waiting   | removed              | absent    | ''",
                "probing 1 | a second             | probing 2 | ?",
                "probing 1 | advertisement        | duplicate | ''",
                "probing 1 | probe of another     | duplicate | ''",
                "probing 1 | our own probe        | probing 1 | ''",
                "probing 1 | question from a host | probing 1 | ''",
                "probing 1 | link down, a minute  | waiting   | ''",
                "probing 1 | removed              | absent    | ''",
                "probing 2 | a second             | preferred | ''",
                "probing 2 | advertisement        | duplicate | ''",
                "probing 2 | probe of another     | duplicate | ''",
                "preferred | probe of another     | preferred | !",
                "preferred | question from a host | preferred | !",
                "preferred | advertisement        | preferred | ''",
                "preferred | link down and up     | waiting   | ''",
                "duplicate | a minute             | duplicate | ''",
                "duplicate | probe of another     | duplicate | ''",
                "duplicate | link down and up     | duplicate | ''",
                "duplicate | removed              | absent    | ''",
            })
    void eachEventLeadsToTheNextState(String state, String event, String next, String sent) throws ErrnoException {
        ipv6.of(f.dev).dadTransmits = 2;
        ipv6.enable(f.dev);
        f.run(20 * SECOND); // the link-local address is done
        enter(state);
        assertThat(state()).as("the way there").isEqualTo(state);
        f.takeSent();
        happen(event);
        assertThat(sent()).as("sent").isEqualTo(sent);
        assertThat(state()).isEqualTo(next);
    }

    private String state() {
        InterfaceAddress6 found = ipv6.addresses().find(f.dev, us[0], us[1]);
        if (found == null) {
            return "absent";
        }
        return switch (found.state()) {
            case TENTATIVE -> probes == 0 ? "waiting" : "probing " + probes;
            case DUPLICATE -> "duplicate";
            default -> "preferred";
        };
    }

    private void enter(String state) throws ErrnoException {
        switch (state) {
            case "waiting" -> happen("added, link up");
            case "probing 1" -> {
                enter("waiting");
                happen("a second");
            }
            case "probing 2" -> {
                enter("probing 1");
                happen("a second");
            }
            case "preferred" -> {
                enter("probing 2");
                happen("a second");
            }
            case "duplicate" -> {
                enter("waiting");
                happen("advertisement");
            }
            default -> {}
        }
    }

    private void happen(String event) throws ErrnoException {
        switch (event) {
            case "added, link up" -> ipv6.addAddress(f.dev, us[0], us[1], 64);
            case "added, link down" -> {
                f.dev.devClose();
                ipv6.addAddress(f.dev, us[0], us[1], 64);
                f.run(60 * SECOND);
            }
            case "a second" -> untilSomethingHappens();
            case "a minute" -> f.run(60 * SECOND);
            case "advertisement" ->
                inject(ip6().to("ff02::1"), message(ADVERTISEMENT, 0, 1 << 29, address(US), linkOption(2, 0x77)));
            case "probe of another" -> inject(ip6().from("::").to(SOLICITED), message(SOLICITATION, 0, 0, address(US)));
            case "question from a host" ->
                inject(ip6().to(SOLICITED), message(SOLICITATION, 0, 0, address(US), linkOption(1, 0x77)));
            case "our own probe" -> f.inject(lastProbe);
            case "removed" -> ipv6.removeAddress(f.dev, us[0], us[1]);
            case "link down, a minute" -> {
                f.dev.devClose();
                f.run(60 * SECOND);
                probes = 0;
            }
            default -> {
                f.dev.devClose();
                f.dev.devOpen();
                f.dev.netifStartQueue();
                probes = 0;
            }
        }
        f.kernel.settle();
    }

    /** Time passes to the next probe, or to the end of the examination. */
    private void untilSomethingHappens() {
        f.takeSent();
        String before = state();
        for (int i = 0; i < 120 && state().equals(before); i++) {
            f.run(SECOND / 100);
            for (byte[] frame : f.sent) {
                if (isProbe(frame)) {
                    lastProbe = frame;
                    probes++;
                    return;
                }
            }
        }
    }

    private static boolean isProbe(byte[] frame) {
        return icmpType(frame) == SOLICITATION
                && Arrays.equals(Arrays.copyOfRange(frame, 22, 38), new byte[16])
                && Arrays.equals(Arrays.copyOfRange(frame, 62, 78), address(US));
    }

    private void inject(Packets6.Ip6 packet, byte[] message) {
        f.inject(packet.hops(255).icmp(message).frame());
    }

    private String sent() {
        StringBuilder text = new StringBuilder();
        for (byte[] frame : f.takeSent()) {
            boolean defends = icmpType(frame) == ADVERTISEMENT && Packets.u8(frame, 77) == 1;
            text.append(isProbe(frame) ? "?" : defends ? "!" : "");
        }
        return text.toString();
    }
}
