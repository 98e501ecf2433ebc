package dev.doorbell.kernel.icmp;

import dev.doorbell.bus.wire.IcmpHeader;
import dev.doorbell.bus.wire.IcmpTypes;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.kernel.ipv4.Addresses;
import dev.doorbell.kernel.ipv4.IcmpErrors;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.L4Protocol;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv4.RawDelivery;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.ipv4.SendOptions;
import dev.doorbell.kernel.ipv4.SnmpCounters;
import dev.doorbell.kernel.netfilter.conntrack.ConntrackInfo;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbCopy;
import org.jspecify.annotations.Nullable;

/** Sends ICMP errors, RFC 1122 section 3.2.2, RFC 1812 section 4.3.2; and tells our own protocols of theirs. */
final class IcmpSender implements IcmpErrors {
    /** Least bytes of transport header that an error quotes, RFC 792. */
    static final int QUOTED_PAYLOAD_BYTES = 8;
    /** Longest error, RFC 1812 section 4.3.2.3. */
    private static final int MAX_ERROR_BYTES = 576;
    /** Precedence of errors: internetwork control, RFC 1812 section 4.3.2.5. */
    private static final int ERROR_TOS = 0xC0, TOS_MASK = 0x1E;

    private final Ipv4 ipv4;
    private final SnmpCounters snmp;
    private final IcmpRateLimit limit;
    private final Ipv4Header ip = new Ipv4Header();
    private final Ipv4Header quotedIp = new Ipv4Header();
    private final IcmpHeader icmp = new IcmpHeader();

    private boolean transmitting;

    IcmpSender(Ipv4 ipv4) {
        this.ipv4 = ipv4;
        this.snmp = ipv4.snmp();
        this.limit = new IcmpRateLimit(ipv4.net().kernel(), snmp, ipv4::icmpRateLimitMs);
    }

    @Override
    public void send(SkBuff skb, int type, int code, int info) {
        int offset = (int) (skb.networkHeader - skb.data());
        if (transmitting || skb.networkHeader < skb.headGpa() || offset > 0) {
            return; // headers are pulled, never ahead of data
        }
        ip.wrap(skb.memory(), skb.networkHeader, skb.headLength() - offset);
        int source = ip.source();
        int destination = ip.destination();
        if (!mayAnswer(skb, source, destination, ip.headerLength())) {
            return;
        }
        boolean pathMtu = type == IcmpTypes.DEST_UNREACH && code == IcmpTypes.FRAGMENTATION_NEEDED;
        if (!pathMtu && !Addresses.isLoopback(source) && !limit.allow(source)) {
            return;
        }
        int self = ipv4.addresses().isLocal(destination) ? destination : 0;
        Route route = ipv4.routes().lookup(source, self, 0);
        if (route == null) {
            return;
        }
        int tos = ip.tos() & TOS_MASK | ERROR_TOS;
        SkBuff error = build(skb, -offset, type, code, info, pathMtu);
        if (error == null) {
            return;
        }
        error.conntrack = skb.conntrack;
        error.conntrackInfo = ConntrackInfo.ofAnswer(skb);
        snmp.count(Mib.ICMP_OUT_MSGS);
        countType(type);
        transmit(error, route, self, source, tos, null);
    }

    /**
     * Sends a message of ICMP's own. A filter that rejects it on its way out is not answered: that would be the kernel
     * telling itself (Linux finds its ICMP socket locked then).
     */
    void transmit(SkBuff message, Route route, int source, int destination, int tos, @Nullable SendOptions options) {
        boolean before = transmitting;
        transmitting = true;
        ipv4.queueXmit(message, route, source, destination, IpProtocol.ICMP, tos, 0, Ipv4.MAY_FRAGMENT, options);
        transmitting = before;
    }

