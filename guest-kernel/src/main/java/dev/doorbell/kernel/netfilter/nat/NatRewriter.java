package dev.doorbell.kernel.netfilter.nat;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.ExtensionHeaders;
import dev.doorbell.bus.wire.IcmpHeader;
import dev.doorbell.bus.wire.IcmpTypes;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.conntrack.Tuple;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;

/**
 * Writes other addresses and ports into packets, and into packets that ICMP errors quote. Checksums are updated, RFC
 * 1624; of a packet whose checksum is left to the card, the pseudo header's sum.
 */
final class NatRewriter {
    private static final int UDP_LENGTH = 8, UDP_CHECKSUM = 6, QUOTED_BYTES = 8, UDPLITE = 136;
    private static final int ECHO_REQUEST6 = 128, ECHO_REPLY6 = 129, ICMP_CHECKSUM = 2;
    /** No transport header; how much of a quoted packet is looked at. */
    private static final int NONE = -1, MAX_QUOTE = 576;

    private final Ipv4Header ip = new Ipv4Header();
    private final Ipv6Header ip6 = new Ipv6Header();
    private final IcmpHeader icmp = new IcmpHeader();
    private final ExtensionHeaders chain = new ExtensionHeaders();

    // Of the header at hand: the addresses that are replaced.
    private long oldHigh, oldLow, newHigh, newLow;

    /**
     * @param packet loaded
     * @param target what the packet shall look like
     * @param source true: its source changes, false: its destination
     * @return false: too short, or out of memory; it must be dropped
     */
    boolean rewrite(Packet packet, Tuple target, boolean source) {
        SkBuff skb = packet.skb();
        int wanted = packet.headerLength() + transportBytes(packet.protocol());
        if (!skb.pskbMayPull(Math.min(wanted, skb.length())) || !skb.cow(0)) {
            return false;
        }
        int transport = packet.fragmentOffset() != 0 ? NONE : packet.headerLength();
        boolean partial = skb.ipSummed == SkBuff.CHECKSUM_PARTIAL;
        boolean ok = rewriteAt(
                packet.isV6(),
                skb,
                skb.data(),
                transport,
                packet.protocol(),
                skb.headLength(),
                target,
                source,
                partial);
        if (skb.ipSummed == SkBuff.CHECKSUM_COMPLETE) {
            skb.ipSummed = SkBuff.CHECKSUM_NONE; // the sum was over the old addresses
        }
        return ok;
    }

    private static int transportBytes(int protocol) {
        return protocol == IpProtocol.TCP ? TcpHeader.MIN_LENGTH : UDP_LENGTH;
    }

    /**
     * @param at where the IP header begins
     * @param transport bytes in front of the transport header; NONE: there is none here
     * @param available bytes that can be read from {@code at} on
     * @param partial the transport checksum field holds the sum of the pseudo header only
     */
    private boolean rewriteAt(
            boolean v6,
            SkBuff skb,
            long at,
            int transport,
            int protocol,
            int available,
            Tuple target,
            boolean source,
            boolean partial) {
        GuestMemory memory = skb.memory();
        readAddresses(v6, memory, at, target, source);
        if (transport != NONE
                && !rewriteTransport(
                        memory, at + transport, available - transport, protocol, target, source, partial)) {
            return false;
        }
        writeAddress(v6, memory, at, source);
        return true;
    }

    private void readAddresses(boolean v6, GuestMemory memory, long at, Tuple target, boolean source) {
        newHigh = source ? target.sourceHigh : target.destinationHigh;
        newLow = source ? target.sourceLow : target.destinationLow;
        if (v6) {
            ip6.wrap(memory, at, Ipv6Header.LENGTH);
            oldHigh = source ? ip6.sourceHigh() : ip6.destinationHigh();
            oldLow = source ? ip6.sourceLow() : ip6.destinationLow();
        } else {
            ip.wrap(memory, at, Ipv4Header.MIN_LENGTH);
            oldHigh = 0;
            oldLow = Ipv6Address.ofV4(source ? ip.source() : ip.destination());
        }
    }

    /** What {@link #readAddresses} has prepared. */
    private void writeAddress(boolean v6, GuestMemory memory, long at, boolean source) {
        if (v6) {
            ip6.wrap(memory, at, Ipv6Header.LENGTH);
            if (source) {
                ip6.source(newHigh, newLow);
            } else {
                ip6.destination(newHigh, newLow);
            }
            return;
        }
        ip.wrap(memory, at, Ipv4Header.MIN_LENGTH);
        if (source) {
            ip.source((int) newLow);
        } else {
            ip.destination((int) newLow);
        }
        ip.checksum(InternetChecksum.update32(ip.checksum(), (int) oldLow, (int) newLow));
    }

