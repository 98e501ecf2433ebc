package dev.doorbell.kernel.dhcp;

import static dev.doorbell.kernel.net.StackFixture.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.kernel.net.Packets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The client's states, RFC 2131 figure 5: a test per row of the table in {@link DhcpClient}, and of what must not change them.
 * The lease is of an hour. Messages are those of the time that the event takes; a broadcast request is written REQUEST*.
 */
class DhcpStateTest extends DhcpServerBed {
    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "STOPPED    | start                | SELECTING  | DISCOVER          | false",
                "STOPPED    | known lease          | REBOOTING  | REQUEST*          | false",
                "SELECTING  | offer                | REQUESTING | REQUEST*          | false",
                "SELECTING  | offer without use    | SELECTING  | ''                | false",
                "SELECTING  | ack                  | SELECTING  | ''                | false",
                "SELECTING  | nak                  | SELECTING  | ''                | false",
                "SELECTING  | 5 s                  | SELECTING  | DISCOVER          | false",
                "SELECTING  | stop                 | STOPPED    | ''                | false",
                "REQUESTING | ack                  | CHECKING   | ''                | false",
                "REQUESTING | ack of another       | REQUESTING | ''                | false",
                "REQUESTING | offer                | REQUESTING | ''                | false",
                "REQUESTING | nak                  | INIT       | ''                | false",
                "REQUESTING | 5 s                  | REQUESTING | REQUEST*          | false",
                "REQUESTING | 30 s                 | SELECTING  | REQUEST* REQUEST* DISCOVER | false",
                "REQUESTING | stop                 | STOPPED    | ''                | false",
                "INIT       | 2 s                  | SELECTING  | DISCOVER          | false",
                "INIT       | offer                | INIT       | ''                | false",
                "INIT       | stop                 | STOPPED    | ''                | false",
                "REBOOTING  | ack                  | CHECKING   | ''                | false",
                "REBOOTING  | nak                  | INIT       | ''                | false",
                "REBOOTING  | 30 s                 | SELECTING  | REQUEST* REQUEST* DISCOVER | false",
                "CHECKING   | 9 s                  | BOUND      | ''                | true",
                "CHECKING   | conflict             | INIT       | DECLINE           | false",
                "CHECKING   | nak                  | CHECKING   | ''                | false",
                "CHECKING   | stop                 | STOPPED    | ''                | false",
                "BOUND      | nak                  | BOUND      | ''                | true",
                "BOUND      | 1789 s               | BOUND      | ''                | true",
                "BOUND      | 1801 s               | RENEWING   | REQUEST           | true",
                "BOUND      | stop                 | STOPPED    | RELEASE           | false",
                "RENEWING   | ack                  | BOUND      | ''                | true",
                "RENEWING   | ack of another       | RENEWING   | ''                | true",
                "RENEWING   | nak                  | INIT       | ''                | false",
                "RENEWING   | 676 s                | RENEWING   | REQUEST           | true",
                "RENEWING   | 1350 s               | REBINDING  | REQUEST REQUEST REQUEST REQUEST REQUEST REQUEST* | true",
                "RENEWING   | stop                 | STOPPED    | RELEASE           | false",
                "REBINDING  | ack                  | BOUND      | ''                | true",
                "REBINDING  | nak                  | INIT       | ''                | false",
                "REBINDING  | 226 s                | REBINDING  | REQUEST*          | true",
                "REBINDING  | 443 s                | SELECTING  | REQUEST* REQUEST* REQUEST* DISCOVER | false",
                "REBINDING  | stop                 | STOPPED    | RELEASE           | false",
            })
    void eachEventLeadsToTheNextState(String state, String event, String next, String messages, boolean bound) {
        enter(DhcpState.valueOf(state));
        assertThat(client.state().name()).as("the way there").isEqualTo(state);
        sent.clear();
        happen(event);
        StringBuilder said = new StringBuilder();
        for (byte[] frame : take()) {
            boolean toAll = Packets.macAt(frame, 0) == 0xFFFF_FFFF_FFFFL;
            String name = new String[] {"", "DISCOVER", "", "REQUEST", "DECLINE", "", "", "RELEASE"}[type(frame)];
            said.append(said.isEmpty() ? "" : " ").append(name).append(name.equals("REQUEST") && toAll ? "*" : "");
        }
        assertThat(said.toString()).as("said").isEqualTo(messages);
        assertThat(client.state().name()).isEqualTo(next);
        assertThat(hasAddress()).as("the address is set").isEqualTo(bound);
    }

    private void enter(DhcpState state) {
        switch (state) {
            case SELECTING -> {
                client.start();
                takeOne();
            }
            case REQUESTING -> toRequesting();
            case INIT -> {
                toRequesting();
                answer(NAK, 0);
            }
            case REBOOTING -> {
                happen("known lease");
                takeOne();
            }
            case CHECKING -> {
                toRequesting();
                answer(ACK, OFFERED);
            }
            case BOUND -> toBound();
            case RENEWING -> {
                toBound();
                f.run(1800 * SECOND);
                takeOne();
            }
            case REBINDING -> {
                enter(DhcpState.RENEWING);
                f.run(1350 * SECOND);
                var frames = take();
                xid = Packets.i32(frames.get(frames.size() - 1), 46);
            }
            default -> {}
        }
    }

    private void happen(String event) {
        switch (event) {
            case "start" -> client.start();
            case "known lease" -> {
                toBound();
                DhcpLease known = client.lease();
                client.stop();
                take();
                client.start(known);
            }
            case "offer" -> answer(OFFER, OFFERED);
            case "offer without use" -> answer(OFFER, 0);
            case "ack" -> answer(ACK, OFFERED);
            case "ack of another" -> answer(ACK, OFFERED + 1);
            case "nak" -> answer(NAK, 0);
            case "conflict" -> {
                f.run(1_500_000_000L);
                f.inject(dev, Packets.arp(2, PEER_MAC, OFFERED, MAC, 0, MAC));
            }
            case "stop" -> client.stop();
            default -> f.run(Integer.parseInt(event.split(" ", -1)[0]) * SECOND);
        }
        f.kernel.settle();
    }
}
