package dev.doorbell.kernel.igmp;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.kernel.ipv4.Groups;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.L4Protocol;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import dev.doorbell.kernel.time.KernelTimer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The host side of IGMP version 2, RFC 2236: reports on join, twice; answers to queries after a random time unless
 * another member was faster; leave. Version 3 queries are answered with version 2 reports, which routers understand.
 *
 * <pre>
 *   0      1          2          4       8
 *   | type | max resp | checksum | group |      max resp in tenths of a second
 * </pre>
 */
public final class Igmp implements L4Protocol, Groups.Listener {
    static final int QUERY = 0x11, V1_REPORT = 0x12, V2_REPORT = 0x16, LEAVE = 0x17;
    private static final int MESSAGE_BYTES = 8;
    /** 224.0.0.2. */
    private static final int ALL_ROUTERS = 0xE000_0002;
    /** RFC 2113: kind 148, 4 bytes, value 0. */
    private static final int ROUTER_ALERT = 0x9404_0000;

    private static final int HEADER_BYTES = Ipv4Header.MIN_LENGTH + 4;
    private static final int TOS_INTERNETWORK_CONTROL = 0xC0;
    private static final long TENTH_NS = 100_000_000L;
    /** RFC 2236 section 8.10, and the response time of version 1 queries, which carry none. */
    private static final long UNSOLICITED_INTERVAL_NS = 10_000_000_000L;

    /** One group on one interface, and the report that is due for it. */
    private final class Membership {
        final NetDevice dev;
        final int group;
        final KernelTimer report = new KernelTimer(ipv4.net().kernel(), "igmp report", this::report);
        /** We sent the last report, so we say when we leave: RFC 2236 section 3. */
        boolean lastReporter;

        Membership(NetDevice dev, int group) {
            this.dev = dev;
            this.group = group;
        }

        void report() {
            lastReporter = true;
            send(dev, V2_REPORT, group, group);
        }

        void reportWithin(long limitNs) {
            long delay = random.nextLong(limitNs);
            if (!report.isPending() || report.expiresNs() > ipv4.net().kernel().nowNs() + limitNs) {
                report.modTimerAfter(delay);
            }
        }
    }

    private final Ipv4 ipv4;
    private final SplittableRandom random;
    private final List<Membership> memberships = new ArrayList<>();
    private final Ipv4Header ip = new Ipv4Header();

    /** Registers protocol 2 and listens to joins. */
    public Igmp(Ipv4 ipv4) {
        this.ipv4 = ipv4;
        this.random = ipv4.net().kernel().random("igmp");
        ipv4.addProtocol(IpProtocol.IGMP, this);
        ipv4.groups().setListener(this);
    }

    @Override
    public void joined(NetDevice dev, int group) {
        if (dev.isLoopback()) {
            return;
        }
        Membership membership = new Membership(dev, group);
        memberships.add(membership);
        membership.report();
        membership.reportWithin(UNSOLICITED_INTERVAL_NS);
    }

    @Override
    public void left(NetDevice dev, int group) {
        for (Membership membership : memberships) {
            if (membership.dev == dev && membership.group == group) {
                memberships.remove(membership);
                membership.report.delTimer();
                if (membership.lastReporter) {
                    send(dev, LEAVE, group, ALL_ROUTERS);
                }
                return;
            }
        }
    }

    @Override
    public void receive(SkBuff skb) {
        NetDevice dev = skb.dev;
        // Queries and reports are sent to groups: a unicast one is forged.
        if (dev == null || skb.packetType != SkBuff.PACKET_MULTICAST || !skb.pskbMayPull(MESSAGE_BYTES)) {
            skb.drop(DropReason.PKT_TOO_SMALL);
            return;
        }
        if (!SkbChecksum.isTransportValid(skb, 0)) {
            skb.drop(DropReason.SKB_CSUM);
            return;
        }
        GuestMemory memory = skb.memory();
        int type = memory.readByte(skb.data()) & 0xFF;
        int tenths = memory.readByte(skb.data() + 1) & 0xFF;
        int group = Integer.reverseBytes(memory.readInt(skb.data() + 4));
        skb.free();
        for (int i = 0; i < memberships.size(); i++) {
            Membership membership = memberships.get(i);
            if (membership.dev != dev) {
                continue;
            }
            if (type == QUERY && (group == 0 || group == membership.group)) {
                membership.reportWithin(tenths == 0 ? UNSOLICITED_INTERVAL_NS : tenths * TENTH_NS);
            } else if ((type == V1_REPORT || type == V2_REPORT) && group == membership.group) {
                membership.report.delTimer();
                membership.lastReporter = false;
            }
        }
    }

    /** Errors about reports are nobody's concern. */
    @Override
    public void error(int icmpType, int icmpCode, int info, SkBuff quoted) {}

    private void send(NetDevice dev, int type, int group, int destination) {
        Route route = dev.isUp() ? ipv4.routes().lookup(destination, 0, dev.ifindex()) : null;
        SkBuff skb = route == null ? null : ipv4.skbs().alloc(Ipv4.MAX_HEADER, HEADER_BYTES + MESSAGE_BYTES);
        if (route == null || skb == null) {
            return;
        }
        long at = skb.put(HEADER_BYTES + MESSAGE_BYTES);
        GuestMemory memory = skb.memory();
        memory.writeInt(at + Ipv4Header.MIN_LENGTH, Integer.reverseBytes(ROUTER_ALERT));
        ip.wrap(memory, at, HEADER_BYTES)
                .headerLength(HEADER_BYTES)
                .tos(TOS_INTERNETWORK_CONTROL)
                .totalLength(HEADER_BYTES + MESSAGE_BYTES)
                .identification(ipv4.nextIdentification(route.source(), destination, IpProtocol.IGMP))
                .flagsAndFragmentOffset(Ipv4Header.DONT_FRAGMENT)
                .ttl(1)
                .protocol(IpProtocol.IGMP)
                .source(route.source())
                .destination(destination)
                .updateChecksum();
        long message = at + HEADER_BYTES;
        memory.writeInt(message, type);
        memory.writeInt(message + 4, Integer.reverseBytes(group));
        int checksum = InternetChecksum.fold(InternetChecksum.sum(memory, message, MESSAGE_BYTES, 0));
        memory.writeShort(message + 2, Short.reverseBytes((short) checksum));
        skb.networkHeader = at;
        skb.transportHeader = message;
        ipv4.sendPrepared(skb, route);
    }
}
