package dev.doorbell.kernel.icmpv6;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.ExtensionHeaders;
import dev.doorbell.bus.wire.IcmpHeader;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv4.SnmpCounters;
import dev.doorbell.kernel.ipv6.Icmp6Errors;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.L4Protocol6;
import dev.doorbell.kernel.ipv6.Route6;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import dev.doorbell.kernel.skb.SkbCopy;
import org.jspecify.annotations.Nullable;

/** ICMPv6, protocol 58: checks what comes, answers echoes, passes on errors and the messages of NDP and MLD. */
public final class Icmp6 implements L4Protocol6 {
    /** Takes the messages of some types; {@code skb} stays the caller's. */
    @FunctionalInterface
    public interface MessageHandler {
        /**
         * @param skb data() at the ICMPv6 header, whole and linear, checksum right; networkHeader and dev set
         * @return false when it was refused, to be counted
         */
        boolean receive(SkBuff skb, int type);
    }

    private static final int QUOTED_TRANSPORT_BYTES = 8;
    /** Longest message that is made linear for a handler. */
    private static final int MAX_LINEAR = 9216;

    private final Ipv6 ipv6;
    private final SnmpCounters snmp;
    private final Icmp6Sender sender;
    private final IcmpHeader icmp = new IcmpHeader();
    private final Ipv6Header ip = new Ipv6Header();
    private final ExtensionHeaders chain = new ExtensionHeaders();
    private final @Nullable MessageHandler[] handlers = new @Nullable MessageHandler[256];

    public Icmp6(Ipv6 ipv6) {
        this.ipv6 = ipv6;
        this.snmp = ipv6.snmp();
        this.sender = new Icmp6Sender(ipv6);
        ipv6.setIcmp(sender);
        ipv6.addProtocol(IpProtocol.ICMPV6, this);
    }

    /** Passes messages of a type on. */
    public void setHandler(int type, MessageHandler handler) {
        handlers[type] = handler;
    }

    public Ipv6 ipv6() {
        return ipv6;
    }

    @Override
    public void receive6(SkBuff skb) {
        snmp.count(Mib.ICMP6_IN_MSGS);
        if (!skb.pskbMayPull(IcmpHeader.LENGTH)) {
            bad(skb, DropReason.ICMP_BAD_HEADER);
            return;
        }
        ip.wrap(skb.memory(), skb.networkHeader, Ipv6Header.LENGTH);
        long pseudo = InternetChecksum.pseudoHeaderV6(
                ip.sourceHigh(),
                ip.sourceLow(),
                ip.destinationHigh(),
                ip.destinationLow(),
                IpProtocol.ICMPV6,
                skb.length());
        if (!SkbChecksum.isTransportValid(skb, pseudo)) {
            snmp.count(Mib.ICMP6_IN_CSUM_ERRORS);
            bad(skb, DropReason.ICMP_CSUM);
            return;
        }
        icmp.wrap(skb.memory(), skb.data(), IcmpHeader.LENGTH);
        int type = icmp.type();
        if (type < Icmp6Types.FIRST_INFORMATIONAL) {
            error(skb, type);
            return;
        }
        if (type == Icmp6Types.ECHO_REQUEST) {
            echo(skb);
            return;
        }
        MessageHandler handler = handlers[type];
        if (handler == null) {
            // RFC 4443 §2.4 (b): unknown informational messages are dropped. Echo replies are for raw sockets.
            if (type == Icmp6Types.ECHO_REPLY) {
                snmp.count(Mib.ICMP6_IN_ECHO_REPLIES);
                skb.free();
            } else {
                skb.drop(DropReason.ICMP_UNKNOWN_TYPE);
            }
            return;
        }
        if (skb.length() > MAX_LINEAR || !skb.pskbMayPull(skb.length()) || !handler.receive(skb, type)) {
            bad(skb, DropReason.IPV6_NDISC_BAD);
            return;
        }
        skb.free();
    }

    private void bad(SkBuff skb, DropReason reason) {
        snmp.count(Mib.ICMP6_IN_ERRORS);
        skb.drop(reason);
    }

