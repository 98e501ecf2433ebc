package dev.doorbell.kernel.netfilter.conntrack;

import dev.doorbell.bus.wire.IcmpHeader;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;

/** What must be right about a transport header before the tracker looks at it. Packets that fail are INVALID. */
final class PacketChecks {
    private static final int UDP_HEADER_BYTES = 8;
    private static final int HIGHEST_ICMP_TYPE = 18;

    private final ConntrackSettings settings;

    PacketChecks(ConntrackSettings settings) {
        this.settings = settings;
    }

    boolean isTcpValid(Packet packet) {
        if (!packet.pull(TcpHeader.MIN_LENGTH)) {
            return false;
        }
        int header = packet.u8(12) >>> 4 << 2;
        return header >= TcpHeader.MIN_LENGTH
                && header <= packet.transportLength()
                && packet.pull(header)
                && isChecksumRight(packet)
                && TcpTracker.areFlagsValid(packet.u8(13));
    }

    boolean isUdpValid(Packet packet) {
        if (!packet.pull(UDP_HEADER_BYTES)) {
            return false;
        }
        int length = packet.u16(4);
        return length >= UDP_HEADER_BYTES
                && length <= packet.transportLength()
                && (packet.u16(6) == 0 || isChecksumRight(packet));
    }

    boolean isIcmpValid(Packet packet) {
        return packet.pull(IcmpHeader.LENGTH)
                && isChecksumRight(packet)
                && (packet.isV6() || packet.u8(0) <= HIGHEST_ICMP_TYPE);
    }

    /** Only what comes from outside is verified, and only once. */
    private boolean isChecksumRight(Packet packet) {
        if (!settings.isChecksumVerified() || packet.hook() != NetfilterHooks.PRE_ROUTING) {
            return true;
        }
        SkBuff skb = packet.skb();
        if (SkbChecksum.isUnnecessary(skb)) {
            return true;
        }
        int bytes = packet.transportLength();
        int protocol = packet.protocol();
        long pseudo = protocol == IpProtocol.ICMP ? 0 : packet.pseudoHeader(bytes);
        if (InternetChecksum.fold(SkbChecksum.sum(skb, packet.headerLength(), bytes, pseudo)) != 0) {
            return false;
        }
        if (protocol != IpProtocol.ICMP) {
            skb.ipSummed = SkBuff.CHECKSUM_UNNECESSARY;
        }
        return true;
    }
}
