package dev.doorbell.device.offload;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.InternetChecksum;

/**
 * TCP and UDP segmentation, §7.2.5: cuts one gathered request into frames behind copies of its prototype header. The
 * payload stays where it is: each header is written in front of its segment, over the tail of the one that has been sent
 * already. Reused; owned by one transmit queue.
 *
 * <pre>
 *  before       [ header | payload 0 | payload 1 | payload 2 ]
 *  segment 1             [ ... header | payload 1 ]
 * </pre>
 */
public final class Segmenter {
    private static final int MAX_HEADER_BYTES = 255;
    private static final int IPV4_TOTAL_LENGTH = 2, IPV4_ID = 4, IPV4_PROTOCOL = 9, IPV4_CHECKSUM = 10;
    private static final int IPV4_MIN_BYTES = 20, IPV4_MAX_LENGTH = 0xFFFF;
    private static final int IPV6_PAYLOAD_LENGTH = 4, IPV6_NEXT_HEADER = 6, IPV6_BYTES = 40;
    private static final int TCP_SEQUENCE = 4, TCP_OFFSET = 12, TCP_FLAGS = 13, TCP_CHECKSUM = 16, TCP_MIN_BYTES = 20;
    private static final int TCP_FIN_PSH = 0x09, TCP_PROTOCOL = 6;
    private static final int UDP_LENGTH = 4, UDP_MIN_BYTES = 8;

    private final GuestMemory prototype = GuestMemory.allocateAuto(MAX_HEADER_BYTES + 1);
    private final OffloadContext context;
    private GuestMemory memory;
    private long packet;
    private int headerBytes;
    private int mss;
    private int payloadBytes;
    private boolean ipChecksum;
    private boolean l4Checksum;
    private int next;
    private int segments;
    private long offset;
    private int length;

    /** @param context read at {@link #begin} and until the last segment */
    public Segmenter(OffloadContext context) {
        this.context = context;
        memory = prototype;
    }

    /**
     * Takes on a request.
     *
     * @param offset of the prototype header in {@code memory}, with the payload behind it
     * @param bytes header and payload
     * @param ipChecksum IXSM: recompute the IPv4 header checksum in each segment
     * @param l4Checksum TXSM: the checksum field holds the pseudo-header sum without length
     * @return the number of segments; 0 when context and data do not make sense together
     */
    public int begin(GuestMemory memory, long offset, int bytes, boolean ipChecksum, boolean l4Checksum) {
        this.memory = memory;
        this.packet = offset;
        this.ipChecksum = ipChecksum;
        this.l4Checksum = l4Checksum;
        headerBytes = context.headerBytes();
        mss = context.mss();
        payloadBytes = context.payloadBytes();
        next = 0;
        segments = 0;
        if (mss == 0 || payloadBytes == 0 || headerBytes + payloadBytes != bytes || !headersFit()) {
            return 0;
        }
        segments = (payloadBytes + mss - 1) / mss;
        memory.copyTo(offset, prototype, 0, headerBytes);
        return segments;
    }

    private boolean headersFit() {
        int ipBytes = context.isIpv4() ? IPV4_MIN_BYTES : IPV6_BYTES;
        int l4Bytes = context.isTcp() ? TCP_MIN_BYTES : UDP_MIN_BYTES;
        return context.ipStart() + ipBytes <= headerBytes
                && context.l4Start() + l4Bytes <= headerBytes
                && (!ipChecksum || context.ipChecksumAt() + 2 <= headerBytes)
                && (!l4Checksum || context.l4ChecksumAt() + 2 <= headerBytes);
    }

    /**
     * Builds the next segment; the frame before it is gone.
     *
     * @return false when there is none left
     */
    public boolean next() {
        if (next == segments) {
            return false;
        }
        int k = next++;
        int payload = segmentPayload(k);
        offset = packet + (long) k * mss;
        length = headerBytes + payload;
        if (k != 0) {
            prototype.copyTo(0, memory, offset, headerBytes);
        }
        patchIp(k, payload);
        int l4 = context.l4Start();
        int l4Bytes = length - l4;
        if (context.isTcp()) {
            int sequence = Integer.reverseBytes(memory.readInt(offset + l4 + TCP_SEQUENCE)) + k * mss;
            memory.writeInt(offset + l4 + TCP_SEQUENCE, Integer.reverseBytes(sequence));
            if (next != segments) {
                int flags = memory.readByte(offset + l4 + TCP_FLAGS);
                memory.writeByte(offset + l4 + TCP_FLAGS, flags & ~TCP_FIN_PSH);
            }
        } else {
            storeShort(offset + l4 + UDP_LENGTH, l4Bytes);
        }
        if (l4Checksum) {
            insertL4Checksum(l4, l4Bytes);
        }
        return true;
    }