    /** RFC 4443 §4.2: the same data back; from the address asked, or for a group from one of ours. */
    private void echo(SkBuff skb) {
        snmp.count(Mib.ICMP6_IN_ECHOS);
        NetDevice in = skb.dev;
        boolean group = Ipv6Address.isMulticast(ip.destinationHigh());
        long selfHigh = group ? 0 : ip.destinationHigh();
        long selfLow = group ? 0 : ip.destinationLow();
        int scope = in != null && Ipv6Address.needsInterface(ip.sourceHigh()) ? in.ifindex() : 0;
        Route6 route = Ipv6Address.isUnspecified(ip.sourceHigh(), ip.sourceLow())
                ? null
                : ipv6.routes().lookup(ip.sourceHigh(), ip.sourceLow(), selfHigh, selfLow, scope);
        SkBuff reply = route == null ? null : ipv6.skbs().alloc(Ipv6.MAX_HEADER, skb.length());
        if (route == null || reply == null) {
            skb.drop(DropReason.NOMEM);
            return;
        }
        int trafficClass = ip.trafficClass();
        int bytes = skb.length();
        long data = reply.put(bytes);
        SkbCopy.copyBits(skb, 0, reply.memory(), data, bytes);
        skb.free();
        icmp.wrap(reply.memory(), data, IcmpHeader.LENGTH)
                .type(Icmp6Types.ECHO_REPLY)
                .code(0)
                .checksum(0);
        if (group) {
            selfHigh = route.sourceHigh();
            selfLow = route.sourceLow();
        }
        checksum(reply, data, bytes, selfHigh, selfLow, route.destinationHigh(), route.destinationLow());
        snmp.count(Mib.ICMP6_OUT_MSGS);
        snmp.count(Mib.ICMP6_OUT_ECHO_REPLIES);
        sender.transmit(reply, route, selfHigh, selfLow, trafficClass, Ipv6.MAY_FRAGMENT);
    }

    /** Fills in the checksum of a linear message. */
    public static void checksum(SkBuff skb, long at, int bytes, long sourceHigh, long sourceLow, long high, long low) {
        GuestMemory memory = skb.memory();
        long pseudo = InternetChecksum.pseudoHeaderV6(sourceHigh, sourceLow, high, low, IpProtocol.ICMPV6, bytes);
        int sum = InternetChecksum.fold(InternetChecksum.sum(memory, at, bytes, pseudo));
        memory.writeShort(at + 2, Short.reverseBytes((short) sum));
    }

    /** An error about a packet of ours: finds whose, RFC 4443 §2.4 (d). */
    private void error(SkBuff skb, int type) {
        int code = icmp.code();
        int info = icmp.rest();
        countError(type);
        if (Ipv6Address.isMulticast(ip.destinationHigh())) {
            bad(skb, DropReason.ICMP_BROADCAST);
            return;
        }
        skb.cbTimeNs = ip.sourceHigh();
        skb.cbTime2Ns = ip.sourceLow();
        skb.pull(IcmpHeader.LENGTH);
        int look = Math.min(skb.length(), Icmp6Sender.MAX_ERROR_BYTES);
        int transport = skb.pskbMayPull(look) ? chain.skip(skb.memory(), skb.data(), look) : -1;
        if (transport < 0
                || chain.isLaterFragment()
                || transport + QUOTED_TRANSPORT_BYTES > look
                || ip.wrap(skb.memory(), skb.data(), look).version() != 6) {
            bad(skb, DropReason.ICMP_BAD_HEADER);
            return;
        }
        skb.networkHeader = skb.data();
        skb.pull(transport);
        sender.dispatch(skb, chain.protocol(), type, code, info);
        skb.free();
    }

    private void countError(int type) {
        switch (type) {
            case Icmp6Errors.DESTINATION_UNREACHABLE -> snmp.count(Mib.ICMP6_IN_DEST_UNREACHS);
            case Icmp6Errors.PACKET_TOO_BIG -> snmp.count(Mib.ICMP6_IN_PKT_TOO_BIGS);
            case Icmp6Errors.TIME_EXCEEDED -> snmp.count(Mib.ICMP6_IN_TIME_EXCDS);
            case Icmp6Errors.PARAMETER_PROBLEM -> snmp.count(Mib.ICMP6_IN_PARM_PROBLEMS);
            default -> {}
        }
    }

    /** {@link L4Protocol6#error6}: errors about our own echo requests are for the raw sockets, which have them. */
    @Override
    public void error6(int type, int code, int info, SkBuff quoted) {
        if (type == Icmp6Errors.PACKET_TOO_BIG) {
            ip.wrap(quoted.memory(), quoted.networkHeader, Ipv6Header.LENGTH);
            if (ipv6.addresses().isLocal(ip.sourceHigh(), ip.sourceLow(), null)
                    && icmp.wrap(quoted.memory(), quoted.data(), IcmpHeader.LENGTH)
                                    .type()
                            == Icmp6Types.ECHO_REQUEST) {
                NetDevice dev = quoted.dev;
                int scope = dev != null && Ipv6Address.needsInterface(ip.destinationHigh()) ? dev.ifindex() : 0;
                ipv6.routes().updatePathMtu(ip.destinationHigh(), ip.destinationLow(), info, scope);
            }
        }
    }
}
