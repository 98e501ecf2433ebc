package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.time.KernelTimer;
import org.jspecify.annotations.Nullable;

/**
 * Puts fragments together, RFC 791 section 3.2 and RFC 815, with Linux's limits: 30 s, 4 MiB, oldest datagram first; an
 * overlap spoils the whole datagram.
 */
final class Reassembly {
    /** net.ipv4.ipfrag_time, ipfrag_high_thresh. */
    static final long TIMEOUT_NS = 30_000_000_000L;

    static final int MAX_MEMORY = 4 * 1024 * 1024;
    /** Datagrams under way from sources that share a bucket: one source alone cannot take all memory. */
    static final int MAX_PER_SOURCE = 256;

    private static final int MAX_DATAGRAM = 65_535;
    private static final int BUCKETS = 1024, SOURCE_BUCKETS = 256;
    /** A TCP header cut after eight bytes only serves to get past filters, RFC 3128. */
    private static final int TINY_OFFSET = 8;

    private final SnmpCounters snmp;
    private final KernelContext kernel;
    private final Ipv4Header ip = new Ipv4Header();
    private final KernelTimer timer;
    private final int hashSeed;
    private final @Nullable FragmentQueue[] buckets = new @Nullable FragmentQueue[BUCKETS];
    private final int[] perSource = new int[SOURCE_BUCKETS];
    private @Nullable FragmentQueue oldest;
    private @Nullable FragmentQueue newest;
    private @Nullable FragmentQueue pool;
    private @Nullable IcmpErrors icmp;
    private int memoryBytes;
    private int datagrams;

