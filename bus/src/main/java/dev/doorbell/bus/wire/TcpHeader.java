package dev.doorbell.bus.wire;

/**
 * TCP header, RFC 9293 §3.1. Sequence numbers are ints to be compared with {@link Seq}.
 *
 * <p>Options are walked without allocation: {@code for (int o = tcp.firstOption(); o >= 0; o = tcp.nextOption(o))}, with
 * {@link #optionKind}, {@link #optionLength} and {@code optionU8/16/32}; offsets count from the start of the header. The
 * walk ends at END, at the end of the header, and at an option whose length does not fit.
 */
public final class TcpHeader extends HeaderView<TcpHeader> {
    public static final int MIN_LENGTH = 20;
    public static final int MAX_LENGTH = 60;

    /** Where the checksum is, for checksum offload. */
    public static final int CHECKSUM_OFFSET = 16;

    public static final int FIN = 0x01,
            SYN = 0x02,
            RST = 0x04,
            PSH = 0x08,
            ACK = 0x10,
            URG = 0x20,
            ECE = 0x40,
            CWR = 0x80;
    /** Accurate ECN, the former nonce sum bit: bit 8 of {@link #flags()}. */
    public static final int AE = 0x100;

    public static final int OPTION_END = 0,
            OPTION_NOP = 1,
            OPTION_MSS = 2,
            OPTION_WINDOW_SCALE = 3,
            OPTION_SACK_PERMITTED = 4,
            OPTION_SACK = 5,
            OPTION_TIMESTAMPS = 8,
            OPTION_FAST_OPEN = 34;
    private static final int SOURCE_PORT = 0,
            DESTINATION_PORT = 2,
            SEQUENCE = 4,
            ACKNOWLEDGMENT = 8,
            OFFSET_FLAGS = 12,
            WINDOW = 14,
            URGENT = 18;

    public boolean isValid() {
        return available >= MIN_LENGTH && headerLength() >= MIN_LENGTH && headerLength() <= available;
    }

    public int sourcePort() {
        return u16(SOURCE_PORT);
    }

    public TcpHeader sourcePort(int port) {
        u16(SOURCE_PORT, port);
        return this;
    }

    public int destinationPort() {
        return u16(DESTINATION_PORT);
    }

    public TcpHeader destinationPort(int port) {
        u16(DESTINATION_PORT, port);
        return this;
    }

    /** Source port in the upper, destination port in the lower half: one load for a connection lookup. */
    public int ports() {
        return i32(SOURCE_PORT);
    }

    public int sequence() {
        return i32(SEQUENCE);
    }

    public TcpHeader sequence(int sequence) {
        i32(SEQUENCE, sequence);
        return this;
    }

    public int acknowledgment() {
        return i32(ACKNOWLEDGMENT);
    }

    public TcpHeader acknowledgment(int sequence) {
        i32(ACKNOWLEDGMENT, sequence);
        return this;
    }

    /** With options, in bytes. */
    public int headerLength() {
        return u8(OFFSET_FLAGS) >>> 4 << 2;
    }

    /** {@code flags}: nine bits, {@link #AE} to {@link #FIN}. The reserved bits become zero. */
    public TcpHeader headerLengthAndFlags(int bytes, int flags) {
        u16(OFFSET_FLAGS, bytes >>> 2 << 12 | flags & 0x1FF);
        return this;
    }

    /** Nine bits, {@link #AE} to {@link #FIN}. */
    public int flags() {
        return u16(OFFSET_FLAGS) & 0x1FF;
    }

    public TcpHeader flags(int flags) {
        u16(OFFSET_FLAGS, u16(OFFSET_FLAGS) & 0xFE00 | flags & 0x1FF);
        return this;
    }

    public boolean isFin() {
        return (flags() & FIN) != 0;
    }

    public boolean isSyn() {
        return (flags() & SYN) != 0;
    }

    public boolean isRst() {
        return (flags() & RST) != 0;
    }

    public boolean isPsh() {
        return (flags() & PSH) != 0;
    }

    public boolean isAck() {
        return (flags() & ACK) != 0;
    }

    public boolean isUrg() {
        return (flags() & URG) != 0;
    }

    /** Unscaled. */
    public int window() {
        return u16(WINDOW);
    }

