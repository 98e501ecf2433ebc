package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.NetfilterHost;
import dev.doorbell.kernel.netfilter.RulesException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The matches by name. */
public final class Matches {
    private Matches() {}

    /** A builder for {@code -m name}. */
    public static MatchBuilder builder(String name, NetfilterHost host) throws RulesException {
        return switch (name) {
            case "tcp" -> new TcpMatch.Builder();
            case "udp" -> new PortMatch.Builder();
            case "icmp" -> new IcmpMatch.Builder();
            case "multiport" -> new MultiportMatch.Builder();
            case "state" -> new StateMatch.Builder();
            case "conntrack" -> new ConntrackOptions(host.kernel());
            case "limit" -> new LimitMatch.Builder(host.kernel());
            case "mark" -> new MarkMatch.Builder(false);
            case "connmark" -> new MarkMatch.Builder(true);
            case "comment" -> new CommentMatch.Builder();
            case "addrtype" -> new AddressTypeMatch.Builder(host);
            case "length" -> new LengthMatch.Builder();
            case "ttl" -> new TtlMatch.Builder();
            case "iprange" -> new IpRangeMatch.Builder();
            case "mac" -> new MacMatch.Builder();
            case "pkttype" -> new PacketTypeMatch.Builder();
            case "tos" -> new TosMatch.Builder(false);
            case "dscp" -> new TosMatch.Builder(true);
            case "owner" -> new OwnerMatch.Builder();
            default ->
                throw new RulesException("-m " + name
                        + ": unknown match; there are tcp, udp, icmp, multiport, state, conntrack, limit, mark, connmark,"
                        + " comment, addrtype, length, ttl, iprange, mac, pkttype, tos, dscp, owner");
        };
    }

    /** The match that {@code -p protocol} brings along when one of its options appears without {@code -m}; or null. */
    public static @Nullable String ofProtocol(int protocol) {
        return switch (protocol) {
            case 1, 6, 17 -> Protocols.name(protocol).toLowerCase(Locale.ROOT);
            default -> null;
        };
    }
}
