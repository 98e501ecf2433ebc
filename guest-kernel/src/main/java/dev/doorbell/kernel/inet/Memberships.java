package dev.doorbell.kernel.inet;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.ipv4.Addresses;
import dev.doorbell.kernel.ipv4.InterfaceAddress;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.netdev.NetDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The multicast groups one socket has joined: options IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP, IP_MULTICAST_IF. */
final class Memberships {
    /** net.ipv4.igmp_max_memberships. */
    private static final int MAX = 20;
    /** net.ipv4.igmp_max_msf. */
    private static final int MAX_SOURCES = 10;
    /** struct ip_mreq: group, interface address; struct ip_mreqn: and interface index. */
    private static final int MREQ_BYTES = 8, MREQN_BYTES = 12;

    private record Membership(NetDevice dev, int group, SourceFilter filter) {}

    private final Ipv4 ipv4;
    private final List<Membership> joined = new ArrayList<>();

    Memberships(Ipv4 ipv4) {
        this.ipv4 = ipv4;
    }

    int join(ByteBuffer mreq) {
        if (mreq.remaining() < MREQ_BYTES) {
            return Errno.EINVAL.negated();
        }
        int group = networkInt(mreq, 0);
        if (!Addresses.isMulticast(group)) {
            return Errno.EINVAL.negated();
        }
        NetDevice dev = device(mreq, 4, group);
        if (dev == null) {
            return Errno.ENODEV.negated();
        }
        if (find(dev, group) != null) {
            return Errno.EADDRINUSE.negated();
        }
        if (joined.size() >= MAX) {
            return Errno.ENOBUFS.negated();
        }
        joined.add(new Membership(dev, group, new SourceFilter(MAX_SOURCES)));
        ipv4.groups().join(dev, group);
        return 0;
    }

    int leave(ByteBuffer mreq) {
        if (mreq.remaining() < MREQ_BYTES) {
            return Errno.EINVAL.negated();
        }
        int group = networkInt(mreq, 0);
        boolean any = networkInt(mreq, 4) == 0 && index(mreq) == 0;
        NetDevice dev = any ? null : device(mreq, 4, group);
        for (Membership membership : joined) {
            if (membership.group == group && (any || membership.dev == dev)) {
                joined.remove(membership);
                ipv4.groups().leave(membership.dev, group);
                return 0;
            }
        }
        return Errno.EADDRNOTAVAIL.negated();
    }

    void leaveAll() {
        for (Membership membership : joined) {
            ipv4.groups().leave(membership.dev, membership.group);
        }
        joined.clear();
    }

    /** From whom packets to a group are wanted; null: not joined. */
    @Nullable
    SourceFilter filter(NetDevice dev, int group) {
        Membership known = find(dev, group);
        return known == null ? null : known.filter;
    }

    private @Nullable Membership find(NetDevice dev, int group) {
        for (int i = 0; i < joined.size(); i++) {
            Membership membership = joined.get(i);
            if (membership.group == group && membership.dev == dev) {
                return membership;
            }
        }
        return null;
    }

    /**
     * What becomes of one source of a group: IP_BLOCK_SOURCE and its kin.
     *
     * @param mreq group and interface, as for {@link #join}
     * @param source the first octet in the top byte
     * @param joins the source is joined or left; otherwise blocked or unblocked
     * @param adds joined or blocked; otherwise left or unblocked
     */
    int source(ByteBuffer mreq, int source, boolean joins, boolean adds) {
        int group = networkInt(mreq, 0);
        if (!Addresses.isMulticast(group)) {
            return Errno.EINVAL.negated();
        }
        NetDevice dev = device(mreq, 4, group);
        if (dev == null) {
            return Errno.ENODEV.negated();
        }
        int error = joins && adds && find(dev, group) == null ? join(mreq) : 0;
        Membership membership = find(dev, group);
        if (error != 0 || membership == null) {
            return error != 0 ? error : Errno.EINVAL.negated();
        }
        long low = Ipv6Address.ofV4(source);
        int result = adds ? membership.filter.add(joins, 0, low) : membership.filter.remove(joins, 0, low);
        if (membership.filter.isNothing()) {
            joined.remove(membership);
            ipv4.groups().leave(dev, group);
        }
        return result;
    }

    /** IP_MULTICAST_IF: an address (4 bytes), or a struct ip_mreq or ip_mreqn. */
    static int setInterface(InetSock sock, ByteBuffer value) {
        int size = value.remaining();
        int address = size >= MREQ_BYTES ? networkInt(value, 4) : size >= Integer.BYTES ? networkInt(value, 0) : -1;
        if (size < Integer.BYTES) {
            return Errno.EINVAL.negated();
        }
        int index = size >= MREQN_BYTES ? index(value) : 0;
        if (index == 0 && address != 0) {
            InterfaceAddress entry = sock.ipv4().addresses().find(address);
            if (entry == null) {
                return Errno.EADDRNOTAVAIL.negated();
            }
            index = entry.dev().ifindex();
        } else if (index != 0 && sock.ipv4().net().deviceByIndex(index) == null) {
            return Errno.EADDRNOTAVAIL.negated();
        }
        sock.multicastInterface = index;
        sock.multicastSource = address;
        return 0;
    }

    private @Nullable NetDevice device(ByteBuffer mreq, int addressAt, int group) {
        int index = index(mreq);
        if (index != 0) {
            return ipv4.net().deviceByIndex(index);
        }
        int address = networkInt(mreq, addressAt);
        if (address != 0) {
            InterfaceAddress entry = ipv4.addresses().find(address);
            return entry == null ? null : entry.dev();
        }
        Route route = ipv4.routes().lookup(group, 0, 0);
        if (route != null) {
            return route.dev();
        }
        // Without any route, the only interface there is.
        for (NetDevice dev : ipv4.net().devices()) {
            if (dev.isUp() && !dev.isLoopback()) {
                return dev;
            }
        }
        return null;
    }

    private static int index(ByteBuffer mreq) {
        return mreq.remaining() >= MREQN_BYTES ? mreq.getInt(mreq.position() + MREQ_BYTES) : 0;
    }

    static int networkInt(ByteBuffer value, int at) {
        int raw = value.getInt(value.position() + at);
        return value.order() == ByteOrder.BIG_ENDIAN ? raw : Integer.reverseBytes(raw);
    }
}
