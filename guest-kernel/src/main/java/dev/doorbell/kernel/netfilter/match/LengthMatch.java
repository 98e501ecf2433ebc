package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;

/** {@code -m length}: bytes of the packet from its IP header on. */
record LengthMatch(int from, int to, boolean inverted) implements Match {
    private static final int MAX_LENGTH = 65_535;

    @Override
    public boolean matches(Packet packet) {
        int length = packet.length();
        return (length >= from && length <= to) != inverted;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m length");
        Values.saveInverted(out, inverted);
        out.append(" --length ");
        Values.saveRange(out, from, to);
    }

    /** Reads --length. */
    static final class Builder implements MatchBuilder {
        private int[] range = {};
        private boolean inverted;

        @Override
        public boolean option(String name, boolean invert, Words words) throws RulesException {
            if (!name.equals("--length")) {
                return false;
            }
            range = Values.numberRange(name, words.argument(name), MAX_LENGTH);
            inverted = invert;
            return true;
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            if (range.length == 0) {
                throw new RulesException("match length needs --length");
            }
            return new LengthMatch(range[0], range[1], inverted);
        }
    }
}
