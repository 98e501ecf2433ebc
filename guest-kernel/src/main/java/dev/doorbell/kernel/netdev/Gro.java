package dev.doorbell.kernel.netdev;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.bus.wire.EthernetHeader;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import dev.doorbell.kernel.time.Jiffies;
import org.jspecify.annotations.Nullable;

/**
 * Generic receive offload of one NAPI: merges consecutive TCP segments of a flow, over IPv4 or IPv6, into one packet before
 * the stack sees them. What comes out could be segmented again into what came in.
 *
 * <p>A segment is merged when addresses, ports, VLAN, Ethernet header, TTL, TOS (hop limit, class, flow label), DF,
 * acknowledgment, flags (but FIN and PSH) and options are those of the held packet, its sequence number follows, its
 * checksum is right, it is not longer than the first, and the sum stays below 64 KiB. A shorter segment, and one with
 * PSH, FIN, URG, RST or SYN, ends the packet.
 */
public final class Gro {
    /** GRO_LEGACY_MAX_SIZE: bytes of a merged packet, IP header included. */
    static final int MAX_BYTES = 65535;

    private static final int BUCKETS = 8;
    /** MAX_GRO_SKBS: packets held per bucket. */
    private static final int MAX_HELD = 8;

    private static final int IP_TTL = 8, IP_SOURCE = 12;
    private static final int IP6_HOP_LIMIT = 7, IP6_SOURCE = 8;
    /** Flags that may differ between merged segments. */
    private static final int MERGEABLE_FLAGS = TcpHeader.CWR | TcpHeader.FIN | TcpHeader.PSH;
    /** Flags that end a merged packet. */
    private static final int ENDING_FLAGS =
            TcpHeader.URG | TcpHeader.PSH | TcpHeader.RST | TcpHeader.SYN | TcpHeader.FIN;
    /** How the IP identification moves within a packet with DF; decided by its second segment. */
    private static final int ID_UNDECIDED = 0, ID_INCREMENTS = 1, ID_FIXED = 2;

    private final NetCore net;
    /** Held packets per bucket, oldest first, linked by next. */
    private final @Nullable SkBuff[] held = new @Nullable SkBuff[BUCKETS];

    private final int[] heldCount = new int[BUCKETS];
    private int heldTotal;
    private final Ipv4Header ip = new Ipv4Header();
    private final Ipv6Header ip6 = new Ipv6Header();
    private final TcpHeader tcp = new TcpHeader();
    private long merged;

    // The segment under consideration.
    /** Complete, without padding, checksums right. */
    private boolean mergeable;

    private boolean isV6;
    /** Of the IP header; of the whole packet by that header. */
    private int ipBytes, totalBytes;

    private int tcpBytes;
    private int payload;
    private int flags;
    private int sequence;
    private int ports;

    Gro(NetCore net) {
        this.net = net;
    }

    /** Segments that were merged into another packet. */
    public long merged() {
        return merged;
    }

    /** Packets held back now. */
    public int heldPackets() {
        return heldTotal;
    }

    /** Merges, holds or passes up. Takes over {@code skb}, on which eth_type_trans has run. */
    void receive(SkBuff skb) {
        NetDevice dev = skb.dev;
        if (dev == null || !dev.hasFeature(Features.GRO)) {
            net.passUp(skb);
            return;
        }
        if (skb.protocol == EtherType.VLAN && !skb.vlanPresent && !VlanTags.strip(skb)) {
            net.passUp(skb);
            return;
        }
        if (!parse(skb)) {
            net.passUp(skb);
            return;
        }
        int source = isV6 ? (int) ip6.sourceLow() : ip.source();
        int bucket = (ports ^ ports >>> 16 ^ source) & BUCKETS - 1;
        SkBuff before = null;
        SkBuff packet = held[bucket];
        while (packet != null && !isSameFlow(packet, skb)) {
            before = packet;
            packet = packet.next;
        }
        boolean ends = (flags & ENDING_FLAGS) != 0;
        if (packet != null) {
            if (mergeable && canMerge(packet)) {
                int firstPayload = packet.gsoSize;
                merge(packet, skb);
                if (ends || payload < firstPayload) {
                    release(bucket, before, packet);
                }
                return;
            }
            // The flow goes on in a way that does not fit: what was held goes first, so that order is kept.
            release(bucket, before, packet);
            wrap(skb);
        }
        if (!mergeable || ends || payload == 0) {
            net.passUp(skb);
        } else {
            hold(bucket, skb);
        }
    }

