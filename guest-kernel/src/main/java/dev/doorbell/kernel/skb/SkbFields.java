package dev.doorbell.kernel.skb;

import dev.doorbell.kernel.netdev.NetDevice;
import org.jspecify.annotations.Nullable;

/** What an {@link SkBuff} says about its packet: fields that many layers touch, public as the members of the struct. */
public abstract class SkbFields {
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

    /** Queue linkage; belongs to the queue the buffer is on. */
    public @Nullable SkBuff next;

    public @Nullable SkBuff previous;
    public @Nullable NetDevice dev;
    /** Owner socket, for accounting; null when none. Not shared with clones. */
    public @Nullable Object owner;
    /** Called when the buffer is freed or leaves its owner, to give back {@link #truesize}; null: nothing to do. */
    public @Nullable SkbDestructor destructor;
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
    /** What the packet is to {@link #conntrack}: see {@code kernel.netfilter.conntrack.ConntrackInfo}. */
    public int conntrackInfo;
    /** Longest fragment of which this datagram was put together on its way through, bytes; 0: it was never in pieces. */
    public int fragmentMax;
    /** Route taken; set by IP output and input. */
    public @Nullable Object dst;

    /** Control block: scratch for the layer that holds the buffer (TCP: sequence numbers and flags). */
    public int cbSeq, cbEndSeq, cbAck, cbFlags, cbSacked, cbRetrans;

    public long cbTimeNs, cbTime2Ns, cbCount;

    SkbFields() {}

    final void reset() {
        previous = null;
        dev = null;
        owner = null;
        destructor = null;
        protocol = 0;
        packetType = PACKET_HOST;
        macHeader = -1;
        networkHeader = -1;
        transportHeader = -1;
        ipSummed = CHECKSUM_NONE;
        checksum = 0;
        checksumStart = 0;
        checksumOffset = 0;
        gsoSize = 0;
        gsoSegments = 0;
        gsoType = GSO_NONE;
        vlanPresent = false;
        vlanTci = 0;
        hash = 0;
        mark = 0;
        priority = 0;
        queue = 0;
        timestampNs = 0;
        conntrack = null;
        conntrackInfo = 0;
        fragmentMax = 0;
        dst = null;
        cbSeq = 0;
        cbEndSeq = 0;
        cbAck = 0;
        cbFlags = 0;
        cbSacked = 0;
        cbRetrans = 0;
        cbTimeNs = 0;
        cbTime2Ns = 0;
        cbCount = 0;
    }

    /** Copies what describes the packet, not its bytes: __copy_skb_header. Header GPAs as they are; no owner. */
    final void copyHeaderFrom(SkbFields other) {
        dev = other.dev;
        truesize = other.truesize;
        protocol = other.protocol;
        packetType = other.packetType;
        macHeader = other.macHeader;
        networkHeader = other.networkHeader;
        transportHeader = other.transportHeader;
        ipSummed = other.ipSummed;
        checksum = other.checksum;
        checksumStart = other.checksumStart;
        checksumOffset = other.checksumOffset;
        gsoSize = other.gsoSize;
        gsoSegments = other.gsoSegments;
        gsoType = other.gsoType;
        vlanPresent = other.vlanPresent;
        vlanTci = other.vlanTci;
        hash = other.hash;
        mark = other.mark;
        priority = other.priority;
        queue = other.queue;
        timestampNs = other.timestampNs;
        conntrack = other.conntrack;
        conntrackInfo = other.conntrackInfo;
        fragmentMax = other.fragmentMax;
        dst = other.dst;
        cbSeq = other.cbSeq;
        cbEndSeq = other.cbEndSeq;
        cbAck = other.cbAck;
        cbFlags = other.cbFlags;
        cbSacked = other.cbSacked;
        cbRetrans = other.cbRetrans;
        cbTimeNs = other.cbTimeNs;
        cbTime2Ns = other.cbTime2Ns;
        cbCount = other.cbCount;
    }

    /** After the linear bytes have moved by {@code by}: header addresses follow. */
    final void moveHeaders(long by) {
        macHeader = moved(macHeader, by);
        networkHeader = moved(networkHeader, by);
        transportHeader = moved(transportHeader, by);
        checksumStart += by;
    }

    private static long moved(long headerGpa, long by) {
        return headerGpa == -1 ? -1 : headerGpa + by;
    }
}
