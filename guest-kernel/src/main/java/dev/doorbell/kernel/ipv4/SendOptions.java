package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.kernel.core.Errno;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * The options of packets that are sent, RFC 791 §3.1: what a program gave with IP_OPTIONS, or the answer to what came. One
 * instance may be filled again and again; filling and writing allocate nothing.
 *
 * <p>A source route is given with all its hops; on the wire the first is the destination address, the others move up, and the
 * last place is the real destination's. Record route and timestamp begin with our own address and time.
 */
public final class SendOptions {
    /** Longest list of options. */
    public static final int MAX_LENGTH = 40;

    private static final int ADDRESS_BYTES = 4, FIRST_SLOT = 4, FIRST_STAMP = 5;
    private static final int STAMPS_ONLY = 0, STAMPS_WITH_ADDRESSES = 1, STAMPS_PRESPECIFIED = 3;
    private static final int NONE = -1;

    /** As getsockopt shows them, and as they are sent but for the places that are filled in then. */
    private final byte[] given = new byte[MAX_LENGTH], sent = new byte[MAX_LENGTH];

    private int length;
    private int firstHop;
    private boolean strict;
    /** Where the destination, our address (of either option) and our time are written; NONE. */
    private int routeEndAt, recordAt, stampAddressAt, stampTimeAt;

    /** The route and the options that were met already: each may come once. */
    private boolean sawRoute, sawRecord, sawStamp;

    public SendOptions() {
        clear();
    }

    private void clear() {
        Arrays.fill(given, (byte) 0);
        length = 0;
        firstHop = 0;
        strict = false;
        routeEndAt = recordAt = stampAddressAt = stampTimeAt = NONE;
        sawRoute = sawRecord = sawStamp = false;
    }

    /** Bytes in the header, a multiple of four. */
    public int length() {
        return length;
    }

    /** There is a source route: packets go to {@link #firstHop} first. */
    public boolean isRouted() {
        return routeEndAt != NONE;
    }

    public int firstHop() {
        return firstHop;
    }

    /** No router but those of the route may be in between: RFC 791, strict source route. */
    public boolean isStrict() {
        return strict;
    }

    /** Writes them as they were given: as many bytes as there is room for. */
    public int get(ByteBuffer into) {
        int bytes = Math.min(length, into.remaining());
        into.put(given, 0, bytes);
        return bytes;
    }

    // ---- from a program

    /**
     * Takes what a program gave, ip_options_compile.
     *
     * @param isLocal whether a prespecified place is for this host: {@link Ipv4#mayStamp}
     * @return 0 or -EINVAL; then this is of no use
     */
    public int set(ByteBuffer value, IntPredicate isLocal) {
        clear();
        int bytes = value.remaining();
        if (bytes > MAX_LENGTH) {
            return Errno.EINVAL.negated();
        }
        value.get(value.position(), given, 0, bytes);
        length = bytes + 3 & ~3;
        System.arraycopy(given, 0, sent, 0, MAX_LENGTH);
        int at = 0;
        while (at < length) {
            int kind = sent[at] & 0xFF;
            if (kind == IpOptions.END) {
                Arrays.fill(sent, at, MAX_LENGTH, (byte) IpOptions.END);
                Arrays.fill(given, at, MAX_LENGTH, (byte) IpOptions.END);
                break;
            }
            if (kind == IpOptions.NOP) {
                at++;
                continue;
            }
            int bytesOfOption = at + 1 < length ? sent[at + 1] & 0xFF : 0;
            if (bytesOfOption < 2 || at + bytesOfOption > length || !compile(kind, at, bytesOfOption, isLocal)) {
                return Errno.EINVAL.negated();
            }
            at += bytesOfOption;
        }
        return 0;
    }

    private boolean compile(int kind, int at, int bytes, IntPredicate isLocal) {
        switch (kind) {
            case IpOptions.LOOSE_ROUTE, IpOptions.STRICT_ROUTE:
                return compileRoute(kind, at, bytes);
            case IpOptions.RECORD_ROUTE:
                return compileRecord(at, bytes);
            case IpOptions.TIMESTAMP:
                return compileStamp(at, bytes, isLocal);
            case IpOptions.ROUTER_ALERT:
                return bytes >= ADDRESS_BYTES;
            default:
                return true;
        }
    }

