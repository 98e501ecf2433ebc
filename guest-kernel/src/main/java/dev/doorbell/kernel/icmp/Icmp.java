package dev.doorbell.kernel.icmp;

import dev.doorbell.bus.wire.IcmpHeader;
import dev.doorbell.bus.wire.IcmpTypes;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.L4Protocol;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.ipv4.SendOptions;
import dev.doorbell.kernel.ipv4.SnmpCounters;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import dev.doorbell.kernel.skb.SkbCopy;
import java.util.function.IntPredicate;

/** ICMP messages that arrive, RFC 792: echo and timestamp are answered, errors passed on to who sent the packet. */
public final class Icmp implements L4Protocol {
    /** Type, code, checksum, identifier, sequence, three timestamps. */
    private static final int TIMESTAMP_BYTES = 20;

    /** Network, host, and both for a type of service. */
    private static final int MAX_REDIRECT_CODE = 3;

    private final Ipv4 ipv4;
    private final SendOptions echoedOptions = new SendOptions();
    private final IntPredicate mayStamp;
    private final SnmpCounters snmp;
    private final IcmpSender sender;
    private final IcmpHeader icmp = new IcmpHeader();
    private final IcmpHeader reply = new IcmpHeader();
    private final Ipv4Header ip = new Ipv4Header();
    private final Redirects redirects;

    /** net.ipv4.icmp_echo_ignore_all, and whether timestamp requests are answered. */
    public Icmp(Ipv4 ipv4) {
        this.ipv4 = ipv4;
        this.mayStamp = ipv4::mayStamp;
        this.snmp = ipv4.snmp();
        this.sender = new IcmpSender(ipv4);
        this.redirects = new Redirects(ipv4);
        ipv4.addProtocol(IpProtocol.ICMP, this);
        ipv4.setIcmp(sender);
    }

    @Override
    public void receive(SkBuff skb) {
        snmp.count(Mib.ICMP_IN_MSGS);
        if (!skb.pskbMayPull(IcmpHeader.LENGTH)) {
            reject(skb, DropReason.ICMP_BAD_HEADER);
            return;
        }
        if (!SkbChecksum.isTransportValid(skb, 0)) {
            snmp.count(Mib.ICMP_IN_CSUM_ERRORS);
            reject(skb, DropReason.ICMP_CSUM);
            return;
        }
        icmp.wrap(skb.memory(), skb.data(), IcmpHeader.LENGTH);
        switch (icmp.type()) {
            case IcmpTypes.ECHO -> echo(skb);
            case IcmpTypes.TIMESTAMP -> timestamp(skb);
            case IcmpTypes.DEST_UNREACH -> error(skb, Mib.ICMP_IN_DEST_UNREACHS);
            case IcmpTypes.TIME_EXCEEDED -> error(skb, Mib.ICMP_IN_TIME_EXCDS);
            case IcmpTypes.PARAMETER_PROBLEM -> error(skb, Mib.ICMP_IN_PARM_PROBS);
            // RFC 6633: source quench is ignored.
            case IcmpTypes.SOURCE_QUENCH -> consume(skb, Mib.ICMP_IN_SRC_QUENCHS);
            case IcmpTypes.REDIRECT -> redirect(skb);
            // Replies are for raw sockets, which have had their copy.
            case IcmpTypes.ECHO_REPLY -> consume(skb, Mib.ICMP_IN_ECHO_REPS);
            case IcmpTypes.TIMESTAMP_REPLY -> consume(skb, Mib.ICMP_IN_TIMESTAMP_REPS);
            case IcmpTypes.ADDRESS_MASK -> consume(skb, Mib.ICMP_IN_ADDR_MASKS);
            case IcmpTypes.ADDRESS_MASK_REPLY -> consume(skb, Mib.ICMP_IN_ADDR_MASK_REPS);
            default -> reject(skb, DropReason.ICMP_UNKNOWN_TYPE);
        }
    }

