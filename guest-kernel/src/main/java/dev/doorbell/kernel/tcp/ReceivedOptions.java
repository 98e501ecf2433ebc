package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.mem.GuestMemory;

/**
 * The options of a received segment, RFC 9293 §3.1, RFC 7323, RFC 2018. Parsing stops at the first malformed option; what
 * came before it counts. Reused; allocates nothing.
 */
final class ReceivedOptions {
    static final int END = 0, NOP = 1, MSS = 2, WINDOW_SCALE = 3, SACK_PERMITTED = 4, SACK = 5, TIMESTAMPS = 8;
    static final int FAST_OPEN = 34, EXPERIMENT = 254, FAST_OPEN_MAGIC = 0xF989, SIGNATURE = 19, SIGNATURE_BYTES = 18;
    static final int MAX_SHIFT = 14, MAX_SACK_BLOCKS = 4;
    static final int TIMESTAMPS_ALIGNED = 12, SACK_BASE_ALIGNED = 4, SACK_BLOCK = 8;

    /** NOP, NOP, timestamps, length 10: how every stack lays the option out. */
    private static final int TIMESTAMP_WORD = NOP << 24 | NOP << 16 | TIMESTAMPS << 8 | 10;

    boolean sawMss, sawWindowScale, sackPermitted, sawTimestamp;
    /** RFC 2385. */
    boolean sawSignature;

    int mss, windowScale, tsVal, tsEcr;
    /** RFC 7413; the experimental form of it too. */
    final FastOpenCookie fastOpen = new FastOpenCookie();

    int sackBlocks;
    final int[] sackStart = new int[MAX_SACK_BLOCKS], sackEnd = new int[MAX_SACK_BLOCKS];

    void clear() {
        sawMss = sawWindowScale = sackPermitted = sawTimestamp = sawSignature = false;
        mss = windowScale = tsVal = tsEcr = sackBlocks = 0;
        fastOpen.clear();
    }

    /**
     * @param at GPA of the first option
     * @param bytes of options, 0 to 40
     * @param syn whether the segment has SYN: the options that only SYNs carry are ignored elsewhere
     */
    void parse(GuestMemory memory, long at, int bytes, boolean syn) {
        clear();
        if (bytes == TIMESTAMPS_ALIGNED && read32(memory, at) == TIMESTAMP_WORD) {
            timestamp(memory, at + 4);
            return;
        }
        for (int i = 0; i < bytes; ) {
            int kind = memory.readByte(at + i) & 0xFF;
            if (kind == END) {
                return;
            }
            if (kind == NOP) {
                i++;
                continue;
            }
            if (i + 1 >= bytes) {
                return;
            }
            int length = memory.readByte(at + i + 1) & 0xFF;
            if (length < 2 || i + length > bytes) {
                return;
            }
            option(memory, kind, at + i + 2, length, syn);
            i += length;
        }
    }

    private void option(GuestMemory memory, int kind, long value, int length, boolean syn) {
        switch (kind) {
            case MSS -> {
                if (length == 4 && syn) {
                    mss = read16(memory, value);
                    sawMss = mss != 0;
                }
            }
            case WINDOW_SCALE -> {
                if (length == 3 && syn) {
                    sawWindowScale = true;
                    windowScale = Math.min(memory.readByte(value) & 0xFF, MAX_SHIFT);
                }
            }
            case SACK_PERMITTED -> sackPermitted |= length == 2 && syn;
            case SACK -> {
                if (length >= 10 && (length - 2) % SACK_BLOCK == 0 && !syn) {
                    sackBlocks = Math.min((length - 2) / SACK_BLOCK, MAX_SACK_BLOCKS);
                    for (int i = 0; i < sackBlocks; i++) {
                        sackStart[i] = read32(memory, value + (long) i * SACK_BLOCK);
                        sackEnd[i] = read32(memory, value + (long) i * SACK_BLOCK + 4);
                    }
                }
            }
            case TIMESTAMPS -> {
                if (length == 10) {
                    timestamp(memory, value);
                }
            }
            case FAST_OPEN -> {
                if (syn) {
                    fastOpen.read(memory, value, length - 2, false);
                }
            }
            case EXPERIMENT -> {
                if (syn && length >= 4 && read16(memory, value) == FAST_OPEN_MAGIC) {
                    fastOpen.read(memory, value + 2, length - 4, true);
                }
            }
            case SIGNATURE -> sawSignature |= length == SIGNATURE_BYTES;
            default -> {}
        }
    }

    private void timestamp(GuestMemory memory, long value) {
        sawTimestamp = true;
        tsVal = read32(memory, value);
        tsEcr = read32(memory, value + 4);
    }

    private static int read32(GuestMemory memory, long at) {
        return Integer.reverseBytes(memory.readInt(at));
    }

    private static int read16(GuestMemory memory, long at) {
        return Short.reverseBytes(memory.readShort(at)) & 0xFFFF;
    }
}