    private int pointer(int at) {
        return sent[at + 2] & 0xFF;
    }

    private boolean compileRoute(int kind, int at, int bytes) {
        if (sawRoute || bytes < 7 || pointer(at) != FIRST_SLOT || (bytes - 3 & 3) != 0) {
            return false;
        }
        sawRoute = true;
        firstHop = address(at + 3);
        System.arraycopy(sent, at + 7, sent, at + 3, bytes - 7);
        routeEndAt = at + bytes - ADDRESS_BYTES;
        strict = kind == IpOptions.STRICT_ROUTE;
        return true;
    }

    private int address(int at) {
        return sent[at] << 24 | (sent[at + 1] & 0xFF) << 16 | (sent[at + 2] & 0xFF) << 8 | sent[at + 3] & 0xFF;
    }

    private boolean compileRecord(int at, int bytes) {
        if (sawRecord || bytes < 3 || pointer(at) < FIRST_SLOT) {
            return false;
        }
        sawRecord = true;
        return pointer(at) > bytes || recordAt(at, bytes);
    }

    /** The place that the pointer points at becomes ours. */
    private boolean recordAt(int at, int bytes) {
        if (pointer(at) + ADDRESS_BYTES - 1 > bytes) {
            return false;
        }
        recordAt = at + pointer(at) - 1;
        sent[at + 2] += ADDRESS_BYTES;
        return true;
    }

    private boolean compileStamp(int at, int bytes, IntPredicate isLocal) {
        if (sawStamp || bytes < 4 || pointer(at) < FIRST_STAMP) {
            return false;
        }
        sawStamp = true;
        if (pointer(at) > bytes) {
            return (sent[at + 3] & 0xF0) != 0xF0; // 15 overflows are all that can be counted
        }
        return stampAt(at, bytes, isLocal);
    }

    private boolean stampAt(int at, int bytes, IntPredicate isLocal) {
        int slot = at + pointer(at) - 1;
        int flag = sent[at + 3] & 0xF;
        int needed = flag == STAMPS_ONLY ? ADDRESS_BYTES : 2 * ADDRESS_BYTES;
        if (pointer(at) + needed - 1 > bytes) {
            return false;
        }
        switch (flag) {
            case STAMPS_ONLY -> stampTimeAt = slot;
            case STAMPS_WITH_ADDRESSES -> {
                stampAddressAt = slot;
                stampTimeAt = slot + ADDRESS_BYTES;
            }
            case STAMPS_PRESPECIFIED -> {
                if (!isLocal.test(address(slot))) {
                    return true; // another host's turn
                }
                stampTimeAt = slot + ADDRESS_BYTES;
            }
            default -> {
                return false;
            }
        }
        sent[at + 2] += needed;
        return true;
    }

    // ---- from a packet that came

    /**
     * The options of an answer, ip_options_echo, RFC 1122 §3.2.2.6: record route and timestamp go on where they are, a source
     * route is walked back. All else is left out.
     *
     * @param header GPA of the IP header, whose options were found right
     * @param headerLength bytes
     * @return false: there is nothing to send
     */
    public boolean echo(GuestMemory memory, long header, int headerLength, IntPredicate isLocal) {
        clear();
        int source = Integer.reverseBytes(memory.readInt(header + 12));
        int at = 20;
        while (at < headerLength) {
            int kind = memory.readByte(header + at) & 0xFF;
            if (kind == IpOptions.END) {
                break;
            }
            int bytes = kind == IpOptions.NOP ? 1 : at + 1 < headerLength ? memory.readByte(header + at + 1) & 0xFF : 0;
            if (bytes == 0 || at + bytes > headerLength) {
                break;
            }
            switch (kind) {
                case IpOptions.RECORD_ROUTE -> sawRecord = sawRecord || echoRecord(memory, header + at, bytes);
                case IpOptions.TIMESTAMP -> sawStamp = sawStamp || echoStamp(memory, header + at, bytes, isLocal);
                case IpOptions.LOOSE_ROUTE, IpOptions.STRICT_ROUTE ->
                    sawRoute = sawRoute || echoRoute(memory, header + at, bytes, kind, source);
                default -> {}
            }
            at += bytes;
        }
        Arrays.fill(sent, length, MAX_LENGTH, (byte) IpOptions.END);
        length = length + 3 & ~3;
        return length > 0;
    }

