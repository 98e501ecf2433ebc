package dev.doorbell.kernel.netfilter.tables;

import static dev.doorbell.kernel.net.Packets6.ip6;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.net.Packets6;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.netfilter.RulesException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where the filter of IPv6 decides otherwise than that of IPv4: what the comparison with Linux has found. */
class Filter6Test {
    private static final String US = "2001:db8::1", PEER = "2001:db8::2";

    private final StackFixture f = new StackFixture();

    @BeforeEach
    void address() {
        f.stack.ipv6().of(f.dev).dadTransmits = 0;
        f.stack.addAddress(f.dev, US + "/64");
        long[] peer = Ipv6Address.parse(PEER);
        f.stack.ipv6().neighbours().addPermanent(f.dev, peer[0], peer[1], StackFixture.PEER_MAC);
        f.run(20 * StackFixture.SECOND);
        f.takeSent();
    }

    @AfterEach
    void nothingLeaks() {
        f.close();
    }

    private void rules(String... lines) throws RulesException {
        f.stack.ip6tables().load("*filter\n" + String.join("\n", lines) + "\nCOMMIT\n");
    }

    private List<byte[]> send(int protocol, byte[] payload) {
        f.inject(ip6().from(PEER).to(US).payload(protocol, payload).frame());
        return f.takeSent();
    }

    private List<byte[]> ping() {
        f.inject(ip6().from(PEER)
                .to(US)
                .icmp(ByteBuffer.allocate(16).putInt(0x8000_0000).array())
                .frame());
        return f.takeSent();
    }

    @Test
    void whatCameDamagedIsRejectedInSilence() throws RulesException {
        rules("-A INPUT -j REJECT");
        byte[] payload = new byte[24];
        assertThat(send(253, payload))
                .as("taken to have a checksum, which is wrong")
                .isEmpty();
        int sum = Packets.checksum(
                payload, 0, 24, Packets6.pseudo(Packets6.address(PEER), Packets6.address(US), 253, 24));
        assertThat(send(253, ByteBuffer.allocate(24).putShort((short) sum).array()))
                .as("right")
                .hasSize(1);
        assertThat(send(132, payload))
                .as("SCTP, whose checksum is of another kind")
                .hasSize(1);
        assertThat(send(17, ByteBuffer.allocate(8).putShort(4, (short) 8).array()))
                .as("UDP without a checksum")
                .hasSize(1);
    }

    @Test
    void anAddressOfOurOwnIsAUnicastAddressToo() throws RulesException {
        rules("-A INPUT -m addrtype --dst-type UNICAST -j DROP");
        assertThat(ping()).isEmpty();
        rules("-A INPUT -m addrtype --dst-type UNICAST,LOCAL -j DROP");
        assertThat(ping()).isEmpty();
        rules("-A INPUT -m addrtype --src-type UNICAST,LOCAL -j DROP");
        assertThat(ping()).as("all kinds that are named").hasSize(1);
    }

    @Test
    void anEchoReplyThatARuleRejectsIsNotReportedToOurselves() throws RulesException {
        rules("-A INPUT -p icmpv6 --icmpv6-type 1", "-A OUTPUT -p icmpv6 --icmpv6-type 129 -j REJECT");
        assertThat(ping()).isEmpty();
        f.run(StackFixture.SECOND);
        assertThat(f.stack.ip6tables().save(true)).contains("[0:0] -A INPUT").contains("[1:56] -A OUTPUT");
    }
}