    private void reject(SkBuff skb, DropReason reason) {
        snmp.count(Mib.ICMP_IN_ERRORS);
        skb.drop(reason);
    }

    private void consume(SkBuff skb, Mib counter) {
        snmp.count(counter);
        skb.free();
    }

    // ---- requests

    private void echo(SkBuff skb) {
        snmp.count(Mib.ICMP_IN_ECHOS);
        if (skb.packetType != SkBuff.PACKET_HOST) {
            skb.drop(DropReason.ICMP_BROADCAST);
            return;
        }
        int bytes = skb.length();
        SkBuff answer = ipv4.skbs().alloc(Ipv4.MAX_HEADER, bytes);
        if (answer == null) {
            skb.drop(DropReason.NOMEM);
            return;
        }
        long data = answer.put(bytes);
        SkbCopy.copyBits(skb, 0, answer.memory(), data, bytes);
        reply.wrap(answer.memory(), data, bytes).type(IcmpTypes.ECHO_REPLY);
        if (skb.ipSummed == SkBuff.CHECKSUM_PARTIAL) {
            reply.checksum(0).checksum(InternetChecksum.fold(SkbChecksum.sum(answer, 0, bytes, 0)));
        } else {
            // Only the type changes, so the request's checksum tells the reply's: RFC 1624.
            reply.checksum(InternetChecksum.update16(icmp.checksum(), IcmpTypes.ECHO << 8 | icmp.code(), icmp.code()));
        }
        answer(skb, answer, Mib.ICMP_OUT_ECHO_REPS);
    }

    /** RFC 792, times in milliseconds since midnight UT. */
    private void timestamp(SkBuff skb) {
        snmp.count(Mib.ICMP_IN_TIMESTAMPS);
        if (!skb.pskbMayPull(TIMESTAMP_BYTES)) {
            reject(skb, DropReason.ICMP_BAD_HEADER);
            return;
        }
        if (skb.packetType != SkBuff.PACKET_HOST) {
            skb.drop(DropReason.ICMP_BROADCAST);
            return;
        }
        SkBuff answer = ipv4.skbs().alloc(Ipv4.MAX_HEADER, TIMESTAMP_BYTES);
        if (answer == null) {
            skb.drop(DropReason.NOMEM);
            return;
        }
        long data = answer.put(TIMESTAMP_BYTES);
        SkbCopy.copyBits(skb, 0, answer.memory(), data, TIMESTAMP_BYTES);
        int now = Integer.reverseBytes(ipv4.stampMs());
        answer.memory().writeInt(data + 12, now);
        answer.memory().writeInt(data + 16, now);
        reply.wrap(answer.memory(), data, TIMESTAMP_BYTES)
                .type(IcmpTypes.TIMESTAMP_REPLY)
                .code(0)
                .checksum(0);
        reply.checksum(InternetChecksum.fold(InternetChecksum.sum(answer.memory(), data, TIMESTAMP_BYTES, 0)));
        answer(skb, answer, Mib.ICMP_OUT_TIMESTAMP_REPS);
    }

    /** Sends {@code answer} back from the address that {@code request} was sent to. Takes over both. */
    private void answer(SkBuff request, SkBuff answer, Mib counter) {
        ip.wrap(request.memory(), request.networkHeader, Ipv4Header.MIN_LENGTH);
        int self = ip.destination();
        int peer = ip.source();
        int tos = ip.tos();
        // RFC 1122 §3.2.2.6: the options of the request come back, a source route backwards.
        boolean echoed = ip.headerLength() > Ipv4Header.MIN_LENGTH
                && echoedOptions.echo(request.memory(), request.networkHeader, ip.headerLength(), mayStamp);
        boolean routed = echoed && echoedOptions.isRouted();
        request.free();
        Route route = ipv4.routes().lookup(routed ? echoedOptions.firstHop() : peer, self, 0);
        if (route == null) {
            snmp.count(Mib.IP_OUT_NO_ROUTES);
            answer.drop(DropReason.IP_OUTNOROUTES);
            return;
        }
        snmp.count(Mib.ICMP_OUT_MSGS);
        snmp.count(counter);
        sender.transmit(answer, route, self, peer, tos, echoed ? echoedOptions : null);
    }