    /**
     * Looks at the headers.
     *
     * @return false: no TCP segment, or one with IP options or extension headers: it goes up as it is
     */
    private boolean parse(SkBuff skb) {
        isV6 = skb.protocol == EtherType.IPV6;
        if (isV6 ? !parseV6(skb) : skb.protocol != EtherType.IPV4 || !parseV4(skb)) {
            return false;
        }
        wrap(skb);
        if (!tcp.isValid() || ipBytes + tcpBytes > totalBytes) {
            return false;
        }
        mergeable = totalBytes == skb.length() && (isV6 || ip.isChecksumValid()) && isChecksumValid(skb);
        return true;
    }

    private boolean parseV4(SkBuff skb) {
        int linear = skb.headLength();
        if (linear < Ipv4Header.MIN_LENGTH + TcpHeader.MIN_LENGTH) {
            return false;
        }
        ip.wrap(skb.memory(), skb.data(), linear);
        return ip.version() == 4
                && ip.headerLength() == Ipv4Header.MIN_LENGTH
                && ip.protocol() == IpProtocol.TCP
                && !ip.isFragment()
                && ip.totalLength() <= skb.length();
    }

    private boolean parseV6(SkBuff skb) {
        int linear = skb.headLength();
        if (linear < Ipv6Header.LENGTH + TcpHeader.MIN_LENGTH) {
            return false;
        }
        ip6.wrap(skb.memory(), skb.data(), linear);
        return ip6.version() == 6
                && ip6.nextHeader() == IpProtocol.TCP
                && Ipv6Header.LENGTH + ip6.payloadLength() <= skb.length();
    }

    private long pseudoHeader(int tcpLength) {
        return isV6
                ? InternetChecksum.pseudoHeaderV6(
                        ip6.sourceHigh(),
                        ip6.sourceLow(),
                        ip6.destinationHigh(),
                        ip6.destinationLow(),
                        IpProtocol.TCP,
                        tcpLength)
                : InternetChecksum.pseudoHeader(ip.source(), ip.destination(), IpProtocol.TCP, tcpLength);
    }

    private boolean isChecksumValid(SkBuff skb) {
        if (SkbChecksum.isUnnecessary(skb)) {
            return true;
        }
        int bytes = skb.length() - ipBytes;
        if (InternetChecksum.fold(SkbChecksum.sum(skb, ipBytes, bytes, pseudoHeader(bytes))) != 0) {
            return false;
        }
        skb.ipSummed = SkBuff.CHECKSUM_UNNECESSARY;
        return true;
    }

    private void wrap(SkBuff skb) {
        long at = skb.data();
        int linear = skb.headLength();
        isV6 = skb.protocol == EtherType.IPV6;
        if (isV6) {
            ip6.wrap(skb.memory(), at, linear);
            ipBytes = Ipv6Header.LENGTH;
            totalBytes = ipBytes + ip6.payloadLength();
        } else {
            ip.wrap(skb.memory(), at, linear);
            ipBytes = Ipv4Header.MIN_LENGTH;
            totalBytes = ip.totalLength();
        }
        tcp.wrap(skb.memory(), at + ipBytes, linear - ipBytes);
        tcpBytes = tcp.headerLength();
        payload = totalBytes - ipBytes - tcpBytes;
        flags = tcp.flags();
        sequence = tcp.sequence();
        ports = tcp.ports();
    }

