package dev.doorbell.kernel.skb;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.bus.wire.TcpHeader;
import org.jspecify.annotations.Nullable;

/** Cuts large packets into wire-sized ones in software, and splits buffers. One instance per user: it holds views. */
public final class SkbSegmenter {
    private final Ipv4Header ipv4 = new Ipv4Header();
    private final Ipv6Header ipv6 = new Ipv6Header();
    private final TcpHeader tcp = new TcpHeader();

    /**
     * Segments a TCP packet with {@code gsoSize} set: skb_gso_segment. Data at the Ethernet header, networkHeader and
     * transportHeader set and linear. The segments are linear and have their checksums in CHECKSUM_PARTIAL form.
     *
     * @param headroom in front of each segment's Ethernet header
     * @return the segments, linked by next; {@code skb} is freed. Null: out of memory or no such packet; {@code skb} is
     *     still the caller's
     */
    public @Nullable SkBuff segment(SkBuff skb, int headroom) {
        int toNetwork = (int) (skb.networkHeader - skb.data());
        int toTransport = (int) (skb.transportHeader - skb.data());
        if (toNetwork < 0
                || toTransport <= toNetwork
                || skb.gsoSize <= 0
                || !skb.pskbMayPull(toTransport + TcpHeader.MIN_LENGTH)) {
            return null;
        }
        GuestMemory memory = skb.memory();
        tcp.wrap(memory, skb.transportHeader, skb.length() - toTransport);
        if (!tcp.isValid() || !skb.pskbMayPull(toTransport + tcp.headerLength())) {
            return null;
        }
        tcp.wrap(memory, skb.transportHeader, skb.headLength() - toTransport);
        int headers = toTransport + tcp.headerLength();
        int flags = tcp.flags();
        int sequence = tcp.sequence();
        boolean isV4 = skb.gsoType == SkbFields.GSO_TCPV4;
        int identification = isV4
                ? ipv4.wrap(memory, skb.networkHeader, toTransport - toNetwork).identification()
                : 0;
        SkBuff first = null;
        SkBuff last = null;
        int total = skb.length();
        int index = 0;
        for (int at = headers; at < total || index == 0; index++) {
            int payload = Math.min(skb.gsoSize, total - at);
            SkBuff segment = skb.allocator().alloc(headroom, headers + payload);
            if (segment == null) {
                freeList(first);
                return null;
            }
            fill(segment, skb, headers, at, payload);
            boolean isLast = at + payload >= total;
            tcp.wrap(memory, segment.transportHeader, headers - toTransport)
                    .sequence(sequence + at - headers)
                    .flags(segmentFlags(flags, index == 0, isLast));
            finishHeaders(segment, isV4, identification + index, headers - toTransport + payload);
            if (last == null) {
                first = segment;
            } else {
                last.next = segment;
            }
            last = segment;
            at += payload;
        }
        skb.free();
        return first;
    }

    /** CWR announces a reduction once; FIN and PSH belong behind the last byte. */
    private static int segmentFlags(int flags, boolean isFirst, boolean isLast) {
        int kept = isFirst ? flags : flags & ~TcpHeader.CWR;
        return isLast ? kept : kept & ~(TcpHeader.FIN | TcpHeader.PSH);
    }

    private static void fill(SkBuff segment, SkBuff skb, int headers, int at, int payload) {
        long data = segment.put(headers + payload);
        GuestMemory memory = skb.memory();
        memory.copyTo(skb.data(), memory, data, headers);
        SkbCopy.copyBits(skb, at, memory, data + headers, payload);
        int truesize = segment.truesize;
        segment.copyHeaderFrom(skb);
        segment.truesize = truesize;
        segment.moveHeaders(data - skb.data());
        segment.gsoSize = 0;
        segment.gsoSegments = 0;
        segment.gsoType = SkbFields.GSO_NONE;
    }

    private void finishHeaders(SkBuff segment, boolean isV4, int identification, int transportBytes) {
        GuestMemory memory = segment.memory();
        int networkBytes = (int) (segment.transportHeader - segment.networkHeader);
        long pseudo;
        if (isV4) {
            ipv4.wrap(memory, segment.networkHeader, networkBytes)
                    .totalLength(networkBytes + transportBytes)
                    .identification(identification)
                    .updateChecksum();
            pseudo = InternetChecksum.pseudoHeader(ipv4.source(), ipv4.destination(), IpProtocol.TCP, transportBytes);
        } else {
            ipv6.wrap(memory, segment.networkHeader, networkBytes)
                    .payloadLength(networkBytes - Ipv6Header.LENGTH + transportBytes);
            pseudo = InternetChecksum.pseudoHeaderV6(
                    ipv6.sourceHigh(),
                    ipv6.sourceLow(),
                    ipv6.destinationHigh(),
                    ipv6.destinationLow(),
                    IpProtocol.TCP,
                    transportBytes);
        }
        tcp.checksum(InternetChecksum.fold16(pseudo));
        segment.ipSummed = SkbFields.CHECKSUM_PARTIAL;
        segment.checksumStart = segment.transportHeader;
        segment.checksumOffset = TcpHeader.CHECKSUM_OFFSET;
    }

    /** Frees packets linked by next. */
    public static void freeList(@Nullable SkBuff first) {
        SkBuff skb = first;
        while (skb != null) {
            SkBuff following = skb.next;
            skb.next = null;
            skb.free();
            skb = following;
        }
    }

    /**
     * Moves everything behind the first {@code bytes} of {@code skb} to the empty buffer {@code rest}: skb_split.
     * Fragments move by reference; linear bytes are copied, so {@code rest} must have room for them. No fragment list.
     */
    public static void split(SkBuff skb, SkBuff rest, int bytes) {
        if (skb.fragList != null) {
            throw new IllegalStateException("split of an skb with a fragment list");
        }
        int linear = skb.headLength();
        int movedLinear = Math.max(0, linear - bytes);
        if (movedLinear > 0) {
            long to = rest.put(movedLinear);
            skb.memory().copyTo(skb.data() + bytes, rest.memory(), to, movedLinear);
            skb.trimLinear(bytes);
        }
        rest.takeFragsFrom(skb, Math.max(0, bytes - linear));
    }
}
