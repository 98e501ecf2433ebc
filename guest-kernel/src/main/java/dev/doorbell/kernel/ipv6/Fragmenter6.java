package dev.doorbell.kernel.ipv6;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv4.SnmpCounters;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import dev.doorbell.kernel.skb.SkbCopy;
import java.util.SplittableRandom;

/** Cuts our own datagrams that are too long for the path, RFC 8200 §4.5. Routers never do. */
final class Fragmenter6 {
    /** Sends one fragment. */
    interface Sender {
        int send(SkBuff fragment, Route6 route);
    }

    private static final int FRAGMENT_BYTES = Reassembly6.FRAGMENT_BYTES;
    private static final int NEXT_HEADER_AT = 6, PAYLOAD_LENGTH_AT = 4;

    private final SnmpCounters snmp;
    private final SplittableRandom random;
    private final Sender sender;

    Fragmenter6(SnmpCounters snmp, SplittableRandom random, Sender sender) {
        this.snmp = snmp;
        this.random = random;
        this.sender = sender;
    }

    /**
     * @param skb data() at a finished IP header; gone in every case
     * @return 0, or a negated errno; then some fragments may have gone
     */
    int fragment(SkBuff skb, Route6 route, int mtu) {
        // A fragment's checksum cannot be left to the card.
        if (skb.ipSummed == SkBuff.CHECKSUM_PARTIAL && !SkbChecksum.help(skb)) {
            skb.drop(DropReason.NOMEM);
            return Errno.ENOBUFS.negated();
        }
        int unfragmentable = unfragmentable(skb);
        int nextAt = unfragmentable == Ipv6Header.LENGTH ? NEXT_HEADER_AT : Ipv6Header.LENGTH;
        int next = skb.memory().readByte(skb.data() + nextAt) & 0xFF;
        int payload = skb.length() - unfragmentable;
        int room = mtu - unfragmentable - FRAGMENT_BYTES & ~7;
        int identification = random.nextInt(); // RFC 7739 §5.3: nobody can guess it
        int result = room <= 0 ? Errno.EMSGSIZE.negated() : 0;
        for (int done = 0; done < payload && result == 0; ) {
            boolean last = payload - done <= mtu - unfragmentable - FRAGMENT_BYTES;
            int bytes = last ? payload - done : room;
            int headers = unfragmentable + FRAGMENT_BYTES;
            SkBuff fragment = skb.allocator().alloc(Ipv6.MAX_HEADER, headers + bytes);
            if (fragment == null) {
                result = Errno.ENOBUFS.negated();
                break;
            }
            long to = fragment.put(headers + bytes);
            GuestMemory memory = fragment.memory();
            skb.memory().copyTo(skb.data(), memory, to, unfragmentable);
            memory.writeByte(to + nextAt, IpProtocol.IPV6_FRAGMENT);
            memory.writeShort(
                    to + PAYLOAD_LENGTH_AT, Short.reverseBytes((short) (headers + bytes - Ipv6Header.LENGTH)));
            memory.writeByte(to + unfragmentable, next);
            memory.writeByte(to + unfragmentable + 1, 0);
            memory.writeShort(to + unfragmentable + 2, Short.reverseBytes((short) (done | (last ? 0 : 1))));
            memory.writeInt(to + unfragmentable + 4, Integer.reverseBytes(identification));
            SkbCopy.copyBits(skb, unfragmentable + done, memory, to + headers, bytes);
            describe(fragment, skb, to);
            snmp.count(Mib.IP6_FRAG_CREATES);
            result = Math.min(0, sender.send(fragment, route));
            done += bytes;
        }
        snmp.count(result == 0 ? Mib.IP6_FRAG_OKS : Mib.IP6_FRAG_FAILS);
        if (result == 0) {
            skb.free();
        } else {
            skb.drop(DropReason.NOMEM);
        }
        return result;
    }

    /** The IP header, and a hop-by-hop header if there is one: what every router must see. */
    private static int unfragmentable(SkBuff skb) {
        GuestMemory memory = skb.memory();
        boolean hopByHop = (memory.readByte(skb.data() + NEXT_HEADER_AT) & 0xFF) == IpProtocol.HOP_BY_HOP;
        return !hopByHop
                ? Ipv6Header.LENGTH
                : Ipv6Header.LENGTH + ((memory.readByte(skb.data() + Ipv6Header.LENGTH + 1) & 0xFF) + 1) * 8;
    }

    private static void describe(SkBuff fragment, SkBuff whole, long header) {
        fragment.networkHeader = header;
        fragment.protocol = whole.protocol;
        fragment.packetType = whole.packetType;
        fragment.priority = whole.priority;
        fragment.mark = whole.mark;
        fragment.dev = whole.dev;
        fragment.dst = whole.dst;
        fragment.conntrack = whole.conntrack;
    }
}
