package dev.doorbell.kernel.ndp;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.MacAddress;

/** The options of one Neighbour Discovery message, RFC 4861 §4.6. One instance per user: it holds what was found. */
final class NdpOptions {
    static final int SOURCE_LINK_ADDRESS = 1, TARGET_LINK_ADDRESS = 2, PREFIX = 3, MTU = 5, NONCE = 14;
    static final int UNIT_BYTES = 8;
    static final int PREFIX_BYTES = 32;
    /** More prefixes than this in one message are not looked at. */
    static final int MAX_PREFIXES = 32;

    private long sourceMac, targetMac;
    private long nonce;
    private int mtu;
    private final long[] prefixes = new long[MAX_PREFIXES];
    private int prefixCount;

    /**
     * Reads all options. Unknown ones are skipped, so are known ones of the wrong length (§4.6: none is defined with
     * another).
     *
     * @return false when one has length 0 or goes beyond the message: it must be dropped whole
     */
    boolean parse(GuestMemory memory, long at, int bytes) {
        sourceMac = 0;
        targetMac = 0;
        nonce = 0;
        mtu = 0;
        prefixCount = 0;
        for (int i = 0; i < bytes; ) {
            if (i + 2 > bytes) {
                return false;
            }
            int length = (memory.readByte(at + i + 1) & 0xFF) * UNIT_BYTES;
            if (length == 0 || i + length > bytes) {
                return false;
            }
            take(memory, at + i, length);
            i += length;
        }
        return true;
    }

    private void take(GuestMemory memory, long option, int length) {
        switch (memory.readByte(option) & 0xFF) {
            case SOURCE_LINK_ADDRESS -> sourceMac = length == UNIT_BYTES ? station(memory, option + 2) : 0;
            case TARGET_LINK_ADDRESS -> targetMac = length == UNIT_BYTES ? station(memory, option + 2) : 0;
            case NONCE -> nonce = length == UNIT_BYTES ? MacAddress.read(memory, option + 2) : 0;
            case MTU -> mtu = length == UNIT_BYTES ? Integer.reverseBytes(memory.readInt(option + 4)) : 0;
            case PREFIX -> {
                if (length == PREFIX_BYTES && prefixCount < MAX_PREFIXES) {
                    prefixes[prefixCount++] = option;
                }
            }
            default -> {}
        }
    }

    private static long station(GuestMemory memory, long at) {
        long mac = MacAddress.read(memory, at);
        return MacAddress.isValidStation(mac) ? mac : 0;
    }

    /** 0: none. */
    long sourceMac() {
        return sourceMac;
    }

    /** 0: none. */
    long targetMac() {
        return targetMac;
    }

    /** RFC 3971 §5.3.2, 48 bits; 0: none. */
    long nonce() {
        return nonce;
    }

    /** 0: none. */
    int mtu() {
        return mtu;
    }

    int prefixCount() {
        return prefixCount;
    }

    /** Where the i-th prefix information option begins. */
    long prefix(int i) {
        return prefixes[i];
    }
}
