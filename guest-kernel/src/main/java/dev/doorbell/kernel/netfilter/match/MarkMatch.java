package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.conntrack.Connection;
import dev.doorbell.kernel.netfilter.conntrack.Conntrack;

/** {@code -m mark} and {@code -m connmark}: the mark of the packet or of its connection, under a mask. */
record MarkMatch(boolean ofConnection, int value, int mask, boolean inverted) implements Match {
    @Override
    public boolean matches(Packet packet) {
        int mark = packet.skb().mark;
        if (ofConnection) {
            Connection connection = Conntrack.of(packet.skb());
            if (connection == null) {
                return false;
            }
            mark = connection.mark;
        }
        return ((mark & mask) == value) != inverted;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(ofConnection ? " -m connmark" : " -m mark");
        Values.saveInverted(out, inverted);
        out.append(" --mark ");
        Values.saveMasked(out, value, mask);
    }

    @Override
    public boolean needsConntrack() {
        return ofConnection;
    }

    /** Reads --mark. */
    static final class Builder implements MatchBuilder {
        private final boolean ofConnection;
        private int[] mark = {};
        private boolean inverted;

        Builder(boolean ofConnection) {
            this.ofConnection = ofConnection;
        }

        @Override
        public boolean option(String name, boolean invert, Words words) throws RulesException {
            if (!name.equals("--mark")) {
                return false;
            }
            mark = Values.masked(name, words.argument(name));
            inverted = invert;
            return true;
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            if (mark.length == 0) {
                throw new RulesException("match " + (ofConnection ? "connmark" : "mark") + " needs --mark");
            }
            return new MarkMatch(ofConnection, mark[0], mark[1], inverted);
        }
    }
}