    /** Addresses, ports, VLAN and Ethernet header. cbEndSeq of a held packet holds its ports. */
    private boolean isSameFlow(SkBuff packet, SkBuff skb) {
        if (packet.cbEndSeq != ports
                || packet.protocol != skb.protocol
                || packet.vlanPresent != skb.vlanPresent
                || packet.vlanTci != skb.vlanTci) {
            return false;
        }
        GuestMemory memory = skb.memory();
        long one = packet.networkHeader;
        long other = skb.data();
        boolean sameAddresses = isV6
                ? sameAddressesV6(memory, one + IP6_SOURCE, other + IP6_SOURCE)
                : memory.readLong(one + IP_SOURCE) == memory.readLong(other + IP_SOURCE);
        return sameAddresses && sameEthernet(memory, packet.macHeader, skb.macHeader);
    }

    private static boolean sameAddressesV6(GuestMemory memory, long one, long other) {
        return memory.readLong(one + 8) == memory.readLong(other + 8)
                && memory.readLong(one + 24) == memory.readLong(other + 24)
                && memory.readLong(one) == memory.readLong(other)
                && memory.readLong(one + 16) == memory.readLong(other + 16);
    }

    private static boolean sameEthernet(GuestMemory memory, long one, long other) {
        int overlap = EthernetHeader.LENGTH - Long.BYTES;
        return memory.readLong(one) == memory.readLong(other)
                && memory.readLong(one + overlap) == memory.readLong(other + overlap);
    }

    /** The rest of the rules, for a segment of the flow that {@code packet} belongs to. */
    private boolean canMerge(SkBuff packet) {
        GuestMemory memory = packet.memory();
        long ipOfPacket = packet.networkHeader;
        long tcpOfPacket = ipOfPacket + ipBytes;
        if (payload == 0
                || payload > packet.gsoSize
                || sequence != packet.cbSeq
                || tcp.acknowledgment() != packet.cbAck
                || packet.length() + payload > MAX_BYTES
                || (flags & TcpHeader.CWR) != 0
                || ((flags ^ packet.cbFlags) & ~MERGEABLE_FLAGS) != 0
                || !sameHopsAndClass(memory, ipOfPacket)
                || tcpBytes != (memory.readByte(tcpOfPacket + 12) & 0xF0) >>> 2) {
            return false;
        }
        long tcpOfSegment = tcp.gpa();
        for (int option = TcpHeader.MIN_LENGTH; option < tcpBytes; option += Integer.BYTES) {
            if (memory.readInt(tcpOfPacket + option) != memory.readInt(tcpOfSegment + option)) {
                return false;
            }
        }
        return isV6 || identificationFits(packet);
    }

    private boolean sameHopsAndClass(GuestMemory memory, long ipOfPacket) {
        return isV6
                ? memory.readInt(ipOfPacket) == memory.readInt(ip6.gpa())
                        && (memory.readByte(ipOfPacket + IP6_HOP_LIMIT) & 0xFF) == ip6.hopLimit()
                : (memory.readByte(ipOfPacket + IP_TTL) & 0xFF) == ip.ttl()
                        && (memory.readByte(ipOfPacket + 1) & 0xFF) == ip.tos();
    }

    /** cbSacked: identification of the first segment; cbRetrans: ID_*. */
    private boolean identificationFits(SkBuff packet) {
        boolean dontFragment = ip.isDontFragment();
        boolean increments = (packet.cbSacked + packet.gsoSegments & 0xFFFF) == ip.identification();
        boolean fixed = packet.cbSacked == ip.identification();
        boolean packetDontFragment = (packet.cbCount & Ipv4Header.DONT_FRAGMENT) != 0;
        if (dontFragment != packetDontFragment) {
            return false;
        }
        if (!dontFragment) {
            return increments;
        }
        return switch (packet.cbRetrans) {
            case ID_INCREMENTS -> increments;
            case ID_FIXED -> fixed;
            default -> increments || fixed;
        };
    }

    private void merge(SkBuff packet, SkBuff skb) {
        if (!isV6 && packet.cbRetrans == ID_UNDECIDED) {
            packet.cbRetrans = packet.cbSacked == ip.identification() ? ID_FIXED : ID_INCREMENTS;
        }
        packet.gsoSegments++;
        packet.cbSeq += payload;
        int ending = flags & (TcpHeader.FIN | TcpHeader.PSH);
        if (ending != 0) {
            GuestMemory memory = packet.memory();
            long flagsOfPacket = packet.networkHeader + ipBytes + 13;
            memory.writeByte(flagsOfPacket, memory.readByte(flagsOfPacket) | ending);
        }
        merged++;
        packet.mergeTail(skb, ipBytes + tcpBytes);
    }

