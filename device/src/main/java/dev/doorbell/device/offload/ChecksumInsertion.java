package dev.doorbell.device.offload;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.InternetChecksum;

/** Stores Internet checksums into packets on their way out, wherever the driver says: it is not second-guessed. */
public final class ChecksumInsertion {
    private ChecksumInsertion() {}

    /**
     * Sums from {@code start} on, the field included as it is, and stores the complement at {@code at}.
     *
     * @param packet offset of the packet in {@code memory}
     * @param length of the packet in bytes
     * @param lastByte of the range, inclusive; 0 is the end of the packet
     * @return false when the range or the field is not inside the packet: nothing was stored
     */
    public static boolean insert(GuestMemory memory, long packet, int length, int start, int lastByte, int at) {
        int bytes = rangeBytes(length, start, lastByte, at);
        if (bytes <= 0) {
            return false;
        }
        store(memory, packet + at, InternetChecksum.fold(InternetChecksum.sum(memory, packet + start, bytes, 0)));
        return true;
    }

    /** As {@link #insert}, for UDP: a sum of 0 goes out as 0xFFFF, because 0 says that there is none (RFC 768). */
    public static boolean insertUdp(GuestMemory memory, long packet, int length, int start, int lastByte, int at) {
        int bytes = rangeBytes(length, start, lastByte, at);
        if (bytes <= 0) {
            return false;
        }
        store(memory, packet + at, InternetChecksum.foldUdp(InternetChecksum.sum(memory, packet + start, bytes, 0)));
        return true;
    }

    /** Inserts what POPTS asks for: IXSM and TXSM of a packet that is not segmented. */
    public static void insert(
            GuestMemory memory, long packet, int length, OffloadContext context, boolean ip, boolean l4) {
        if (ip) {
            insert(memory, packet, length, context.ipStart(), context.ipEnd(), context.ipChecksumAt());
        }
        if (l4 && context.isTcp()) {
            insert(memory, packet, length, context.l4Start(), context.l4End(), context.l4ChecksumAt());
        } else if (l4) {
            insertUdp(memory, packet, length, context.l4Start(), context.l4End(), context.l4ChecksumAt());
        }
    }

    static void store(GuestMemory memory, long at, int checksum) {
        memory.writeShort(at, Short.reverseBytes((short) checksum));
    }

    private static int rangeBytes(int length, int start, int lastByte, int at) {
        int end = lastByte == 0 ? length : lastByte + 1;
        return end > length || at + 2 > length ? 0 : end - start;
    }
}
