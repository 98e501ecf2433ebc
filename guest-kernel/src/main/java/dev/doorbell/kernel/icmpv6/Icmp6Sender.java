package dev.doorbell.kernel.icmpv6;

import dev.doorbell.bus.wire.ExtensionHeaders;
import dev.doorbell.bus.wire.IcmpHeader;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.icmp.IcmpRateLimit;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv4.SnmpCounters;
import dev.doorbell.kernel.ipv6.Icmp6Errors;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.L4Protocol6;
import dev.doorbell.kernel.ipv6.RawDelivery6;
import dev.doorbell.kernel.ipv6.Route6;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.conntrack.ConntrackInfo;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbCopy;

/** Sends ICMPv6 errors, RFC 4443 §2.4; and tells our own protocols of theirs. */
final class Icmp6Sender implements Icmp6Errors {
    /** Longest error: it must fit the least MTU, §2.4 (c). */
    static final int MAX_ERROR_BYTES = Ipv6.MIN_MTU - Ipv6Header.LENGTH - IcmpHeader.LENGTH;

    private static final int QUOTED_TRANSPORT_BYTES = 8;

    private final Ipv6 ipv6;
    private final SnmpCounters snmp;
    private final IcmpRateLimit limit;
    /** A message of our own is on its way out. */
    private boolean transmitting;

    private final Ipv6Header ip = new Ipv6Header();
    private final IcmpHeader icmp = new IcmpHeader();
    private final ExtensionHeaders chain = new ExtensionHeaders();

    Icmp6Sender(Ipv6 ipv6) {
        this.ipv6 = ipv6;
        this.snmp = ipv6.snmp();
        this.limit = new IcmpRateLimit(ipv6.net().kernel(), snmp, ipv6::icmpRateLimitMs);
    }

    @Override
    public void send(SkBuff skb, int type, int code, int info) {
        int pulled = (int) (skb.data() - skb.networkHeader);
        NetDevice in = skb.dev;
        if (transmitting || in == null || skb.networkHeader < skb.headGpa() || pulled < 0) {
            return;
        }
        int linear = skb.headLength() + pulled;
        ip.wrap(skb.memory(), skb.networkHeader, linear);
        long sourceHigh = ip.sourceHigh();
        long sourceLow = ip.sourceLow();
        long high = ip.destinationHigh();
        long low = ip.destinationLow();
        if (!mayAnswer(skb, linear, type, code)) {
            return;
        }
        boolean toSelf = ipv6.addresses().isLocal(sourceHigh, sourceLow, in.isLoopback() ? null : in);
        if (type != PACKET_TOO_BIG && !toSelf && !limit.allow(sourceHigh * 31 + sourceLow)) {
            return;
        }
        boolean ours = ipv6.addresses().isLocal(high, low, in.isLoopback() ? null : in);
        int scope = Ipv6Address.needsInterface(sourceHigh) ? in.ifindex() : 0;
        Route6 route = ipv6.routes().lookup(sourceHigh, sourceLow, ours ? high : 0, ours ? low : 0, scope);
        if (route == null || Ipv6Address.isUnspecified(route.sourceHigh(), route.sourceLow())) {
            return;
        }
        int quoted = Math.min(skb.length() + pulled, MAX_ERROR_BYTES);
        SkBuff error = ipv6.skbs().alloc(Ipv6.MAX_HEADER, IcmpHeader.LENGTH + quoted);
        if (error == null) {
            return;
        }
        long data = error.put(IcmpHeader.LENGTH + quoted);
        icmp.wrap(error.memory(), data, IcmpHeader.LENGTH)
                .type(type)
                .code(code)
                .checksum(0)
                .rest(info);
        int fromHeaders = Math.min(pulled, quoted);
        skb.memory().copyTo(skb.networkHeader, error.memory(), data + IcmpHeader.LENGTH, fromHeaders);
        SkbCopy.copyBits(skb, 0, error.memory(), data + IcmpHeader.LENGTH + fromHeaders, quoted - fromHeaders);
        long selfHigh = route.sourceHigh();
        long selfLow = route.sourceLow();
        Icmp6.checksum(error, data, IcmpHeader.LENGTH + quoted, selfHigh, selfLow, sourceHigh, sourceLow);
        error.conntrack = skb.conntrack;
        error.conntrackInfo = ConntrackInfo.ofAnswer(skb);
        snmp.count(Mib.ICMP6_OUT_MSGS);
        countType(type);
        transmit(error, route, selfHigh, selfLow, 0, 0);
    }

