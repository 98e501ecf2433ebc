package dev.doorbell.kernel.netfilter.nat;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.IcmpHeader;
import dev.doorbell.bus.wire.IcmpTypes;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.netfilter.conntrack.Tuple;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;

/**
 * Writes other addresses and ports into packets, and into packets that ICMP errors quote. Checksums are updated, RFC
 * 1624; of a packet whose checksum is left to the card, the pseudo header's sum.
 */
final class NatRewriter {
    private static final int UDP_LENGTH = 8, UDP_CHECKSUM = 6, QUOTED_BYTES = 8, UDPLITE = 136;

    private final Ipv4Header ip = new Ipv4Header();
    private final IcmpHeader icmp = new IcmpHeader();

    /**
     * @param skb data() at the IP header
     * @param target what the packet shall look like
     * @param source true: its source changes, false: its destination
     * @return false: too short, or out of memory; it must be dropped
     */
    boolean rewrite(SkBuff skb, Tuple target, boolean source) {
        if (skb.headLength() < Ipv4Header.MIN_LENGTH) {
            return false;
        }
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        int header = ip.headerLength();
        int wanted = header + transportBytes(ip.protocol());
        if (!skb.pskbMayPull(Math.min(wanted, skb.length())) || !skb.cow(0)) {
            return false;
        }
        boolean ok =
                rewriteAt(skb, skb.data(), skb.headLength(), target, source, skb.ipSummed == SkBuff.CHECKSUM_PARTIAL);
        if (skb.ipSummed == SkBuff.CHECKSUM_COMPLETE) {
            skb.ipSummed = SkBuff.CHECKSUM_NONE; // the sum was over the old addresses
        }
        return ok;
    }

    private static int transportBytes(int protocol) {
        return protocol == IpProtocol.TCP ? TcpHeader.MIN_LENGTH : UDP_LENGTH;
    }

    /** @param partial the transport checksum field holds the sum of the pseudo header only */
    private boolean rewriteAt(SkBuff skb, long at, int available, Tuple target, boolean source, boolean partial) {
        GuestMemory memory = skb.memory();
        ip.wrap(memory, at, available);
        int header = ip.headerLength();
        int old = source ? ip.source() : ip.destination();
        int address = source ? target.source : target.destination;
        if (ip.fragmentOffset() == 0
                && !rewriteTransport(memory, at + header, available - header, old, address, target, source, partial)) {
            return false;
        }
        ip.wrap(memory, at, available);
        if (source) {
            ip.source(address);
        } else {
            ip.destination(address);
        }
        ip.checksum(InternetChecksum.update32(ip.checksum(), old, address));
        return true;
    }

    private boolean rewriteTransport(
            GuestMemory memory,
            long at,
            int available,
            int oldAddress,
            int address,
            Tuple target,
            boolean source,
            boolean partial) {
        int protocol = ip.protocol();
        int port = source ? target.sourcePort : target.destinationPort;
        switch (protocol) {
            case IpProtocol.TCP -> {
                if (available < QUOTED_BYTES) {
                    return false;
                }
                int oldPort = putPort(memory, at, port, source);
                if (available >= TcpHeader.MIN_LENGTH) {
                    updateChecksum(
                            memory, at + TcpHeader.CHECKSUM_OFFSET, oldAddress, address, oldPort, port, partial, false);
                }
            }
            case IpProtocol.UDP, UDPLITE -> {
                if (available < UDP_LENGTH) {
                    return false;
                }
                int oldPort = putPort(memory, at, port, source);
                if (u16(memory, at + UDP_CHECKSUM) != 0 || partial) {
                    updateChecksum(memory, at + UDP_CHECKSUM, oldAddress, address, oldPort, port, partial, true);
                }
            }
            case IpProtocol.ICMP -> {
                if (available < IcmpHeader.LENGTH) {
                    return false;
                }
                icmp.wrap(memory, at, IcmpHeader.LENGTH);
                if (hasIdentifier(icmp.type())) {
                    int before = icmp.identifier();
                    icmp.identifier(target.sourcePort);
                    icmp.checksum(InternetChecksum.update16(icmp.checksum(), before, target.sourcePort));
                }
            }
            default -> {}
        }
        return true;
    }

