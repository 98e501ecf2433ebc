package dev.doorbell.kernel.inet;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.multicast.ReceptionState;
import dev.doorbell.kernel.multicast.SourceSet;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.socket.SockAddrBytes;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The structs of RFC 3678 §5 that serve both address families, as Linux lays them out on a 64-bit machine: each address in a
 * struct sockaddr_storage.
 *
 * <pre>
 *                             0           8       136      140       144
 *   struct group_req          | interface | group |
 *   struct group_source_req   | interface | group | source |
 *   struct group_filter       | interface | group | mode   | sources | source | source ...
 * </pre>
 */
final class GroupStructs {
    /** Where the addresses begin. */
    static final int GROUP_AT = 8, SOURCE_AT = 136;
    /** struct group_filter without sources. */
    static final int FILTER_BYTES = 144;

    private static final int MODE_AT = 136, COUNT_AT = 140;
    private static final int STORAGE_BYTES = 128;

    private GroupStructs() {}

    private static boolean isAddress(ByteBuffer value, int at, int family) {
        int bytes = family == AF_INET ? SockAddrBytes.IN_BYTES : SockAddrBytes.IN6_BYTES;
        return value.remaining() >= at + bytes && value.getShort(value.position() + at) == family;
    }

    /** Whether it is a struct group_req of this family. */
    static boolean isRequest(ByteBuffer value, int family) {
        return isAddress(value, GROUP_AT, family);
    }

    /** 0 for a struct group_source_req of this family, or a negated errno. */
    static int checkSourceRequest(ByteBuffer value, int family) {
        int bytes = family == AF_INET ? SockAddrBytes.IN_BYTES : SockAddrBytes.IN6_BYTES;
        if (value.remaining() < SOURCE_AT + bytes) {
            return Errno.EINVAL.negated();
        }
        boolean right = isAddress(value, GROUP_AT, family) && isAddress(value, SOURCE_AT, family);
        return right ? 0 : Errno.EADDRNOTAVAIL.negated();
    }

    // ---- struct group_filter

    /** 0 when it is whole and of this family, or a negated errno. */
    static int checkFilter(ByteBuffer value, int family, int mostSources) {
        if (value.remaining() < FILTER_BYTES) {
            return Errno.EINVAL.negated();
        }
        int count = filterSources(value);
        if (count < 0 || count > mostSources) {
            return Errno.ENOBUFS.negated();
        }
        if (value.remaining() < filterSourceAt(count)) {
            return Errno.EINVAL.negated();
        }
        boolean right = isAddress(value, GROUP_AT, family);
        for (int i = 0; i < count; i++) {
            right &= isAddress(value, filterSourceAt(i), family);
        }
        return right ? 0 : Errno.EADDRNOTAVAIL.negated();
    }

    static int filterMode(ByteBuffer value) {
        return value.getInt(value.position() + MODE_AT);
    }

    static int filterSources(ByteBuffer value) {
        return value.getInt(value.position() + COUNT_AT);
    }

    static int filterSourceAt(int index) {
        return FILTER_BYTES + index * STORAGE_BYTES;
    }

    /**
     * Writes mode, number of sources, and as many of them as the caller said there is room for.
     *
     * @param dev null: no such interface
     * @param filter null: not a member
     * @return bytes of the struct, or a negated errno
     */
    static int putFilter(ByteBuffer into, int family, @Nullable NetDevice dev, @Nullable ReceptionState filter) {
        if (dev == null || filter == null) {
            return (dev == null ? Errno.ENODEV : Errno.EADDRNOTAVAIL).negated();
        }
        SourceSet sources = filter.sources();
        int start = into.position();
        int room = Math.min(filterSources(into), (into.remaining() - FILTER_BYTES) / STORAGE_BYTES);
        int listed = Math.max(0, Math.min(room, sources.size()));
        into.putInt(start + MODE_AT, filter.include() ? MCAST_INCLUDE : MCAST_EXCLUDE);
        into.putInt(start + COUNT_AT, sources.size());
        for (int i = 0; i < listed; i++) {
            into.position(start + filterSourceAt(i));
            into.putShort((short) family).putShort((short) 0);
            if (family == AF_INET) {
                GroupOptions.putNetworkInt(into, (int) sources.low(i));
            } else {
                into.putInt(0);
                Ipv6Options.putNetworkLong(into, sources.high(i));
                Ipv6Options.putNetworkLong(into, sources.low(i));
            }
            while (into.position() < start + filterSourceAt(i + 1)) {
                into.put((byte) 0);
            }
        }
        into.position(start + filterSourceAt(listed));
        return filterSourceAt(listed);
    }
}
