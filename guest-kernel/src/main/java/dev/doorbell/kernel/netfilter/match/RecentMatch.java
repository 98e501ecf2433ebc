package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** {@code -m recent}: whether an address was seen before, how often and how lately; remembers it, or forgets it. */
final class RecentMatch implements Match {
    private static final long SECOND = 1_000_000_000L;

    /** What the rule does with the table. */
    private enum Action {
        SET,
        RCHECK,
        UPDATE,
        REMOVE;

        private String option() {
            return "--" + name().toLowerCase(Locale.ROOT);
        }
    }

    private final Builder rule;
    private final Action action;
    private final RecentTable table;
    private final boolean inverted;

    private RecentMatch(Builder rule, Action action, RecentTable table) {
        this.rule = rule;
        this.action = action;
        this.table = table;
        this.inverted = rule.inverted;
    }

    @Override
    public boolean matches(Packet packet) {
        int hops = packet.hops() + (packet.out() != null && packet.skb().owner == null ? 1 : 0); // as it came in
        long high = rule.destination ? packet.destinationHigh() : packet.sourceHigh();
        long low = rule.destination ? packet.destinationLow() : packet.sourceLow();
        long now = rule.kernel.nowNs();
        RecentTable.Entry entry = table.find(high, low, rule.sameHops ? hops : 0);
        if (entry == null) {
            if (action != Action.SET) {
                return inverted;
            }
            table.add(high, low, hops, now);
            return !inverted;
        }
        switch (action) {
            case SET -> {
                table.touch(entry, hops, now);
                return !inverted;
            }
            case REMOVE -> {
                table.remove(entry);
                return !inverted;
            }
            default -> {
                return isRecent(entry, hops, now);
            }
        }
    }

    private boolean isRecent(RecentTable.Entry entry, int hops, long now) {
        int needed = Math.max(1, rule.hitCount);
        long since = now - rule.seconds * SECOND;
        boolean recent = (rule.seconds == 0 ? entry.hits() : entry.hitsSince(since, needed)) >= needed;
        boolean matches = recent != inverted;
        boolean updates = action == Action.UPDATE && matches;
        if (rule.reap) {
            table.reap(since, updates ? entry : null);
        }
        if (updates) {
            table.touch(entry, hops, now);
        }
        return matches;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m recent");
        Values.saveInverted(out, inverted);
        out.append(' ').append(action.option());
        if (rule.seconds != 0) {
            out.append(" --seconds ").append(rule.seconds);
        }
        if (rule.reap) {
            out.append(" --reap");
        }
        if (rule.hitCount != 0) {
            out.append(" --hitcount ").append(rule.hitCount);
        }
        if (rule.sameHops) {
            out.append(" --rttl");
        }
        out.append(" --name ").append(rule.name).append(" --mask ");
        out.append(rule.family.format(rule.mask[0], rule.mask[1]));
        out.append(rule.destination ? " --rdest" : " --rsource");
    }

    /** Reads the options. */
    static final class Builder implements MatchBuilder {
        private static final int MAX_NAME = 199, MAX_HITS = 65_535;

        private final IpFamily family;
        private final KernelContext kernel;
        private final RecentTables tables;
        private @Nullable Action action;
        private boolean inverted, destination, sameHops, reap;
        private String name = "DEFAULT";
        private long[] mask;
        private long seconds;
        private int hitCount;

        Builder(IpFamily family, KernelContext kernel, RecentTables tables) {
            this.family = family;
            this.kernel = kernel;
            this.tables = tables;
            mask = family == IpFamily.V4 ? new long[] {0, Ipv6Address.ofV4(-1)} : family.mask(family.addressBits());
        }

        @Override
        public boolean option(String option, boolean invert, Words words) throws RulesException {
            for (Action candidate : Action.values()) {
                if (candidate.option().equals(option)) {
                    choose(candidate, invert);
                    return true;
                }
            }
            switch (option) {
                case "--name" -> name = name(option, words.argument(option));
                case "--seconds" -> seconds = Values.number(option, words.argument(option), 1, Integer.MAX_VALUE);
                case "--hitcount" -> hitCount = (int) Values.number(option, words.argument(option), 1, MAX_HITS);
                case "--mask" -> mask = family.parse(option, words.argument(option));
                case "--rttl" -> sameHops = true;
                case "--reap" -> reap = true;
                case "--rsource" -> destination = false;
                case "--rdest" -> destination = true;
                default -> {
                    return false;
                }
            }
            Values.notInverted(option, invert);
            return true;
        }

        private void choose(Action chosen, boolean invert) throws RulesException {
            if (action != null) {
                throw new RulesException("match recent: only one of --set, --rcheck, --update, --remove");
            }
            action = chosen;
            inverted = invert;
        }

        private static String name(String option, String text) throws RulesException {
            if (text.isEmpty() || text.length() > MAX_NAME || text.indexOf('/') >= 0 || text.indexOf(' ') >= 0) {
                throw new RulesException(
                        option + " \"" + text + "\": must have 1 to 199 characters, no blank and no /");
            }
            return text;
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            Action chosen = action;
            if (chosen == null) {
                throw new RulesException("match recent needs --set, --rcheck, --update or --remove");
            }
            boolean asks = chosen == Action.RCHECK || chosen == Action.UPDATE;
            if (!asks && (seconds != 0 || hitCount != 0 || sameHops || reap)) {
                throw new RulesException(
                        "match recent: --seconds, --hitcount, --rttl and --reap go with --rcheck and --update only");
            }
            if (reap && seconds == 0) {
                throw new RulesException("match recent: --reap needs --seconds");
            }
            int stamps = hitCount == 0 ? RecentTable.DEFAULT_STAMPS : powerOfTwo(hitCount);
            return new RecentMatch(this, chosen, tables.named(name, mask[0], mask[1], stamps));
        }

        private static int powerOfTwo(int atLeast) {
            return atLeast == 1 ? 1 : Integer.highestOneBit(atLeast - 1) << 1;
        }
    }
}
