package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.mem.GuestMemory;

/**
 * The options of one received header, RFC 791 section 3.1: checked, and record route and timestamp filled in. One
 * instance is reused for every packet.
 */
final class IpOptions {
    static final int END = 0,
            NOP = 1,
            RECORD_ROUTE = 7,
            TIMESTAMP = 68,
            LOOSE_ROUTE = 131,
            STRICT_ROUTE = 137,
            ROUTER_ALERT = 148;

    /** Result of {@link #process}: fine, a source route (drop silently), or the offset of what is wrong. */
    static final int OK = -1, SOURCE_ROUTED = -2;

    private static final int FIRST_SLOT = 4, FIRST_STAMP = 5, ADDRESS_BYTES = 4;
    private static final int STAMPS_ONLY = 0, STAMPS_WITH_ADDRESSES = 1, STAMPS_PRESPECIFIED = 3;

    private boolean changed;

    /** Something was written into the header: its checksum must be computed anew. */
    boolean changed() {
        return changed;
    }

    /**
     * @param header GPA of the IP header; the first 20 bytes are not options
     * @param headerLength bytes
     * @param self our address, to be recorded
     * @param stampMs milliseconds since midnight UT
     * @param mayBeRouted a source route is all right that has been gone through
     * @return {@link #OK}, {@link #SOURCE_ROUTED}, or the offset in the header for a parameter problem
     */
    int process(GuestMemory memory, long header, int headerLength, int self, int stampMs, boolean mayBeRouted) {
        changed = false;
        int at = 20;
        while (at < headerLength) {
            int kind = memory.readByte(header + at) & 0xFF;
            if (kind == END) {
                return OK;
            }
            if (kind == NOP) {
                at++;
                continue;
            }
            if (at + 1 >= headerLength) {
                return at;
            }
            int length = memory.readByte(header + at + 1) & 0xFF;
            if (length < 2 || at + length > headerLength) {
                return at;
            }
            int wrong = option(memory, header + at, kind, length, self, stampMs, mayBeRouted);
            if (wrong == SOURCE_ROUTED) {
                return wrong;
            }
            if (wrong >= 0) {
                return at + wrong;
            }
            at += length;
        }
        return OK;
    }

    private int option(
            GuestMemory memory, long option, int kind, int length, int self, int stampMs, boolean mayBeRouted) {
        switch (kind) {
            case LOOSE_ROUTE, STRICT_ROUTE:
                boolean goneThrough = length >= 3 && (memory.readByte(option + 2) & 0xFF) > length;
                return mayBeRouted && goneThrough ? OK : SOURCE_ROUTED;
            case RECORD_ROUTE:
                return recordRoute(memory, option, length, self);
            case TIMESTAMP:
                return timestamp(memory, option, length, self, stampMs);
            case ROUTER_ALERT:
                return length < ADDRESS_BYTES ? 1 : OK;
            default:
                return OK;
        }
    }

    private int recordRoute(GuestMemory memory, long option, int length, int self) {
        if (length < 3) {
            return 1;
        }
        int pointer = memory.readByte(option + 2) & 0xFF;
        if (pointer < FIRST_SLOT) {
            return 2;
        }
        if (pointer > length) {
            return OK; // full
        }
        if (pointer + ADDRESS_BYTES - 1 > length) {
            return 2;
        }
        memory.writeInt(option + pointer - 1, Integer.reverseBytes(self));
        memory.writeByte(option + 2, pointer + ADDRESS_BYTES);
        changed = true;
        return OK;
    }

    private int timestamp(GuestMemory memory, long option, int length, int self, int stampMs) {
        if (length < 4) {
            return 1;
        }
        int pointer = memory.readByte(option + 2) & 0xFF;
        int overflowAndFlag = memory.readByte(option + 3) & 0xFF;
        int flag = overflowAndFlag & 0xF;
        if (pointer < FIRST_STAMP) {
            return 2;
        }
        if (flag != STAMPS_ONLY && flag != STAMPS_WITH_ADDRESSES && flag != STAMPS_PRESPECIFIED) {
            return 3;
        }
        if (pointer > length) {
            int overflow = overflowAndFlag >>> 4;
            if (overflow == 0xF) {
                return 3;
            }
            memory.writeByte(option + 3, overflowAndFlag + 0x10);
            changed = true;
            return OK;
        }
        int needed = flag == STAMPS_ONLY ? ADDRESS_BYTES : 2 * ADDRESS_BYTES;
        if (pointer + needed - 1 > length) {
            return 2;
        }
        long slot = option + pointer - 1;
        if (flag == STAMPS_PRESPECIFIED && Integer.reverseBytes(memory.readInt(slot)) != self) {
            return OK; // another host's turn
        }
        if (flag != STAMPS_ONLY) {
            memory.writeInt(slot, Integer.reverseBytes(self));
            slot += ADDRESS_BYTES;
        }
        memory.writeInt(slot, Integer.reverseBytes(stampMs));
        memory.writeByte(option + 2, pointer + needed);
        changed = true;
        return OK;
    }

    /** Whether fragments behind the first carry the option: its copied flag. */
    static boolean isCopied(int kind) {
        return (kind & 0x80) != 0;
    }
}
