package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;

/** {@code -m ttl}: hops that the packet has left. */
record TtlMatch(Comparison comparison, int value) implements Match {
    /** How it is compared, with the option's name. */
    enum Comparison {
        EQUAL("--ttl-eq"),
        NOT_EQUAL("! --ttl-eq"),
        LESS("--ttl-lt"),
        GREATER("--ttl-gt");

        private final String option;

        Comparison(String option) {
            this.option = option;
        }
    }

    @Override
    public boolean matches(Packet packet) {
        int ttl = packet.ip().ttl();
        return switch (comparison) {
            case EQUAL -> ttl == value;
            case NOT_EQUAL -> ttl != value;
            case LESS -> ttl < value;
            case GREATER -> ttl > value;
        };
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m ttl ").append(comparison.option).append(' ').append(value);
    }

    /** Reads one of the comparisons. */
    static final class Builder implements MatchBuilder {
        private Comparison comparison = Comparison.EQUAL;
        private int value = -1;

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            switch (name) {
                case "--ttl-eq", "--ttl" -> comparison = inverted ? Comparison.NOT_EQUAL : Comparison.EQUAL;
                case "--ttl-lt" -> {
                    Values.notInverted(name, inverted);
                    comparison = Comparison.LESS;
                }
                case "--ttl-gt" -> {
                    Values.notInverted(name, inverted);
                    comparison = Comparison.GREATER;
                }
                default -> {
                    return false;
                }
            }
            value = (int) Values.number(name, words.argument(name), 0, 255);
            return true;
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            if (value < 0) {
                throw new RulesException("match ttl needs --ttl-eq, --ttl-lt or --ttl-gt");
            }
            return new TtlMatch(comparison, value);
        }
    }
}
