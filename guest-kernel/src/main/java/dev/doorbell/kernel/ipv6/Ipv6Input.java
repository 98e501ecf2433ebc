package dev.doorbell.kernel.ipv6;

import dev.doorbell.bus.wire.ExtensionHeaders;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv4.SnmpCounters;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.Verdict;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** The way in: validation, hooks, for us or not, extension headers, reassembly, delivery. Takes over every packet. */
final class Ipv6Input {
    /** Value of {@code skb.dst}: a copy of what we sent to a group, whose source is rightly our own. */
    static final Object LOOPED = new Object();

    private static final int NEXT_HEADER_AT = 6, MIN_EXTENSION = 8;

    private final Ipv6 ipv6;
    private final SnmpCounters snmp;
    private final NetfilterHooks netfilter;
    private final Addresses6 addresses;
    private final Reassembly6 reassembly;
    private final Ipv6Forward forward;
    private final OptionParser options = new OptionParser();
    private final Ipv6Header ip = new Ipv6Header();
    private @Nullable RawDelivery6 raw;

    Ipv6Input(Ipv6 ipv6, Reassembly6 reassembly) {
        this.ipv6 = ipv6;
        this.snmp = ipv6.snmp();
        this.netfilter = ipv6.netfilter();
        this.addresses = ipv6.addresses();
        this.reassembly = reassembly;
        this.forward = new Ipv6Forward(ipv6);
    }

    void setRawDelivery(@Nullable RawDelivery6 delivery) {
        raw = delivery;
    }

    /** Handler of Ethertype 0x86DD: ipv6_rcv. */
    void receive(SkBuff skb) {
        NetDevice in = skb.dev;
        if (in == null || skb.packetType == SkBuff.PACKET_OTHERHOST) {
            skb.drop(DropReason.OTHERHOST);
            return;
        }
        snmp.add(Mib.IP6_IN_RECEIVES, Math.max(1, skb.gsoSegments));
        if (!ipv6.isEnabled(in)) {
            snmp.count(Mib.IP6_IN_DISCARDS);
            skb.drop(DropReason.IPV6_DISABLED);
            return;
        }
        if (!validate(skb, in)) {
            return;
        }
        if (ip.nextHeader() == IpProtocol.HOP_BY_HOP && !hopByHop(skb)) {
            return;
        }
        if (netfilter.isEmpty(NetfilterHooks.PRE_ROUTING)) {
            route(skb, in);
            return;
        }
        SkBuff whole = ipv6.isReassembleFirst() ? joined(skb) : skb;
        if (whole != null) {
            filter(whole, in);
        }
    }

    /** The first hook, and what follows it. */
    private void filter(SkBuff skb, NetDevice in) {
        Verdict verdict = netfilter.run(NetfilterHooks.PRE_ROUTING, skb, in, null);
        if (verdict != Verdict.ACCEPT) {
            dropIf(verdict, skb);
            return;
        }
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        route(skb, in);
    }

    /**
     * Takes a fragment before the first hook.
     *
     * @return what is no fragment as it is; the datagram when this was the missing piece; else null
     */
    private @Nullable SkBuff joined(SkBuff skb) {
        int next = ip.nextHeader();
        int nextAt = NEXT_HEADER_AT;
        int at = Ipv6Header.LENGTH;
        while (ExtensionHeaders.isExtension(next) && skb.pskbMayPull(at + MIN_EXTENSION)) {
            skb.networkHeader = skb.data();
            if (next == IpProtocol.IPV6_FRAGMENT) {
                return Reassembly6.isAtomic(skb.memory(), skb.data() + at) ? skb : reassembly.add(skb, at, nextAt);
            }
            next = skb.memory().readByte(skb.data() + at) & 0xFF;
            nextAt = at;
            at += ((skb.memory().readByte(skb.data() + at + 1) & 0xFF) + 1) * MIN_EXTENSION;
        }
        return skb;
    }

