package dev.doorbell.kernel.netfilter.tables;

import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.Verdict;
import dev.doorbell.kernel.netfilter.target.Target;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A table as loaded: chains, and the walk through them for a packet. The walk keeps where to return to on a stack of
 * the depth that the chains can reach, so it allocates nothing.
 */
final class Table {
    private static final int HOOKS = 5;

    private final TableKind kind;
    private final List<Chain> chains;
    private final @Nullable Chain[] byHook = new @Nullable Chain[HOOKS];
    private final Chain[] returnChain;
    private final int[] returnIndex;
    private final boolean needsConntrack;

    /**
     * @param chains those of the kernel first, frozen, without loops
     * @param depth jumps that can be under way at a time
     */
    Table(TableKind kind, List<Chain> chains, int depth) {
        this.kind = kind;
        this.chains = List.copyOf(chains);
        boolean needed = false;
        for (Chain chain : chains) {
            if (chain.isBuiltIn()) {
                byHook[chain.hook()] = chain;
            }
            for (Rule rule : chain.rules()) {
                needed |= rule.needsConntrack();
            }
        }
        needsConntrack = needed;
        returnChain = new Chain[depth];
        returnIndex = new int[depth];
    }

    TableKind kind() {
        return kind;
    }

    List<Chain> chains() {
        return chains;
    }

    /** The chain at a hook; null where the table has none. */
    @Nullable
    Chain at(int hook) {
        return byHook[hook];
    }

    boolean needsConntrack() {
        return needsConntrack;
    }

    /**
     * The way of a packet through the rules: first match decides, the policy at the end. A REJECT sends its answer from
     * inside, which may come through here again; it is the last thing that happens to its packet.
     */
    Verdict evaluate(Packet packet) {
        Chain base = byHook[packet.hook()];
        if (base == null) {
            return Verdict.ACCEPT;
        }
        Chain chain = base;
        int index = 0;
        int depth = 0;
        while (true) {
            Rule[] rules = chain.rules();
            if (index >= rules.length) {
                if (depth == 0) {
                    return policy(base, packet);
                }
                depth--;
                chain = returnChain[depth];
                index = returnIndex[depth];
                continue;
            }
            Rule rule = rules[index++];
            if (!rule.matches(packet)) {
                if (packet.isHotDrop()) {
                    return Verdict.DROP;
                }
                continue;
            }
            rule.count(packet.length());
            switch (rule.action()) {
                case ACCEPT -> {
                    return Verdict.ACCEPT;
                }
                case DROP -> {
                    return Verdict.DROP;
                }
                case RETURN -> index = Integer.MAX_VALUE;
                case JUMP -> {
                    returnChain[depth] = chain;
                    returnIndex[depth] = index;
                    depth++;
                    chain = Objects.requireNonNull(rule.chain());
                    index = 0;
                }
                case GOTO -> {
                    chain = Objects.requireNonNull(rule.chain());
                    index = 0;
                }
                case TARGET -> {
                    Target.Result result = Objects.requireNonNull(rule.target()).apply(packet);
                    if (result != Target.Result.CONTINUE) {
                        return result == Target.Result.ACCEPT ? Verdict.ACCEPT : Verdict.DROP;
                    }
                    packet.reload();
                }
                case NONE -> {}
            }
        }
    }

    private static Verdict policy(Chain base, Packet packet) {
        base.countPolicy(packet.length());
        return base.drops() ? Verdict.DROP : Verdict.ACCEPT;
    }

    /** As iptables-save writes it. */
    void save(StringBuilder out, boolean counters) {
        out.append('*').append(kind.text()).append('\n');
        for (Chain chain : chains) {
            out.append(':').append(chain.name()).append(' ');
            out.append(!chain.isBuiltIn() ? "-" : chain.drops() ? "DROP" : "ACCEPT");
            saveCounters(out.append(' '), chain.policyPackets(), chain.policyBytes());
            out.append('\n');
        }
        for (Chain chain : chains) {
            for (Rule rule : chain.rules()) {
                if (counters) {
                    saveCounters(out, rule.packets(), rule.bytes());
                    out.append(' ');
                }
                out.append("-A ").append(chain.name());
                rule.save(out);
                out.append('\n');
            }
        }
        out.append("COMMIT\n");
    }

    private static void saveCounters(StringBuilder out, long packets, long bytes) {
        out.append('[').append(packets).append(':').append(bytes).append(']');
    }

    /** Adds how often each rule and policy was hit, by its text; equal rules are added up. */
    void addCounters(Map<String, Long> into) {
        for (Chain chain : chains) {
            for (Rule rule : chain.rules()) {
                StringBuilder line =
                        new StringBuilder(kind.text()).append(" -A ").append(chain.name());
                rule.save(line);
                into.merge(line.toString(), rule.packets(), Long::sum);
            }
            if (chain.isBuiltIn()) {
                String policy = chain.drops() ? " DROP" : " ACCEPT";
                into.merge(kind.text() + " -P " + chain.name() + policy, chain.policyPackets(), Long::sum);
            }
        }
    }
}
