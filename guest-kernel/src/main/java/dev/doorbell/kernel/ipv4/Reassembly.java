package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.reassembly.FragmentQueue;
import dev.doorbell.kernel.reassembly.Reassembler;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** Puts fragments together, RFC 791 section 3.2 and RFC 815, with Linux's limits: 30 s, 4 MiB, oldest datagram first. */
final class Reassembly extends Reassembler {
    /** net.ipv4.ipfrag_time. */
    static final long TIMEOUT_NS = 30_000_000_000L;

    /** A TCP header cut after eight bytes only serves to get past filters, RFC 3128. */
    private static final int TINY_OFFSET = 8;

    private final SnmpCounters snmp;
    private final Ipv4Header ip = new Ipv4Header();
    private @Nullable IcmpErrors icmp;

    Reassembly(KernelContext kernel, SnmpCounters snmp) {
        super(kernel, "ip reassembly", TIMEOUT_NS);
        this.snmp = snmp;
    }

    void setIcmp(IcmpErrors icmp) {
        this.icmp = icmp;
    }

    /**
     * Takes a fragment.
     *
     * @param skb data() at its IP header, which is valid, linear, and of exactly the length of the packet
     * @return the whole datagram when this was the missing piece, data() at its IP header; else null
     */
    @Nullable
    SkBuff add(SkBuff skb) {
        snmp.count(Mib.IP_REASM_REQDS);
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        int offset = ip.fragmentOffset();
        int bytes = ip.payloadLength();
        boolean more = ip.isMoreFragments();
        DropReason bad = check(offset, bytes, more);
        if (bad != null) {
            return refuse(skb, bad);
        }
        return add(
                skb,
                0,
                Ipv6Address.ofV4(ip.source()),
                0,
                Ipv6Address.ofV4(ip.destination()),
                ip.protocol(),
                ip.identification(),
                offset,
                bytes,
                more);
    }

    private @Nullable DropReason check(int offset, int bytes, boolean more) {
        if (bytes == 0 || more && (bytes & 7) != 0) {
            return DropReason.FRAG_BAD_LENGTH;
        }
        if (offset + bytes + ip.headerLength() > MAX_DATAGRAM) {
            return DropReason.PKT_TOO_BIG;
        }
        return offset == TINY_OFFSET && ip.protocol() == IpProtocol.TCP ? DropReason.FRAG_BAD_LENGTH : null;
    }

    @Override
    protected @Nullable SkBuff assemble(FragmentQueue queue) {
        int total = queue.totalBytes();
        SkBuff head = queue.takeSorted();
        if (head == null) {
            throw new IllegalStateException("complete datagram without fragments");
        }
        SkBuff rest = head.next;
        head.next = null;
        ip.wrap(head.memory(), head.data(), head.headLength());
        int headerLength = ip.headerLength();
        if (total + headerLength > MAX_DATAGRAM || head.isCloned() && !head.cow(0)) {
            head.next = rest;
            freeList(head, DropReason.PKT_TOO_BIG);
            snmp.count(Mib.IP_REASM_FAILS);
            return null;
        }
        int longest = ip.totalLength();
        int longestWithDf = ip.isDontFragment() ? longest : 0;
        while (rest != null) {
            SkBuff following = rest.next;
            ip.wrap(rest.memory(), rest.data(), rest.headLength());
            longest = Math.max(longest, ip.totalLength());
            longestWithDf = ip.isDontFragment() ? Math.max(longestWithDf, ip.totalLength()) : longestWithDf;
            rest.pull(ip.headerLength());
            head.addToFragList(rest);
            rest = following;
        }
        // DF stays only when the longest fragment had it: a router must not send longer ones than the sender did.
        ip.wrap(head.memory(), head.data(), head.headLength())
                .totalLength(total + headerLength)
                .flagsAndFragmentOffset(longestWithDf == longest ? Ipv4Header.DONT_FRAGMENT : 0)
                .updateChecksum();
        head.fragmentMax = longest;
        head.ipSummed = SkBuff.CHECKSUM_NONE;
        head.networkHeader = head.data();
        snmp.count(Mib.IP_REASM_OKS);
        return head;
    }

    @Override
    protected void timedOut(SkBuff first) {
        if (icmp != null) {
            icmp.reassemblyTimeExceeded(first);
        }
    }

    @Override
    protected void countFailure() {
        snmp.count(Mib.IP_REASM_FAILS);
    }

    @Override
    protected void countOverlap() {
        snmp.count(Mib.IP_REASM_OVERLAPS);
    }

    @Override
    protected void countTimeout() {
        snmp.count(Mib.IP_REASM_TIMEOUT);
    }
}