    private static boolean hasIdentifier(int type) {
        return switch (type) {
            case IcmpTypes.ECHO,
                    IcmpTypes.ECHO_REPLY,
                    IcmpTypes.TIMESTAMP,
                    IcmpTypes.TIMESTAMP_REPLY,
                    IcmpTypes.INFO_REQUEST,
                    IcmpTypes.INFO_REPLY,
                    IcmpTypes.ADDRESS_MASK,
                    IcmpTypes.ADDRESS_MASK_REPLY -> true;
            default -> false;
        };
    }

    /** @return the port before */
    private static int putPort(GuestMemory memory, long transport, int port, boolean source) {
        long at = source ? transport : transport + 2;
        int before = u16(memory, at);
        memory.writeShort(at, Short.reverseBytes((short) port));
        return before;
    }

    private static void updateChecksum(
            GuestMemory memory,
            long at,
            int oldAddress,
            int address,
            int oldPort,
            int port,
            boolean partial,
            boolean udp) {
        int checksum = u16(memory, at);
        int updated;
        if (partial) {
            // Not complemented, and ports are not in it: the card sums them up.
            updated = ~InternetChecksum.update32(~checksum & 0xFFFF, oldAddress, address) & 0xFFFF;
        } else {
            updated =
                    InternetChecksum.update16(InternetChecksum.update32(checksum, oldAddress, address), oldPort, port);
            updated = udp && updated == 0 ? 0xFFFF : updated;
        }
        memory.writeShort(at, Short.reverseBytes((short) updated));
    }

    /**
     * An ICMP error about a translated packet: the quoted packet becomes again what its sender sent, and the error looks
     * like an answer to that.
     *
     * @param quotedTarget what the quoted packet shall look like
     * @param quotedSource true: its source changes
     * @param outer the error's own addresses
     */
    boolean rewriteError(SkBuff skb, Tuple quotedTarget, boolean quotedSource, Tuple outer, boolean outerSource) {
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        int header = ip.headerLength();
        int quotedAt = header + IcmpHeader.LENGTH;
        if (!skb.pskbMayPull(quotedAt + Ipv4Header.MIN_LENGTH)) {
            return false;
        }
        ip.wrap(skb.memory(), skb.data() + quotedAt, Ipv4Header.MIN_LENGTH);
        int quotedHeader = ip.headerLength();
        int wanted = quotedAt + quotedHeader + transportBytes(ip.protocol());
        if (quotedHeader < Ipv4Header.MIN_LENGTH
                || !skb.pskbMayPull(Math.min(wanted, skb.length()))
                || !skb.cow(0)
                || skb.headLength() < quotedAt + quotedHeader) {
            return false;
        }
        long at = skb.data() + quotedAt;
        if (!rewriteAt(skb, at, skb.headLength() - quotedAt, quotedTarget, quotedSource, false)) {
            return false;
        }
        icmp.wrap(skb.memory(), skb.data() + header, IcmpHeader.LENGTH).checksum(0);
        icmp.checksum(InternetChecksum.fold(SkbChecksum.sum(skb, header, skb.length() - header, 0)));
        skb.ipSummed = SkBuff.CHECKSUM_NONE;
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        int old = outerSource ? ip.source() : ip.destination();
        int address = outerSource ? outer.source : outer.destination;
        if (outerSource) {
            ip.source(address);
        } else {
            ip.destination(address);
        }
        ip.checksum(InternetChecksum.update32(ip.checksum(), old, address));
        return true;
    }

    private static int u16(GuestMemory memory, long at) {
        return Short.reverseBytes(memory.readShort(at)) & 0xFFFF;
    }
}
