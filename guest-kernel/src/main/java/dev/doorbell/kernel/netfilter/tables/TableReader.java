package dev.doorbell.kernel.netfilter.tables;

import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.target.Targets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One table while it is read: lines between {@code *name} and {@code COMMIT}. */
final class TableReader {
    private static final int MAX_CHAIN_NAME = 28;

    private final TableKind kind;
    private final RuleParser parser;
    private final Map<String, Chain> chains = new LinkedHashMap<>();
    private final List<RuleSpec> specs = new ArrayList<>();
    private final Map<Rule, RuleSpec> origins = new HashMap<>();
    private boolean ruleCounters;

    /** @param before the table as loaded now, whose policies stay unless they are named; or null */
    TableReader(TableKind kind, @Nullable Table before, RuleParser parser) {
        this.kind = kind;
        this.parser = parser;
        int[] hooks = kind.hooks().clone();
        Arrays.sort(hooks);
        for (int hook : hooks) {
            Chain chain = new Chain(TableKind.chainName(hook), hook);
            Chain old = before == null ? null : before.at(hook);
            chain.setPolicy(old != null && old.drops());
            chains.put(chain.name(), chain);
        }
    }

    /** {@code :CHAIN POLICY [packets:bytes]}. */
    void chainLine(String line) throws RulesException {
        Words words = Words.split(line.substring(1));
        if (!words.hasNext()) {
            throw new RulesException("a chain must have a name, as in \":INPUT DROP [0:0]\"");
        }
        String name = words.next();
        if (!words.hasNext()) {
            throw new RulesException(
                    "chain " + name + ": a policy must follow: ACCEPT, DROP, or - for a chain of yours");
        }
        String policy = words.next();
        Chain chain = chains.get(name);
        if (chain == null) {
            chain = userChain(name, policy);
        } else if (chain.isBuiltIn()) {
            policy(chain, policy);
        }
        if (words.hasNext()) {
            long[] counters = counters(words.next());
            if (chain.isBuiltIn()) {
                chain.setCounters(counters[0], counters[1]);
            }
        }
    }

    /** What a text may say besides rules: new chains, policies, chains to be emptied. */
    private boolean command(String first, Words words) throws RulesException {
        switch (first) {
            case "-N", "--new-chain" -> newChain(words.argument(first));
            case "-P", "--policy" -> policy(chain(words.argument(first)), words.argument(first));
            case "-F", "--flush" -> {
                Chain only = words.hasNext() ? chain(words.next()) : null;
                specs.removeIf(spec -> only == null || spec.chain == only);
            }
            default -> {
                return false;
            }
        }
        if (words.hasNext()) {
            throw new RulesException("\"" + words.next() + "\": nothing more can follow " + first);
        }
        return true;
    }

    private Chain chain(String name) throws RulesException {
        Chain chain = chains.get(name);
        if (chain == null) {
            throw new RulesException("chain " + name + ": table " + kind.text() + " has no such chain");
        }
        return chain;
    }

    private static void policy(Chain chain, String policy) throws RulesException {
        if (!chain.isBuiltIn()) {
            throw new RulesException("chain " + chain.name() + ": only built-in chains have a policy");
        }
        if (!policy.equals("ACCEPT") && !policy.equals("DROP")) {
            throw new RulesException("chain " + chain.name() + ": policy \"" + policy + "\" must be ACCEPT or DROP");
        }
        chain.setPolicy(policy.equals("DROP"));
    }

    /** -N: built-in chains exist, and nothing else can be said about a new one. */
    private void newChain(String name) throws RulesException {
        if (chains.containsKey(name)) {
            throw new RulesException("chain " + name + ": there is one already");
        }
        userChain(name, "-");
    }

    private Chain userChain(String name, String policy) throws RulesException {
        if (!policy.equals("-")) {
            throw new RulesException("chain " + name + ": not a built-in chain of table " + kind.text()
                    + "; the policy of a chain of yours is -");
        }
        boolean badName = name.length() > MAX_CHAIN_NAME || name.startsWith("-") || name.startsWith("!");
        if (badName) {
            throw new RulesException("chain " + name + ": a name has up to 28 characters and begins with a letter");
        }
        if (isTarget(name)) {
            throw new RulesException("chain " + name + ": there is a target of that name");
        }
        Chain chain = new Chain(name, -1);
        chains.put(name, chain);
        return chain;
    }

    private boolean isTarget(String name) {
        return List.of(Targets.names(parser.family()).split(", ", -1)).contains(name);
    }

