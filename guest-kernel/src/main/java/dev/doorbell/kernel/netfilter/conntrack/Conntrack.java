package dev.doorbell.kernel.netfilter.conntrack;

import dev.doorbell.bus.wire.IcmpTypes;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.Verdict;
import dev.doorbell.kernel.skb.SkBuff;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tells of every packet which connection it belongs to: sets {@code skb.conntrack} and {@code skb.conntrackInfo} at
 * PRE_ROUTING and LOCAL_OUT, and takes a new connection into the table when its first packet leaves or is delivered.
 * What cannot be right goes on without a connection, which rules see as INVALID. Only a new connection allocates.
 */
public final class Conntrack {
    /** UDP that goes both ways for longer than a question and its answer take is a stream. */
    private static final long UDP_STREAM_AFTER_NS = 2_000_000_000L;

    /** ICMPv6 types. */
    private static final int MLD_QUERY = 130, NEIGHBOUR_ADVERTISEMENT = 136, MLD2_REPORT = 143;

    private final ConntrackTable table;
    private final TcpTracker tcp;
    private final PacketTuples tuples = new PacketTuples();
    private final ConntrackSettings settings = new ConntrackSettings();
    private final PacketChecks checks = new PacketChecks(settings);
    private final Packet packet = new Packet();
    private final Tuple key = new Tuple();
    private final Tuple quoted = new Tuple();
    private long invalid;
    private long refused;

    public Conntrack(KernelContext kernel) {
        table = new ConntrackTable(kernel);
        tcp = new TcpTracker(table, settings);
    }

    /** Begins to track: registers at the hooks. */
    public void start(NetfilterHooks hooks) {
        hooks.register(NetfilterHooks.PRE_ROUTING, NetfilterHooks.PRIORITY_CONNTRACK, this::track);
        hooks.register(NetfilterHooks.LOCAL_OUT, NetfilterHooks.PRIORITY_CONNTRACK, this::track);
        hooks.register(NetfilterHooks.LOCAL_IN, NetfilterHooks.PRIORITY_CONNTRACK_CONFIRM, this::confirm);
        hooks.register(NetfilterHooks.POST_ROUTING, NetfilterHooks.PRIORITY_CONNTRACK_CONFIRM, this::confirm);
    }

    public ConntrackTable table() {
        return table;
    }

    /** Packets that could not belong to any connection. */
    public long invalidPackets() {
        return invalid;
    }

    /** Packets dropped because the table was full. */
    public long refusedPackets() {
        return refused;
    }

    public ConntrackSettings settings() {
        return settings;
    }

    /** The connection of a packet; null when it is INVALID or untracked. */
    public static @Nullable Connection of(SkBuff skb) {
        return skb.conntrack instanceof Connection connection ? connection : null;
    }

    // ---- packets

    private Verdict track(int hook, SkBuff skb, @Nullable NetDevice in, @Nullable NetDevice out) {
        if (skb.conntrack != null || skb.conntrackInfo == ConntrackInfo.UNTRACKED) {
            return Verdict.ACCEPT; // seen before it went over the loopback device, or not to be tracked
        }
        if (!packet.load(hook, skb, in, out)) {
            return Verdict.ACCEPT;
        }
        if (packet.isFragment()) {
            return Verdict.ACCEPT; // reassembly comes first; this one was made in pieces by its sender here
        }
        if (packet.protocol() == packet.family().icmp()) {
            if (!checks.isIcmpValid(packet)) {
                return invalid();
            }
            if (packet.isV6() && isHousekeeping6(packet.u8(0))) {
                skb.conntrackInfo = ConntrackInfo.UNTRACKED;
                return Verdict.ACCEPT;
            }
            if (packet.isV6() ? packet.u8(0) < Tuple.ECHO6 : isIcmpError(packet.u8(0))) {
                return relate(skb) ? Verdict.ACCEPT : invalid();
            }
        }
        Tracked result = resolve(skb);
        if (result == Tracked.REPEAT) {
            skb.conntrack = null;
            result = resolve(skb);
        }
        if (result != Tracked.ACCEPT) {
            boolean full = skb.conntrack == null && skb.conntrackInfo == ConntrackInfo.NEW;
            skb.conntrack = null;
            skb.conntrackInfo = 0;
            return full ? Verdict.DROP : invalid();
        }
        if (skb.conntrackInfo == ConntrackInfo.ESTABLISHED_REPLY && skb.conntrack instanceof Connection connection) {
            connection.status |= Connection.SEEN_REPLY;
        }
        return Verdict.ACCEPT;
    }

    private Verdict invalid() {
        invalid++;
        return Verdict.ACCEPT;
    }

    private static boolean isIcmpError(int type) {
        return switch (type) {
            case IcmpTypes.DEST_UNREACH,
                    IcmpTypes.SOURCE_QUENCH,
                    IcmpTypes.TIME_EXCEEDED,
                    IcmpTypes.PARAMETER_PROBLEM,
                    IcmpTypes.REDIRECT -> true;
            default -> false;
        };
    }

