package dev.doorbell.kernel.socket;

import dev.doorbell.bus.mem.GuestMemory;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Ancillary data that is a piece of an IP header: IPv6 extension headers (RFC 3542 §6 to §9) and IPv4 options, each with the
 * level and the type of its cmsg, in order. Reused; grows with the longest it had to hold.
 */
public final class HeaderList {
    /** More headers than a packet has in practice; what goes beyond is left out. */
    private static final int MAX_HEADERS = 16;

    private static final byte[] NONE = {};

    private final int[] levels = new int[MAX_HEADERS], types = new int[MAX_HEADERS], ends = new int[MAX_HEADERS];
    private byte[] bytes = NONE;
    private int count;

    public void clear() {
        count = 0;
    }

    public int count() {
        return count;
    }

    public int level(int index) {
        return levels[index];
    }

    public int type(int index) {
        return types[index];
    }

    public int length(int index) {
        return ends[index] - start(index);
    }

    /** A view of one of them, valid until the list changes. */
    public ByteBuffer header(int index) {
        return ByteBuffer.wrap(bytes, start(index), length(index)).slice();
    }

    /** Appends a header that lies in a packet. */
    public void add(int level, int type, GuestMemory memory, long at, int length) {
        if (grow(length)) {
            memory.read(at, bytes, start(count), length);
            append(level, type, length);
        }
    }

    /** Appends what a program gave, or what was made for it; the buffer stays as it is. */
    public void add(int level, int type, ByteBuffer header) {
        int length = header.remaining();
        if (grow(length)) {
            header.get(header.position(), bytes, start(count), length);
            append(level, type, length);
        }
    }

    private int start(int index) {
        return index == 0 ? 0 : ends[index - 1];
    }

    private boolean grow(int length) {
        if (count == MAX_HEADERS) {
            return false;
        }
        int needed = start(count) + length;
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(needed, 2 * bytes.length));
        }
        return true;
    }

    private void append(int level, int type, int length) {
        levels[count] = level;
        types[count] = type;
        ends[count] = start(count) + length;
        count++;
    }
}
