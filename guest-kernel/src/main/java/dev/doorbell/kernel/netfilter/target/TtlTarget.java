package dev.doorbell.kernel.netfilter.target;

import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.match.RuleHead;
import dev.doorbell.kernel.netfilter.match.Values;
import java.util.Locale;

/** {@code -j TTL} and {@code -j HL}: changes the hops that the packet has left. */
record TtlTarget(IpFamily family, Mode mode, int value) implements Target {
    /** What it does, with the end of the option's name. */
    enum Mode {
        SET("-set"),
        INCREASE("-inc"),
        DECREASE("-dec");

        private final String option;

        Mode(String option) {
            this.option = option;
        }

        private String option(IpFamily family) {
            return "--" + TtlTarget.name(family).toLowerCase(Locale.ROOT) + option;
        }
    }

    @Override
    public Result apply(Packet packet) {
        if (!packet.skb().cow(0) || !packet.reload()) {
            return Result.DROP;
        }
        int before = packet.hops();
        int after =
                switch (mode) {
                    case SET -> value;
                    case INCREASE -> Math.min(255, before + value);
                    case DECREASE -> Math.max(0, before - value);
                };
        if (after != before) {
            packet.hops(after);
        }
        return Result.CONTINUE;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -j ")
                .append(name(family))
                .append(' ')
                .append(mode.option(family))
                .append(' ')
                .append(value);
    }

    private static String name(IpFamily family) {
        return family == IpFamily.V6 ? "HL" : "TTL";
    }

    /** Reads one of the three options. */
    static final class Builder implements TargetBuilder {
        private final IpFamily family;
        private Mode mode = Mode.SET;
        private int value = -1;

        Builder(IpFamily family) {
            this.family = family;
        }

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            for (Mode candidate : Mode.values()) {
                if (candidate.option(family).equals(name)) {
                    Values.notInverted(name, inverted);
                    mode = candidate;
                    value = (int) Values.number(name, words.argument(name), mode == Mode.SET ? 0 : 1, 255);
                    return true;
                }
            }
            return false;
        }

        @Override
        public Target build(RuleHead head) throws RulesException {
            if (value < 0) {
                throw new RulesException(String.format(
                        "-j %s needs %s, %s or %s",
                        name(family),
                        Mode.SET.option(family),
                        Mode.INCREASE.option(family),
                        Mode.DECREASE.option(family)));
            }
            Places.require(name(family), head, "mangle");
            return new TtlTarget(family, mode, value);
        }
    }
}
