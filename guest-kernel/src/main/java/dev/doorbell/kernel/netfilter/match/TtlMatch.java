package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;

/** {@code -m ttl} and {@code -m hl}: hops that the packet has left. */
record TtlMatch(IpFamily family, Comparison comparison, int value) implements Match {
    /** How it is compared, with the end of the option's name. */
    enum Comparison {
        EQUAL("-eq"),
        NOT_EQUAL("-eq"),
        LESS("-lt"),
        GREATER("-gt");

        private final String option;

        Comparison(String option) {
            this.option = option;
        }
    }

    @Override
    public boolean matches(Packet packet) {
        int ttl = packet.hops();
        return switch (comparison) {
            case EQUAL -> ttl == value;
            case NOT_EQUAL -> ttl != value;
            case LESS -> ttl < value;
            case GREATER -> ttl > value;
        };
    }

    @Override
    public void save(StringBuilder out) {
        String name = name(family);
        out.append(" -m ").append(name);
        Values.saveInverted(out, comparison == Comparison.NOT_EQUAL);
        out.append(" --").append(name).append(comparison.option).append(' ').append(value);
    }

    private static String name(IpFamily family) {
        return family == IpFamily.V6 ? "hl" : "ttl";
    }

    /** Reads one of the comparisons. */
    static final class Builder implements MatchBuilder {
        private final IpFamily family;
        private final String prefix;
        private Comparison comparison = Comparison.EQUAL;
        private int value = -1;

        Builder(IpFamily family) {
            this.family = family;
            this.prefix = "--" + name(family);
        }

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            if (!name.startsWith(prefix)) {
                return false;
            }
            switch (name.substring(prefix.length())) {
                case "-eq", "" -> comparison = inverted ? Comparison.NOT_EQUAL : Comparison.EQUAL;
                case "-lt" -> {
                    Values.notInverted(name, inverted);
                    comparison = Comparison.LESS;
                }
                case "-gt" -> {
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
                throw new RulesException(
                        String.format("match %s needs %2$s-eq, %2$s-lt or %2$s-gt", name(family), prefix));
            }
            return new TtlMatch(family, comparison, value);
        }
    }
}