    private boolean rewriteTransport(
            GuestMemory memory, long at, int available, int protocol, Tuple target, boolean source, boolean partial) {
        int port = source ? target.sourcePort : target.destinationPort;
        switch (protocol) {
            case IpProtocol.TCP -> {
                if (available < QUOTED_BYTES) {
                    return false;
                }
                int oldPort = putPort(memory, at, port, source);
                if (available >= TcpHeader.MIN_LENGTH) {
                    updateChecksum(memory, at + TcpHeader.CHECKSUM_OFFSET, oldPort, port, partial, false);
                }
            }
            case IpProtocol.UDP, UDPLITE -> {
                if (available < UDP_LENGTH) {
                    return false;
                }
                int oldPort = putPort(memory, at, port, source);
                if (u16(memory, at + UDP_CHECKSUM) != 0 || partial) {
                    updateChecksum(memory, at + UDP_CHECKSUM, oldPort, port, partial, true);
                }
            }
            case IpProtocol.ICMP -> {
                if (available < IcmpHeader.LENGTH) {
                    return false;
                }
                icmp.wrap(memory, at, IcmpHeader.LENGTH);
                if (IcmpTypes.isQuery(icmp.type())) {
                    int before = icmp.identifier();
                    icmp.identifier(target.sourcePort);
                    icmp.checksum(InternetChecksum.update16(icmp.checksum(), before, target.sourcePort));
                }
            }
            case IpProtocol.ICMPV6 -> {
                if (available < IcmpHeader.LENGTH) {
                    return false;
                }
                icmp.wrap(memory, at, IcmpHeader.LENGTH);
                boolean echo = icmp.type() == ECHO_REQUEST6 || icmp.type() == ECHO_REPLY6;
                int before = echo ? icmp.identifier() : 0;
                int after = echo ? target.sourcePort : 0;
                if (echo) {
                    icmp.identifier(after);
                }
                updateChecksum(memory, at + ICMP_CHECKSUM, before, after, partial, false);
            }
            default -> {}
        }
        return true;
    }

    /** @return the port before */
    private static int putPort(GuestMemory memory, long transport, int port, boolean source) {
        long at = source ? transport : transport + 2;
        int before = u16(memory, at);
        memory.writeShort(at, Short.reverseBytes((short) port));
        return before;
    }

    private void updateChecksum(GuestMemory memory, long at, int oldPort, int port, boolean partial, boolean udp) {
        int checksum = u16(memory, at);
        int updated;
        if (partial) {
            // Not complemented, and ports are not in it: the card sums them up.
            updated = ~withAddresses(~checksum & 0xFFFF) & 0xFFFF;
        } else {
            updated = InternetChecksum.update16(withAddresses(checksum), oldPort, port);
            updated = udp && updated == 0 ? 0xFFFF : updated;
        }
        memory.writeShort(at, Short.reverseBytes((short) updated));
    }

    private int withAddresses(int checksum) {
        return InternetChecksum.update64(InternetChecksum.update64(checksum, oldHigh, newHigh), oldLow, newLow);
    }

    /**
     * An ICMP error about a translated packet: the quoted packet becomes again what its sender sent, and the error looks
     * like an answer to that.
     *
     * @param quotedTarget what the quoted packet shall look like
     * @param quotedSource true: its source changes
     * @param outer the error's own addresses
     */
    boolean rewriteError(Packet packet, Tuple quotedTarget, boolean quotedSource, Tuple outer, boolean outerSource) {
        boolean v6 = packet.isV6();
        SkBuff skb = packet.skb();
        int header = packet.headerLength();
        int quotedAt = header + IcmpHeader.LENGTH;
        if (!skb.pskbMayPull(Math.min(skb.length(), quotedAt + MAX_QUOTE)) || !skb.cow(0)) {
            return false;
        }
        int available = skb.headLength() - quotedAt;
        int transport = available < (v6 ? Ipv6Header.LENGTH : Ipv4Header.MIN_LENGTH)
                ? ExtensionHeaders.INCOMPLETE
                : quotedTransport(v6, skb.memory(), skb.data() + quotedAt, available);
        if (transport == ExtensionHeaders.INCOMPLETE) {
            return false;
        }
        int protocol = v6 ? chain.protocol() : ip.protocol();
        boolean later = v6 ? chain.isLaterFragment() : ip.fragmentOffset() != 0;
        long at = skb.data() + quotedAt;
        if (!rewriteAt(v6, skb, at, later ? NONE : transport, protocol, available, quotedTarget, quotedSource, false)) {
            return false;
        }
        readAddresses(v6, skb.memory(), skb.data(), outer, outerSource);
        writeAddress(v6, skb.memory(), skb.data(), outerSource);
        int bytes = skb.length() - header;
        packet.reload();
        long pseudo = v6 ? packet.pseudoHeader(bytes) : 0;
        icmp.wrap(skb.memory(), skb.data() + header, IcmpHeader.LENGTH).checksum(0);
        icmp.checksum(InternetChecksum.fold(SkbChecksum.sum(skb, header, bytes, pseudo)));
        skb.ipSummed = SkBuff.CHECKSUM_NONE;
        return true;
    }

    /** Bytes in front of the transport header of a quoted packet, or INCOMPLETE. */
    private int quotedTransport(boolean v6, GuestMemory memory, long at, int available) {
        if (v6) {
            return chain.skip(memory, at, available);
        }
        ip.wrap(memory, at, available);
        int length = ip.headerLength();
        return length < Ipv4Header.MIN_LENGTH || length > available ? ExtensionHeaders.INCOMPLETE : length;
    }

    private static int u16(GuestMemory memory, long at) {
        return Short.reverseBytes(memory.readShort(at)) & 0xFFFF;
    }
}
