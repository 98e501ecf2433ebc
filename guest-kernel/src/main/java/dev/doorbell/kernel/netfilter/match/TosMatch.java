package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;

/** {@code -m tos} and {@code -m dscp}: the type of service octet under a mask, or its upper six bits. */
record TosMatch(boolean dscp, int value, int mask, boolean inverted) implements Match {
    @Override
    public boolean matches(Packet packet) {
        int tos = packet.tos();
        return (dscp ? tos >>> 2 == value : (tos & mask) == value) != inverted;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(dscp ? " -m dscp" : " -m tos");
        Values.saveInverted(out, inverted);
        out.append(dscp ? " --dscp " : " --tos ").append(String.format("0x%02x", value));
        if (!dscp) {
            out.append(String.format("/0x%02x", mask));
        }
    }

    /** Reads --tos or --dscp. */
    static final class Builder implements MatchBuilder {
        private final boolean dscp;
        private int value = -1, mask = 0xFF;
        private boolean inverted;

        Builder(boolean dscp) {
            this.dscp = dscp;
        }

        @Override
        public boolean option(String name, boolean invert, Words words) throws RulesException {
            boolean byClass = dscp && name.equals("--dscp-class");
            if (!byClass && !name.equals(dscp ? "--dscp" : "--tos")) {
                return false;
            }
            String text = words.argument(name);
            if (dscp) {
                value = byClass ? TosValues.dscpClass(name, text) : (int) Values.number(name, text, 0, 63);
            } else {
                int[] both = TosValues.tos(name, text);
                value = both[0];
                mask = both[1];
            }
            inverted = invert;
            return true;
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            if (value < 0) {
                throw new RulesException(dscp ? "match dscp needs --dscp or --dscp-class" : "match tos needs --tos");
            }
            return new TosMatch(dscp, value, mask, inverted);
        }
    }
}
