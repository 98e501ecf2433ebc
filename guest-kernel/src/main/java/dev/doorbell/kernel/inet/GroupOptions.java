package dev.doorbell.kernel.inet;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.ipv4.Addresses;
import dev.doorbell.kernel.ipv4.InterfaceAddress;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.multicast.ReceptionState;
import dev.doorbell.kernel.multicast.SourceSet;
import dev.doorbell.kernel.netdev.NetDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** The options of level SOL_IP about the groups of one socket: RFC 1112, and RFC 3678 in its older and newer structs. */
final class GroupOptions {
    /** net.ipv4.igmp_max_memberships, net.ipv4.igmp_max_msf. */
    private static final int MAX = 20, MAX_SOURCES = 10;
    /** struct ip_mreq: group, interface address; struct ip_mreqn: and interface index; struct ip_mreq_source: and source. */
    private static final int MREQ_BYTES = 8, MREQN_BYTES = 12, MREQ_SOURCE_BYTES = 12;

    /** struct ip_msfilter: group, interface address, mode, number of sources, sources. */
    private static final int MODE_AT = 8, COUNT_AT = 12, SOURCES_AT = 16;

    private final InetSock sock;
    private final Ipv4 ipv4;
    private final Memberships memberships;

    GroupOptions(InetSock sock) {
        this.sock = sock;
        this.ipv4 = sock.ipv4();
        this.memberships = new Memberships(ipv4.groups().table(), MAX, MAX_SOURCES);
    }

    Memberships memberships() {
        return memberships;
    }

    /** Whether an option is one of these. */
    static boolean handles(int name) {
        return name == IP_MULTICAST_IF || name >= IP_ADD_MEMBERSHIP && name <= MCAST_MSFILTER;
    }

    int set(int name, ByteBuffer value) {
        return switch (name) {
            case IP_ADD_MEMBERSHIP -> join(value);
            case IP_DROP_MEMBERSHIP -> leave(value);
            case MCAST_JOIN_GROUP -> groupRequest(value, true);
            case MCAST_LEAVE_GROUP -> groupRequest(value, false);
            case IP_ADD_SOURCE_MEMBERSHIP -> source(value, true, true);
            case IP_DROP_SOURCE_MEMBERSHIP -> source(value, true, false);
            case IP_BLOCK_SOURCE -> source(value, false, true);
            case IP_UNBLOCK_SOURCE -> source(value, false, false);
            case MCAST_JOIN_SOURCE_GROUP -> groupSource(value, true, true);
            case MCAST_LEAVE_SOURCE_GROUP -> groupSource(value, true, false);
            case MCAST_BLOCK_SOURCE -> groupSource(value, false, true);
            case MCAST_UNBLOCK_SOURCE -> groupSource(value, false, false);
            case IP_MSFILTER -> setFilter(value);
            case MCAST_MSFILTER -> setGroupFilter(value);
            case IP_MULTICAST_IF -> setInterface(value);
            default -> Errno.ENOPROTOOPT.negated();
        };
    }

    /** @return bytes written, or a negated errno; ENOPROTOOPT for the options that can only be set */
    int get(int name, ByteBuffer into) {
        return switch (name) {
            case IP_MSFILTER -> getFilter(into);
            case MCAST_MSFILTER -> getGroupFilter(into);
            case IP_MULTICAST_IF -> getInterface(into);
            default -> Errno.ENOPROTOOPT.negated();
        };
    }

    // ---- RFC 1112

    private int join(ByteBuffer mreq) {
        if (mreq.remaining() < MREQ_BYTES) {
            return Errno.EINVAL.negated();
        }
        int group = networkInt(mreq, 0);
        if (!Addresses.isMulticast(group)) {
            return Errno.EINVAL.negated();
        }
        NetDevice dev = device(index(mreq), networkInt(mreq, 4), group);
        return dev == null ? Errno.ENODEV.negated() : memberships.join(dev, 0, Ipv6Address.ofV4(group));
    }

    private int leave(ByteBuffer mreq) {
        if (mreq.remaining() < MREQ_BYTES) {
            return Errno.EINVAL.negated();
        }
        return leave(index(mreq), networkInt(mreq, 4), networkInt(mreq, 0));
    }

