package dev.doorbell.kernel.netfilter.tables;

import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.match.Match;
import dev.doorbell.kernel.netfilter.target.Target;
import org.jspecify.annotations.Nullable;

/** One line of a chain, with its counters. */
final class Rule {
    /** What happens when it matches. */
    enum Action {
        /** It only counts. */
        NONE,
        ACCEPT,
        DROP,
        RETURN,
        JUMP,
        GOTO,
        TARGET
    }

    private final IpPart ip;
    private final Match[] matches;
    private final Action action;
    private final @Nullable Chain chain;
    private final @Nullable Target target;
    private long packets;
    private long bytes;

    Rule(IpPart ip, Match[] matches, Action action, @Nullable Chain chain, @Nullable Target target) {
        this.ip = ip;
        this.matches = matches;
        this.action = action;
        this.chain = chain;
        this.target = target;
    }

    boolean matches(Packet packet) {
        if (!ip.matches(packet)) {
            return false;
        }
        for (int i = 0; i < matches.length; i++) {
            if (!matches[i].matches(packet)) {
                return false;
            }
        }
        return true;
    }

    void count(int length) {
        packets++;
        bytes += length;
    }

    void setCounters(long newPackets, long newBytes) {
        packets = newPackets;
        bytes = newBytes;
    }

    long packets() {
        return packets;
    }

    long bytes() {
        return bytes;
    }

    Action action() {
        return action;
    }

    /** Of JUMP and GOTO. */
    @Nullable
    Chain chain() {
        return chain;
    }

    /** Of TARGET. */
    @Nullable
    Target target() {
        return target;
    }

    boolean needsConntrack() {
        boolean needed = target != null && target.needsConntrack();
        for (Match match : matches) {
            needed |= match.needsConntrack();
        }
        return needed;
    }

    /** Whether it is the same but for counters, as -D compares. */
    boolean saysTheSameAs(Rule other) {
        StringBuilder own = new StringBuilder();
        StringBuilder others = new StringBuilder();
        save(own);
        other.save(others);
        return own.compareTo(others) == 0;
    }

    /** Appends everything behind {@code -A CHAIN}. */
    void save(StringBuilder out) {
        ip.save(out);
        for (Match match : matches) {
            match.save(out);
        }
        if (target != null) {
            target.save(out);
        } else if (chain != null) {
            out.append(action == Action.GOTO ? " -g " : " -j ").append(chain.name());
        } else if (action != Action.NONE) {
            out.append(" -j ").append(action);
        }
    }
}
