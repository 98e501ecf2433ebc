package dev.doorbell.kernel.mld;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.icmpv6.Icmp6;
import dev.doorbell.kernel.icmpv6.Icmp6Types;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv6.Groups6;
import dev.doorbell.kernel.ipv6.InterfaceAddress6;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.Route6;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.time.KernelTimer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The listener's side of MLDv2, with fallback to version 1 while a router of version 1 is heard.
 *
 * <pre>
 * event                          action
 * first join                     report (change to exclude nothing), again within 1 s
 * last leave                     report (change to include nothing), again within 1 s; version 1: done
 * general query                  report of all groups at random within the maximum delay
 * query for a group              report of that group at random within the maximum delay
 * version 1 query                version 1 reports for 260 s
 * </pre>
 */
public final class Mld {
    private static final long SECOND_NS = 1_000_000_000L, MS_NS = 1_000_000L;
    /** RFC 3810 §9: robustness variable, unsolicited report interval, older version querier present timeout. */
    private static final int ROBUSTNESS = 2;

    private static final long UNSOLICITED_NS = SECOND_NS, OLDER_QUERIER_NS = 260 * SECOND_NS;
    private static final int QUERY1_BYTES = 24, QUERY2_BYTES = 28;
    private static final int MODE_IS_EXCLUDE = 2, CHANGE_TO_INCLUDE = 3, CHANGE_TO_EXCLUDE = 4;
    private static final int RECORD_BYTES = 20, REPORT_BYTES = 8;
    /** Hop-by-hop header with the router alert for MLD, RFC 2711: next header ICMPv6, one unit, alert 0, PadN. */
    private static final int[] HOP_BY_HOP = {IpProtocol.ICMPV6, 0, 5, 2, 0, 0, 1, 0};

    /** A report that is due: about one group, or all of an interface. */
    private static final class Pending {
        final NetDevice dev;
        final long high, low;
        final int record;
        int left;
        final KernelTimer timer;

        Pending(Mld mld, NetDevice dev, long high, long low, int record, int left) {
            this.dev = dev;
            this.high = high;
            this.low = low;
            this.record = record;
            this.left = left;
            this.timer = new KernelTimer(mld.ipv6.net().kernel(), "mld", () -> mld.due(this));
        }

        boolean isFor(NetDevice d, long h, long l) {
            return dev == d && high == h && low == l;
        }
    }

    private final Ipv6 ipv6;
    private final SplittableRandom random;
    private final List<Pending> pending = new ArrayList<>();
    private final Ipv6Header ip = new Ipv6Header();
    private long version1UntilNs = Long.MIN_VALUE;

    public Mld(Icmp6 icmp) {
        this.ipv6 = icmp.ipv6();
        this.random = ipv6.random("mld");
        icmp.setHandler(Icmp6Types.MLD_QUERY, this::query);
        icmp.setHandler(Icmp6Types.MLD1_REPORT, (skb, type) -> heardReport(skb));
        icmp.setHandler(Icmp6Types.MLD1_DONE, (skb, type) -> true);
        icmp.setHandler(Icmp6Types.MLD2_REPORT, (skb, type) -> true);
        ipv6.groups().setListener(new Groups6.Listener() {
            @Override
            public void joined(NetDevice dev, long high, long low) {
                changed(dev, high, low, CHANGE_TO_EXCLUDE);
            }

            @Override
            public void left(NetDevice dev, long high, long low) {
                changed(dev, high, low, CHANGE_TO_INCLUDE);
            }
        });
    }

    /** §6: all nodes, and groups that do not leave the interface, are never reported. */
    private boolean isReported(NetDevice dev, long high, long low) {
        boolean allNodes = high == Ipv6Address.LINK_GROUP_HIGH && low == Ipv6Address.ALL_NODES_LOW;
        return !allNodes && Ipv6Address.groupScope(high) > 1 && ipv6.of(dev).hasNeighbours();
    }

    private void changed(NetDevice dev, long high, long low, int record) {
        if (!isReported(dev, high, low)) {
            return;
        }
        cancel(dev, high, low);
        if (!dev.isUp() || !ipv6.isEnabled(dev)) {
            return;
        }
        Pending report = new Pending(this, dev, high, low, record, ROBUSTNESS);
        pending.add(report);
        due(report);
    }

    private void cancel(NetDevice dev, long high, long low) {
        pending.removeIf(p -> {
            boolean match = p.isFor(dev, high, low);
            if (match) {
                p.timer.delTimer();
            }
            return match;
        });
    }

    /** The interface went down: nothing is due any more. */
    public void forget(NetDevice dev) {
        pending.removeIf(p -> {
            if (p.dev == dev) {
                p.timer.delTimer();
            }
            return p.dev == dev;
        });
    }

    /** The interface came up: its groups are reported anew. */
    public void announce(NetDevice dev) {
        for (Groups6.Membership member : ipv6.groups().of(dev)) {
            changed(dev, member.high(), member.low(), CHANGE_TO_EXCLUDE);
        }
    }

    private void due(Pending report) {
        if (report.high == 0) {
            for (Groups6.Membership member : ipv6.groups().of(report.dev)) {
                if (isReported(report.dev, member.high(), member.low())) {
                    send(report.dev, member.high(), member.low(), report.record);
                }
            }
        } else {
            send(report.dev, report.high, report.low, report.record);
        }
        if (--report.left > 0) {
            report.timer.modTimerAfter(1 + random.nextLong(UNSOLICITED_NS));
        } else {
            pending.remove(report);
        }
    }

