package dev.doorbell.kernel.igmp;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.ipv4.Addresses;
import dev.doorbell.kernel.ipv4.Groups;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.L4Protocol;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.multicast.MembershipProtocol;
import dev.doorbell.kernel.multicast.MembershipQuery;
import dev.doorbell.kernel.multicast.MembershipReports;
import dev.doorbell.kernel.multicast.ReportMessage;
import dev.doorbell.kernel.multicast.SourceSet;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netdev.NetdevNotifier;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import org.jspecify.annotations.Nullable;

/**
 * The messages of the host side of IGMP: version 3 (RFC 3376), and versions 2 (RFC 2236) and 1 (RFC 1112) while a querier of
 * theirs is heard.
 *
 * <pre>
 *   0      1          2          4       8                          12
 *   | type | max resp | checksum | group |                                        all versions; max resp in tenths of a second
 *                                        | S, robustness | interval | sources | source | ...      queries of version 3
 * </pre>
 */
public final class Igmp implements L4Protocol, MembershipProtocol {
    static final int QUERY = 0x11, V1_REPORT = 0x12, V2_REPORT = 0x16, LEAVE = 0x17, V3_REPORT = 0x22;
    private static final int MESSAGE_BYTES = 8, QUERY3_BYTES = 12;
    /** Longest query that is read: more than any link's MTU holds. */
    private static final int MAX_BYTES = 9216;
    /** 224.0.0.2 and 224.0.0.22. */
    private static final int ALL_ROUTERS = 0xE000_0002, V3_ROUTERS = 0xE000_0016;
    /** RFC 2113: kind 148, 4 bytes, value 0. */
    private static final int ROUTER_ALERT = 0x9404_0000;

    private static final int HEADER_BYTES = Ipv4Header.MIN_LENGTH + 4;
    private static final int TOS_INTERNETWORK_CONTROL = 0xC0;
    private static final int NEWEST = 3;
    private static final int ROBUSTNESS_MASK = 7;
    private static final long TENTH_NS = 100_000_000L, SECOND_NS = 10 * TENTH_NS;
    /** Response time of version 1 queries, which carry none: RFC 2236 §4. */
    private static final long VERSION1_RESPONSE_NS = 10 * SECOND_NS;

    private final Ipv4 ipv4;
    private final MembershipReports reports;
    private final Ipv4Header ip = new Ipv4Header();

    /** Registers protocol 2 and listens to joins. */
    public Igmp(Ipv4 ipv4) {
        this.ipv4 = ipv4;
        this.reports = new MembershipReports(
                this,
                ipv4.net().kernel(),
                ipv4.groups().table(),
                ipv4.net().kernel().random("igmp"));
        ipv4.addProtocol(IpProtocol.IGMP, this);
        ipv4.net().registerNotifier(this::deviceChanged);
    }

    private void deviceChanged(NetDevice dev, NetdevNotifier.Change change) {
        switch (change) {
            case UP -> reports.announce(dev);
            case GOING_DOWN, UNREGISTER -> reports.forget(dev);
            default -> {}
        }
    }

    // ---- receiving

    @Override
    public void receive(SkBuff skb) {
        NetDevice dev = skb.dev;
        if (dev == null || skb.length() > MAX_BYTES || !skb.pskbMayPull(Math.max(MESSAGE_BYTES, skb.length()))) {
            skb.drop(DropReason.PKT_TOO_SMALL);
            return;
        }
        if (!SkbChecksum.isTransportValid(skb, 0)) {
            skb.drop(DropReason.SKB_CSUM);
            return;
        }
        int type = skb.memory().readByte(skb.data()) & 0xFF;
        if (type == QUERY && !query(skb, dev)) {
            skb.drop(DropReason.PKT_TOO_SMALL);
            return;
        }
        // Reports are sent to groups: a unicast one is forged.
        if ((type == V1_REPORT || type == V2_REPORT) && skb.packetType == SkBuff.PACKET_MULTICAST) {
            reports.heardReport(dev, 0, Ipv6Address.ofV4(groupOf(skb)));
        }
        skb.free();
    }

    private static int groupOf(SkBuff skb) {
        return Integer.reverseBytes(skb.memory().readInt(skb.data() + 4));
    }