    private static long[] counters(String text) throws RulesException {
        int colon = text.indexOf(':');
        if (text.startsWith("[") && text.endsWith("]") && colon > 1) {
            try {
                long packets = Long.parseLong(text.substring(1, colon));
                long bytes = Long.parseLong(text.substring(colon + 1, text.length() - 1));
                if (packets >= 0 && bytes >= 0) {
                    return new long[] {packets, bytes};
                }
            } catch (NumberFormatException e) {
                // the message below says what is wrong
            }
        }
        throw new RulesException("counters \"" + text + "\": must be as in [12:3456]");
    }

    /** {@code [packets:bytes] -A CHAIN options}. */
    void ruleLine(int number, String line) throws RulesException {
        Words words = Words.split(line);
        long[] counters = {0, 0};
        String first = words.next();
        if (first.startsWith("[")) {
            counters = counters(first);
            ruleCounters = true;
            first = words.next();
        }
        boolean insert = first.equals("-I") || first.equals("--insert");
        if (command(first, words)) {
            return;
        }
        if (!insert && !first.equals("-A") && !first.equals("--append")) {
            throw new RulesException("\"" + first + "\": a rule begins with -A CHAIN");
        }
        Chain chain = chain(words.argument(first));
        RuleSpec spec = new RuleSpec(parser.family(), number, chain);
        if (insert) {
            spec.insertAt = position(words);
        }
        spec.packets = counters[0];
        spec.bytes = counters[1];
        if (parser.parse(spec, words)) {
            specs.add(spec);
        }
    }

    private static int position(Words words) {
        String next = words.peek();
        if (next == null || next.isEmpty() || !next.chars().allMatch(c -> c >= '0' && c <= '9') || next.length() > 9) {
            return 0;
        }
        try {
            return Math.max(0, Integer.parseInt(words.next()) - 1);
        } catch (RulesException e) {
            throw new IllegalStateException("a word that was peeked at is gone", e);
        }
    }

    /** COMMIT: builds the rules and checks the chains. */
    Table finish() throws RulesException {
        for (RuleSpec spec : specs) {
            try {
                build(spec);
            } catch (RulesException e) {
                throw new RulesException(spec.line, String.valueOf(e.getMessage()));
            }
        }
        if (!ruleCounters) {
            chains.values().forEach(chain -> chain.setCounters(0, 0));
        }
        chains.values().forEach(Chain::freeze);
        int depth = new ChainWalk(kind, origins).check(chains.values());
        return new Table(kind, new ArrayList<>(chains.values()), depth);
    }

    private void build(RuleSpec spec) throws RulesException {
        Chain destination = null;
        Rule.Action action;
        if (kind == TableKind.NAT && spec.jump.equals("DROP") && !spec.isGoto) {
            throw new RulesException("-j DROP: not in table nat, which sees the first packet of a connection only");
        }
        switch (spec.isGoto ? "" : spec.jump) {
            case "ACCEPT" -> action = Rule.Action.ACCEPT;
            case "DROP" -> action = Rule.Action.DROP;
            case "RETURN" -> action = Rule.Action.RETURN;
            default -> {
                if (spec.jump.isEmpty()) {
                    action = Rule.Action.NONE;
                } else if (spec.target != null) {
                    action = Rule.Action.TARGET;
                } else {
                    destination = destination(spec);
                    action = spec.isGoto ? Rule.Action.GOTO : Rule.Action.JUMP;
                }
            }
        }
        List<Rule> rules = spec.build(kind.text(), action, destination);
        List<Rule> into = spec.chain.building();
        int at = spec.insertAt;
        if (at > into.size()) {
            throw new RulesException("-I " + spec.chain.name() + " " + (at + 1) + ": the chain has only " + into.size()
                    + " rules so far");
        }
        into.addAll(at < 0 ? into.size() : at, rules);
        rules.forEach(rule -> origins.put(rule, spec));
    }

    private Chain destination(RuleSpec spec) throws RulesException {
        Chain chain = chains.get(spec.jump);
        if (chain == null) {
            throw new RulesException((spec.isGoto ? "-g " : "-j ") + spec.jump
                    + ": no such chain in table " + kind.text() + ", and no such target; targets are "
                    + Targets.names(parser.family()));
        }
        if (chain.isBuiltIn()) {
            throw new RulesException("-j " + spec.jump + ": a built-in chain cannot be jumped to");
        }
        return chain;
    }
}
