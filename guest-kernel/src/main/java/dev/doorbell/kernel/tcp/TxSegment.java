package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbHead;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a send queue: a range of the stream of up to 64 KiB that is sent as one buffer and cut into MSS-sized
 * packets below (TSO), together with what is known about its delivery. The bytes lie in counted page blocks. Pooled by
 * {@link TxSegmentPool}.
 */
final class TxSegment {
    /** Delivery marks, RFC 6675 in Linux's words. */
    static final int SACKED = 1, RETRANS = 2, LOST = 4, EVER_RETRANS = 0x80;

    static final int MAX_PIECES = SkBuff.MAX_FRAGS;
    /** What an entry costs beyond its bytes, in the send buffer's accounting. */
    static final int OVERHEAD = 896;

    int seq, endSeq;
    /** FIN, SYN, PSH and URG as they go out. */
    int flags;

    int marks;
    /** Packets it is cut into, for the size it was last sent with. */
    int packets;

    int mss;
    int transmissions;
    /** MSG_EOR: nothing may be appended. */
    boolean endOfRecord;
    /** Last transmission. */
    long sentNs;
    /** Its place among the connection's transmissions: time stands still while one batch of ACKs is processed. */
    long sentOrder;
    /** What {@link DeliveryRate} knew when it was sent. */
    long rateFirstSentNs, rateDeliveredNs, rateDelivered;

    boolean rateApplicationLimited, rateSampled;

    @Nullable
    TxSegment next;

    @Nullable
    TxSegment previous;
    /** Order of last transmission, for RACK. */
    @Nullable
    TxSegment laterSent;

    @Nullable
    TxSegment earlierSent;

    boolean onSentList;

    private final @Nullable SkbHead[] blocks = new SkbHead[MAX_PIECES];
    private final long[] gpa = new long[MAX_PIECES];
    private final int[] bytes = new int[MAX_PIECES];
    private int pieces;
    private int length;

    void reset() {
        seq = endSeq = flags = marks = packets = mss = transmissions = 0;
        endOfRecord = onSentList = rateSampled = rateApplicationLimited = false;
        sentNs = sentOrder = 0;
        next = previous = laterSent = earlierSent = null;
        pieces = length = 0;
    }

    boolean is(int mark) {
        return (marks & mark) != 0;
    }

    /** Bytes of data, without SYN and FIN. */
    int length() {
        return length;
    }

    int truesize() {
        return length + OVERHEAD;
    }

    /** Sets the number of packets for a packet size in bytes. */
    void cutInto(int mss) {
        this.mss = mss;
        packets = length <= mss ? 1 : (length + mss - 1) / mss;
    }

    boolean canAppend(SkbHead block, long at) {
        return pieces < MAX_PIECES || (blocks[pieces - 1] == block && gpa[pieces - 1] + bytes[pieces - 1] == at);
    }

    /** Appends bytes that lie at {@code at} in {@code block}; takes a count of the block when it makes a new piece. */
    void append(SkbHead block, long at, int count) {
        int last = pieces - 1;
        if (last >= 0 && blocks[last] == block && gpa[last] + bytes[last] == at) {
            bytes[last] += count;
        } else {
            blocks[pieces] = block.get();
            gpa[pieces] = at;
            bytes[pieces] = count;
            pieces++;
        }
        length += count;
        endSeq += count;
    }

    /** Moves the bytes from {@code offset} on to the empty {@code tail}; sequence numbers are the caller's. */
    void splitBytes(int offset, TxSegment tail) {
        int skip = offset;
        int kept = 0;
        for (int i = 0; i < pieces; i++) {
            SkbHead block = block(i);
            if (skip >= bytes[i]) {
                skip -= bytes[i];
                kept = i + 1;
                continue;
            }
            int n = tail.pieces++;
            tail.blocks[n] = skip > 0 ? block.get() : block;
            tail.gpa[n] = gpa[i] + skip;
            tail.bytes[n] = bytes[i] - skip;
            if (skip > 0) {
                bytes[i] = skip;
                kept = i + 1;
            } else {
                blocks[i] = null;
            }
            skip = 0;
        }
        tail.length = length - offset;
        length = offset;
        pieces = kept;
    }

    /** True when {@link #absorb} of {@code other} would fit. */
    boolean canAbsorb(TxSegment other) {
        return pieces + other.pieces <= MAX_PIECES;
    }

    /** Takes over all bytes of {@code other}, which follows in the stream. */
    void absorb(TxSegment other) {
        for (int i = 0; i < other.pieces; i++) {
            SkbHead block = other.block(i);
            int last = pieces - 1;
            if (last >= 0 && blocks[last] == block && gpa[last] + bytes[last] == other.gpa[i]) {
                bytes[last] += other.bytes[i];
                block.put();
            } else {
                blocks[pieces] = block;
                gpa[pieces] = other.gpa[i];
                bytes[pieces] = other.bytes[i];
                pieces++;
            }
            other.blocks[i] = null;
        }
        length += other.length;
        endSeq = other.endSeq;
        other.pieces = 0;
        other.length = 0;
    }

    /** Drops {@code count} acknowledged bytes at the front. */
    void dropFront(int count) {
        int rest = count;
        int gone = 0;
        while (rest > 0 && gone < pieces) {
            if (rest >= bytes[gone]) {
                rest -= bytes[gone];
                block(gone).put();
                gone++;
            } else {
                gpa[gone] += rest;
                bytes[gone] -= rest;
                rest = 0;
            }
        }
        if (gone > 0) {
            int left = pieces - gone;
            for (int i = 0; i < left; i++) {
                blocks[i] = blocks[i + gone];
                gpa[i] = gpa[i + gone];
                bytes[i] = bytes[i + gone];
            }
            for (int i = left; i < pieces; i++) {
                blocks[i] = null;
            }
            pieces = left;
        }
        length -= count;
        seq += count;
    }

    void releaseBytes() {
        for (int i = 0; i < pieces; i++) {
            block(i).put();
            blocks[i] = null;
        }
        pieces = 0;
        length = 0;
    }

    /** Shares all bytes with an outgoing buffer, by reference. */
    void shareWith(SkBuff skb) {
        for (int i = 0; i < pieces; i++) {
            skb.addFrag(block(i).get(), gpa[i], bytes[i]);
        }
    }

    private SkbHead block(int index) {
        SkbHead block = blocks[index];
        if (block == null) {
            throw new IllegalStateException("send queue piece " + index + " of " + pieces + " has no block");
        }
        return block;
    }
}
