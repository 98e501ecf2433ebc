package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code -m icmp} and {@code -m icmp6}: type and code. */
final class IcmpMatch implements Match {
    private static final int ANY = 255;
    /** Name to type in bits 15:8 and code in 7:0; code 255: every code. */
    private static final Map<String, Integer> NAMES = names(), NAMES6 = names6();

    private final IpFamily family;
    private final int type;
    private final int codeFrom, codeTo;
    private final boolean inverted;

    private IcmpMatch(IpFamily family, int type, int codeFrom, int codeTo, boolean inverted) {
        this.family = family;
        this.type = type;
        this.codeFrom = codeFrom;
        this.codeTo = codeTo;
        this.inverted = inverted;
    }

    @Override
    public boolean matches(Packet packet) {
        if (!packet.hasTransport(4)) {
            return false;
        }
        int code = packet.u8(1);
        boolean found = isAny() || packet.u8(0) == type && code >= codeFrom && code <= codeTo;
        return found != inverted;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m ").append(name(family));
        Values.saveInverted(out, inverted);
        out.append(' ').append(option(family)).append(' ');
        if (isAny()) {
            out.append("any");
            return;
        }
        out.append(type);
        if (codeFrom != 0 || codeTo != ANY) {
            out.append('/').append(codeFrom);
            if (codeTo != codeFrom) {
                out.append('-').append(codeTo);
            }
        }
    }

    /** Type 255 means any of IPv4's only. */
    private boolean isAny() {
        return type == ANY && family == IpFamily.V4;
    }

    private static String name(IpFamily family) {
        return family == IpFamily.V4 ? "icmp" : "icmp6";
    }

    private static String option(IpFamily family) {
        return family == IpFamily.V4 ? "--icmp-type" : "--icmpv6-type";
    }

    private static Map<String, Integer> names() {
        Map<String, Integer> names = new LinkedHashMap<>();
        names.put("any", ANY << 8 | ANY);
        put(names, 0, ANY, "echo-reply", "pong");
        put(names, 3, ANY, "destination-unreachable");
        String[] unreachable = {
            "network-unreachable", "host-unreachable", "protocol-unreachable", "port-unreachable",
            "fragmentation-needed", "source-route-failed", "network-unknown", "host-unknown",
            "", "network-prohibited", "host-prohibited", "TOS-network-unreachable",
            "TOS-host-unreachable", "communication-prohibited", "host-precedence-violation", "precedence-cutoff"
        };
        for (int code = 0; code < unreachable.length; code++) {
            if (!unreachable[code].isEmpty()) {
                put(names, 3, code, unreachable[code]);
            }
        }
        put(names, 4, ANY, "source-quench");
        put(names, 5, ANY, "redirect");
        put(names, 5, 0, "network-redirect");
        put(names, 5, 1, "host-redirect");
        put(names, 5, 2, "TOS-network-redirect");
        put(names, 5, 3, "TOS-host-redirect");
        put(names, 8, ANY, "echo-request", "ping");
        put(names, 9, ANY, "router-advertisement");
        put(names, 10, ANY, "router-solicitation");
        put(names, 11, ANY, "time-exceeded", "ttl-exceeded");
        put(names, 11, 0, "ttl-zero-during-transit");
        put(names, 11, 1, "ttl-zero-during-reassembly");
        put(names, 12, ANY, "parameter-problem");
        put(names, 12, 0, "ip-header-bad");
        put(names, 12, 1, "required-option-missing");
        put(names, 13, ANY, "timestamp-request");
        put(names, 14, ANY, "timestamp-reply");
        put(names, 17, ANY, "address-mask-request");
        put(names, 18, ANY, "address-mask-reply");
        return names;
    }

    private static Map<String, Integer> names6() {
        Map<String, Integer> names = new LinkedHashMap<>();
        put(names, 1, ANY, "destination-unreachable");
        put(names, 1, 0, "no-route");
        put(names, 1, 1, "communication-prohibited");
        put(names, 1, 2, "beyond-scope");
        put(names, 1, 3, "address-unreachable");
        put(names, 1, 4, "port-unreachable");
        put(names, 1, 5, "failed-policy");
        put(names, 1, 6, "reject-route");
        put(names, 2, ANY, "packet-too-big");
        put(names, 3, ANY, "time-exceeded", "ttl-exceeded");
        put(names, 3, 0, "ttl-zero-during-transit");
        put(names, 3, 1, "ttl-zero-during-reassembly");
        put(names, 4, ANY, "parameter-problem");
        put(names, 4, 0, "bad-header");
        put(names, 4, 1, "unknown-header-type");
        put(names, 4, 2, "unknown-option");
        put(names, 128, ANY, "echo-request", "ping");
        put(names, 129, ANY, "echo-reply", "pong");
        put(names, 130, ANY, "mld-listener-query");
        put(names, 131, ANY, "mld-listener-report");
        put(names, 132, ANY, "mld-listener-done", "mld-listener-reduction");
        put(names, 133, ANY, "router-solicitation");
        put(names, 134, ANY, "router-advertisement");
        put(names, 135, ANY, "neighbour-solicitation", "neighbor-solicitation");
        put(names, 136, ANY, "neighbour-advertisement", "neighbor-advertisement");
        put(names, 137, ANY, "redirect");
        return names;
    }

    private static void put(Map<String, Integer> names, int type, int code, String... aliases) {
        for (String alias : aliases) {
            names.put(alias, type << 8 | code);
        }
    }

    /** Reads --icmp-type or --icmpv6-type. */
    static final class Builder implements MatchBuilder {
        private final IpFamily family;
        private int type = ANY, codeFrom, codeTo = ANY;
        private boolean given;
        private boolean inverted;

        Builder(IpFamily family) {
            this.family = family;
        }

        @Override
        public boolean option(String name, boolean invert, Words words) throws RulesException {
            if (!name.equals(IcmpMatch.option(family))) {
                return false;
            }
            parse(name, words.argument(name));
            inverted = invert;
            given = true;
            return true;
        }

        private void parse(String option, String text) throws RulesException {
            Integer known = null;
            for (Map.Entry<String, Integer> entry : (family == IpFamily.V4 ? NAMES : NAMES6).entrySet()) {
                if (entry.getKey().equalsIgnoreCase(text)) {
                    known = entry.getValue();
                }
            }
            if (known != null) {
                type = known >>> 8;
                boolean anyCode = (known & 0xFF) == ANY;
                codeFrom = anyCode ? 0 : known & 0xFF;
                codeTo = anyCode ? ANY : codeFrom;
                return;
            }
            int slash = text.indexOf('/');
            try {
                type = (int) Values.number(option, slash < 0 ? text : text.substring(0, slash), 0, 255);
                if (slash >= 0) {
                    codeFrom = (int) Values.number(option, text.substring(slash + 1), 0, 255);
                    codeTo = codeFrom;
                }
            } catch (RulesException e) {
                throw new RulesException(option + " \"" + text
                        + "\": must be a name such as echo-request, a number, or a type and code such as 3/4");
            }
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            if (!head.isFor(family.icmp())) {
                throw new RulesException(
                        String.format("match %s needs -p %s", name(family), Protocols.name(family.icmp())));
            }
            if (!given && family == IpFamily.V6) {
                throw new RulesException("match icmp6 needs --icmpv6-type");
            }
            return new IcmpMatch(family, type, codeFrom, codeTo, inverted);
        }
    }
}
