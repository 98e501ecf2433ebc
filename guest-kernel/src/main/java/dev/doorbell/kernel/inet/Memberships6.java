package dev.doorbell.kernel.inet;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.Route6;
import dev.doorbell.kernel.netdev.NetDevice;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The IPv6 groups one socket has joined: options IPV6_JOIN_GROUP and IPV6_LEAVE_GROUP. */
final class Memberships6 {
    /** net.core.optmem_max allows about so many. */
    private static final int MAX = 64;
    /** net.ipv6.mld_max_msf. */
    private static final int MAX_SOURCES = 64;
    /** struct ipv6_mreq: group, interface index. */
    private static final int MREQ_BYTES = 20;

    private record Membership(NetDevice dev, long high, long low, SourceFilter filter) {}

    private final Ipv6 ipv6;
    private final List<Membership> joined = new ArrayList<>();

    Memberships6(Ipv6 ipv6) {
        this.ipv6 = ipv6;
    }

    int join(ByteBuffer mreq) {
        if (mreq.remaining() < MREQ_BYTES) {
            return Errno.EINVAL.negated();
        }
        long high = Ipv6Options.networkLong(mreq, 0);
        long low = Ipv6Options.networkLong(mreq, 8);
        if (!Ipv6Address.isMulticast(high)) {
            return Errno.EINVAL.negated();
        }
        NetDevice dev = device(mreq.getInt(mreq.position() + 16), high, low);
        if (dev == null) {
            return Errno.ENODEV.negated();
        }
        if (find(dev, high, low) != null) {
            return Errno.EADDRINUSE.negated();
        }
        if (joined.size() >= MAX) {
            return Errno.ENOBUFS.negated();
        }
        joined.add(new Membership(dev, high, low, new SourceFilter(MAX_SOURCES)));
        ipv6.groups().join(dev, high, low);
        return 0;
    }

    int leave(ByteBuffer mreq) {
        if (mreq.remaining() < MREQ_BYTES) {
            return Errno.EINVAL.negated();
        }
        long high = Ipv6Options.networkLong(mreq, 0);
        long low = Ipv6Options.networkLong(mreq, 8);
        int index = mreq.getInt(mreq.position() + 16);
        if (!Ipv6Address.isMulticast(high)) {
            return Errno.EINVAL.negated();
        }
        for (Membership membership : joined) {
            if (membership.low == low && membership.high == high && (index == 0 || membership.dev.ifindex() == index)) {
                joined.remove(membership);
                ipv6.groups().leave(membership.dev, high, low);
                return 0;
            }
        }
        return Errno.EADDRNOTAVAIL.negated();
    }

    void leaveAll() {
        for (Membership membership : joined) {
            ipv6.groups().leave(membership.dev, membership.high, membership.low);
        }
        joined.clear();
    }

    /** From whom packets to a group are wanted; null: not joined. */
    @Nullable
    SourceFilter filter(NetDevice dev, long high, long low) {
        Membership known = find(dev, high, low);
        return known == null ? null : known.filter;
    }

    private @Nullable Membership find(NetDevice dev, long high, long low) {
        for (int i = 0; i < joined.size(); i++) {
            Membership membership = joined.get(i);
            if (membership.low == low && membership.high == high && membership.dev == dev) {
                return membership;
            }
        }
        return null;
    }

    /** As {@link Memberships#source}. */
    int source(ByteBuffer mreq, long sourceHigh, long sourceLow, boolean joins, boolean adds) {
        long high = Ipv6Options.networkLong(mreq, 0);
        long low = Ipv6Options.networkLong(mreq, 8);
        if (!Ipv6Address.isMulticast(high)) {
            return Errno.EINVAL.negated();
        }
        NetDevice dev = device(mreq.getInt(mreq.position() + 16), high, low);
        if (dev == null) {
            return Errno.ENODEV.negated();
        }
        int error = joins && adds && find(dev, high, low) == null ? join(mreq) : 0;
        Membership membership = find(dev, high, low);
        if (error != 0 || membership == null) {
            return error != 0 ? error : Errno.EINVAL.negated();
        }
        SourceFilter filter = membership.filter;
        int result = adds ? filter.add(joins, sourceHigh, sourceLow) : filter.remove(joins, sourceHigh, sourceLow);
        if (filter.isNothing()) {
            joined.remove(membership);
            ipv6.groups().leave(dev, high, low);
        }
        return result;
    }

    private @Nullable NetDevice device(int index, long high, long low) {
        if (index != 0) {
            return ipv6.net().deviceByIndex(index);
        }
        Route6 route = ipv6.routes().lookup(high, low, 0, 0, 0);
        return route == null ? null : route.dev();
    }
}