    /** Neighbour Discovery and Multicast Listener Discovery: nothing that could be tracked. */
    private static boolean isHousekeeping6(int type) {
        return type >= MLD_QUERY && type <= NEIGHBOUR_ADVERTISEMENT || type == MLD2_REPORT;
    }

    /** An ICMP error belongs to the connection of the packet that it quotes. */
    private boolean relate(SkBuff skb) {
        if (!tuples.readQuoted(packet, quoted)) {
            return false;
        }
        key.invert(quoted);
        Tuple entry = table.find(key);
        // Whom the error is for must be who sent the quoted packet, or it was made up.
        if (entry == null
                || entry.destinationLow != packet.destinationLow()
                || entry.destinationHigh != packet.destinationHigh()) {
            return false;
        }
        skb.conntrack = ConntrackTable.of(entry);
        skb.conntrackInfo = entry.direction == Connection.REPLY ? ConntrackInfo.RELATED_REPLY : ConntrackInfo.RELATED;
        return true;
    }

    private Tracked resolve(SkBuff skb) {
        if (!tuples.read(packet, key)) {
            return Tracked.INVALID;
        }
        Tuple entry = table.find(key);
        Connection connection;
        int direction = Connection.ORIGINAL;
        if (entry == null) {
            if (!isValid() || Tuple.isIcmp(packet.protocol()) && !isQuestion(key.destinationPort >>> 8)) {
                return Tracked.INVALID;
            }
            if (!table.makeRoom(key)) {
                refused++;
                skb.conntrackInfo = ConntrackInfo.NEW;
                skb.conntrack = null;
                return Tracked.INVALID;
            }
            connection = new Connection(key);
        } else {
            connection = ConntrackTable.of(entry);
            direction = entry.direction;
            if (!isValid()) {
                return Tracked.INVALID;
            }
        }
        skb.conntrack = connection;
        skb.conntrackInfo = direction == Connection.REPLY
                ? ConntrackInfo.ESTABLISHED_REPLY
                : connection.is(Connection.SEEN_REPLY) ? ConntrackInfo.ESTABLISHED : ConntrackInfo.NEW;
        return follow(connection, direction);
    }

    private boolean isValid() {
        return switch (packet.protocol()) {
            case IpProtocol.TCP -> checks.isTcpValid(packet);
            case IpProtocol.UDP -> checks.isUdpValid(packet);
            default -> true;
        };
    }

    private boolean isQuestion(int type) {
        if (packet.protocol() == IpProtocol.ICMPV6) {
            return type == Tuple.ECHO6 || type == Tuple.NODE_INFORMATION6;
        }
        return type == IcmpTypes.ECHO
                || type == IcmpTypes.TIMESTAMP
                || type == IcmpTypes.INFO_REQUEST
                || type == IcmpTypes.ADDRESS_MASK;
    }

    private Tracked follow(Connection connection, int direction) {
        switch (packet.protocol()) {
            case IpProtocol.TCP -> {
                return tcp.track(packet, connection, direction);
            }
            case IpProtocol.UDP -> followUdp(connection);
            case IpProtocol.ICMP, IpProtocol.ICMPV6 -> refresh(connection, ConntrackTimeout.ICMP);
            default -> refresh(connection, ConntrackTimeout.GENERIC);
        }
        return Tracked.ACCEPT;
    }

    private void followUdp(Connection connection) {
        long now = table.nowNs();
        if (!connection.is(Connection.CONFIRMED)) {
            connection.streamFromNs = now + UDP_STREAM_AFTER_NS;
        }
        if (!connection.is(Connection.SEEN_REPLY)) {
            refresh(connection, ConntrackTimeout.UDP);
        } else if (now > connection.streamFromNs) {
            refresh(connection, ConntrackTimeout.UDP_STREAM);
            connection.status |= Connection.ASSURED;
        } else {
            refresh(connection, ConntrackTimeout.UDP);
        }
    }

    private void refresh(Connection connection, ConntrackTimeout timeout) {
        table.refresh(connection, settings.timeoutNs(timeout));
    }

    /** The packet got through: its connection exists from now on. */
    private Verdict confirm(int hook, SkBuff skb, @Nullable NetDevice in, @Nullable NetDevice out) {
        if (!(skb.conntrack instanceof Connection connection) || connection.is(Connection.CONFIRMED)) {
            return Verdict.ACCEPT;
        }
        if (connection.is(Connection.DYING) || ConntrackInfo.direction(skb.conntrackInfo) != Connection.ORIGINAL) {
            return Verdict.ACCEPT;
        }
        // Two packets began the same conversation: the later one is sent again by who needs it.
        return table.insert(connection) ? Verdict.ACCEPT : Verdict.DROP;
    }

    /** The connections as conntrack -L prints them. */
    public List<String> describe() {
        return table.list().stream().map(c -> c.describe(table.nowNs())).toList();
    }

    /** For the end of the kernel: lets go of everything. */
    public void close() {
        table.clear();
    }
}