    /**
     * RFC 3376 §7.1: the version shows in the length. Queries to our own address are right (§4.1.12).
     *
     * @return false: of no form that there is
     */
    private boolean query(SkBuff skb, NetDevice dev) {
        GuestMemory memory = skb.memory();
        int code = memory.readByte(skb.data() + 1) & 0xFF;
        int group = groupOf(skb);
        ip.wrap(memory, skb.networkHeader, Ipv4Header.MIN_LENGTH);
        // §9.1: a general query to another group than all systems comes from somebody who wants to be alone with us.
        boolean strange = Addresses.isMulticast(ip.destination()) && ip.destination() != Groups.ALL_SYSTEMS;
        if (group == 0 && strange || group != 0 && !Addresses.isMulticast(group)) {
            return true;
        }
        long low = group == 0 ? 0 : Ipv6Address.ofV4(group);
        if (skb.length() == MESSAGE_BYTES) {
            int version = code == 0 ? 1 : 2;
            long delayNs = version == 1 ? VERSION1_RESPONSE_NS : code * TENTH_NS;
            reports.query(dev, new MembershipQuery(version, delayNs, 0, 0, 0, low, SourceSet.EMPTY));
            return true;
        }
        if (skb.length() < QUERY3_BYTES) {
            return false;
        }
        int count = Short.reverseBytes(memory.readShort(skb.data() + 10)) & 0xFFFF;
        if (skb.length() < QUERY3_BYTES + count * Integer.BYTES) {
            return false;
        }
        SourceSet sources = SourceSet.EMPTY;
        for (int i = 0; i < count && count <= MembershipQuery.MOST_SOURCES; i++) {
            int source = Integer.reverseBytes(memory.readInt(skb.data() + QUERY3_BYTES + i * Integer.BYTES));
            sources = sources.with(0, Ipv6Address.ofV4(source));
        }
        reports.query(
                dev,
                new MembershipQuery(
                        NEWEST,
                        MembershipQuery.decode(code, Byte.SIZE) * TENTH_NS,
                        memory.readByte(skb.data() + 8) & ROBUSTNESS_MASK,
                        MembershipQuery.decode(memory.readByte(skb.data() + 9) & 0xFF, Byte.SIZE) * SECOND_NS,
                        0,
                        low,
                        sources));
        return true;
    }

    /** Errors about reports are nobody's concern. */
    @Override
    public void error(int icmpType, int icmpCode, int info, SkBuff quoted) {}

    // ---- sending

    @Override
    public int newestVersion() {
        return NEWEST;
    }

    @Override
    public int addressBytes() {
        return Integer.BYTES;
    }

    @Override
    public int roomBytes(NetDevice dev) {
        return dev.mtu() - HEADER_BYTES;
    }

    @Override
    public boolean isReported(NetDevice dev, long high, long low) {
        return !dev.isLoopback() && (int) low != Groups.ALL_SYSTEMS;
    }

    @Override
    public boolean isReady(NetDevice dev) {
        return dev.isUp();
    }

    @Override
    public void sendReport(NetDevice dev, ReportMessage message) {
        Route route = route(dev, V3_ROUTERS);
        SkBuff skb = route == null ? null : begin(route, V3_ROUTERS, message.bytes());
        if (route != null && skb != null) {
            message.writeTo(skb.memory(), skb.transportHeader, V3_REPORT);
            finish(skb, route, message.bytes());
        }
    }

    @Override
    public void sendOlder(NetDevice dev, int version, boolean leaves, long high, long low) {
        int group = (int) low;
        int destination = leaves ? ALL_ROUTERS : group;
        Route route = route(dev, destination);
        SkBuff skb = route == null ? null : begin(route, destination, MESSAGE_BYTES);
        if (route != null && skb != null) {
            GuestMemory memory = skb.memory();
            memory.writeInt(skb.transportHeader, leaves ? LEAVE : version == 1 ? V1_REPORT : V2_REPORT);
            memory.writeInt(skb.transportHeader + 4, Integer.reverseBytes(group));
            finish(skb, route, MESSAGE_BYTES);
        }
    }

    private @Nullable Route route(NetDevice dev, int destination) {
        return ipv4.routes().lookup(destination, 0, dev.ifindex());
    }

    /** A packet whose IP header is complete. */
    private @Nullable SkBuff begin(Route route, int destination, int bytes) {
        SkBuff skb = ipv4.skbs().alloc(Ipv4.MAX_HEADER, HEADER_BYTES + bytes);
        if (skb == null) {
            return null;
        }
        long at = skb.put(HEADER_BYTES + bytes);
        GuestMemory memory = skb.memory();
        memory.writeInt(at + Ipv4Header.MIN_LENGTH, Integer.reverseBytes(ROUTER_ALERT));
        ip.wrap(memory, at, HEADER_BYTES)
                .headerLength(HEADER_BYTES)
                .tos(TOS_INTERNETWORK_CONTROL)
                .totalLength(HEADER_BYTES + bytes)
                .identification(ipv4.nextIdentification(route.source(), destination, IpProtocol.IGMP))
                .flagsAndFragmentOffset(Ipv4Header.DONT_FRAGMENT)
                .ttl(1)
                .protocol(IpProtocol.IGMP)
                .source(route.source())
                .destination(destination)
                .updateChecksum();
        skb.networkHeader = at;
        skb.transportHeader = at + HEADER_BYTES;
        return skb;
    }

    private void finish(SkBuff skb, Route route, int bytes) {
        long message = skb.transportHeader;
        int checksum = InternetChecksum.fold(InternetChecksum.sum(skb.memory(), message, bytes, 0));
        skb.memory().writeShort(message + 2, Short.reverseBytes((short) checksum));
        ipv4.sendPrepared(skb, route);
    }
}
