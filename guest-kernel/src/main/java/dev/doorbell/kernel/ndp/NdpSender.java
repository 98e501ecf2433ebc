package dev.doorbell.kernel.ndp;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.bus.wire.MacAddress;
import dev.doorbell.kernel.icmpv6.Icmp6;
import dev.doorbell.kernel.icmpv6.Icmp6Types;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.Route6;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** Builds and sends the messages of Neighbour Discovery, RFC 4861 §4. */
final class NdpSender {
    static final int HOP_LIMIT = 255;
    /** Flags of an advertisement. */
    static final int ROUTER = 1 << 31, SOLICITED = 1 << 30, OVERRIDE = 1 << 29;

    private static final int TARGET_AT = 8, NEIGHBOUR_BYTES = 24, ROUTER_SOLICITATION_BYTES = 8;

    private final Ipv6 ipv6;
    private final Ipv6Header ip = new Ipv6Header();

    NdpSender(Ipv6 ipv6) {
        this.ipv6 = ipv6;
    }

    /**
     * Asks for a target's MAC address: the solicited-node group, or with {@code unicast} the target itself.
     *
     * @param sourceHigh one of ours; all zero for duplicate address detection
     * @param nonce to recognise our own message by, RFC 7527; 0: none
     */
    void neighbourSolicitation(
            NetDevice dev,
            long sourceHigh,
            long sourceLow,
            long targetHigh,
            long targetLow,
            boolean unicast,
            long nonce) {
        boolean probe = Ipv6Address.isUnspecified(sourceHigh, sourceLow);
        int option = probe && nonce == 0 ? 0 : NdpOptions.UNIT_BYTES;
        int kind = probe ? NdpOptions.NONCE : NdpOptions.SOURCE_LINK_ADDRESS;
        long toHigh = unicast ? targetHigh : Ipv6Address.LINK_GROUP_HIGH;
        long toLow = unicast ? targetLow : Ipv6Address.solicitedNodeLow(targetLow);
        SkBuff skb = begin(NEIGHBOUR_BYTES + option, Icmp6Types.NEIGHBOUR_SOLICITATION);
        if (skb == null) {
            return;
        }
        GuestMemory memory = skb.memory();
        memory.writeInt(skb.data() + 4, 0);
        target(memory, skb.data(), targetHigh, targetLow);
        if (option != 0) {
            option(memory, skb.data() + NEIGHBOUR_BYTES, kind, probe ? nonce : dev.devAddr());
        }
        finish(skb, dev, sourceHigh, sourceLow, toHigh, toLow);
    }

    /**
     * Says that a target is ours.
     *
     * @param mac of whoever asked, 0: not known
     * @param flags ROUTER, SOLICITED, OVERRIDE
     */
    void neighbourAdvertisement(
            NetDevice dev, long targetHigh, long targetLow, long toHigh, long toLow, long mac, int flags) {
        SkBuff skb = begin(NEIGHBOUR_BYTES + NdpOptions.UNIT_BYTES, Icmp6Types.NEIGHBOUR_ADVERTISEMENT);
        if (skb == null) {
            return;
        }
        GuestMemory memory = skb.memory();
        memory.writeInt(skb.data() + 4, Integer.reverseBytes(flags));
        target(memory, skb.data(), targetHigh, targetLow);
        option(memory, skb.data() + NEIGHBOUR_BYTES, NdpOptions.TARGET_LINK_ADDRESS, dev.devAddr());
        if (mac == 0) {
            finish(skb, dev, targetHigh, targetLow, toHigh, toLow);
            return;
        }
        Icmp6.checksum(skb, skb.data(), skb.length(), targetHigh, targetLow, toHigh, toLow);
        int bytes = skb.length();
        skb.networkHeader = skb.push(Ipv6Header.LENGTH);
        ip.wrap(memory, skb.networkHeader, Ipv6Header.LENGTH)
                .versionClassLabel(0, 0)
                .payloadLength(bytes)
                .nextHeader(IpProtocol.ICMPV6)
                .hopLimit(HOP_LIMIT)
                .source(targetHigh, targetLow)
                .destination(toHigh, toLow);
        ipv6.snmp().count(Mib.ICMP6_OUT_MSGS);
        ipv6.sendToMac(skb, dev, mac);
    }

    void routerSolicitation(NetDevice dev, long sourceHigh, long sourceLow) {
        SkBuff skb = begin(ROUTER_SOLICITATION_BYTES + NdpOptions.UNIT_BYTES, Icmp6Types.ROUTER_SOLICITATION);
        if (skb == null) {
            return;
        }
        GuestMemory memory = skb.memory();
        memory.writeInt(skb.data() + 4, 0);
        option(memory, skb.data() + ROUTER_SOLICITATION_BYTES, NdpOptions.SOURCE_LINK_ADDRESS, dev.devAddr());
        finish(skb, dev, sourceHigh, sourceLow, Ipv6Address.LINK_GROUP_HIGH, Ipv6Address.ALL_ROUTERS_LOW);
    }

    private @Nullable SkBuff begin(int bytes, int type) {
        SkBuff skb = ipv6.skbs().alloc(Ipv6.MAX_HEADER, bytes);
        if (skb != null) {
            long at = skb.put(bytes);
            skb.memory().writeInt(at, type); // little-endian: type first, code and checksum 0
        }
        return skb;
    }

    private static void target(GuestMemory memory, long message, long high, long low) {
        memory.writeLong(message + TARGET_AT, Long.reverseBytes(high));
        memory.writeLong(message + TARGET_AT + 8, Long.reverseBytes(low));
    }

    private static void option(GuestMemory memory, long at, int kind, long sixOctets) {
        memory.writeByte(at, kind);
        memory.writeByte(at + 1, 1);
        MacAddress.write(memory, at + 2, sixOctets);
    }

    private void finish(SkBuff skb, NetDevice dev, long sourceHigh, long sourceLow, long toHigh, long toLow) {
        Route6 route = ipv6.routes().lookup(toHigh, toLow, sourceHigh, sourceLow, dev.ifindex());
        if (route == null) {
            skb.free();
            return;
        }
        Icmp6.checksum(skb, skb.data(), skb.length(), sourceHigh, sourceLow, toHigh, toLow);
        ipv6.snmp().count(Mib.ICMP6_OUT_MSGS);
        ipv6.queueXmit(skb, route, sourceHigh, sourceLow, IpProtocol.ICMPV6, 0, HOP_LIMIT, 0, Ipv6.UNSPECIFIED_SOURCE);
    }
}
