package dev.doorbell.kernel.netfilter.conntrack;

import dev.doorbell.bus.wire.ExtensionHeaders;
import dev.doorbell.bus.wire.IcmpHeader;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.netfilter.Packet;

/** Reads tuples out of packets, and out of packets that ICMP errors quote. */
final class PacketTuples {
    /** What all protocols with ports have at their beginning. */
    private static final int PORTS_BYTES = 4;

    private static final int UDPLITE = 136, SCTP = 132, DCCP = 33;

    /** How much of a quoted IPv6 packet is looked at. */
    private static final int MAX_QUOTE = 512;

    private final Ipv4Header quoted = new Ipv4Header();
    private final Ipv6Header quoted6 = new Ipv6Header();
    private final ExtensionHeaders chain = new ExtensionHeaders();

    static boolean hasPorts(int protocol) {
        return switch (protocol) {
            case IpProtocol.TCP, IpProtocol.UDP, UDPLITE, SCTP, DCCP -> true;
            default -> false;
        };
    }

    /** @return false when the packet is too short, or ICMP of the other version of IP */
    boolean read(Packet packet, Tuple into) {
        into.sourceHigh = packet.sourceHigh();
        into.sourceLow = packet.sourceLow();
        into.destinationHigh = packet.destinationHigh();
        into.destinationLow = packet.destinationLow();
        into.protocol = packet.protocol();
        boolean foreign =
                Tuple.isIcmp(into.protocol) && into.protocol != packet.family().icmp();
        return !packet.isBroken() && !foreign && readPorts(packet, 0, into);
    }

    /** @param at bytes behind the packet's transport header at which the one to be read begins */
    private static boolean readPorts(Packet packet, int at, Tuple into) {
        into.sourcePort = 0;
        into.destinationPort = 0;
        if (Tuple.isIcmp(into.protocol)) {
            if (!packet.pull(at + IcmpHeader.LENGTH)) {
                return false;
            }
            into.sourcePort = packet.u16(at + 4);
            into.destinationPort = packet.u16(at);
        } else if (hasPorts(into.protocol)) {
            if (!packet.pull(at + PORTS_BYTES)) {
                return false;
            }
            into.sourcePort = packet.u16(at);
            into.destinationPort = packet.u16(at + 2);
        }
        return true;
    }

    /**
     * The packet that an ICMP error is about, which is linear as far as it is read.
     *
     * @return false when the quote is too short or no first fragment
     */
    boolean readQuoted(Packet packet, Tuple into) {
        return packet.isV6() ? readQuoted6(packet, into) : readQuoted4(packet, into);
    }

    private boolean readQuoted4(Packet packet, Tuple into) {
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
        quoted.wrap(packet.skb().memory(), packet.transport() + IcmpHeader.LENGTH, headerLength);
        if (quoted.fragmentOffset() != 0) {
            return false;
        }
        into.sourceHigh = 0;
        into.sourceLow = Ipv6Address.ofV4(quoted.source());
        into.destinationHigh = 0;
        into.destinationLow = Ipv6Address.ofV4(quoted.destination());
        into.protocol = quoted.protocol();
        return readPorts(packet, IcmpHeader.LENGTH + headerLength, into);
    }

    private boolean readQuoted6(Packet packet, Tuple into) {
        int bytes = Math.min(MAX_QUOTE, packet.transportLength());
        if (bytes < IcmpHeader.LENGTH + Ipv6Header.LENGTH || !packet.pull(bytes)) {
            return false;
        }
        long at = packet.transport() + IcmpHeader.LENGTH;
        quoted6.wrap(packet.skb().memory(), at, Ipv6Header.LENGTH);
        int transport = chain.skip(packet.skb().memory(), at, bytes - IcmpHeader.LENGTH);
        if (quoted6.version() != 6 || transport == ExtensionHeaders.INCOMPLETE || chain.isLaterFragment()) {
            return false;
        }
        into.sourceHigh = quoted6.sourceHigh();
        into.sourceLow = quoted6.sourceLow();
        into.destinationHigh = quoted6.destinationHigh();
        into.destinationLow = quoted6.destinationLow();
        into.protocol = chain.protocol();
        return readPorts(packet, IcmpHeader.LENGTH + transport, into);
    }
}
