package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import dev.doorbell.kernel.skb.SkbCopy;

/** Cuts datagrams that are too long for the link, RFC 791 section 3.2. */
final class Fragmenter {
    /** Sends one fragment. */
    interface Sender {
        int send(SkBuff fragment, Route route);
    }

    private final SnmpCounters snmp;
    private final Sender sender;
    private final Ipv4Header ip = new Ipv4Header();

    Fragmenter(SnmpCounters snmp, Sender sender) {
        this.snmp = snmp;
        this.sender = sender;
    }

    /**
     * @param skb data() at a finished IP header without DF; gone in every case
     * @return 0, or a negated errno; then some fragments may have gone
     */
    int fragment(SkBuff skb, Route route, int mtu) {
        // A fragment's checksum cannot be left to the card.
        if (skb.ipSummed == SkBuff.CHECKSUM_PARTIAL && !SkbChecksum.help(skb)) {
            skb.drop(DropReason.NOMEM);
            return Errno.ENOBUFS.negated();
        }
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        int headerLength = ip.headerLength();
        int firstOffset = ip.fragmentOffset();
        boolean moreBehind = ip.isMoreFragments();
        int payload = skb.length() - headerLength;
        int done = 0;
        int result = 0;
        int copied = headerLength;
        while (done < payload && result == 0) {
            int room = mtu - copied & ~7;
            int bytes = payload - done <= mtu - copied ? payload - done : room;
            SkBuff fragment = bytes <= 0 ? null : skb.allocator().alloc(Ipv4.MAX_HEADER, copied + bytes);
            if (fragment == null) {
                result = Errno.ENOBUFS.negated();
                break;
            }
            long header = fragment.put(copied + bytes);
            copyHeader(skb, headerLength, fragment.memory(), header, done == 0);
            SkbCopy.copyBits(skb, headerLength + done, fragment.memory(), header + copied, bytes);
            boolean more = moreBehind || done + bytes < payload;
            ip.wrap(fragment.memory(), header, copied)
                    .headerLength(copied)
                    .totalLength(copied + bytes)
                    .flagsAndFragmentOffset((firstOffset + done >>> 3) | (more ? Ipv4Header.MORE_FRAGMENTS : 0))
                    .updateChecksum();
            describe(fragment, skb, header);
            snmp.count(Mib.IP_FRAG_CREATES);
            result = Math.min(0, sender.send(fragment, route));
            done += bytes;
            copied = headerLength == Ipv4Header.MIN_LENGTH ? copied : copiedHeaderLength(skb, headerLength);
        }
        snmp.count(result == 0 ? Mib.IP_FRAG_OKS : Mib.IP_FRAG_FAILS);
        if (result == 0) {
            skb.free();
        } else {
            skb.drop(DropReason.NOMEM);
        }
        return result;
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
        fragment.conntrackInfo = whole.conntrackInfo;
    }

    /** The first fragment has all options; the others only those with the copied flag, padded to 4 bytes. */
    private static void copyHeader(SkBuff skb, int headerLength, GuestMemory target, long to, boolean all) {
        GuestMemory memory = skb.memory();
        if (all || headerLength == Ipv4Header.MIN_LENGTH) {
            memory.copyTo(skb.data(), target, to, headerLength);
            return;
        }
        memory.copyTo(skb.data(), target, to, Ipv4Header.MIN_LENGTH);
        int written = Ipv4Header.MIN_LENGTH;
        for (int at = Ipv4Header.MIN_LENGTH; at < headerLength; ) {
            int length = optionLength(memory, skb.data() + at, headerLength - at);
            if (length == 0) {
                break;
            }
            if (IpOptions.isCopied(memory.readByte(skb.data() + at) & 0xFF)) {
                memory.copyTo(skb.data() + at, target, to + written, length);
                written += length;
            }
            at += length;
        }
        while ((written & 3) != 0) {
            target.writeByte(to + written, IpOptions.END);
            written++;
        }
    }

    private static int copiedHeaderLength(SkBuff skb, int headerLength) {
        GuestMemory memory = skb.memory();
        int bytes = Ipv4Header.MIN_LENGTH;
        for (int at = Ipv4Header.MIN_LENGTH; at < headerLength; ) {
            int length = optionLength(memory, skb.data() + at, headerLength - at);
            if (length == 0) {
                break;
            }
            if (IpOptions.isCopied(memory.readByte(skb.data() + at) & 0xFF)) {
                bytes += length;
            }
            at += length;
        }
        return bytes + 3 & ~3;
    }

    /** @return bytes of the option, 0 at the end of the list or where it is malformed */
    private static int optionLength(GuestMemory memory, long option, int left) {
        int kind = memory.readByte(option) & 0xFF;
        if (kind == IpOptions.END) {
            return 0;
        }
        if (kind == IpOptions.NOP) {
            return 1;
        }
        int length = left < 2 ? 0 : memory.readByte(option + 1) & 0xFF;
        return length < 2 || length > left ? 0 : length;
    }
}
