package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code -m icmp}: type and code. */
final class IcmpMatch implements Match {
    private static final int ANY = 255;
    /** Name to type in bits 15:8 and code in 7:0; code 255: every code. */
    private static final Map<String, Integer> NAMES = names();

    private final int type;
    private final int codeFrom, codeTo;
    private final boolean inverted;

    private IcmpMatch(int type, int codeFrom, int codeTo, boolean inverted) {
        this.type = type;
        this.codeFrom = codeFrom;
        this.codeTo = codeTo;
        this.inverted = inverted;
    }

    @Override
    public boolean matches(Packet packet) {
        if (packet.fragmentOffset() != 0) {
            return false;
        }
        if (!packet.pull(4)) {
            packet.hotDrop();
            return false;
        }
        int code = packet.u8(1);
        boolean found = type == ANY || packet.u8(0) == type && code >= codeFrom && code <= codeTo;
        return found != inverted;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m icmp");
        Values.saveInverted(out, inverted);
        out.append(" --icmp-type ");
        if (type == ANY) {
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

    private static void put(Map<String, Integer> names, int type, int code, String... aliases) {
        for (String alias : aliases) {
            names.put(alias, type << 8 | code);
        }
    }

    /** Reads --icmp-type. */
    static final class Builder implements MatchBuilder {
        private int type = ANY, codeFrom, codeTo = ANY;
        private boolean inverted;

        @Override
        public boolean option(String name, boolean invert, Words words) throws RulesException {
            if (!name.equals("--icmp-type")) {
                return false;
            }
            parse(name, words.argument(name));
            inverted = invert;
            return true;
        }

        private void parse(String option, String text) throws RulesException {
            Integer known = null;
            for (Map.Entry<String, Integer> entry : NAMES.entrySet()) {
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
            if (!head.isFor(IpProtocol.ICMP)) {
                throw new RulesException("match icmp needs -p icmp");
            }
            return new IcmpMatch(type, codeFrom, codeTo, inverted);
        }
    }
}
