package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.conntrack.Connection;
import dev.doorbell.kernel.netfilter.conntrack.Conntrack;
import dev.doorbell.kernel.netfilter.conntrack.ConntrackInfo;
import dev.doorbell.kernel.skb.SkBuff;

/** {@code -m state}, and the states of {@code -m conntrack}. */
record StateMatch(int states, boolean inverted) implements Match {
    /** Bits of a set of states; the first three are 1 shifted by {@link ConntrackInfo} plus one. */
    static final int INVALID = 1, ESTABLISHED = 2, RELATED = 4, NEW = 8, UNTRACKED = 16, SNAT = 32, DNAT = 64;

    @Override
    public boolean matches(Packet packet) {
        return ((stateOf(packet.skb()) & states) != 0) != inverted;
    }

    /** The bits that hold for a packet: its state, and what is translated. */
    static int stateOf(SkBuff skb) {
        Connection connection = Conntrack.of(skb);
        if (connection == null) {
            return skb.conntrackInfo == ConntrackInfo.UNTRACKED ? UNTRACKED : INVALID;
        }
        int state =
                switch (skb.conntrackInfo) {
                    case ConntrackInfo.NEW -> NEW;
                    case ConntrackInfo.RELATED, ConntrackInfo.RELATED_REPLY -> RELATED;
                    default -> ESTABLISHED;
                };
        if (connection.is(Connection.SRC_NAT)) {
            state |= SNAT;
        }
        return connection.is(Connection.DST_NAT) ? state | DNAT : state;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m state");
        Values.saveInverted(out, inverted);
        out.append(" --state ");
        saveStates(out, states);
    }

    static void saveStates(StringBuilder out, int states) {
        String separator = "";
        for (StateName name : StateName.values()) {
            if ((states & name.bit) != 0) {
                out.append(separator).append(name.name());
                separator = ",";
            }
        }
    }

    /** In the order in which iptables-save prints them. */
    private enum StateName {
        INVALID(StateMatch.INVALID),
        NEW(StateMatch.NEW),
        RELATED(StateMatch.RELATED),
        ESTABLISHED(StateMatch.ESTABLISHED),
        UNTRACKED(StateMatch.UNTRACKED),
        SNAT(StateMatch.SNAT),
        DNAT(StateMatch.DNAT);

        private final int bit;

        StateName(int bit) {
            this.bit = bit;
        }
    }

    /** @param allowed the bits that may be named */
    static int parseStates(String option, String text, int allowed) throws RulesException {
        int states = 0;
        for (String word : text.split(",", -1)) {
            int bit = 0;
            StringBuilder names = new StringBuilder();
            for (StateName name : StateName.values()) {
                if ((allowed & name.bit) != 0) {
                    bit |= name.name().equalsIgnoreCase(word) ? name.bit : 0;
                    names.append(names.isEmpty() ? "" : ", ").append(name);
                }
            }
            if (bit == 0) {
                throw new RulesException(option + " \"" + word + "\": must be of " + names);
            }
            states |= bit;
        }
        return states;
    }

    @Override
    public boolean needsConntrack() {
        return true;
    }

    /** Reads --state. */
    static final class Builder implements MatchBuilder {
        private int states;
        private boolean inverted;

        @Override
        public boolean option(String name, boolean invert, Words words) throws RulesException {
            if (!name.equals("--state")) {
                return false;
            }
            states = parseStates(name, words.argument(name), INVALID | NEW | ESTABLISHED | RELATED | UNTRACKED);
            inverted = invert;
            return true;
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            if (states == 0) {
                throw new RulesException("match state needs --state");
            }
            return new StateMatch(states, inverted);
        }
    }
}
