package dev.doorbell.kernel.netfilter.tables;

import dev.doorbell.kernel.netfilter.RulesException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Follows all jumps from the built-in chains: refuses loops, checks each rule for each hook, measures the depth. */
final class ChainWalk {
    /** Deeper than any sane set of rules; keeps this walk off the end of the Java stack. */
    private static final int MAX_DEPTH = 512;

    private final TableKind kind;
    private final Map<Rule, RuleSpec> origins;
    private final Deque<Chain> path = new ArrayDeque<>();
    private final Map<Chain, Integer> depths = new HashMap<>();
    private final Set<Chain> seen = new HashSet<>();

    ChainWalk(TableKind kind, Map<Rule, RuleSpec> origins) {
        this.kind = kind;
        this.origins = origins;
    }

    /** @return jumps that can be under way at a time */
    int check(Collection<Chain> chains) throws RulesException {
        int deepest = 0;
        for (Chain chain : chains) {
            if (chain.isBuiltIn()) {
                seen.clear();
                deepest = Math.max(deepest, visit(chain, chain.hook()));
            }
        }
        return deepest;
    }

    private int visit(Chain chain, int hook) throws RulesException {
        if (path.size() > MAX_DEPTH) {
            throw new RulesException("chain " + chain.name() + ": more than " + MAX_DEPTH + " jumps deep");
        }
        path.addLast(chain);
        int depth = 0;
        for (Rule rule : chain.rules()) {
            Chain next = rule.chain();
            try {
                if (!chain.isBuiltIn()) {
                    origin(rule).check(kind.text(), hook);
                }
                if (next != null && path.contains(next)) {
                    throw new RulesException("jumps go round in a circle: " + circle(next));
                }
            } catch (RulesException e) {
                throw new RulesException(origin(rule).line, String.valueOf(e.getMessage()));
            }
            if (next != null) {
                int below = seen.add(next) ? visit(next, hook) : depths.getOrDefault(next, 0);
                depth = Math.max(depth, below + (rule.action() == Rule.Action.JUMP ? 1 : 0));
            }
        }
        path.removeLast();
        depths.put(chain, depth);
        return depth;
    }

    private RuleSpec origin(Rule rule) {
        RuleSpec spec = origins.get(rule);
        if (spec == null) {
            throw new IllegalStateException("a rule without a line");
        }
        return spec;
    }

    private String circle(Chain back) {
        StringBuilder text = new StringBuilder();
        boolean inside = false;
        for (Chain chain : path) {
            inside |= chain == back;
            if (inside) {
                text.append(chain.name()).append(" -> ");
            }
        }
        return text + back.name();
    }
}
