package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.wire.IcmpTypes;
import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.Verdict;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** The way in: validation, hooks, options, for us or not, reassembly, delivery. Takes over every packet. */
final class Ipv4Input {
    /** Value of {@code skb.dst}: a copy of what we sent to a group, whose source is rightly our own. */
    static final Object LOOPED = new Object();

    private final Ipv4 ipv4;
    private final SnmpCounters snmp;
    private final NetfilterHooks netfilter;
    private final Addresses addresses;
    private final Reassembly reassembly;
    private final Ipv4Forward forward;
    private final IpOptions options = new IpOptions();
    private final Ipv4Header ip = new Ipv4Header();
    private @Nullable RawDelivery raw;

    Ipv4Input(Ipv4 ipv4, Reassembly reassembly) {
        this.ipv4 = ipv4;
        this.snmp = ipv4.snmp();
        this.netfilter = ipv4.netfilter();
        this.addresses = ipv4.addresses();
        this.reassembly = reassembly;
        this.forward = new Ipv4Forward(ipv4);
    }

    void setRawDelivery(@Nullable RawDelivery delivery) {
        raw = delivery;
    }

    /** Handler of Ethertype 0x0800: ip_rcv. */
    void receive(SkBuff skb) {
        if (skb.packetType == SkBuff.PACKET_OTHERHOST) {
            skb.drop(DropReason.OTHERHOST);
            return;
        }
        snmp.add(Mib.IP_IN_RECEIVES, Math.max(1, skb.gsoSegments));
        if (!validate(skb)) {
            return;
        }
        if (ipv4.isReassembleFirst() && ip.isFragment()) {
            SkBuff whole = reassembly.add(skb);
            if (whole != null) {
                whole.transportHeader = whole.data()
                        + ip.wrap(whole.memory(), whole.data(), whole.headLength())
                                .headerLength();
                filter(whole);
            }
            return;
        }
        filter(skb);
    }

    /** The first hook, and what follows it. */
    private void filter(SkBuff skb) {
        NetDevice in = skb.dev;
        if (!netfilter.isEmpty(NetfilterHooks.PRE_ROUTING)) {
            Verdict verdict = netfilter.run(NetfilterHooks.PRE_ROUTING, skb, in, null);
            if (verdict != Verdict.ACCEPT) {
                dropIf(verdict, skb);
                return;
            }
            ip.wrap(skb.memory(), skb.data(), skb.headLength());
        }
        if (in == null || ip.headerLength() > Ipv4Header.MIN_LENGTH && !processOptions(skb)) {
            return;
        }
        route(skb, in);
    }

    /**
     * RFC 1122 section 3.2.1: version, lengths, checksum. Cuts link padding.
     *
     * @return false: it was dropped
     */
    private boolean validate(SkBuff skb) {
        if (!skb.pskbMayPull(Ipv4Header.MIN_LENGTH)) {
            return headerError(skb, DropReason.PKT_TOO_SMALL);
        }
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        int headerLength = ip.headerLength();
        if (ip.version() != 4 || headerLength < Ipv4Header.MIN_LENGTH) {
            return headerError(skb, DropReason.IP_INHDR);
        }
        if (!skb.pskbMayPull(headerLength)) {
            return headerError(skb, DropReason.HDR_TRUNC);
        }
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        if (!ip.isChecksumValid()) {
            snmp.count(Mib.IP_IN_CSUM_ERRORS);
            return headerError(skb, DropReason.IP_CSUM);
        }
        int total = ip.totalLength();
        int length = skb.length();
        if (length < total) {
            snmp.count(Mib.IP_IN_TRUNCATED_PKTS);
            skb.drop(DropReason.PKT_TOO_SMALL);
            return false;
        }
        if (total < headerLength) {
            return headerError(skb, DropReason.IP_INHDR);
        }
        if (length > total) {
            skb.trim(total);
            if (skb.ipSummed == SkBuff.CHECKSUM_COMPLETE) {
                skb.ipSummed = SkBuff.CHECKSUM_NONE;
            }
        }
        skb.networkHeader = skb.data();
        skb.transportHeader = skb.data() + headerLength;
        return true;
    }

    private boolean headerError(SkBuff skb, DropReason reason) {
        snmp.count(Mib.IP_IN_HDR_ERRORS);
        skb.drop(reason);
        return false;
    }

    private static void dropIf(Verdict verdict, SkBuff skb) {
        if (verdict == Verdict.DROP) {
            skb.drop(DropReason.NETFILTER_DROP);
        }
    }