    /**
     * Sends an error or an echo reply. A filter that rejects it on its way out is not answered: that would be the kernel
     * telling itself (Linux finds its ICMPv6 socket locked then).
     */
    void transmit(SkBuff message, Route6 route, long sourceHigh, long sourceLow, int trafficClass, int flags) {
        boolean before = transmitting;
        transmitting = true;
        ipv6.queueXmit(message, route, sourceHigh, sourceLow, IpProtocol.ICMPV6, trafficClass, -1, 0, flags);
        transmitting = before;
    }

    /** §2.4 (e): what must not be answered. */
    private boolean mayAnswer(SkBuff skb, int linear, int type, int code) {
        long sourceHigh = ip.sourceHigh();
        if (Ipv6Address.isMulticast(sourceHigh) || Ipv6Address.isUnspecified(sourceHigh, ip.sourceLow())) {
            return false;
        }
        boolean group = Ipv6Address.isMulticast(ip.destinationHigh())
                || skb.packetType == SkBuff.PACKET_MULTICAST
                || skb.packetType == SkBuff.PACKET_BROADCAST;
        if (group && type != PACKET_TOO_BIG && !(type == PARAMETER_PROBLEM && code == UNRECOGNIZED_OPTION)) {
            return false;
        }
        int transport = chain.skip(skb.memory(), skb.networkHeader, linear);
        if (chain.isLaterFragment()) {
            return true; // about its fragment header, or a whole queue's time: what is in it is not known
        }
        if (transport == ExtensionHeaders.INCOMPLETE || chain.protocol() != IpProtocol.ICMPV6) {
            return true;
        }
        // Errors about errors and redirects could go round for ever. What cannot be looked at is taken for one.
        if (transport >= linear) {
            return false;
        }
        int inner = skb.memory().readByte(skb.networkHeader + transport) & 0xFF;
        return inner >= Icmp6Types.FIRST_INFORMATIONAL && inner != Icmp6Types.REDIRECT;
    }

    private void countType(int type) {
        switch (type) {
            case DESTINATION_UNREACHABLE -> snmp.count(Mib.ICMP6_OUT_DEST_UNREACHS);
            case PACKET_TOO_BIG -> snmp.count(Mib.ICMP6_OUT_PKT_TOO_BIGS);
            case TIME_EXCEEDED -> snmp.count(Mib.ICMP6_OUT_TIME_EXCDS);
            default -> snmp.count(Mib.ICMP6_OUT_PARM_PROBLEMS);
        }
    }

    @Override
    public void localError(SkBuff skb, int type, int code, int info) {
        int linear = skb.headLength();
        int transport = chain.skip(skb.memory(), skb.data(), linear);
        if (transport < 0 || chain.isLaterFragment() || !skb.pskbMayPull(transport + QUOTED_TRANSPORT_BYTES)) {
            return;
        }
        skb.networkHeader = skb.data();
        skb.cbTimeNs = 0;
        skb.cbTime2Ns = 0;
        int protocol = chain.protocol();
        skb.pull(transport);
        dispatch(skb, protocol, type, code, info);
    }

    /** @param quoted networkHeader at the quoted IP header, data() at its transport header; stays the caller's */
    void dispatch(SkBuff quoted, int protocol, int type, int code, int info) {
        RawDelivery6 raw = ipv6.rawDelivery();
        if (raw != null) {
            raw.error6(protocol, type, code, info, quoted);
        }
        L4Protocol6 handler = ipv6.protocolOf(protocol);
        if (handler != null) {
            handler.error6(type, code, info, quoted);
        }
    }
}
