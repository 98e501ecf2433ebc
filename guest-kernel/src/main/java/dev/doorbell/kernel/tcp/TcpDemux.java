package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.ipv4.L4Protocol;
import dev.doorbell.kernel.ipv6.L4Protocol6;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import dev.doorbell.kernel.tcp.TcpMib.Counter;

/**
 * What IP hands to TCP, segments and ICMP errors about them: checked, parsed, and given to the flow they belong to, to
 * a listener, or answered by RST.
 */
final class TcpDemux implements L4Protocol, L4Protocol6 {
    private final Tcp tcp;
    private final TcpHeader header = new TcpHeader();
    private final Ipv4Header ipHeader = new Ipv4Header();
    private final Ipv6Header ip6Header = new Ipv6Header();
    private final ReceivedOptions options = new ReceivedOptions();
    /** Of the segment that is being received. */
    private final Endpoints ends = new Endpoints();
    /** TTL or hop limit of that segment. */
    private int hops = 255;

    private int trafficClass;

    TcpDemux(Tcp tcp) {
        this.tcp = tcp;
    }

    /** TOS or traffic class of the segment that is being received, without the ECN bits. */
    int receivedTrafficClass() {
        return trafficClass;
    }

    @Override
    public void receive(SkBuff skb) {
        tcp.mib.add(Counter.InSegs, Math.max(1, skb.gsoSegments));
        ipHeader.wrap(skb.memory(), skb.networkHeader, Ipv4Header.MIN_LENGTH);
        ends.localV4(ipHeader.destination(), 0).remoteV4(ipHeader.source(), 0);
        hops = ipHeader.ttl();
        trafficClass = ipHeader.tos() & ~3;
        receive(skb, ends, ipHeader.tos() & 3);
    }

    /**
     * A segment.
     *
     * @param ends addresses and scope are set, the ports are filled in here
     * @param ecn the two ECN bits of the IP header
     */
    void receive(SkBuff skb, Endpoints ends, int ecn) {
        int length = skb.length();
        if (skb.packetType != SkBuff.PACKET_HOST) {
            skb.drop(DropReason.OTHERHOST);
            return;
        }
        // The header may lie in a fragment: a driver pulls no more than the lower layers need.
        if (length < TcpHeader.MIN_LENGTH
                || !skb.pskbMayPull(TcpHeader.MIN_LENGTH)
                || !skb.pskbMayPull(
                        Math.min(header.wrap(skb.memory(), skb.data(), length).headerLength(), length))
                || !header.wrap(skb.memory(), skb.data(), skb.headLength()).isValid()) {
            tcp.mib.inc(Counter.InErrs);
            skb.drop(DropReason.TCP_BAD_HEADER);
            return;
        }
        if (!SkbChecksum.isTransportValid(skb, ends.pseudoHeader(IpProtocol.TCP, length))) {
            tcp.mib.inc(Counter.InCsumErrors);
            tcp.mib.inc(Counter.InErrs);
            skb.drop(DropReason.TCP_CSUM);
            return;
        }
        skb.transportHeader = skb.data();
        int headerLength = header.headerLength();
        int flags = header.flags() & 0xFF;
        int seq = header.sequence();
        skb.cbSeq = seq;
        skb.cbEndSeq = seq
                + ((flags & TcpHeader.SYN) != 0 ? 1 : 0)
                + ((flags & TcpHeader.FIN) != 0 ? 1 : 0)
                + length
                - headerLength;
        skb.cbAck = header.acknowledgment();
        skb.cbFlags = flags | ecn << EcnReceiver.SHIFT;
        skb.cbCount = 0;
        int window = header.window();
        int urgent = (flags & TcpHeader.URG) != 0 ? header.urgentPointer() : 0;
        ends.localPort = header.destinationPort();
        ends.remotePort = header.sourcePort();
        options.parse(
                skb.memory(),
                skb.data() + TcpHeader.MIN_LENGTH,
                headerLength - TcpHeader.MIN_LENGTH,
                (flags & TcpHeader.SYN) != 0);
        skb.pull(headerLength);
        Flow flow = tcp.flows.find(ends);
        if (options.sawSignature && (flow instanceof TcpConnection || flow instanceof TcpRequest)) {
            dropSigned(skb);
            return;
        }
        if (flow instanceof TcpConnection c) {
            if (hops < c.settings.minHops) {
                skb.drop(DropReason.TCP_MINTTL);
                return;
            }
            tcp.input.receive(c, skb, options, window, urgent);
            return;
        }
        int isn = 0;
        if (flow instanceof TcpRequest request) {
            request.listener.receiveFor(request, skb, options, window, urgent);
            return;
        }
        TcpListener listener = tcp.listeners.find(ends, tcp.network.interfaceOf(skb));
        if (flow instanceof TimeWait tw) {
            isn = tcp.timeWait.receive(tw, skb, options, listener != null);
            if (isn == 0) {
                return;
            }
        }
        if (listener == null) {
            tcp.responder.resetUnknown(skb, ends);
            skb.drop(DropReason.NO_SOCKET);
            return;
        }
        if (options.sawSignature) {
            dropSigned(skb);
            return;
        }
        listener.receive(skb, options, window, ends, isn);
    }

