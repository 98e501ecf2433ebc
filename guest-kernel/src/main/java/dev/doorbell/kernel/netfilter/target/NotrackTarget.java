package dev.doorbell.kernel.netfilter.target;

import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.conntrack.ConntrackInfo;
import dev.doorbell.kernel.netfilter.match.RuleHead;
import dev.doorbell.kernel.netfilter.match.Values;
import dev.doorbell.kernel.skb.SkBuff;

/** {@code -j NOTRACK} and {@code -j CT --notrack}: the packet is not looked at by connection tracking. */
record NotrackTarget(boolean ct) implements Target {
    @Override
    public Result apply(Packet packet) {
        SkBuff skb = packet.skb();
        if (skb.conntrack == null) {
            skb.conntrackInfo = ConntrackInfo.UNTRACKED;
        }
        return Result.CONTINUE;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(ct ? " -j CT --notrack" : " -j NOTRACK");
    }

    @Override
    public boolean needsConntrack() {
        return true;
    }

    /** Reads --notrack, the only thing that CT does here. */
    static final class Builder implements TargetBuilder {
        private final boolean ct;
        private boolean given;

        Builder(boolean ct) {
            this.ct = ct;
        }

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            if (!ct || !name.equals("--notrack")) {
                return false;
            }
            Values.notInverted(name, inverted);
            given = true;
            return true;
        }

        @Override
        public Target build(RuleHead head) throws RulesException {
            if (ct && !given) {
                throw new RulesException("-j CT needs --notrack");
            }
            Places.require(ct ? "CT" : "NOTRACK", head, "raw");
            return new NotrackTarget(ct);
        }
    }
}