    /** §6.2: answers at random within the maximum response delay; a query already waiting is answered once. */
    private boolean query(SkBuff skb, int type) {
        NetDevice dev = skb.dev;
        GuestMemory memory = skb.memory();
        ip.wrap(memory, skb.networkHeader, Ipv6Header.LENGTH);
        int bytes = skb.length();
        boolean version1 = bytes == QUERY1_BYTES;
        if (dev == null
                || !version1 && bytes < QUERY2_BYTES
                || !Ipv6Address.isLinkLocal(ip.sourceHigh())
                || ip.hopLimit() != 1
                || ip.nextHeader() != IpProtocol.HOP_BY_HOP) {
            return false;
        }
        long now = ipv6.net().kernel().nowNs();
        int code = Short.reverseBytes(memory.readShort(skb.data() + 4)) & 0xFFFF;
        if (version1) {
            version1UntilNs = now + OLDER_QUERIER_NS;
        }
        long delayNs = (version1 || code < 32_768 ? code : ((code & 0xFFF) | 0x1000) << ((code >> 12 & 7) + 3)) * MS_NS;
        long high = Long.reverseBytes(memory.readLong(skb.data() + 8));
        long low = Long.reverseBytes(memory.readLong(skb.data() + 16));
        boolean general = (high | low) == 0;
        if (!general && (!Ipv6Address.isMulticast(high) || !isMember(dev, high, low))) {
            return true;
        }
        for (Pending waiting : pending) {
            if (waiting.isFor(dev, high, low)) {
                return true;
            }
        }
        Pending answer = new Pending(this, dev, high, low, MODE_IS_EXCLUDE, 1);
        pending.add(answer);
        answer.timer.modTimerAfter(1 + random.nextLong(Math.max(1, delayNs)));
        return true;
    }

    private boolean isMember(NetDevice dev, long high, long low) {
        return isReported(dev, high, low) && ipv6.groups().isMember(dev, high, low);
    }

    /** Version 1: another member has answered, so we need not. RFC 2710 §4. */
    private boolean heardReport(SkBuff skb) {
        NetDevice dev = skb.dev;
        if (dev == null || skb.length() < QUERY1_BYTES) {
            return false;
        }
        if (isVersion1()) {
            long high = Long.reverseBytes(skb.memory().readLong(skb.data() + 8));
            long low = Long.reverseBytes(skb.memory().readLong(skb.data() + 16));
            cancel(dev, high, low);
        }
        return true;
    }

    private boolean isVersion1() {
        return ipv6.net().kernel().nowNs() < version1UntilNs;
    }

    private void send(NetDevice dev, long high, long low, int record) {
        boolean version1 = isVersion1();
        long toLow = version1
                ? record == CHANGE_TO_INCLUDE ? Ipv6Address.ALL_ROUTERS_LOW : low
                : Ipv6Address.MLD_ROUTERS_LOW;
        long toHigh = version1 && record != CHANGE_TO_INCLUDE ? high : Ipv6Address.LINK_GROUP_HIGH;
        int bytes = version1 ? QUERY1_BYTES : REPORT_BYTES + RECORD_BYTES;
        // §5.2.13: from the link-local address, or from :: while there is none.
        @Nullable InterfaceAddress6 own = ipv6.addresses().linkLocal(dev);
        long fromHigh = own == null ? 0 : own.high();
        long fromLow = own == null ? 0 : own.low();
        Route6 route = dev.isUp() ? ipv6.routes().lookup(toHigh, toLow, fromHigh, fromLow, dev.ifindex()) : null;
        SkBuff skb = route == null ? null : ipv6.skbs().alloc(Ipv6.MAX_HEADER, HOP_BY_HOP.length + bytes);
        if (route == null || skb == null) {
            return;
        }
        GuestMemory memory = skb.memory();
        long at = skb.put(HOP_BY_HOP.length + bytes);
        for (int i = 0; i < HOP_BY_HOP.length; i++) {
            memory.writeByte(at + i, HOP_BY_HOP[i]);
        }
        long message = at + HOP_BY_HOP.length;
        for (int i = 0; i < bytes; i += Integer.BYTES) {
            memory.writeInt(message + i, 0);
        }
        long group = version1 ? message + 8 : message + REPORT_BYTES + 4;
        if (version1) {
            memory.writeByte(message, record == CHANGE_TO_INCLUDE ? Icmp6Types.MLD1_DONE : Icmp6Types.MLD1_REPORT);
        } else {
            memory.writeByte(message, Icmp6Types.MLD2_REPORT);
            memory.writeShort(message + 6, Short.reverseBytes((short) 1));
            memory.writeByte(message + REPORT_BYTES, record);
        }
        memory.writeLong(group, Long.reverseBytes(high));
        memory.writeLong(group + 8, Long.reverseBytes(low));
        Icmp6.checksum(skb, message, bytes, fromHigh, fromLow, toHigh, toLow);
        ipv6.snmp().count(Mib.ICMP6_OUT_MSGS);
        ipv6.queueXmit(skb, route, fromHigh, fromLow, IpProtocol.HOP_BY_HOP, 0, 1, 0, Ipv6.UNSPECIFIED_SOURCE);
    }
}
