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
            if (!name.equals(dscp ? "--dscp" : "--tos")) {
                return false;
            }
            String text = words.argument(name);
            int slash = dscp ? -1 : text.indexOf('/');
            value = (int) Values.number(name, slash < 0 ? text : text.substring(0, slash), 0, dscp ? 63 : 255);
            mask = slash < 0 ? 0xFF : (int) Values.number(name, text.substring(slash + 1), 0, 255);
            inverted = invert;
            return true;
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            if (value < 0) {
                throw new RulesException(dscp ? "match dscp needs --dscp" : "match tos needs --tos");
            }
            return new TosMatch(dscp, value, mask, inverted);
        }
    }
}