    /**
     * Version, lengths, addresses that cannot be right. Cuts link padding.
     *
     * @return false: it was dropped
     */
    private boolean validate(SkBuff skb, NetDevice in) {
        if (!skb.pskbMayPull(Ipv6Header.LENGTH)) {
            return headerError(skb, DropReason.PKT_TOO_SMALL);
        }
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        if (ip.version() != 6) {
            return headerError(skb, DropReason.IPV6_BAD_HEADER);
        }
        int total = Ipv6Header.LENGTH + ip.payloadLength();
        if (skb.length() < total) {
            snmp.count(Mib.IP6_IN_TRUNCATED_PKTS);
            skb.drop(DropReason.PKT_TOO_SMALL);
            return false;
        }
        if (ip.payloadLength() == 0 && ip.nextHeader() == IpProtocol.HOP_BY_HOP) {
            return headerError(skb, DropReason.IPV6_BAD_HEADER); // a jumbogram, RFC 2675: not on this link
        }
        if (skb.length() > total) {
            skb.trim(total);
            if (skb.ipSummed == SkBuff.CHECKSUM_COMPLETE) {
                skb.ipSummed = SkBuff.CHECKSUM_NONE;
            }
        }
        if (skb.dst != LOOPED && isMartian(in)) {
            snmp.count(Mib.IP6_IN_ADDR_ERRORS);
            skb.drop(DropReason.IP_MARTIAN);
            return false;
        }
        skb.networkHeader = skb.data();
        return true;
    }

    /** RFC 4291 §2.5.2, §2.5.3, §2.7; mapped addresses are never seen on a wire. */
    private boolean isMartian(NetDevice in) {
        long sourceHigh = ip.sourceHigh();
        long sourceLow = ip.sourceLow();
        long high = ip.destinationHigh();
        long low = ip.destinationLow();
        if (Ipv6Address.isMulticast(sourceHigh)
                || Ipv6Address.isUnspecified(high, low)
                || Ipv6Address.isV4(sourceHigh, sourceLow)
                || Ipv6Address.isV4(high, low)) {
            return true;
        }
        if (Ipv6Address.isMulticast(high) && Ipv6Address.groupScope(high) == 0) {
            return true;
        }
        if (in.isLoopback()) {
            return false;
        }
        return Ipv6Address.isLoopback(sourceHigh, sourceLow)
                || Ipv6Address.isLoopback(high, low)
                || Ipv6Address.isMulticast(high) && Ipv6Address.groupScope(high) == 1
                || addresses.isLocal(sourceHigh, sourceLow, in);
    }

    private boolean headerError(SkBuff skb, DropReason reason) {
        snmp.count(Mib.IP6_IN_HDR_ERRORS);
        skb.drop(reason);
        return false;
    }

    private static void dropIf(Verdict verdict, SkBuff skb) {
        if (verdict == Verdict.DROP) {
            skb.drop(DropReason.NETFILTER_DROP);
        }
    }

    private boolean hopByHop(SkBuff skb) {
        int length = extensionLength(skb, Ipv6Header.LENGTH);
        boolean fine = length != 0 && optionsFine(skb, Ipv6Header.LENGTH, length);
        if (fine) {
            ip.wrap(skb.memory(), skb.data(), skb.headLength());
        }
        return fine;
    }

    /** Bytes of the extension header at an offset, all of them linear; 0: it was too short, the packet is gone. */
    private int extensionLength(SkBuff skb, int at) {
        if (!skb.pskbMayPull(at + MIN_EXTENSION)) {
            headerError(skb, DropReason.IPV6_BAD_EXTHDR);
            return 0;
        }
        int length = ((skb.memory().readByte(skb.data() + at + 1) & 0xFF) + 1) * 8;
        if (!skb.pskbMayPull(at + length)) {
            headerError(skb, DropReason.IPV6_BAD_EXTHDR);
            return 0;
        }
        skb.networkHeader = skb.data(); // pulling may have moved the bytes
        return length;
    }

    private boolean optionsFine(SkBuff skb, int at, int length) {
        int result = options.parse(skb.memory(), skb.data() + at, length);
        if (result == OptionParser.OK) {
            return true;
        }
        if (result >= 0) {
            ip.wrap(skb.memory(), skb.data(), skb.headLength());
            if (options.answersGroups() || !Ipv6Address.isMulticast(ip.destinationHigh())) {
                ipv6.sendError(skb, Icmp6Errors.PARAMETER_PROBLEM, Icmp6Errors.UNRECOGNIZED_OPTION, at + result);
            }
        }
        return headerError(skb, DropReason.IPV6_BAD_EXTHDR);
    }

