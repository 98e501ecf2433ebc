package dev.doorbell.kernel.skb;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.kernel.netdev.NetDevice;
import org.jspecify.annotations.Nullable;

/**
 * A packet inside the kernel: Linux's sk_buff. Linear bytes in [data, tail) of a buffer [head, end) in guest memory,
 * then up to {@link #MAX_FRAGS} fragments, then a list of further SkBuffs ({@code fragList}, made by GRO).
 *
 * <p>Addresses are GPAs. Fields that many layers touch are public, as the struct's are; those with an invariant are
 * behind methods. Pooled: {@link #free()} gives it back, after which nobody may touch it.
 */
public final class SkBuff {
    public static final int MAX_FRAGS = 17;

    /** Checksum states, linux/skbuff.h. */
    public static final int CHECKSUM_NONE = 0, CHECKSUM_UNNECESSARY = 1, CHECKSUM_COMPLETE = 2, CHECKSUM_PARTIAL = 3;

    /** Packet types, linux/if_packet.h. */
    public static final int PACKET_HOST = 0,
            PACKET_BROADCAST = 1,
            PACKET_MULTICAST = 2,
            PACKET_OTHERHOST = 3,
            PACKET_OUTGOING = 4;

    /** GSO types. */
    public static final int GSO_NONE = 0, GSO_TCPV4 = 1, GSO_TCPV6 = 2;

    private final SkbAllocator allocator;
    private final GuestMemory memory;
    private @Nullable SkbHead buffer;
    private long head;
    private long data;
    private long tail;
    private long end;
    private int fragCount;
    private int fragBytes;
    private final SkbHead[] fragHeads = new SkbHead[MAX_FRAGS];
    private final long[] fragGpa = new long[MAX_FRAGS];
    private final int[] fragLength = new int[MAX_FRAGS];

    /** Queue linkage; belongs to the queue the buffer is on. */
    public @Nullable SkBuff next;

    public @Nullable SkBuff previous;
    /** First of the SkBuffs whose bytes follow ours (GRO), linked by {@link #next}; their lengths count in ours. */
    public @Nullable SkBuff fragList;
    /** Last of {@link #fragList}. */
    public @Nullable SkBuff fragListTail;

    private int fragListBytes;

    public @Nullable NetDevice dev;
    /** Owner socket, for accounting; null when none. */
    public @Nullable Object owner;
    /** Bytes charged to {@link #owner}. */
    public int truesize;
    /** Ethertype, host byte order. */
    public int protocol;

    public int packetType;
    /** GPA of the header, or -1 while unknown. */
    public long macHeader = -1, networkHeader = -1, transportHeader = -1;

    public int ipSummed;
    /** CHECKSUM_COMPLETE: the sum. */
    public int checksum;
    /** CHECKSUM_PARTIAL: sum from this GPA on to the end, store at checksumStart + checksumOffset. */
    public long checksumStart;

    public int checksumOffset;
    /** 0, or payload bytes per segment. */
    public int gsoSize;

    public int gsoSegments;
    public int gsoType;
    public boolean vlanPresent;
    /** Tag control information: PCP 15:13, DEI 12, VID 11:0. */
    public int vlanTci;

    public int hash;
    public int mark;
    public int priority;
    public int queue;
    public long timestampNs;
    /** Netfilter connection entry, when tracked. */
    public @Nullable Object conntrack;
    /** Route taken; set by IP output and input. */
    public @Nullable Object dst;

    /** Control block: scratch for the layer that holds the buffer (TCP: sequence numbers and flags). */
    public int cbSeq, cbEndSeq, cbAck, cbFlags, cbSacked, cbRetrans;

    public long cbTimeNs, cbTime2Ns, cbCount;

    SkBuff(SkbAllocator allocator, GuestMemory memory) {
        this.allocator = allocator;
        this.memory = memory;
    }

    // ---- linear bytes

    public GuestMemory memory() {
        return memory;
    }

    public long data() {
        return data;
    }

    public long tail() {
        return tail;
    }

    public long headGpa() {
        return head;
    }

    public long end() {
        return end;
    }

    /** All bytes: linear, fragments and fragment list. */
    public int length() {
        return (int) (tail - data) + fragBytes + fragListBytes;
    }

    /** Linear bytes. */
    public int headLength() {
        return (int) (tail - data);
    }

    public boolean isNonlinear() {
        return fragBytes + fragListBytes != 0;
    }

    public int headroom() {
        return (int) (data - head);
    }

    public int tailroom() {
        return fragCount == 0 && fragList == null ? (int) (end - tail) : 0;
    }

    /** Moves data and tail of an empty buffer forward: room for headers. */
    public SkBuff reserve(int bytes) {
        data += bytes;
        tail += bytes;
        if (tail > end) {
            throw new IllegalStateException("skb reserve " + bytes + ": past the end of the buffer");
        }
        return this;
    }

    /** Appends {@code bytes} uninitialised linear bytes. @return their GPA */
    public long put(int bytes) {
        long at = tail;
        tail += bytes;
        if (tail > end || bytes < 0) {
            throw new IllegalStateException(
                    "skb put " + bytes + ": tail 0x" + Long.toHexString(tail) + " end 0x" + Long.toHexString(end));
        }
        return at;
    }

    /** Prepends. @return the new data */
    public long push(int bytes) {
        data -= bytes;
        if (data < head || bytes < 0) {
            throw new IllegalStateException("skb push " + bytes + ": headroom " + (data + bytes - head));
        }
        return data;
    }

    /** Drops bytes at the front; at most {@link #headLength()}. @return the new data */
    public long pull(int bytes) {
        if (bytes < 0 || bytes > headLength()) {
            throw new IllegalStateException("skb pull " + bytes + " of " + headLength() + " linear bytes");
        }
        data += bytes;
        return data;
    }

    // ---- fragments

    public int fragCount() {
        return fragCount;
    }

    public long fragGpa(int index) {
        return fragGpa[index];
    }

    public int fragLength(int index) {
        return fragLength[index];
    }

    public SkbHead fragHead(int index) {
        return fragHeads[index];
    }

    /** Appends a fragment; takes over one count of {@code block}. Extends the last one when it is adjacent. */
    public void addFrag(SkbHead block, long gpa, int bytes) {
        int last = fragCount - 1;
        if (last >= 0 && fragHeads[last] == block && fragGpa[last] + fragLength[last] == gpa) {
            fragLength[last] += bytes;
            block.put();
        } else {
            if (fragCount == MAX_FRAGS) {
                throw new IllegalStateException("skb has " + MAX_FRAGS + " fragments already");
            }
            fragHeads[fragCount] = block;
            fragGpa[fragCount] = gpa;
            fragLength[fragCount] = bytes;
            fragCount++;
        }
        fragBytes += bytes;
    }

    /** True when {@link #addFrag} of this would succeed. */
    public boolean canAddFrag(SkbHead block, long gpa) {
        int last = fragCount - 1;
        return fragCount < MAX_FRAGS || (fragHeads[last] == block && fragGpa[last] + fragLength[last] == gpa);
    }

    /** Appends another buffer's bytes by reference (GRO); {@code skb} belongs to this one from here on. */
    public void addToFragList(SkBuff skb) {
        skb.next = null;
        if (fragListTail == null) {
            fragList = skb;
        } else {
            fragListTail.next = skb;
        }
        fragListTail = skb;
        fragListBytes += skb.length();
    }

    public void free() {
        allocator.release(this);
    }

    // ---- for the allocator

    @Nullable
    SkbHead buffer() {
        return buffer;
    }
}
