package dev.doorbell.device.spi;

import dev.doorbell.bus.mem.GuestMemory;

/**
 * An Ethernet frame on its way between wire and card: where its bytes are, and what is known about them. Mutable and
 * reused by its owner; whoever receives it copies what it needs before it returns.
 *
 * <p>The four FCS bytes are not among the bytes: {@link #fcsGood()} is the MAC's verdict on them.
 */
public final class Frame {
    private GuestMemory memory;
    private long offset;
    private int length;
    private boolean fcsGood;
    private boolean exactLength;
    private boolean checksumsVerified;
    private int segmentBytes;
    private int headerBytes;
    private int checksumStart;
    private int checksumOffset;
    private long timestampNs;

    public Frame(GuestMemory memory) {
        this.memory = memory;
    }

    /** A plain frame: destination address to end of payload, without FCS; good FCS, nothing known about checksums. */
    public Frame set(GuestMemory memory, long offset, int length) {
        this.memory = memory;
        this.offset = offset;
        this.length = length;
        fcsGood = true;
        exactLength = false;
        checksumsVerified = false;
        segmentBytes = 0;
        headerBytes = 0;
        checksumStart = 0;
        checksumOffset = 0;
        timestampNs = 0;
        return this;
    }

    public GuestMemory memory() {
        return memory;
    }

    /** Of the destination address, in {@link #memory()}. */
    public long offset() {
        return offset;
    }

    /** Bytes from the destination address on, without FCS. */
    public int length() {
        return length;
    }

    public boolean fcsGood() {
        return fcsGood;
    }

    public Frame fcsGood(boolean good) {
        fcsGood = good;
        return this;
    }

    /**
     * The length is the one on the wire, so that fewer than 60 bytes are a runt. Otherwise a short frame with good FCS
     * comes from a software network, which does not pad, and the MAC takes it as padded.
     */
    public boolean exactLength() {
        return exactLength;
    }

    public Frame exactLength(boolean exact) {
        exactLength = exact;
        return this;
    }

    /** The link vouches for the IP, TCP and UDP checksums (it computed them itself, or the host's stack did). */
    public boolean checksumsVerified() {
        return checksumsVerified;
    }

    public Frame checksumsVerified(boolean verified) {
        checksumsVerified = verified;
        return this;
    }

    /**
     * Not 0: this is a train of TCP segments of so many payload bytes each (the last may be shorter) behind copies of
     * the first {@link #headerBytes()} bytes, as virtio's GSO. Sequence numbers, lengths and checksums in the header are
     * those of the whole; the TCP checksum field holds the pseudo-header sum.
     */
    public int segmentBytes() {
        return segmentBytes;
    }

    public int headerBytes() {
        return headerBytes;
    }

    public Frame train(int segmentBytes, int headerBytes) {
        this.segmentBytes = segmentBytes;
        this.headerBytes = headerBytes;
        return this;
    }

    /** Not 0: the checksum over [checksumStart, length) is still to be stored at checksumStart + checksumOffset. */
    public int checksumStart() {
        return checksumStart;
    }

    public int checksumOffset() {
        return checksumOffset;
    }

    public Frame partialChecksum(int start, int offset) {
        checksumStart = start;
        checksumOffset = offset;
        return this;
    }

    /** When its first bit passed the MAC, on the world's clock; 0 when nobody looked. */
    public long timestampNs() {
        return timestampNs;
    }

    public Frame timestampNs(long timeNs) {
        timestampNs = timeNs;
        return this;
    }
}
