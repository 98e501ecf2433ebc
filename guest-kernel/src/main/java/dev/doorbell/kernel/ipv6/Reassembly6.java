package dev.doorbell.kernel.ipv6;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.ExtensionHeaders;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv4.SnmpCounters;
import dev.doorbell.kernel.reassembly.FragmentQueue;
import dev.doorbell.kernel.reassembly.Reassembler;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** Puts fragments together, RFC 8200 §4.5, RFC 5722 (overlaps), RFC 7112 (complete chains), with Linux's limits. */
final class Reassembly6 extends Reassembler {
    /** RFC 8200 §4.5. */
    static final long TIMEOUT_NS = 60_000_000_000L;

    static final int FRAGMENT_BYTES = 8;
    private static final int OFFSET_AT = 2, IDENTIFICATION_AT = 4, PAYLOAD_LENGTH_AT = 4;
    /** Bytes of a transport header that a first fragment must hold. */
    private static final int TCP_BYTES = 20, UDP_BYTES = 8, ICMP_BYTES = 8;

    private final SnmpCounters snmp;
    private final Ipv6Header ip = new Ipv6Header();
    private final ExtensionHeaders chain = new ExtensionHeaders();
    private @Nullable Icmp6Errors icmp;

    Reassembly6(KernelContext kernel, SnmpCounters snmp) {
        super(kernel, "ipv6 reassembly", TIMEOUT_NS);
        this.snmp = snmp;
    }

    void setIcmp(Icmp6Errors icmp) {
        this.icmp = icmp;
    }

    /** A fragment header that says offset 0 and no more: RFC 6946. */
    static boolean isAtomic(GuestMemory memory, long fragmentHeader) {
        return (Short.reverseBytes(memory.readShort(fragmentHeader + OFFSET_AT)) & 0xFFF9) == 0;
    }

    /**
     * Takes a fragment.
     *
     * @param skb data() at its IP header, of exactly the length of the packet, all headers up to the end of the fragment
     *     header linear; gone when null is returned
     * @param at offset of the fragment header from the IP header
     * @param nextHeaderAt offset of the byte that says that a fragment header follows
     * @return the whole packet when this was the missing piece, without fragment header, data() at its IP header
     */
    @Nullable
    SkBuff add(SkBuff skb, int at, int nextHeaderAt) {
        snmp.count(Mib.IP6_REASM_REQDS);
        GuestMemory memory = skb.memory();
        ip.wrap(memory, skb.data(), skb.headLength());
        long header = skb.data() + at;
        int word = Short.reverseBytes(memory.readShort(header + OFFSET_AT)) & 0xFFFF;
        int offset = word & 0xFFF8;
        boolean more = (word & 1) != 0;
        int bytes = skb.length() - at - FRAGMENT_BYTES;
        int identification = Integer.reverseBytes(memory.readInt(header + IDENTIFICATION_AT));
        if (more && (bytes & 7) != 0) {
            complain(skb, Icmp6Errors.ERRONEOUS_FIELD, PAYLOAD_LENGTH_AT);
            return refuse(skb, DropReason.FRAG_BAD_LENGTH);
        }
        if (bytes <= 0) {
            return refuse(skb, DropReason.FRAG_BAD_LENGTH);
        }
        if (offset + bytes + at - Ipv6Header.LENGTH > MAX_DATAGRAM) {
            complain(skb, Icmp6Errors.ERRONEOUS_FIELD, at + OFFSET_AT);
            return refuse(skb, DropReason.PKT_TOO_BIG);
        }
        if (offset == 0 && !holdsTransportHeader(skb, at)) {
            complain(skb, Icmp6Errors.INCOMPLETE_CHAIN, 0);
            return refuse(skb, DropReason.HDR_TRUNC);
        }
        skb.networkHeader = skb.data();
        skb.cbAck = at;
        skb.cbFlags = nextHeaderAt;
        // Fragments of one datagram may differ in their next header: only the first one's counts (RFC 8200 §4.5).
        return add(
                skb,
                ip.sourceHigh(),
                ip.sourceLow(),
                ip.destinationHigh(),
                ip.destinationLow(),
                IpProtocol.IPV6_FRAGMENT,
                identification,
                offset,
                bytes,
                more);
    }

    private void complain(SkBuff skb, int code, int pointer) {
        snmp.count(Mib.IP6_IN_HDR_ERRORS);
        if (icmp != null) {
            icmp.send(skb, Icmp6Errors.PARAMETER_PROBLEM, code, pointer);
        }
    }

    private boolean holdsTransportHeader(SkBuff skb, int at) {
        int linear = skb.headLength();
        int next = skb.memory().readByte(skb.data() + at) & 0xFF;
        int transport = chain.skip(skb.memory(), skb.data(), at + FRAGMENT_BYTES, linear, next);
        if (transport == ExtensionHeaders.INCOMPLETE) {
            return false;
        }
        int needed =
                switch (chain.protocol()) {
                    case IpProtocol.TCP -> TCP_BYTES;
                    case IpProtocol.UDP -> UDP_BYTES;
                    case IpProtocol.ICMPV6 -> ICMP_BYTES;
                    case IpProtocol.NO_NEXT_HEADER -> 0;
                    default -> 1;
                };
        return transport + needed <= skb.length();
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
        int unfragmentable = head.cbAck;
        int longest = head.length();
        int payload = total + unfragmentable - Ipv6Header.LENGTH;
        if (payload > MAX_DATAGRAM || head.isCloned() && !head.cow(0)) {
            head.next = rest;
            freeList(head, DropReason.PKT_TOO_BIG);
            snmp.count(Mib.IP6_REASM_FAILS);
            return null;
        }
        removeFragmentHeader(head, unfragmentable, head.cbFlags);
        ip.wrap(head.memory(), head.data(), head.headLength()).payloadLength(payload);
        while (rest != null) {
            SkBuff following = rest.next;
            longest = Math.max(longest, rest.length());
            rest.pull(rest.cbAck + FRAGMENT_BYTES);
            head.addToFragList(rest);
            rest = following;
        }
        head.ipSummed = SkBuff.CHECKSUM_NONE;
        head.fragmentMax = longest;
        snmp.count(Mib.IP6_REASM_OKS);
        return head;
    }

    /** The unfragmentable part moves up over the fragment header. */
    private static void removeFragmentHeader(SkBuff head, int at, int nextHeaderAt) {
        GuestMemory memory = head.memory();
        long data = head.data();
        memory.writeByte(data + nextHeaderAt, memory.readByte(data + at));
        for (int i = at - 1; i >= 0; i--) {
            memory.writeByte(data + FRAGMENT_BYTES + i, memory.readByte(data + i));
        }
        head.networkHeader = head.pull(FRAGMENT_BYTES);
        head.macHeader = -1;
    }

    @Override
    protected void timedOut(SkBuff first) {
        if (icmp != null) {
            first.networkHeader = first.data();
            icmp.send(first, Icmp6Errors.TIME_EXCEEDED, Icmp6Errors.REASSEMBLY_TIME_EXCEEDED, 0);
        }
    }

    @Override
    protected void countFailure() {
        snmp.count(Mib.IP6_REASM_FAILS);
    }

    @Override
    protected void countOverlap() {
        snmp.count(Mib.IP6_REASM_OVERLAPS);
    }

    @Override
    protected void countTimeout() {
        snmp.count(Mib.IP6_REASM_TIMEOUT);
    }
}
