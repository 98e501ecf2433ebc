package dev.doorbell.kernel.netfilter.target;

import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.match.RuleHead;
import dev.doorbell.kernel.netfilter.match.Values;

/** {@code -j TTL}: changes the hops that the packet has left. */
record TtlTarget(Mode mode, int value) implements Target {
    /** What it does, with the option's name. */
    enum Mode {
        SET("--ttl-set"),
        INCREASE("--ttl-inc"),
        DECREASE("--ttl-dec");

        private final String option;

        Mode(String option) {
            this.option = option;
        }
    }

    @Override
    public Result apply(Packet packet) {
        if (!packet.skb().cow(0) || !packet.reload()) {
            return Result.DROP;
        }
        Ipv4Header ip = packet.ip();
        int before = ip.ttl();
        int after =
                switch (mode) {
                    case SET -> value;
                    case INCREASE -> Math.min(255, before + value);
                    case DECREASE -> Math.max(0, before - value);
                };
        if (after != before) {
            int old = before << 8 | ip.protocol();
            ip.ttl(after);
            ip.checksum(InternetChecksum.update16(ip.checksum(), old, after << 8 | ip.protocol()));
        }
        return Result.CONTINUE;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -j TTL ").append(mode.option).append(' ').append(value);
    }

    /** Reads one of the three options. */
    static final class Builder implements TargetBuilder {
        private Mode mode = Mode.SET;
        private int value = -1;

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            for (Mode candidate : Mode.values()) {
                if (candidate.option.equals(name)) {
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
                throw new RulesException("-j TTL needs --ttl-set, --ttl-inc or --ttl-dec");
            }
            Places.require("TTL", head, "mangle");
            return new TtlTarget(mode, value);
        }
    }
}