    /** RFC 1122 section 3.2.2: what must not be answered with an error. */
    private boolean mayAnswer(SkBuff skb, int source, int destination, int headerLength) {
        if (skb.packetType != SkBuff.PACKET_HOST && skb.packetType != SkBuff.PACKET_OUTGOING
                || Addresses.isMulticast(destination)
                || ipv4.addresses().isBroadcast(destination)) {
            return false;
        }
        if (source == Ipv4Address.ANY
                || source >>> 24 == 0
                || Addresses.isMulticast(source)
                || ipv4.addresses().isBroadcast(source)
                || source >>> 28 == 0xF) {
            return false;
        }
        if (ip.fragmentOffset() != 0) {
            return false;
        }
        if (ip.protocol() != IpProtocol.ICMP) {
            return true;
        }
        // Errors about errors could go round for ever. What cannot be looked at is taken for one.
        long type = skb.networkHeader + headerLength;
        return type < skb.tail() && IcmpTypes.isQuery(skb.memory().readByte(type) & 0xFF);
    }

    /** @param pulled bytes between the IP header and data() */
    private @Nullable SkBuff build(SkBuff skb, int pulled, int type, int code, int info, boolean pathMtu) {
        int whole = skb.length() + pulled;
        int quoted = Math.min(whole, MAX_ERROR_BYTES - Ipv4Header.MIN_LENGTH - IcmpHeader.LENGTH);
        SkBuff error = ipv4.skbs().alloc(Ipv4.MAX_HEADER, IcmpHeader.LENGTH + quoted);
        if (error == null) {
            return null;
        }
        long data = error.put(IcmpHeader.LENGTH + quoted);
        icmp.wrap(error.memory(), data, IcmpHeader.LENGTH)
                .type(type)
                .code(code)
                .checksum(0)
                .rest(0);
        if (pathMtu) {
            icmp.nextHopMtu(info);
        } else if (type == IcmpTypes.PARAMETER_PROBLEM) {
            icmp.rest(info << 24);
        } else if (type == IcmpTypes.REDIRECT) {
            icmp.rest(info);
        }
        int linear = Math.min(pulled, quoted);
        skb.memory().copyTo(skb.networkHeader, error.memory(), data + IcmpHeader.LENGTH, linear);
        SkbCopy.copyBits(skb, 0, error.memory(), data + IcmpHeader.LENGTH + linear, quoted - linear);
        icmp.checksum(InternetChecksum.fold(InternetChecksum.sum(error.memory(), data, IcmpHeader.LENGTH + quoted, 0)));
        return error;
    }

    private void countType(int type) {
        switch (type) {
            case IcmpTypes.DEST_UNREACH -> snmp.count(Mib.ICMP_OUT_DEST_UNREACHS);
            case IcmpTypes.TIME_EXCEEDED -> snmp.count(Mib.ICMP_OUT_TIME_EXCDS);
            default -> snmp.count(Mib.ICMP_OUT_PARM_PROBS);
        }
    }

    @Override
    public void reassemblyTimeExceeded(SkBuff first) {
        first.networkHeader = first.data();
        send(first, IcmpTypes.TIME_EXCEEDED, IcmpTypes.REASSEMBLY_TIME_EXCEEDED, 0);
    }

    @Override
    public void localError(SkBuff skb, int type, int code, int info) {
        quotedIp.wrap(skb.memory(), skb.data(), skb.headLength());
        int headerLength = quotedIp.headerLength();
        if (quotedIp.fragmentOffset() != 0 || !skb.pskbMayPull(headerLength + QUOTED_PAYLOAD_BYTES)) {
            return;
        }
        quotedIp.wrap(skb.memory(), skb.data(), skb.headLength());
        int protocol = quotedIp.protocol();
        skb.networkHeader = skb.data();
        skb.cbSeq = 0;
        skb.pull(headerLength);
        dispatch(skb, protocol, type, code, info);
    }

    /** @param quoted networkHeader at the quoted IP header, data() behind it; stays the caller's */
    void dispatch(SkBuff quoted, int protocol, int type, int code, int info) {
        RawDelivery raw = ipv4.rawDelivery();
        if (raw != null) {
            raw.error(protocol, type, code, info, quoted);
        }
        L4Protocol handler = ipv4.protocolOf(protocol);
        if (handler != null) {
            handler.error(type, code, info, quoted);
        }
    }
}
