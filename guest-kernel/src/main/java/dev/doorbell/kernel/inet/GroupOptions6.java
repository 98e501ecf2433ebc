package dev.doorbell.kernel.inet;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.Route6;
import dev.doorbell.kernel.multicast.ReceptionState;
import dev.doorbell.kernel.multicast.SourceSet;
import dev.doorbell.kernel.netdev.NetDevice;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The options of level SOL_IPV6 about the groups of one socket: RFC 3493 §5.2, RFC 3678 §5. */
final class GroupOptions6 {
    /** net.core.optmem_max allows about so many groups; net.ipv6.mld_max_msf. */
    private static final int MAX = 64, MAX_SOURCES = 64;
    /** struct ipv6_mreq: group, interface index. */
    private static final int MREQ_BYTES = 20;

    private static final int ADDRESS_AT = 8;

    private final Ipv6 ipv6;
    private final Memberships memberships;

    GroupOptions6(Ipv6 ipv6) {
        this.ipv6 = ipv6;
        this.memberships = new Memberships(ipv6.groups().table(), MAX, MAX_SOURCES);
    }

    Memberships memberships() {
        return memberships;
    }

    /** Whether an option is one of these. */
    static boolean handles(int name) {
        return name == IPV6_JOIN_GROUP
                || name == IPV6_LEAVE_GROUP
                || name >= MCAST_JOIN_GROUP && name <= MCAST_MSFILTER;
    }

    int set(int name, ByteBuffer value) {
        return switch (name) {
            case IPV6_JOIN_GROUP -> request(value, true);
            case IPV6_LEAVE_GROUP -> request(value, false);
            case MCAST_JOIN_GROUP -> groupRequest(value, true);
            case MCAST_LEAVE_GROUP -> groupRequest(value, false);
            case MCAST_JOIN_SOURCE_GROUP -> groupSource(value, true, true);
            case MCAST_LEAVE_SOURCE_GROUP -> groupSource(value, true, false);
            case MCAST_BLOCK_SOURCE -> groupSource(value, false, true);
            case MCAST_UNBLOCK_SOURCE -> groupSource(value, false, false);
            case MCAST_MSFILTER -> setFilter(value);
            default -> Errno.ENOPROTOOPT.negated();
        };
    }

    /** @return bytes written, or a negated errno; ENOPROTOOPT for the options that can only be set */
    int get(int name, ByteBuffer into) {
        if (name != MCAST_MSFILTER) {
            return Errno.ENOPROTOOPT.negated();
        }
        if (into.remaining() < GroupStructs.FILTER_BYTES || !GroupStructs.isRequest(into, AF_INET6)) {
            return Errno.EINVAL.negated();
        }
        long high = high(into, GroupStructs.GROUP_AT);
        long low = low(into, GroupStructs.GROUP_AT);
        if (!Ipv6Address.isMulticast(high)) {
            return Errno.EINVAL.negated();
        }
        NetDevice dev = device(into.getInt(into.position()), high, low);
        return GroupStructs.putFilter(into, AF_INET6, dev, dev == null ? null : memberships.filter(dev, high, low));
    }

    private int request(ByteBuffer mreq, boolean joins) {
        if (mreq.remaining() < MREQ_BYTES) {
            return Errno.EINVAL.negated();
        }
        int index = mreq.getInt(mreq.position() + 16);
        return request(index, Ipv6Options.networkLong(mreq, 0), Ipv6Options.networkLong(mreq, 8), joins);
    }

    private int groupRequest(ByteBuffer value, boolean joins) {
        return GroupStructs.isRequest(value, AF_INET6)
                ? request(
                        value.getInt(value.position()),
                        high(value, GroupStructs.GROUP_AT),
                        low(value, GroupStructs.GROUP_AT),
                        joins)
                : Errno.EINVAL.negated();
    }

    private int request(int index, long high, long low, boolean joins) {
        if (!Ipv6Address.isMulticast(high)) {
            return Errno.EINVAL.negated();
        }
        if (!joins && index == 0) {
            return memberships.leave(null, high, low);
        }
        NetDevice dev = device(index, high, low);
        if (dev == null) {
            return Errno.ENODEV.negated();
        }
        return joins ? memberships.join(dev, high, low) : memberships.leave(dev, high, low);
    }

    private int groupSource(ByteBuffer value, boolean joins, boolean adds) {
        int error = GroupStructs.checkSourceRequest(value, AF_INET6);
        if (error != 0) {
            return error;
        }
        long high = high(value, GroupStructs.GROUP_AT);
        long low = low(value, GroupStructs.GROUP_AT);
        if (!Ipv6Address.isMulticast(high)) {
            return Errno.EINVAL.negated();
        }
        NetDevice dev = device(value.getInt(value.position()), high, low);
        return dev == null
                ? Errno.ENODEV.negated()
                : memberships.source(
                        dev,
                        high,
                        low,
                        high(value, GroupStructs.SOURCE_AT),
                        low(value, GroupStructs.SOURCE_AT),
                        joins,
                        adds);
    }

    private int setFilter(ByteBuffer value) {
        int error = GroupStructs.checkFilter(value, AF_INET6, MAX_SOURCES);
        if (error != 0) {
            return error;
        }
        long high = high(value, GroupStructs.GROUP_AT);
        long low = low(value, GroupStructs.GROUP_AT);
        int mode = GroupStructs.filterMode(value);
        if (!Ipv6Address.isMulticast(high) || mode != MCAST_INCLUDE && mode != MCAST_EXCLUDE) {
            return Errno.EINVAL.negated();
        }
        SourceSet sources = SourceSet.EMPTY;
        for (int i = 0; i < GroupStructs.filterSources(value); i++) {
            int at = GroupStructs.filterSourceAt(i);
            sources = sources.with(high(value, at), low(value, at));
        }
        NetDevice dev = device(value.getInt(value.position()), high, low);
        return dev == null
                ? Errno.ENODEV.negated()
                : memberships.setFilter(dev, high, low, new ReceptionState(mode == MCAST_INCLUDE, sources));
    }

    /** The address in a sockaddr_in6. */
    private static long high(ByteBuffer value, int at) {
        return Ipv6Options.networkLong(value, at + ADDRESS_AT);
    }

    private static long low(ByteBuffer value, int at) {
        return Ipv6Options.networkLong(value, at + ADDRESS_AT + Long.BYTES);
    }

    private @Nullable NetDevice device(int index, long high, long low) {
        if (index != 0) {
            return ipv6.net().deviceByIndex(index);
        }
        Route6 route = ipv6.routes().lookup(high, low, 0, 0, 0);
        return route == null ? null : route.dev();
    }
}