    private int leave(int index, int address, int group) {
        NetDevice dev = device(index, address, group);
        boolean any = index == 0 && address == 0;
        if (dev == null && !any) {
            return Errno.ENODEV.negated();
        }
        return memberships.leave(any ? null : dev, 0, Ipv6Address.ofV4(group));
    }

    /** The interface that is meant: by index, by address, by the route to the group, or the only one there is. */
    private @Nullable NetDevice device(int index, int address, int group) {
        if (index != 0) {
            return ipv4.net().deviceByIndex(index);
        }
        if (address != 0) {
            InterfaceAddress entry = ipv4.addresses().find(address);
            return entry == null ? null : entry.dev();
        }
        Route route = ipv4.routes().lookup(group, 0, 0);
        if (route != null) {
            return route.dev();
        }
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

    /** An address (4 bytes), or a struct ip_mreq or ip_mreqn. */
    private int setInterface(ByteBuffer value) {
        int size = value.remaining();
        if (size < Integer.BYTES) {
            return Errno.EINVAL.negated();
        }
        int address = networkInt(value, size >= MREQ_BYTES ? 4 : 0);
        int index = index(value);
        if (index == 0 && address != 0) {
            InterfaceAddress entry = ipv4.addresses().find(address);
            if (entry == null) {
                return Errno.EADDRNOTAVAIL.negated();
            }
            index = entry.dev().ifindex();
        } else if (index != 0 && ipv4.net().deviceByIndex(index) == null) {
            return Errno.EADDRNOTAVAIL.negated();
        }
        sock.multicastInterface = index;
        sock.multicastSource = address;
        return 0;
    }

    private int getInterface(ByteBuffer into) {
        if (into.remaining() < Integer.BYTES) {
            return Errno.EINVAL.negated();
        }
        putNetworkInt(into, sock.multicastSource);
        return Integer.BYTES;
    }

    // ---- RFC 3678 §4: the older structs

    private int source(ByteBuffer value, boolean joins, boolean adds) {
        if (value.remaining() < MREQ_SOURCE_BYTES) {
            return Errno.EINVAL.negated();
        }
        return source(0, networkInt(value, 4), networkInt(value, 0), networkInt(value, 8), joins, adds);
    }

    private int source(int index, int address, int group, int source, boolean joins, boolean adds) {
        if (!Addresses.isMulticast(group)) {
            return Errno.EINVAL.negated();
        }
        NetDevice dev = device(index, address, group);
        return dev == null
                ? Errno.ENODEV.negated()
                : memberships.source(dev, 0, Ipv6Address.ofV4(group), 0, Ipv6Address.ofV4(source), joins, adds);
    }

    private int setFilter(ByteBuffer value) {
        if (value.remaining() < SOURCES_AT) {
            return Errno.EINVAL.negated();
        }
        int count = value.getInt(value.position() + COUNT_AT);
        if (count < 0 || count > MAX_SOURCES) {
            return Errno.ENOBUFS.negated();
        }
        if (value.remaining() < SOURCES_AT + count * Integer.BYTES) {
            return Errno.EINVAL.negated();
        }
        SourceSet sources = SourceSet.EMPTY;
        for (int i = 0; i < count; i++) {
            sources = sources.with(0, Ipv6Address.ofV4(networkInt(value, SOURCES_AT + i * Integer.BYTES)));
        }
        int mode = value.getInt(value.position() + MODE_AT);
        return setFilter(0, networkInt(value, 4), networkInt(value, 0), mode, sources);
    }

    private int setFilter(int index, int address, int group, int mode, SourceSet sources) {
        if (!Addresses.isMulticast(group) || mode != MCAST_INCLUDE && mode != MCAST_EXCLUDE) {
            return Errno.EINVAL.negated();
        }
        NetDevice dev = device(index, address, group);
        return dev == null
                ? Errno.ENODEV.negated()
                : memberships.setFilter(
                        dev, 0, Ipv6Address.ofV4(group), new ReceptionState(mode == MCAST_INCLUDE, sources));
    }

    private int getFilter(ByteBuffer into) {
        int at = into.position();
        if (into.remaining() < SOURCES_AT) {
            return Errno.EINVAL.negated();
        }
        int group = networkInt(into, 0);
        NetDevice dev = Addresses.isMulticast(group) ? device(0, networkInt(into, 4), group) : null;
        if (dev == null) {
            return (Addresses.isMulticast(group) ? Errno.ENODEV : Errno.EINVAL).negated();
        }
        ReceptionState filter = memberships.filter(dev, 0, Ipv6Address.ofV4(group));
        if (filter == null) {
            return Errno.EADDRNOTAVAIL.negated();
        }
        SourceSet sources = filter.sources();
        int room = Math.min(into.getInt(at + COUNT_AT), (into.remaining() - SOURCES_AT) / Integer.BYTES);
        int listed = Math.max(0, Math.min(room, sources.size()));
        into.position(at + MODE_AT);
        into.putInt(filter.include() ? MCAST_INCLUDE : MCAST_EXCLUDE).putInt(sources.size());
        for (int i = 0; i < listed; i++) {
            putNetworkInt(into, (int) sources.low(i));
        }
        return SOURCES_AT + listed * Integer.BYTES;
    }

    // ---- RFC 3678 §5: the newer ones

    private int groupRequest(ByteBuffer value, boolean joins) {
        if (!GroupStructs.isRequest(value, AF_INET)) {
            return Errno.EINVAL.negated();
        }
        int group = networkInt(value, GroupStructs.GROUP_AT + 4);
        int index = value.getInt(value.position());
        if (!Addresses.isMulticast(group)) {
            return Errno.EINVAL.negated();
        }
        if (!joins) {
            return leave(index, 0, group);
        }
        NetDevice dev = device(index, 0, group);
        return dev == null ? Errno.ENODEV.negated() : memberships.join(dev, 0, Ipv6Address.ofV4(group));
    }

    private int groupSource(ByteBuffer value, boolean joins, boolean adds) {
        int error = GroupStructs.checkSourceRequest(value, AF_INET);
        return error != 0
                ? error
                : source(
                        value.getInt(value.position()),
                        0,
                        networkInt(value, GroupStructs.GROUP_AT + 4),
                        networkInt(value, GroupStructs.SOURCE_AT + 4),
                        joins,
                        adds);
    }

    private int setGroupFilter(ByteBuffer value) {
        int error = GroupStructs.checkFilter(value, AF_INET, MAX_SOURCES);
        if (error != 0) {
            return error;
        }
        SourceSet sources = SourceSet.EMPTY;
        for (int i = 0; i < GroupStructs.filterSources(value); i++) {
            sources = sources.with(0, Ipv6Address.ofV4(networkInt(value, GroupStructs.filterSourceAt(i) + 4)));
        }
        return setFilter(
                value.getInt(value.position()),
                0,
                networkInt(value, GroupStructs.GROUP_AT + 4),
                GroupStructs.filterMode(value),
                sources);
    }

    private int getGroupFilter(ByteBuffer into) {
        if (into.remaining() < GroupStructs.FILTER_BYTES || !GroupStructs.isRequest(into, AF_INET)) {
            return Errno.EINVAL.negated();
        }
        int group = networkInt(into, GroupStructs.GROUP_AT + 4);
        NetDevice dev = device(into.getInt(into.position()), 0, group);
        ReceptionState filter = dev == null ? null : memberships.filter(dev, 0, Ipv6Address.ofV4(group));
        return !Addresses.isMulticast(group)
                ? Errno.EINVAL.negated()
                : GroupStructs.putFilter(into, AF_INET, dev, filter);
    }

    /** Four bytes in network order, whatever the buffer's order is. */
    static int networkInt(ByteBuffer value, int at) {
        int raw = value.getInt(value.position() + at);
        return value.order() == ByteOrder.BIG_ENDIAN ? raw : Integer.reverseBytes(raw);
    }

    static void putNetworkInt(ByteBuffer into, int value) {
        into.putInt(into.order() == ByteOrder.BIG_ENDIAN ? value : Integer.reverseBytes(value));
    }
}
