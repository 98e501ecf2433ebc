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
    /** struct ipv6_mreq: group, interface index. */
    private static final int MREQ_BYTES = 20;

    private record Membership(NetDevice dev, long high, long low) {}

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
        Membership membership = new Membership(dev, high, low);
        if (joined.contains(membership)) {
            return Errno.EADDRINUSE.negated();
        }
        if (joined.size() >= MAX) {
            return Errno.ENOBUFS.negated();
        }
        joined.add(membership);
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

    boolean contains(NetDevice dev, long high, long low) {
        for (int i = 0; i < joined.size(); i++) {
            Membership membership = joined.get(i);
            if (membership.low == low && membership.high == high && membership.dev == dev) {
                return true;
            }
        }
        return false;
    }

    private @Nullable NetDevice device(int index, long high, long low) {
        if (index != 0) {
            return ipv6.net().deviceByIndex(index);
        }
        Route6 route = ipv6.routes().lookup(high, low, 0, 0, 0);
        return route == null ? null : route.dev();
    }
}