    private boolean processOptions(SkBuff skb) {
        if (!skb.cow(0)) {
            snmp.count(Mib.IP_IN_DISCARDS);
            skb.drop(DropReason.NOMEM);
            return false;
        }
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        NetDevice dev = skb.dev;
        int self = addresses.isLocal(ip.destination()) || dev == null
                ? ip.destination()
                : addresses.sourceFor(dev, ip.source());
        boolean mayBeRouted = ipv4.acceptsSourceRoutes() && addresses.isLocal(ip.destination());
        int result = options.process(skb.memory(), skb.data(), ip.headerLength(), self, ipv4.stampMs(), mayBeRouted);
        if (result == IpOptions.OK) {
            if (options.changed()) {
                ip.updateChecksum();
            }
            return true;
        }
        if (result != IpOptions.SOURCE_ROUTED) {
            ipv4.sendIcmpError(skb, IcmpTypes.PARAMETER_PROBLEM, 0, result);
        }
        return headerError(skb, DropReason.IP_OPTIONS);
    }

    /** Decides whose packet it is. */
    private void route(SkBuff skb, NetDevice in) {
        int source = ip.source();
        int destination = ip.destination();
        boolean group = Addresses.isMulticast(destination);
        boolean broadcast = !group && addresses.isBroadcast(destination);
        if (skb.dst != LOOPED && isMartian(source, destination, in, group || broadcast)) {
            snmp.count(Mib.IP_IN_ADDR_ERRORS);
            skb.drop(DropReason.IP_MARTIAN);
            return;
        }
        if (group) {
            snmp.count(Mib.IP_IN_MCAST_PKTS);
            if (!ipv4.groups().isMember(in, destination)) {
                skb.drop(DropReason.IP_BAD_DESTINATION);
                return;
            }
            skb.packetType = SkBuff.PACKET_MULTICAST;
        } else if (broadcast) {
            snmp.count(Mib.IP_IN_BCAST_PKTS);
            skb.packetType = SkBuff.PACKET_BROADCAST;
        } else if (skb.packetType != SkBuff.PACKET_HOST) {
            // RFC 1122 section 3.3.6: a unicast address in a link-level broadcast is a trick or an accident.
            skb.drop(DropReason.UNICAST_IN_L2_MULTICAST);
            return;
        } else if (!addresses.isLocal(destination)) {
            forward.forward(skb, in);
            return;
        }
        deliver(skb, in);
    }

    /** Addresses that cannot be right, RFC 1122 section 3.2.1.3, RFC 1812 section 5.3.7. */
    private boolean isMartian(int source, int destination, NetDevice in, boolean toMany) {
        if (Addresses.isMulticast(source) || addresses.isBroadcast(source)) {
            return true;
        }
        if (source >>> 24 == 0 && !(source == Ipv4Address.ANY && toMany)) {
            return true;
        }
        if (in.isLoopback()) {
            return false;
        }
        return Addresses.isLoopback(source)
                || Addresses.isLoopback(destination)
                || destination >>> 24 == 0
                || addresses.isLocal(source);
    }

    /** ip_local_deliver. */
    private void deliver(SkBuff skb, NetDevice in) {
        SkBuff whole = skb;
        if (ip.isFragment()) {
            whole = reassembly.add(skb);
            if (whole == null) {
                return;
            }
            ip.wrap(whole.memory(), whole.data(), whole.headLength());
        }
        if (!netfilter.isEmpty(NetfilterHooks.LOCAL_IN)) {
            Verdict verdict = netfilter.run(NetfilterHooks.LOCAL_IN, whole, in, null);
            if (verdict != Verdict.ACCEPT) {
                dropIf(verdict, whole);
                return;
            }
            ip.wrap(whole.memory(), whole.data(), whole.headLength());
        }
        int protocol = ip.protocol();
        whole.networkHeader = whole.data();
        whole.transportHeader = whole.pull(ip.headerLength());
        whole.dst = null;
        boolean taken = raw != null && raw.offer(whole, protocol);
        L4Protocol handler = ipv4.protocol(protocol);
        if (handler != null) {
            snmp.count(Mib.IP_IN_DELIVERS);
            whole.conntrack = null; // the filter is done with it: what waits in a socket holds no connection
            whole.conntrackInfo = 0;
            handler.receive(whole);
            return;
        }
        if (taken) {
            snmp.count(Mib.IP_IN_DELIVERS);
            whole.free();
            return;
        }
        snmp.count(Mib.IP_IN_UNKNOWN_PROTOS);
        ipv4.sendIcmpError(whole, IcmpTypes.DEST_UNREACH, IcmpTypes.PROTOCOL_UNREACH, 0);
        whole.drop(DropReason.IP_NOPROTO);
    }
}
