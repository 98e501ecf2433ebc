package dev.doorbell.kernel.netfilter.tables;

import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.match.Values;
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

    /** {@code :CHAIN POLICY [packets:bytes]}. A chain of the user that is there already loses its rules. */
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
            checkUserPolicy(name, policy);
            chain = newChain(name);
        } else if (!chain.isBuiltIn()) {
            checkUserPolicy(name, policy);
            chain.building().clear();
        } else if (!policy.equals("-")) { // which leaves it as it is
            policy(chain, policy);
        }
        if (words.hasNext()) {
            long[] counters = counters(words.next());
            if (chain.isBuiltIn()) {
                chain.setCounters(counters[0], counters[1]);
            }
        }
    }

    /** What a text may say besides rules: chains that come and go, policies, counters. */
    private boolean command(String first, Words words) throws RulesException {
        switch (first) {
            case "-N", "--new-chain" -> newChain(words.argument(first));
            case "-X", "--delete-chain" -> deleteChains(words.hasNext() ? words.next() : null);
            case "-E", "--rename-chain" -> rename(words.argument(first), words.argument(first));
            case "-P", "--policy" -> policy(chain(words.argument(first)), words.argument(first));
            case "-F", "--flush" -> {
                Chain only = words.hasNext() ? chain(words.next()) : null;
                for (Chain chain : chains.values()) {
                    if (only == null || chain == only) {
                        chain.building().clear();
                    }
                }
            }
            case "-Z", "--zero" -> {
                if (words.hasNext()) {
                    zero(chain(words.next()), words.hasNext() ? words.next() : null);
                } else {
                    chains.values().forEach(TableReader::zero);
                }
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

    private static void zero(Chain chain) {
        chain.setCounters(0, 0);
        chain.building().forEach(rule -> rule.setCounters(0, 0));
    }

    private static void zero(Chain chain, @Nullable String number) throws RulesException {
        if (number == null) {
            zero(chain);
        } else {
            chain.building().get(index("-Z", chain, number)).setCounters(0, 0);
        }
    }

    /** -X: one chain of the user, or all of them; empty ones to which nothing jumps. */
    private void deleteChains(@Nullable String name) throws RulesException {
        List<Chain> leaving = new ArrayList<>();
        if (name != null) {
            leaving.add(userChain(name));
        } else {
            chains.values().stream().filter(chain -> !chain.isBuiltIn()).forEach(leaving::add);
        }
        for (Chain chain : leaving) {
            if (!chain.building().isEmpty()) {
                throw new RulesException("-X " + chain.name() + ": the chain has rules");
            }
            if (chains.values().stream().anyMatch(from -> from.jumpsTo(chain))) {
                throw new RulesException("-X " + chain.name() + ": rules jump to the chain");
            }
            chains.remove(chain.name());
        }
    }

    /** -E: the rules that jump to it go on doing so. */
    private void rename(String before, String after) throws RulesException {
        Chain chain = userChain(before);
        checkNew(after);
        Map<String, Chain> all = new LinkedHashMap<>(chains);
        chains.clear();
        chain.rename(after);
        all.values().forEach(each -> chains.put(each.name(), each));
    }

    private Chain userChain(String name) throws RulesException {
        Chain chain = chain(name);
        if (chain.isBuiltIn()) {
            throw new RulesException("chain " + name + ": a built-in chain stays");
        }
        return chain;
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

    private Chain newChain(String name) throws RulesException {
        checkNew(name);
        Chain chain = new Chain(name, -1);
        chains.put(name, chain);
        return chain;
    }

    private void checkUserPolicy(String name, String policy) throws RulesException {
        if (!policy.equals("-")) {
            throw new RulesException("chain " + name + ": not a built-in chain of table " + kind.text()
                    + "; the policy of a chain of yours is -");
        }
    }

    private void checkNew(String name) throws RulesException {
        if (chains.containsKey(name)) {
            throw new RulesException("chain " + name + ": there is one already");
        }
        if (name.isEmpty() || name.length() > MAX_CHAIN_NAME || name.startsWith("-") || name.startsWith("!")) {
            throw new RulesException(
                    "chain \"" + name + "\": a name has 1 to " + MAX_CHAIN_NAME + " characters, the first not - or !");
        }
        if (isTarget(name)) {
            throw new RulesException("chain " + name + ": there is a target of that name");
        }
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

    /** {@code [packets:bytes] -A CHAIN options}, or another command. */
    void ruleLine(int number, String line) throws RulesException {
        Words words = Words.split(line);
        long[] counters = {0, 0};
        String first = words.next();
        if (first.startsWith("[")) {
            counters = counters(first);
            ruleCounters = true;
            first = words.next();
        }
        if (command(first, words)) {
            return;
        }
        Edit edit = Edit.of(first);
        if (edit == null) {
            throw new RulesException("\"" + first + "\": a rule begins with -A CHAIN");
        }
        Chain chain = chain(words.argument(first));
        String position = edit == Edit.APPEND || edit == Edit.CHECK ? null : position(words);
        if (edit == Edit.DELETE && position != null) {
            delete(chain, position, words);
            return;
        }
        RuleSpec spec = new RuleSpec(parser.family(), number, chain);
        spec.packets = counters[0];
        spec.bytes = counters[1];
        if (parser.parse(spec, words)) {
            edit(edit, position, chain, rules(spec));
        }
    }

    /** The number that may follow the name of a chain; null: none does. */
    private static @Nullable String position(Words words) throws RulesException {
        String next = words.peek();
        return next == null || !next.matches("[0-9]{1,9}") ? null : words.next();
    }

    /** Which rule a number is, counted from 0 on. */
    private static int index(String command, Chain chain, String number) throws RulesException {
        int rules = chain.building().size();
        int index = (int) Values.number(command + " " + chain.name(), number, 0, Integer.MAX_VALUE) - 1;
        if (index < 0 || index >= rules) {
            throw new RulesException(
                    command + " " + chain.name() + " " + number + ": the chain has " + rules + " rules so far");
        }
        return index;
    }

    private static void delete(Chain chain, String position, Words words) throws RulesException {
        int index = index("-D", chain, position);
        if (words.hasNext()) {
            throw new RulesException("\"" + words.next() + "\": nothing more can follow the number of a rule");
        }
        chain.building().remove(index);
    }

    private static void edit(Edit edit, @Nullable String position, Chain chain, List<Rule> rules)
            throws RulesException {
        List<Rule> into = chain.building();
        switch (edit) {
            case APPEND -> into.addAll(rules);
            case INSERT -> {
                int at = position == null ? 0 : Integer.parseInt(position) - 1;
                if (at < 0 || at > into.size()) {
                    throw new RulesException(
                            "-I " + chain.name() + " " + position + ": the chain has " + into.size() + " rules so far");
                }
                into.addAll(at, rules);
            }
            case REPLACE -> {
                if (position == null) {
                    throw new RulesException("-R " + chain.name() + ": the number of a rule must follow");
                }
                if (rules.size() > 1) {
                    throw new RulesException("-R " + chain.name() + ": a single rule takes the place of another");
                }
                into.set(index("-R", chain, position), rules.get(0));
            }
            case DELETE, CHECK -> {
                for (Rule rule : rules) {
                    int at = find(into, rule);
                    if (at < 0) {
                        throw new RulesException(edit.option() + " " + chain.name() + ": the chain has no such rule");
                    }
                    if (edit == Edit.DELETE) {
                        into.remove(at);
                    }
                }
            }
        }
    }

    private static int find(List<Rule> rules, Rule like) {
        for (int i = 0; i < rules.size(); i++) {
            if (rules.get(i).saysTheSameAs(like)) {
                return i;
            }
        }
        return -1;
    }

    /** COMMIT: checks the chains. */
    Table finish() throws RulesException {
        if (!ruleCounters) {
            chains.values().forEach(chain -> chain.setCounters(0, 0));
        }
        chains.values().forEach(Chain::freeze);
        int depth = new ChainWalk(kind, origins).check(chains.values());
        return new Table(kind, new ArrayList<>(chains.values()), depth);
    }

    /** The rules of one line: several when it lists addresses. */
    private List<Rule> rules(RuleSpec spec) throws RulesException {
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
        rules.forEach(rule -> origins.put(rule, spec));
        return rules;
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
