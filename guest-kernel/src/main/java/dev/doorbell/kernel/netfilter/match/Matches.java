package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.NetfilterHost;
import dev.doorbell.kernel.netfilter.RulesException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The matches by name. */
public final class Matches {
    private Matches() {}

    /**
     * A builder for {@code -m name}.
     *
     * @param recent the tables of {@code -m recent}
     */
    public static MatchBuilder builder(String name, IpFamily family, NetfilterHost host, RecentTables recent)
            throws RulesException {
        return switch (name) {
            case "tcp" -> new TcpMatch.Builder();
            case "udp" -> new PortMatch.Builder();
            case "multiport" -> new MultiportMatch.Builder();
            case "state" -> new StateMatch.Builder();
            case "conntrack" -> new ConntrackOptions(family, host.kernel());
            case "limit" -> new LimitMatch.Builder(host.kernel());
            case "mark" -> new MarkMatch.Builder(false);
            case "connmark" -> new MarkMatch.Builder(true);
            case "comment" -> new CommentMatch.Builder();
            case "addrtype" -> new AddressTypeMatch.Builder(host);
            case "length" -> new LengthMatch.Builder();
            case "iprange" -> new IpRangeMatch.Builder(family);
            case "mac" -> new MacMatch.Builder();
            case "pkttype" -> new PacketTypeMatch.Builder();
            case "tos" -> new TosMatch.Builder(false);
            case "dscp" -> new TosMatch.Builder(true);
            case "tcpmss" -> new TcpmssMatch.Builder();
            case "recent" -> new RecentMatch.Builder(family, host.kernel(), recent);
            case "owner" -> new OwnerMatch.Builder();
            default -> ofFamily(name, family);
        };
    }

    private static MatchBuilder ofFamily(String name, IpFamily family) throws RulesException {
        boolean v4 = family == IpFamily.V4;
        if (name.equals(v4 ? "icmp" : "icmp6")) {
            return new IcmpMatch.Builder(family);
        }
        if (name.equals(v4 ? "ttl" : "hl")) {
            return new TtlMatch.Builder(family);
        }
        throw new RulesException(
                "-m " + name + ": unknown match; there are tcp, udp, " + (v4 ? "icmp, ttl" : "icmp6, hl")
                        + ", multiport, state, conntrack, limit, mark, connmark, comment, addrtype, length, iprange, mac, pkttype,"
                        + " tos, dscp, owner, tcpmss, recent");
    }

    /** The match that {@code -p protocol} brings along when one of its options appears without {@code -m}; or null. */
    public static @Nullable String ofProtocol(int protocol, IpFamily family) {
        if (protocol == family.icmp()) {
            return family == IpFamily.V4 ? "icmp" : "icmp6";
        }
        return switch (protocol) {
            case IpProtocol.TCP, IpProtocol.UDP -> Protocols.name(protocol).toLowerCase(Locale.ROOT);
            default -> null;
        };
    }
}