    Reassembly(KernelContext kernel, SnmpCounters snmp) {
        this.kernel = kernel;
        this.snmp = snmp;
        this.hashSeed = kernel.random("reassembly").nextInt();
        this.timer = new KernelTimer(kernel, "ip reassembly", this::expire);
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
        int source = ip.source();
        int destination = ip.destination();
        int protocol = ip.protocol();
        int identification = ip.identification();
        int bucket = bucket(source, destination, protocol, identification);
        FragmentQueue queue = buckets[bucket];
        while (queue != null && !queue.matches(source, destination, protocol, identification)) {
            queue = queue.nextInBucket;
        }
        if (queue == null) {
            if (perSource[sourceBucket(source)] >= MAX_PER_SOURCE) {
                return refuse(skb, DropReason.FRAG_TOO_MANY);
            }
            queue = create(bucket, source, destination, protocol, identification);
        }
        return store(queue, skb, offset, bytes, more);
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

    private @Nullable SkBuff refuse(SkBuff skb, DropReason reason) {
        snmp.count(Mib.IP_REASM_FAILS);
        skb.drop(reason);
        return null;
    }

    private @Nullable SkBuff store(FragmentQueue queue, SkBuff skb, int offset, int bytes, boolean more) {
        int truesize = PacketMemory.truesize(skb);
        switch (queue.add(skb, offset, bytes, more)) {
            case DUPLICATE -> {
                skb.drop(DropReason.DUP_FRAG);
                return null;
            }
            case CONFLICT -> {
                snmp.count(Mib.IP_REASM_OVERLAPS);
                discard(queue, DropReason.FRAG_OVERLAP);
                return refuse(skb, DropReason.FRAG_OVERLAP);
            }
            default -> {}
        }
        queue.memoryBytes += truesize;
        memoryBytes += truesize;
        if (queue.isComplete()) {
            return assemble(queue);
        }
        while (memoryBytes > MAX_MEMORY && oldest != null) {
            discard(oldest, DropReason.FRAG_TOO_MANY);
        }
        return null;
    }

    private @Nullable SkBuff assemble(FragmentQueue queue) {
        int total = queue.totalBytes();
        SkBuff head = queue.takeSorted();
        unlink(queue);
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
        ip.wrap(head.memory(), head.data(), head.headLength())
                .totalLength(total + headerLength)
                .flagsAndFragmentOffset(0)
                .updateChecksum();
        while (rest != null) {
            SkBuff following = rest.next;
            ip.wrap(rest.memory(), rest.data(), rest.headLength());
            rest.pull(ip.headerLength());
            head.addToFragList(rest);
            rest = following;
        }
        head.ipSummed = SkBuff.CHECKSUM_NONE;
        head.networkHeader = head.data();
        snmp.count(Mib.IP_REASM_OKS);
        return head;
    }

    private void expire() {
        long now = kernel.nowNs();
        for (FragmentQueue queue = oldest; queue != null && queue.expiresNs <= now; queue = oldest) {
            snmp.count(Mib.IP_REASM_TIMEOUT);
            SkBuff first = queue.firstFragment();
            if (first != null && icmp != null) {
                icmp.reassemblyTimeExceeded(first);
            }
            discard(queue, DropReason.FRAG_REASM_TIMEOUT);
        }
        armTimer();
    }

    private void armTimer() {
        if (oldest != null) {
            timer.modTimer(oldest.expiresNs);
        } else {
            timer.delTimer();
        }
    }

    private void discard(FragmentQueue queue, DropReason reason) {
        snmp.count(Mib.IP_REASM_FAILS);
        freeList(queue.takeSorted(), reason);
        unlink(queue);
    }

    private static void freeList(@Nullable SkBuff list, DropReason reason) {
        for (SkBuff skb = list; skb != null; ) {
            SkBuff following = skb.next;
            skb.next = null;
            skb.drop(reason);
            skb = following;
        }
    }

    /** Forgets everything, for the end of the kernel. */
    void clear() {
        for (FragmentQueue queue = oldest; queue != null; queue = oldest) {
            discard(queue, DropReason.FRAG_REASM_TIMEOUT);
        }
        timer.delTimer();
    }

    /** Bytes held by fragments. */
    int memoryBytes() {
        return memoryBytes;
    }

    /** Datagrams under way. */
    int datagrams() {
        return datagrams;
    }

    private FragmentQueue create(int bucket, int source, int destination, int protocol, int identification) {
        FragmentQueue queue = pool;
        if (queue == null) {
            queue = new FragmentQueue();
        } else {
            pool = queue.nextInBucket;
        }
        queue.begin(source, destination, protocol, identification, kernel.nowNs() + TIMEOUT_NS);
        queue.nextInBucket = buckets[bucket];
        buckets[bucket] = queue;
        queue.older = newest;
        queue.newer = null;
        if (newest == null) {
            oldest = queue;
            timer.modTimer(queue.expiresNs);
        } else {
            newest.newer = queue;
        }
        newest = queue;
        perSource[sourceBucket(source)]++;
        datagrams++;
        return queue;
    }

    private void unlink(FragmentQueue queue) {
        int bucket = bucket(queue.source, queue.destination, queue.protocol, queue.identification);
        FragmentQueue entry = buckets[bucket];
        if (entry == queue) {
            buckets[bucket] = queue.nextInBucket;
        } else {
            while (entry != null) {
                if (entry.nextInBucket == queue) {
                    entry.nextInBucket = queue.nextInBucket;
                    break;
                }
                entry = entry.nextInBucket;
            }
        }
        if (queue.older == null) {
            oldest = queue.newer;
        } else {
            queue.older.newer = queue.newer;
        }
        if (queue.newer == null) {
            newest = queue.older;
        } else {
            queue.newer.older = queue.older;
        }
        queue.older = null;
        queue.newer = null;
        perSource[sourceBucket(queue.source)]--;
        datagrams--;
        memoryBytes -= queue.memoryBytes;
        queue.nextInBucket = pool;
        pool = queue;
        if (oldest == null) {
            timer.delTimer();
        }
    }

    private int bucket(int source, int destination, int protocol, int identification) {
        int hash = (source ^ hashSeed) * 0x9E37_79B9
                + destination * 0x85EB_CA6B
                + (identification << 8 | protocol) * 0xC2B2_AE35;
        return (hash ^ hash >>> 16) & (BUCKETS - 1);
    }

    private int sourceBucket(int source) {
        int hash = (source ^ hashSeed) * 0x9E37_79B9;
        return hash >>> 24;
    }
}