    /** RFC 2385: no socket here has a key, so a signed segment is not for it. Linux says nothing either. */
    private void dropSigned(SkBuff skb) {
        tcp.mib.inc(Counter.TCPMD5Unexpected);
        skb.drop(DropReason.TCP_MD5_UNEXPECTED);
    }

    @Override
    public void receive6(SkBuff skb) {
        tcp.mib.add(Counter.InSegs, Math.max(1, skb.gsoSegments));
        ip6Header.wrap(skb.memory(), skb.networkHeader, Ipv6Header.LENGTH);
        ends.local(ip6Header.destinationHigh(), ip6Header.destinationLow(), 0)
                .remote(ip6Header.sourceHigh(), ip6Header.sourceLow(), 0);
        ends.scope = scope(skb);
        hops = ip6Header.hopLimit();
        trafficClass = ip6Header.trafficClass() & ~3;
        receive(skb, ends, ip6Header.trafficClass() & 3);
        ends.scope = 0;
    }

    /** The interface that link-local ends of {@link #ends} belong to. */
    private int scope(SkBuff skb) {
        boolean linkLocal = Ipv6Address.isLinkLocal(ends.localHigh) || Ipv6Address.isLinkLocal(ends.remoteHigh);
        return linkLocal ? tcp.network.interfaceOf(skb) : 0;
    }

    @Override
    public void error6(int type, int code, int info, SkBuff quoted) {
        ip6Header.wrap(quoted.memory(), quoted.networkHeader, Ipv6Header.LENGTH);
        header.wrap(quoted.memory(), quoted.data(), 8);
        ends.local(ip6Header.sourceHigh(), ip6Header.sourceLow(), header.sourcePort())
                .remote(ip6Header.destinationHigh(), ip6Header.destinationLow(), header.destinationPort());
        ends.scope = scope(quoted);
        IcmpErrors.handle6(tcp, tcp.flows.find(ends), header.sequence(), type, code, info, quoted);
        ends.scope = 0;
    }

    /** An ICMP error about a segment of ours, RFC 9293 §3.9.2.2, RFC 5927: only if its sequence number is in flight. */
    @Override
    public void error(int icmpType, int icmpCode, int info, SkBuff quoted) {
        ipHeader.wrap(quoted.memory(), quoted.networkHeader, Ipv4Header.MIN_LENGTH);
        header.wrap(quoted.memory(), quoted.data(), 8);
        ends.localV4(ipHeader.source(), header.sourcePort()).remoteV4(ipHeader.destination(), header.destinationPort());
        IcmpErrors.handle(tcp, tcp.flows.find(ends), header.sequence(), icmpType, icmpCode, info, quoted);
    }
}