    private void patchIp(int k, int payload) {
        int ip = context.ipStart();
        if (!context.isIpv4()) {
            storeShort(offset + ip + IPV6_PAYLOAD_LENGTH, headerBytes - ip - IPV6_BYTES + payload);
            return;
        }
        storeShort(offset + ip + IPV4_TOTAL_LENGTH, headerBytes - ip + payload);
        int id = Short.reverseBytes(memory.readShort(offset + ip + IPV4_ID)) + k;
        storeShort(offset + ip + IPV4_ID, id);
        if (ipChecksum) {
            ChecksumInsertion.insert(memory, offset, length, ip, context.ipEnd(), context.ipChecksumAt());
        }
    }

    private void insertL4Checksum(int l4, int l4Bytes) {
        long sum = InternetChecksum.sum(memory, offset + l4, l4Bytes, l4Bytes);
        int checksum = context.isTcp() ? InternetChecksum.fold(sum) : InternetChecksum.foldUdp(sum);
        ChecksumInsertion.store(memory, offset + context.l4ChecksumAt(), checksum);
    }

    /**
     * Whether the request is plain TCP over IPv4 or IPv6 whose headers are where the context says, small enough for one
     * IP length field: then a link that segments by itself cuts it into the same frames.
     */
    public boolean canTravelWhole() {
        int ip = context.ipStart();
        int l4 = context.l4Start();
        if (segments < 2 || !context.isTcp() || !l4Checksum || context.l4End() != 0) {
            return false;
        }
        int version = memory.readByte(packet + ip) >>> 4 & 0xF;
        int tcpBytes = memory.readByte(packet + l4 + TCP_OFFSET) >>> 2 & 0x3C;
        if (tcpBytes != headerBytes - l4 || context.l4ChecksumAt() != l4 + TCP_CHECKSUM) {
            return false;
        }
        if (headerBytes - ip + payloadBytes > IPV4_MAX_LENGTH) {
            return false;
        }
        if (!context.isIpv4()) {
            return version == 6
                    && l4 == ip + IPV6_BYTES
                    && memory.readByte(packet + ip + IPV6_NEXT_HEADER) == TCP_PROTOCOL;
        }
        int ihl = (memory.readByte(packet + ip) & 0xF) << 2;
        return version == 4
                && ihl >= IPV4_MIN_BYTES
                && l4 == ip + ihl
                && memory.readByte(packet + ip + IPV4_PROTOCOL) == TCP_PROTOCOL
                && ipChecksum
                && context.ipChecksumAt() == ip + IPV4_CHECKSUM
                && context.ipEnd() == l4 - 1;
    }

    /**
     * Makes the header that of the whole: IP length and checksum over everything, the pseudo-header sum with the whole
     * length in the TCP checksum field. Only after {@link #canTravelWhole()}.
     */
    public void prepareWhole() {
        int ip = context.ipStart();
        int l4 = context.l4Start();
        offset = packet;
        length = headerBytes + payloadBytes;
        if (context.isIpv4()) {
            storeShort(packet + ip + IPV4_TOTAL_LENGTH, length - ip);
            ChecksumInsertion.insert(memory, packet, length, ip, l4 - 1, ip + IPV4_CHECKSUM);
        } else {
            storeShort(packet + ip + IPV6_PAYLOAD_LENGTH, length - ip - IPV6_BYTES);
        }
        long field = packet + l4 + TCP_CHECKSUM;
        long seed = Short.reverseBytes(memory.readShort(field)) & 0xFFFF;
        ChecksumInsertion.store(memory, field, InternetChecksum.fold16(seed + length - l4));
        next = segments;
    }

    /** Payload bytes of segment {@code k}. */
    private int segmentPayload(int k) {
        return Math.min(mss, payloadBytes - k * mss);
    }

    private void storeShort(long at, int value) {
        memory.writeShort(at, Short.reverseBytes((short) value));
    }

    /** Of the frame built last, in the memory given to {@link #begin}. */
    public long offset() {
        return offset;
    }

    public int length() {
        return length;
    }

    /** Of the first segment, which no other exceeds; header included. */
    public int longestBytes() {
        return headerBytes + segmentPayload(0);
    }

    public int headerBytes() {
        return headerBytes;
    }

    public int mss() {
        return mss;
    }
}
