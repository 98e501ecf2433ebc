package dev.doorbell.kernel.netfilter.conntrack;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.IcmpHeader;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.kernel.netfilter.Packet;

/** Reads tuples out of packets, and out of packets that ICMP errors quote. */
final class PacketTuples {
    /** What all protocols with ports have at their beginning. */
    private static final int PORTS_BYTES = 4;

    private static final int UDPLITE = 136, SCTP = 132, DCCP = 33;

    private final Ipv4Header quoted = new Ipv4Header();

    static boolean hasPorts(int protocol) {
        return switch (protocol) {
            case IpProtocol.TCP, IpProtocol.UDP, UDPLITE, SCTP, DCCP -> true;
            default -> false;
        };
    }

    /** @return false when the packet is too short */
    boolean read(Packet packet, Tuple into) {
        into.source = packet.source();
        into.destination = packet.destination();
        into.protocol = packet.protocol();
        into.sourcePort = 0;
        into.destinationPort = 0;
        if (packet.protocol() == IpProtocol.ICMP) {
            if (!packet.pull(IcmpHeader.LENGTH)) {
                return false;
            }
            into.sourcePort = packet.u16(4);
            into.destinationPort = packet.u16(0);
        } else if (hasPorts(packet.protocol())) {
            if (!packet.pull(PORTS_BYTES)) {
                return false;
            }
            into.sourcePort = packet.u16(0);
            into.destinationPort = packet.u16(2);
        }
        return true;
    }

    /**
     * The packet that an ICMP error is about, which is linear as far as it is read.
     *
     * @return false when the quote is too short or no first fragment
     */
    boolean readQuoted(Packet packet, Tuple into) {
        if (!packet.pull(IcmpHeader.LENGTH + Ipv4Header.MIN_LENGTH)) {
            return false;
        }
        int inner = packet.u8(IcmpHeader.LENGTH);
        int headerLength = (inner & 0xF) << 2;
        if (inner >>> 4 != 4
                || headerLength < Ipv4Header.MIN_LENGTH
                || !packet.pull(IcmpHeader.LENGTH + headerLength)) {
            return false;
        }
        GuestMemory memory = packet.skb().memory();
        long at = packet.transport() + IcmpHeader.LENGTH;
        quoted.wrap(memory, at, headerLength);
        if (quoted.fragmentOffset() != 0) {
            return false;
        }
        int ports = IcmpHeader.LENGTH + headerLength;
        int needed = quoted.protocol() == IpProtocol.ICMP
                ? IcmpHeader.LENGTH
                : hasPorts(quoted.protocol()) ? PORTS_BYTES : 0;
        if (!packet.pull(ports + needed)) {
            return false;
        }
        quoted.wrap(packet.skb().memory(), packet.transport() + IcmpHeader.LENGTH, headerLength);
        into.source = quoted.source();
        into.destination = quoted.destination();
        into.protocol = quoted.protocol();
        into.sourcePort = 0;
        into.destinationPort = 0;
        if (into.protocol == IpProtocol.ICMP) {
            into.sourcePort = packet.u16(ports + 4);
            into.destinationPort = packet.u16(ports);
        } else if (hasPorts(into.protocol)) {
            into.sourcePort = packet.u16(ports);
            into.destinationPort = packet.u16(ports + 2);
        }
        return true;
    }
}