    public TcpHeader window(int unscaled) {
        u16(WINDOW, unscaled);
        return this;
    }

    public int checksum() {
        return u16(CHECKSUM_OFFSET);
    }

    public TcpHeader checksum(int checksum) {
        u16(CHECKSUM_OFFSET, checksum);
        return this;
    }

    public int urgentPointer() {
        return u16(URGENT);
    }

    public TcpHeader urgentPointer(int offset) {
        u16(URGENT, offset);
        return this;
    }

    /** Offset of the first option that is not a NOP, or -1. */
    public int firstOption() {
        return optionAt(MIN_LENGTH);
    }

    /** Offset of the option behind the one at {@code offset}, or -1. */
    public int nextOption(int offset) {
        return optionAt(offset + optionLength(offset));
    }

    public int optionKind(int offset) {
        return u8(offset);
    }

    /** With kind and length bytes; of an option that {@link #firstOption} or {@link #nextOption} returned. */
    public int optionLength(int offset) {
        return u8(offset + 1);
    }

    /** Byte {@code index} of an option, where 0 is its kind. */
    public int optionU8(int offset, int index) {
        return u8(offset + index);
    }

    public int optionU16(int offset, int index) {
        return u16(offset + index);
    }

    public int optionU32(int offset, int index) {
        return i32(offset + index);
    }

    /** Where the walk stopped short of the header's end because of a malformed option: true. END and NOPs are fine. */
    public boolean hasMalformedOptions() {
        int offset = MIN_LENGTH;
        int end = headerLength();
        while (offset < end) {
            int kind = u8(offset);
            if (kind == OPTION_END) {
                return false;
            }
            if (kind == OPTION_NOP) {
                offset++;
            } else if (offset + 2 > end || u8(offset + 1) < 2 || offset + u8(offset + 1) > end) {
                return true;
            } else {
                offset += u8(offset + 1);
            }
        }
        return false;
    }

    /**
     * Appends NOP NOP TIMESTAMPS, 12 bytes, at {@code offset}.
     *
     * @return the offset behind it
     */
    public int putTimestamps(int offset, int value, int echoReply) {
        i32(offset, OPTION_NOP << 24 | OPTION_NOP << 16 | OPTION_TIMESTAMPS << 8 | 10);
        i32(offset + 4, value);
        i32(offset + 8, echoReply);
        return offset + 12;
    }

    /** Appends MSS, 4 bytes. */
    public int putMss(int offset, int mss) {
        i32(offset, OPTION_MSS << 24 | 4 << 16 | mss & 0xFFFF);
        return offset + 4;
    }

    /** Appends NOP WINDOW_SCALE, 4 bytes. */
    public int putWindowScale(int offset, int shift) {
        i32(offset, OPTION_NOP << 24 | OPTION_WINDOW_SCALE << 16 | 3 << 8 | shift & 0xFF);
        return offset + 4;
    }

    /** Appends NOP NOP SACK_PERMITTED, 4 bytes. */
    public int putSackPermitted(int offset) {
        i32(offset, OPTION_NOP << 24 | OPTION_NOP << 16 | OPTION_SACK_PERMITTED << 8 | 2);
        return offset + 4;
    }

    /** Appends NOP NOP and the head of a SACK option for {@code blocks} blocks, 4 bytes; the blocks follow. */
    public int putSackHead(int offset, int blocks) {
        i32(offset, OPTION_NOP << 24 | OPTION_NOP << 16 | OPTION_SACK << 8 | 2 + 8 * blocks);
        return offset + 4;
    }

    /** Appends one SACK block, 8 bytes: {@code [left, right)}. */
    public int putSackBlock(int offset, int left, int right) {
        i32(offset, left);
        i32(offset + 4, right);
        return offset + 8;
    }

    /** Writes any byte of the header, for options of other kinds. */
    public int putU8(int offset, int value) {
        u8(offset, value);
        return offset + 1;
    }

    private int optionAt(int start) {
        int offset = start;
        int end = headerLength();
        while (offset < end) {
            int kind = u8(offset);
            if (kind == OPTION_END) {
                return -1;
            }
            if (kind != OPTION_NOP) {
                return offset + 2 <= end && u8(offset + 1) >= 2 && offset + u8(offset + 1) <= end ? offset : -1;
            }
            offset++;
        }
        return -1;
    }
}