    /** Decides whose packet it is. */
    private void route(SkBuff skb, NetDevice in) {
        long high = ip.destinationHigh();
        long low = ip.destinationLow();
        if (Ipv6Address.isMulticast(high)) {
            snmp.count(Mib.IP6_IN_MCAST_PKTS);
            if (!ipv6.groups().isMember(in, high, low)) {
                skb.drop(DropReason.IP_BAD_DESTINATION);
                return;
            }
            skb.packetType = SkBuff.PACKET_MULTICAST;
        } else if (skb.packetType != SkBuff.PACKET_HOST) {
            skb.drop(DropReason.UNICAST_IN_L2_MULTICAST);
            return;
        } else if (!addresses.isLocal(high, low, in.isLoopback() ? null : in)) {
            forward.forward(skb, in);
            return;
        }
        if (!netfilter.isEmpty(NetfilterHooks.LOCAL_IN)) {
            Verdict verdict = netfilter.run(NetfilterHooks.LOCAL_IN, skb, in, null);
            if (verdict != Verdict.ACCEPT) {
                dropIf(verdict, skb);
                return;
            }
            ip.wrap(skb.memory(), skb.data(), skb.headLength());
        }
        skb.cbRetrans = skb.fragmentMax != 0 ? Ipv6.WAS_FRAGMENT : 0;
        walk(skb);
    }

    /** The chain of extension headers, in the order in which they stand: RFC 8200 §4.1. */
    private void walk(SkBuff first) {
        SkBuff skb = first;
        int next = ip.nextHeader();
        int nextAt = NEXT_HEADER_AT;
        int at = Ipv6Header.LENGTH;
        while (true) {
            int length;
            switch (next) {
                case IpProtocol.HOP_BY_HOP -> {
                    if (nextAt != NEXT_HEADER_AT) {
                        complain(skb, Icmp6Errors.UNRECOGNIZED_NEXT_HEADER, nextAt, DropReason.IPV6_BAD_EXTHDR);
                        return;
                    }
                    length = extensionLength(skb, at); // its options were looked at before
                }
                case IpProtocol.DESTINATION_OPTIONS -> {
                    length = extensionLength(skb, at);
                    if (length != 0 && !optionsFine(skb, at, length)) {
                        return;
                    }
                }
                case IpProtocol.IPV6_ROUTING -> {
                    length = extensionLength(skb, at);
                    // RFC 5095: type 0 is not obeyed; nor is any other here. Nothing left to visit: no matter.
                    if (length != 0 && skb.memory().readByte(skb.data() + at + 3) != 0) {
                        complain(skb, Icmp6Errors.ERRONEOUS_FIELD, at + 2, DropReason.IPV6_BAD_EXTHDR);
                        return;
                    }
                }
                case IpProtocol.IPV6_FRAGMENT -> {
                    length = Reassembly6.FRAGMENT_BYTES;
                    if (!skb.pskbMayPull(at + length)) {
                        headerError(skb, DropReason.IPV6_BAD_EXTHDR);
                        return;
                    }
                    skb.networkHeader = skb.data();
                    if (!Reassembly6.isAtomic(skb.memory(), skb.data() + at)) {
                        SkBuff whole = reassembly.add(skb, at, nextAt);
                        if (whole == null) {
                            return;
                        }
                        skb = whole;
                        skb.cbRetrans = Ipv6.WAS_FRAGMENT;
                        next = skb.memory().readByte(skb.data() + nextAt) & 0xFF;
                        continue;
                    }
                    skb.cbRetrans = Ipv6.WAS_FRAGMENT;
                }
                case IpProtocol.NO_NEXT_HEADER -> {
                    snmp.count(Mib.IP6_IN_DELIVERS);
                    skb.free();
                    return;
                }
                default -> {
                    deliver(skb, next, nextAt, at);
                    return;
                }
            }
            if (length == 0) {
                return;
            }
            next = skb.memory().readByte(skb.data() + at) & 0xFF;
            nextAt = at;
            at += length;
        }
    }

    private void deliver(SkBuff skb, int protocol, int nextAt, int at) {
        skb.networkHeader = skb.data();
        skb.transportHeader = skb.pull(at);
        skb.dst = null;
        boolean taken = raw != null && raw.offer6(skb, protocol);
        L4Protocol6 handler = ipv6.protocolOf(protocol);
        if (handler != null) {
            snmp.count(Mib.IP6_IN_DELIVERS);
            skb.conntrack = null; // the filter is done with it: what waits in a socket holds no connection
            skb.conntrackInfo = 0;
            handler.receive6(skb);
            return;
        }
        if (taken) {
            snmp.count(Mib.IP6_IN_DELIVERS);
            skb.free();
            return;
        }
        snmp.count(Mib.IP6_IN_UNKNOWN_PROTOS);
        ipv6.sendError(skb, Icmp6Errors.PARAMETER_PROBLEM, Icmp6Errors.UNRECOGNIZED_NEXT_HEADER, nextAt);
        skb.drop(DropReason.IP_NOPROTO);
    }

    private void complain(SkBuff skb, int code, int pointer, DropReason reason) {
        ipv6.sendError(skb, Icmp6Errors.PARAMETER_PROBLEM, code, pointer);
        headerError(skb, reason);
    }
}
