package dev.doorbell.kernel.netfilter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.conntrack.Connection;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A router with the fixture's eth0 (10.0.0.1/24, peer 10.0.0.2) and eth1 (10.0.1.1/24, host 10.0.1.2), and rules. */
public final class FilterFixture implements AutoCloseable {
    public static final int FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32;
    public static final int INSIDE = Ipv4Address.of(10, 0, 0, 2), OUTSIDE = Ipv4Address.of(10, 0, 1, 2);
    public static final int INNER = Ipv4Address.of(10, 0, 0, 1), OUTER = Ipv4Address.of(10, 0, 1, 1);
    private static final long OUTER_MAC = 0x02_00_00_00_00_11L, OUTSIDE_MAC = 0x02_00_00_00_00_12L;

    public final StackFixture f = StackFixture.withPeer();
    public final NetDevice outer;
    public final List<byte[]> sentOutside = new ArrayList<>();

    public FilterFixture(String rules) {
        try {
            outer = f.addDevice("eth1", OUTER_MAC, sentOutside);
            f.stack.addAddress(outer, "10.0.1.1/24");
            f.stack.arp().neighbours().addPermanent(outer, OUTSIDE, OUTSIDE_MAC);
            f.stack.setForwarding(true);
            f.stack.iptables().load(rules);
        } catch (ErrnoException | RulesException e) {
            throw new AssertionError(e);
        }
    }

    /** A packet from inside comes in; what leaves on the other side. */
    public List<byte[]> fromInside(int destination, int protocol, byte[] payload) {
        f.inject(Packets.ip()
                .from(INSIDE)
                .to(destination)
                .protocol(protocol)
                .payload(payload)
                .frame());
        List<byte[]> out = List.copyOf(sentOutside);
        sentOutside.clear();
        out.forEach(FilterFixture::assertWellFormed);
        return out;
    }

    /** A packet from outside comes in; what leaves inside. */
    public List<byte[]> fromOutside(int destination, int protocol, byte[] payload) {
        Packets.Ip ip = Packets.ip()
                .from(OUTSIDE)
                .to(destination)
                .toMac(OUTER_MAC)
                .protocol(protocol)
                .payload(payload);
        f.inject(outer, ip.frame());
        List<byte[]> out = f.takeSent();
        out.forEach(FilterFixture::assertWellFormed);
        return out;
    }

    private static void assertWellFormed(byte[] frame) {
        assertThat(Packets.ipChecksumRight(frame)).as("IP checksum").isTrue();
        int protocol = Packets.u8(frame, 23);
        if (protocol == 6 || protocol == 17) {
            assertThat(Packets.transportChecksumRight(frame))
                    .as("transport checksum")
                    .isTrue();
        }
        if (protocol == 1) {
            byte[] icmp = Packets.ipPayload(frame);
            assertThat(Packets.checksum(icmp, 0, icmp.length, 0))
                    .as("ICMP checksum")
                    .isZero();
        }
    }

    public static byte[] tcp(
            int source,
            int destination,
            int sourcePort,
            int destinationPort,
            int sequence,
            int ack,
            int flags,
            int bytes) {
        ByteBuffer b = ByteBuffer.allocate(20 + bytes);
        b.putShort((short) sourcePort)
                .putShort((short) destinationPort)
                .putInt(sequence)
                .putInt(ack);
        b.put((byte) 0x50).put((byte) flags).putShort((short) 8000).putInt(0);
        b.putShort(16, (short)
                Packets.checksum(b.array(), 0, b.capacity(), Packets.pseudo(source, destination, 6, b.capacity())));
        return b.array();
    }

    /** The only tracked connection. */
    public Connection connection() {
        List<Connection> all = f.stack.iptables().conntrack().table().list();
        assertThat(all).hasSize(1);
        return all.get(0);
    }

    public int connections() {
        return f.stack.iptables().conntrack().table().size();
    }

    /** Packets that a rule has seen, by the beginning of its text. */
    public long hits(String rule) {
        return f.stack.iptables().counters().entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(rule))
                .mapToLong(java.util.Map.Entry::getValue)
                .sum();
    }

    @Override
    public void close() {
        f.close();
    }
}
