package dev.doorbell.kernel.netfilter.target;

import dev.doorbell.bus.wire.IcmpTypes;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.NetfilterHost;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.match.RuleHead;
import dev.doorbell.kernel.netfilter.match.Values;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;

/** {@code -j REJECT}: drops the packet and tells its sender, by ICMP or by a TCP reset. */
final class RejectTarget implements Target {
    /** How the sender is told. */
    private enum With {
        NET_UNREACHABLE("icmp-net-unreachable", "net-unreach", IcmpTypes.NET_UNREACH),
        HOST_UNREACHABLE("icmp-host-unreachable", "host-unreach", IcmpTypes.HOST_UNREACH),
        PROTOCOL_UNREACHABLE("icmp-proto-unreachable", "proto-unreach", IcmpTypes.PROTOCOL_UNREACH),
        PORT_UNREACHABLE("icmp-port-unreachable", "port-unreach", IcmpTypes.PORT_UNREACH),
        NET_PROHIBITED("icmp-net-prohibited", "net-prohib", IcmpTypes.NET_PROHIBITED),
        HOST_PROHIBITED("icmp-host-prohibited", "host-prohib", IcmpTypes.HOST_PROHIBITED),
        RESET("tcp-reset", "tcp-rst", -1),
        ADMIN_PROHIBITED("icmp-admin-prohibited", "admin-prohib", IcmpTypes.PACKET_FILTERED),
        NO_ROUTE6("icmp6-no-route", "no-route", 0),
        PROHIBITED6("icmp6-adm-prohibited", "adm-prohibited", 1),
        ADDRESS6("icmp6-addr-unreachable", "addr-unreach", 3),
        PORT6("icmp6-port-unreachable", "port-unreach", 4),
        POLICY6("icmp6-policy-fail", "policy-fail", 5),
        ROUTE6("icmp6-reject-route", "reject-route", 6);
        private final String text, alias;
        private final int code;

        With(String text, String alias, int code) {
            this.text = text;
            this.alias = alias;
            this.code = code;
        }

        private boolean isFor(IpFamily family) {
            return this == RESET || text.startsWith("icmp6") == (family == IpFamily.V6);
        }
    }

    /** ICMPv6: destination unreachable, RFC 4443 §3.1. */
    private static final int UNREACHABLE6 = 1;

    private static final int UDP_HEADER_BYTES = 8, UDP_CHECKSUM_AT = 6;
    /** Protocols without a checksum over everything. */
    private static final int DCCP = 33, GRE = 47, ESP = 50, AH = 51, SCTP = 132, UDP_LITE = 136;
    /** The folded sum of nothing but zeros, which is right too. */
    private static final int ALL_ZERO = 0xFFFF;

    private final NetfilterHost host;
    private final With with;

    private RejectTarget(NetfilterHost host, With with) {
        this.host = host;
        this.with = with;
    }

    /** Sending runs the hooks for the answer: nothing of {@code packet} may be used after it. */
    @Override
    public Result apply(Packet packet) {
        if (with == With.RESET) {
            host.sendReset(packet.skb(), packet.hook());
        } else if (isIntact(packet)) {
            int type = packet.isV6() ? UNREACHABLE6 : IcmpTypes.DEST_UNREACH;
            host.sendIcmpError(packet.skb(), type, with.code);
        }
        return Result.DROP;
    }

    /**
     * What came damaged is not answered. As Linux: whatever is not known to be otherwise is taken to have a checksum of 16
     * bits over all of it, which IPv4 knows with pseudo header for TCP and UDP, IPv6 for all.
     */
    private static boolean isIntact(Packet packet) {
        SkBuff skb = packet.skb();
        int protocol = packet.protocol();
        boolean summed =
                switch (protocol) {
                    case IpProtocol.UDP -> packet.pull(UDP_HEADER_BYTES) && packet.u16(UDP_CHECKSUM_AT) != 0;
                    case GRE, ESP, AH, DCCP, SCTP, UDP_LITE -> false;
                    default -> true;
                };
        if (!summed || SkbChecksum.isUnnecessary(skb)) {
            return true;
        }
        int bytes = packet.transportLength();
        boolean pseudo = packet.isV6() || protocol == IpProtocol.TCP || protocol == IpProtocol.UDP;
        long seed = pseudo ? packet.pseudoHeader(bytes) : 0;
        int sum = InternetChecksum.fold(SkbChecksum.sum(skb, packet.headerLength(), bytes, seed));
        return sum == 0 || !pseudo && sum == ALL_ZERO;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -j REJECT --reject-with ").append(with.text);
    }

    /** Reads --reject-with. */
    static final class Builder implements TargetBuilder {
        private final IpFamily family;
        private final NetfilterHost host;
        private With with;

        Builder(IpFamily family, NetfilterHost host) {
            this.family = family;
            this.host = host;
            this.with = family == IpFamily.V4 ? With.PORT_UNREACHABLE : With.PORT6;
        }

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            if (!name.equals("--reject-with")) {
                return false;
            }
            Values.notInverted(name, inverted);
            String text = words.argument(name);
            StringBuilder allowed = new StringBuilder();
            for (With candidate : With.values()) {
                if (!candidate.isFor(family)) {
                    continue;
                }
                // as iptables: the beginning of a name is enough
                if (candidate.text.startsWith(text) || candidate.alias.startsWith(text)) {
                    with = candidate;
                    return true;
                }
                allowed.append(allowed.isEmpty() ? "" : ", ").append(candidate.text);
            }
            throw new RulesException(name + " \"" + text + "\": must be one of " + allowed);
        }

        @Override
        public Target build(RuleHead head) throws RulesException {
            Places.require(
                    "REJECT",
                    head,
                    "filter",
                    NetfilterHooks.LOCAL_IN,
                    NetfilterHooks.FORWARD,
                    NetfilterHooks.LOCAL_OUT);
            if (with == With.RESET && !head.isFor(IpProtocol.TCP)) {
                throw new RulesException("--reject-with tcp-reset needs -p tcp");
            }
            return new RejectTarget(host, with);
        }
    }
}