    // ---- errors

    private void error(SkBuff skb, Mib counter) {
        int type = icmp.type();
        int code = icmp.code();
        int info = info(type, code);
        ip.wrap(skb.memory(), skb.networkHeader, Ipv4Header.MIN_LENGTH);
        int reporter = ip.source();
        // Quoted: an IP header and at least 8 bytes behind it.
        if (!skb.pskbMayPull(IcmpHeader.LENGTH + Ipv4Header.MIN_LENGTH)) {
            reject(skb, DropReason.ICMP_BAD_HEADER);
            return;
        }
        skb.pull(IcmpHeader.LENGTH);
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        int headerLength = ip.headerLength();
        if (ip.version() != 4
                || headerLength < Ipv4Header.MIN_LENGTH
                || !skb.pskbMayPull(headerLength + IcmpSender.QUOTED_PAYLOAD_BYTES)) {
            reject(skb, DropReason.ICMP_BAD_HEADER);
            return;
        }
        snmp.count(counter);
        ip.wrap(skb.memory(), skb.data(), skb.headLength());
        // What we did not send, nobody can complain about. Not so for a later fragment: it has no ports.
        boolean ours = ip.source() == Ipv4Address.ANY || ipv4.addresses().isLocal(ip.source());
        if (!ours || ip.fragmentOffset() != 0) {
            skb.drop(DropReason.IP_BAD_SOURCE);
            return;
        }
        skb.networkHeader = skb.data();
        skb.cbSeq = reporter;
        skb.pull(headerLength);
        sender.dispatch(skb, ip.protocol(), type, code, info);
        skb.free();
    }

    /** Gateway in the header, quoted packet behind it: {@link Redirects} decides. */
    private void redirect(SkBuff skb) {
        snmp.count(Mib.ICMP_IN_REDIRECTS);
        NetDevice dev = skb.dev;
        int gateway = icmp.rest();
        int code = icmp.code();
        if (dev == null || code > MAX_REDIRECT_CODE || !skb.pskbMayPull(IcmpHeader.LENGTH + Ipv4Header.MIN_LENGTH)) {
            reject(skb, DropReason.ICMP_BAD_HEADER);
            return;
        }
        ip.wrap(skb.memory(), skb.networkHeader, Ipv4Header.MIN_LENGTH);
        int reporter = ip.source();
        ip.wrap(skb.memory(), skb.data() + IcmpHeader.LENGTH, Ipv4Header.MIN_LENGTH);
        if (ip.version() == 4) {
            redirects.receive(dev, reporter, gateway, ip.source(), ip.destination());
        }
        skb.free();
    }

    /** What is followed of redirects. */
    public Redirects redirects() {
        return redirects;
    }

    private int info(int type, int code) {
        if (type == IcmpTypes.DEST_UNREACH && code == IcmpTypes.FRAGMENTATION_NEEDED) {
            return icmp.nextHopMtu();
        }
        return type == IcmpTypes.PARAMETER_PROBLEM ? icmp.rest() >>> 24 : 0;
    }

    /** An error came about an ICMP message of ours: raw sockets have heard of it; a path MTU is learned. */
    @Override
    public void error(int icmpType, int icmpCode, int info, SkBuff quoted) {
        if (icmpType == IcmpTypes.DEST_UNREACH && icmpCode == IcmpTypes.FRAGMENTATION_NEEDED) {
            ip.wrap(quoted.memory(), quoted.networkHeader, Ipv4Header.MIN_LENGTH);
            ipv4.routes().updatePathMtu(ip.destination(), info);
        }
    }
}
