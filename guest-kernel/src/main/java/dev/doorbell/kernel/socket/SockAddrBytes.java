package dev.doorbell.kernel.socket;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The sockaddr structs as Linux on a little-endian machine lays them out in memory: the family in host order, ports,
 * addresses and flow information in network order, the scope in host order.
 */
public final class SockAddrBytes {
    /** sizeof struct sockaddr_in, and sockaddr_in6. */
    public static final int IN_BYTES = 16, IN6_BYTES = 28;

    /** Linux takes a sockaddr_in6 without its last field, from programs older than RFC 2553. */
    public static final int IN6_MIN_BYTES = 24;

    private static final int FAMILY_BYTES = 2;

    private SockAddrBytes() {}

    /**
     * Reads a struct from a buffer's position to its limit; the position stays.
     *
     * @return {@link SockAddrOther} when it is shorter than its family demands, or of a family that is not known here; null
     *     when it is too short to have a family
     */
    public static @Nullable SockAddr read(ByteBuffer from) {
        if (from.remaining() < FAMILY_BYTES) {
            return null;
        }
        ByteBuffer raw = from.slice().order(ByteOrder.LITTLE_ENDIAN);
        int family = raw.getShort(0) & 0xFFFF;
        ByteBuffer network = from.slice().order(ByteOrder.BIG_ENDIAN);
        if (family == SocketConstants.AF_INET && raw.remaining() >= IN_BYTES) {
            return new SockAddrIn(network.getInt(4), network.getShort(2));
        }
        if (family == SocketConstants.AF_INET6 && raw.remaining() >= IN6_MIN_BYTES) {
            int scope = raw.remaining() < IN6_BYTES ? 0 : raw.getInt(24);
            return new SockAddrIn6()
                    .set(network.getLong(8), network.getLong(16), network.getShort(2), network.getInt(4), scope);
        }
        boolean whole = raw.remaining() >= IN_BYTES;
        return new SockAddrOther(
                family, raw.remaining(), whole ? network.getInt(4) : 0, whole ? network.getShort(2) & 0xFFFF : 0);
    }

    /**
     * Writes a struct at a buffer's position, cut to what has room; the position moves by what was written.
     *
     * @return bytes of the whole struct; 0 for an address that has none
     */
    public static int write(SockAddr address, ByteBuffer into) {
        ByteBuffer raw = ByteBuffer.allocate(IN6_BYTES);
        raw.order(ByteOrder.LITTLE_ENDIAN).putShort(0, (short) address.family());
        raw.order(ByteOrder.BIG_ENDIAN).putShort(2, (short) address.port());
        int bytes;
        if (address instanceof SockAddrIn in) {
            raw.putInt(4, in.address());
            bytes = IN_BYTES;
        } else if (address instanceof SockAddrIn6 in6) {
            raw.putInt(4, in6.flowInfo()).putLong(8, in6.high()).putLong(16, in6.low());
            raw.order(ByteOrder.LITTLE_ENDIAN).putInt(24, in6.scopeId());
            bytes = IN6_BYTES;
        } else {
            bytes = 0;
        }
        into.put(raw.array(), 0, Math.min(bytes, into.remaining()));
        return bytes;
    }
}
