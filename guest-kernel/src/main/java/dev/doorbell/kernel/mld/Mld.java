package dev.doorbell.kernel.mld;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.icmpv6.Icmp6;
import dev.doorbell.kernel.icmpv6.Icmp6Types;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv6.InterfaceAddress6;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.Route6;
import dev.doorbell.kernel.multicast.MembershipProtocol;
import dev.doorbell.kernel.multicast.MembershipQuery;
import dev.doorbell.kernel.multicast.MembershipReports;
import dev.doorbell.kernel.multicast.ReportMessage;
import dev.doorbell.kernel.multicast.SourceSet;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/**
 * The messages of the listener's side of MLD: version 2 (RFC 3810), and version 1 (RFC 2710) while a querier of it is heard.
 *
 * <pre>
 *   0      1      2          4          6          8       24                         28
 *   | type | code | checksum | max resp | reserved | group |                                         max resp in ms
 *                                                          | S, robustness | interval | sources | source | ...   version 2
 * </pre>
 */
public final class Mld implements MembershipProtocol {
    private static final int NEWEST = 2;
    private static final long MS_NS = 1_000_000L, SECOND_NS = 1000 * MS_NS;
    private static final int MESSAGE_BYTES = 24, QUERY2_BYTES = 28, ADDRESS_BYTES = 16;
    private static final int ROBUSTNESS_MASK = 7;
    /** Hop-by-hop header with the router alert for MLD, RFC 2711: next header ICMPv6, one unit, alert 0, PadN. */
    private static final int[] HOP_BY_HOP = {IpProtocol.ICMPV6, 0, 5, 2, 0, 0, 1, 0};

    private final Ipv6 ipv6;
    private final MembershipReports reports;
    private final Ipv6Header ip = new Ipv6Header();

    public Mld(Icmp6 icmp) {
        this.ipv6 = icmp.ipv6();
        this.reports =
                new MembershipReports(this, ipv6.net().kernel(), ipv6.groups().table(), ipv6.random("mld"));
        icmp.setHandler(Icmp6Types.MLD_QUERY, (skb, type) -> query(skb));
        icmp.setHandler(Icmp6Types.MLD1_REPORT, (skb, type) -> heardReport(skb));
        icmp.setHandler(Icmp6Types.MLD1_DONE, (skb, type) -> true);
        icmp.setHandler(Icmp6Types.MLD2_REPORT, (skb, type) -> true);
    }

    /** The interface went down: nothing is due any more. */
    public void forget(NetDevice dev) {
        reports.forget(dev);
    }

    /** The interface came up: its groups are reported anew. */
    public void announce(NetDevice dev) {
        reports.announce(dev);
    }

    // ---- receiving

    /** RFC 3810 §8.1: the version shows in the length; §6.2: only from a link-local address, one hop away. */
    private boolean query(SkBuff skb) {
        NetDevice dev = skb.dev;
        GuestMemory memory = skb.memory();
        int bytes = skb.length();
        if (dev == null || bytes != MESSAGE_BYTES && bytes < QUERY2_BYTES || !isFromLink(skb)) {
            return false;
        }
        int code = Short.reverseBytes(memory.readShort(skb.data() + 4)) & 0xFFFF;
        long high = high(memory, skb.data() + 8);
        long low = low(memory, skb.data() + 8);
        if ((high | low) != 0 && !Ipv6Address.isMulticast(high)) {
            return true;
        }
        if (bytes == MESSAGE_BYTES) {
            reports.query(dev, new MembershipQuery(1, code * MS_NS, 0, 0, high, low, SourceSet.EMPTY));
            return true;
        }
        int count = Short.reverseBytes(memory.readShort(skb.data() + 26)) & 0xFFFF;
        if (bytes < QUERY2_BYTES + count * ADDRESS_BYTES) {
            return false;
        }
        SourceSet sources = SourceSet.EMPTY;
        for (int i = 0; i < count && count <= MembershipQuery.MOST_SOURCES; i++) {
            long at = skb.data() + QUERY2_BYTES + (long) i * ADDRESS_BYTES;
            sources = sources.with(high(memory, at), low(memory, at));
        }
        reports.query(
                dev,
                new MembershipQuery(
                        NEWEST,
                        MembershipQuery.decode(code, Short.SIZE) * MS_NS,
                        memory.readByte(skb.data() + 24) & ROBUSTNESS_MASK,
                        MembershipQuery.decode(memory.readByte(skb.data() + 25) & 0xFF, Byte.SIZE) * SECOND_NS,
                        high,
                        low,
                        sources));
        return true;
    }