    private void hold(int bucket, SkBuff skb) {
        if (heldCount[bucket] == MAX_HELD) {
            SkBuff oldest = held[bucket];
            if (oldest != null) {
                release(bucket, null, oldest);
                wrap(skb);
            }
        }
        skb.networkHeader = skb.data();
        skb.gsoSize = payload;
        skb.gsoSegments = 1;
        skb.cbSeq = sequence + payload;
        skb.cbAck = tcp.acknowledgment();
        skb.cbFlags = flags;
        skb.cbEndSeq = ports;
        skb.cbSacked = isV6 ? 0 : ip.identification();
        skb.cbRetrans = ID_UNDECIDED;
        skb.cbCount = isV6 ? 0 : ip.flagsAndFragmentOffset();
        skb.cbTimeNs = net.kernel().nowNs();
        skb.next = null;
        SkBuff last = held[bucket];
        if (last == null) {
            held[bucket] = skb;
        } else {
            while (last.next != null) {
                last = last.next;
            }
            last.next = skb;
        }
        heldCount[bucket]++;
        heldTotal++;
    }

    private void release(int bucket, @Nullable SkBuff before, SkBuff packet) {
        if (before == null) {
            held[bucket] = packet.next;
        } else {
            before.next = packet.next;
        }
        packet.next = null;
        heldCount[bucket]--;
        heldTotal--;
        complete(packet);
        net.passUp(packet);
    }

    /** napi_gro_complete: headers for the whole, and what is needed to segment it again. */
    private void complete(SkBuff packet) {
        if (packet.gsoSegments > 1) {
            GuestMemory memory = packet.memory();
            int bytes = packet.length();
            boolean v6 = packet.protocol == EtherType.IPV6;
            int header = v6 ? Ipv6Header.LENGTH : Ipv4Header.MIN_LENGTH;
            long transport = packet.networkHeader + header;
            if (v6) {
                ip6.wrap(memory, packet.networkHeader, packet.headLength()).payloadLength(bytes - header);
            } else {
                ip.wrap(memory, packet.networkHeader, packet.headLength())
                        .totalLength(bytes)
                        .updateChecksum();
            }
            isV6 = v6;
            tcp.wrap(memory, transport, packet.headLength() - header)
                    .checksum(InternetChecksum.fold16(pseudoHeader(bytes - header)));
            packet.transportHeader = transport;
            packet.ipSummed = SkBuff.CHECKSUM_PARTIAL;
            packet.checksumStart = transport;
            packet.checksumOffset = TcpHeader.CHECKSUM_OFFSET;
            packet.gsoType = v6 ? SkBuff.GSO_TCPV6 : SkBuff.GSO_TCPV4;
        } else {
            packet.gsoSize = 0;
            packet.gsoSegments = 0;
        }
        packet.cbSeq = 0;
        packet.cbEndSeq = 0;
        packet.cbAck = 0;
        packet.cbFlags = 0;
        packet.cbSacked = 0;
        packet.cbRetrans = 0;
        packet.cbCount = 0;
        packet.cbTimeNs = 0;
    }

    /** napi_gro_flush: passes up everything held. */
    void flush() {
        if (heldTotal == 0) {
            return;
        }
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            for (SkBuff packet = held[bucket]; packet != null; packet = held[bucket]) {
                release(bucket, null, packet);
            }
        }
    }

    /** Passes up what was held in an earlier tick: for a NAPI that never gets to the end of its work. */
    void flushOlderThan(long nowNs) {
        if (heldTotal == 0) {
            return;
        }
        long tick = Jiffies.of(nowNs);
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            for (SkBuff packet = held[bucket];
                    packet != null && Jiffies.of(packet.cbTimeNs) < tick;
                    packet = held[bucket]) {
                release(bucket, null, packet);
            }
        }
    }
}