    private void copy(GuestMemory memory, long option, int bytes) {
        memory.read(option, sent, length, bytes);
        System.arraycopy(sent, length, given, length, bytes);
    }

    private boolean echoRecord(GuestMemory memory, long option, int bytes) {
        if (bytes < 3) {
            return false;
        }
        copy(memory, option, bytes);
        if (pointer(length) <= bytes) {
            recordAt(length, bytes);
        }
        length += bytes;
        return true;
    }

    private boolean echoStamp(GuestMemory memory, long option, int bytes, IntPredicate isLocal) {
        if (bytes < 4) {
            return false;
        }
        copy(memory, option, bytes);
        if (pointer(length) <= bytes) {
            stampAt(length, bytes, isLocal);
        }
        length += bytes;
        return true;
    }

    /** The hops that were gone through, backwards; the last place is the destination's. */
    private boolean echoRoute(GuestMemory memory, long option, int bytes, int kind, int source) {
        int pointer = memory.readByte(option + 2) & 0xFF;
        int hops = (Math.min(pointer, bytes + 1) - FIRST_SLOT) / ADDRESS_BYTES;
        if (bytes < 3 || hops < 1) {
            return false;
        }
        int last = hopAt(memory, option, hops - 1);
        // RFC 1812 §5.3.13.4: the source itself as the first hop is a mistake of the sender's.
        int first = hopAt(memory, option, 0) == source ? 1 : 0;
        int places = hops - first;
        if (places < 1) {
            return false;
        }
        firstHop = last;
        strict = kind == IpOptions.STRICT_ROUTE;
        sent[length] = (byte) kind;
        sent[length + 1] = (byte) (3 + places * ADDRESS_BYTES);
        sent[length + 2] = FIRST_SLOT;
        for (int i = 0; i < places; i++) {
            int hop = i < places - 1 ? hopAt(memory, option, hops - 2 - i) : 0;
            putAddress(sent, length + 3 + i * ADDRESS_BYTES, hop);
        }
        System.arraycopy(sent, length, given, length, 3);
        putAddress(given, length + 3, firstHop);
        System.arraycopy(sent, length + 3, given, length + 7, (places - 1) * ADDRESS_BYTES);
        routeEndAt = length + 3 + (places - 1) * ADDRESS_BYTES;
        length += 3 + places * ADDRESS_BYTES;
        return true;
    }

    private static int hopAt(GuestMemory memory, long option, int index) {
        return Integer.reverseBytes(memory.readInt(option + 3 + (long) index * ADDRESS_BYTES));
    }

    // ---- into a packet

    /**
     * Writes them behind an IP header.
     *
     * @param at GPA of the first option
     * @param source our address, for record route and timestamp
     * @param destination the end of a source route
     * @param stampMs milliseconds since midnight UT
     */
    void put(GuestMemory memory, long at, int source, int destination, int stampMs) {
        memory.write(at, sent, 0, length);
        putAddress(memory, at, routeEndAt, destination);
        putAddress(memory, at, recordAt, source);
        putAddress(memory, at, stampAddressAt, source);
        putAddress(memory, at, stampTimeAt, stampMs);
    }

    private static void putAddress(GuestMemory memory, long at, int slot, int value) {
        if (slot != NONE) {
            memory.writeInt(at + slot, Integer.reverseBytes(value));
        }
    }

    private static void putAddress(byte[] bytes, int at, int value) {
        bytes[at] = (byte) (value >> 24);
        bytes[at + 1] = (byte) (value >> 16);
        bytes[at + 2] = (byte) (value >> 8);
        bytes[at + 3] = (byte) value;
    }
}
