package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;

/** {@code -m multiport}: up to 15 ports or ranges of TCP, UDP, UDP-Lite, DCCP or SCTP; a range takes two places. */
final class MultiportMatch implements Match {
    private static final int MAX_PORTS = 15;
    private static final int DCCP = 33, SCTP = 132, UDPLITE = 136;

    /** Which port is compared. */
    private enum Which {
        SOURCE("--sports"),
        DESTINATION("--dports"),
        EITHER("--ports");

        private final String option;

        Which(String option) {
            this.option = option;
        }
    }

    private final Which which;
    private final int[] from;
    private final int[] to;
    private final boolean inverted;

    private MultiportMatch(Which which, int[] from, int[] to, boolean inverted) {
        this.which = which;
        this.from = from;
        this.to = to;
        this.inverted = inverted;
    }

    @Override
    public boolean matches(Packet packet) {
        if (!packet.hasTransport(4)) {
            return false;
        }
        int source = packet.u16(0);
        int destination = packet.u16(2);
        boolean found = false;
        for (int i = 0; i < from.length && !found; i++) {
            boolean bySource = which != Which.DESTINATION && source >= from[i] && source <= to[i];
            boolean byDestination = which != Which.SOURCE && destination >= from[i] && destination <= to[i];
            found = bySource || byDestination;
        }
        return found != inverted;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m multiport");
        Values.saveInverted(out, inverted);
        out.append(' ').append(which.option).append(' ');
        for (int i = 0; i < from.length; i++) {
            if (i > 0) {
                out.append(',');
            }
            Values.saveRange(out, from[i], to[i]);
        }
    }

    /** Reads the one list of ports. */
    static final class Builder implements MatchBuilder {
        private String list = "";
        private String option = "";
        private Which which = Which.EITHER;
        private boolean inverted;

        @Override
        public boolean option(String name, boolean invert, Words words) throws RulesException {
            Which wanted =
                    switch (name) {
                        case "--sports", "--source-ports" -> Which.SOURCE;
                        case "--dports", "--destination-ports" -> Which.DESTINATION;
                        case "--ports" -> Which.EITHER;
                        default -> null;
                    };
            if (wanted == null) {
                return false;
            }
            if (!list.isEmpty()) {
                throw new RulesException(
                        name + ": match multiport takes one list of ports; use it once more for another");
            }
            which = wanted;
            option = name;
            list = words.argument(name);
            inverted = invert;
            return true;
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            if (list.isEmpty()) {
                throw new RulesException("match multiport needs --sports, --dports or --ports");
            }
            boolean hasPorts = head.isFor(IpProtocol.TCP)
                    || head.isFor(IpProtocol.UDP)
                    || head.isFor(UDPLITE)
                    || head.isFor(DCCP)
                    || head.isFor(SCTP);
            if (!hasPorts) {
                throw new RulesException("match multiport needs -p tcp, udp, udplite, dccp or sctp");
            }
            String[] parts = list.split(",", -1);
            int[] from = new int[parts.length];
            int[] to = new int[parts.length];
            int places = 0;
            for (int i = 0; i < parts.length; i++) {
                int[] range = Values.portRange(option, parts[i]);
                from[i] = range[0];
                to[i] = range[1];
                places += parts[i].indexOf(':') >= 0 ? 2 : 1;
            }
            if (places > MAX_PORTS) {
                throw new RulesException(option + ": takes " + MAX_PORTS + " ports, where a range counts as two");
            }
            return new MultiportMatch(which, from, to, inverted);
        }
    }
}