    private boolean isFromLink(SkBuff skb) {
        ip.wrap(skb.memory(), skb.networkHeader, Ipv6Header.LENGTH);
        return Ipv6Address.isLinkLocal(ip.sourceHigh())
                && ip.hopLimit() == 1
                && ip.nextHeader() == IpProtocol.HOP_BY_HOP;
    }

    private static long high(GuestMemory memory, long at) {
        return Long.reverseBytes(memory.readLong(at));
    }

    private static long low(GuestMemory memory, long at) {
        return Long.reverseBytes(memory.readLong(at + Long.BYTES));
    }

    private boolean heardReport(SkBuff skb) {
        NetDevice dev = skb.dev;
        if (dev == null || skb.length() < MESSAGE_BYTES) {
            return false;
        }
        reports.heardReport(dev, high(skb.memory(), skb.data() + 8), low(skb.memory(), skb.data() + 8));
        return true;
    }

    // ---- sending

    @Override
    public int newestVersion() {
        return NEWEST;
    }

    @Override
    public int addressBytes() {
        return ADDRESS_BYTES;
    }

    @Override
    public int roomBytes(NetDevice dev) {
        return ipv6.of(dev).mtu() - Ipv6Header.LENGTH - HOP_BY_HOP.length;
    }

    /** §6: all nodes, and groups that do not leave the interface, are never reported. */
    @Override
    public boolean isReported(NetDevice dev, long high, long low) {
        boolean allNodes = high == Ipv6Address.LINK_GROUP_HIGH && low == Ipv6Address.ALL_NODES_LOW;
        return !allNodes && Ipv6Address.groupScope(high) > 1 && ipv6.of(dev).hasNeighbours();
    }

    @Override
    public boolean isReady(NetDevice dev) {
        return dev.isUp() && ipv6.isEnabled(dev);
    }

    @Override
    public void sendReport(NetDevice dev, ReportMessage message) {
        SkBuff skb = ipv6.skbs().alloc(Ipv6.MAX_HEADER, HOP_BY_HOP.length + message.bytes());
        if (skb != null) {
            long at = begin(skb, message.bytes());
            message.writeTo(skb.memory(), at, Icmp6Types.MLD2_REPORT);
            send(skb, dev, Ipv6Address.LINK_GROUP_HIGH, Ipv6Address.MLD_ROUTERS_LOW, at, message.bytes());
        }
    }

    @Override
    public void sendOlder(NetDevice dev, int version, boolean leaves, long high, long low) {
        SkBuff skb = ipv6.skbs().alloc(Ipv6.MAX_HEADER, HOP_BY_HOP.length + MESSAGE_BYTES);
        if (skb == null) {
            return;
        }
        GuestMemory memory = skb.memory();
        long at = begin(skb, MESSAGE_BYTES);
        memory.writeLong(at, leaves ? Icmp6Types.MLD1_DONE : Icmp6Types.MLD1_REPORT);
        memory.writeLong(at + 8, Long.reverseBytes(high));
        memory.writeLong(at + 16, Long.reverseBytes(low));
        long toHigh = leaves ? Ipv6Address.LINK_GROUP_HIGH : high;
        send(skb, dev, toHigh, leaves ? Ipv6Address.ALL_ROUTERS_LOW : low, at, MESSAGE_BYTES);
    }

    /** @return where the message goes, behind the hop-by-hop header */
    private static long begin(SkBuff skb, int bytes) {
        long at = skb.put(HOP_BY_HOP.length + bytes);
        for (int i = 0; i < HOP_BY_HOP.length; i++) {
            skb.memory().writeByte(at + i, HOP_BY_HOP[i]);
        }
        return at + HOP_BY_HOP.length;
    }

    /** §5.2.13: from the link-local address, or from :: while there is none. */
    private void send(SkBuff skb, NetDevice dev, long toHigh, long toLow, long at, int bytes) {
        @Nullable InterfaceAddress6 own = ipv6.addresses().linkLocal(dev);
        long fromHigh = own == null ? 0 : own.high();
        long fromLow = own == null ? 0 : own.low();
        Route6 route = ipv6.routes().lookup(toHigh, toLow, fromHigh, fromLow, dev.ifindex());
        if (route == null) {
            skb.free();
            return;
        }
        Icmp6.checksum(skb, at, bytes, fromHigh, fromLow, toHigh, toLow);
        ipv6.snmp().count(Mib.ICMP6_OUT_MSGS);
        ipv6.queueXmit(skb, route, fromHigh, fromLow, IpProtocol.HOP_BY_HOP, 0, 1, 0, Ipv6.UNSPECIFIED_SOURCE);
    }
}
