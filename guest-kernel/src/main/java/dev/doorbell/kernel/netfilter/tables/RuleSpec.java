package dev.doorbell.kernel.netfilter.tables;

import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.match.Match;
import dev.doorbell.kernel.netfilter.match.MatchBuilder;
import dev.doorbell.kernel.netfilter.match.Network;
import dev.doorbell.kernel.netfilter.match.RuleHead;
import dev.doorbell.kernel.netfilter.target.Target;
import dev.doorbell.kernel.netfilter.target.TargetBuilder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A rule as read: what its options said. Becomes one {@link Rule} for each pair of addresses that it lists. */
final class RuleSpec {
    final IpFamily family;
    final int line;
    final Chain chain;
    final List<Network> sources = new ArrayList<>();
    final List<Network> destinations = new ArrayList<>();
    boolean sourceInverted, destinationInverted, inInverted, outInverted, protocolInverted;
    String in = "", out = "";
    int protocol;
    boolean protocolGiven;
    boolean fragment, fragmentInverted;
    final List<String> matchNames = new ArrayList<>();
    final List<MatchBuilder> matches = new ArrayList<>();
    String jump = "";
    boolean isGoto;

    @Nullable
    TargetBuilder target;

    long packets, bytes;

    RuleSpec(IpFamily family, int line, Chain chain) {
        this.family = family;
        this.line = line;
        this.chain = chain;
    }

    private RuleHead head(String table, int hook) {
        boolean synOnly = matches.stream().anyMatch(MatchBuilder::isSynOnly);
        return new RuleHead(family, table, chain.name(), hook, protocol, protocolInverted, synOnly);
    }

    /** Checks that it may stand where packets of a hook come by. */
    void check(String table, int hook) throws RulesException {
        RuleHead head = head(table, hook);
        for (MatchBuilder match : matches) {
            match.build(head);
        }
        if (target != null) {
            target.build(head);
        }
    }

    /** @param destinationChain what -j or -g names, when that is a chain */
    List<Rule> build(String table, Rule.Action action, @Nullable Chain destinationChain) throws RulesException {
        List<Rule> rules = new ArrayList<>();
        List<Network> anywhere = List.of(Network.any(family));
        for (Network source : sources.isEmpty() ? anywhere : sources) {
            for (Network destination : destinations.isEmpty() ? anywhere : destinations) {
                RuleHead head = head(table, chain.hook());
                Match[] built = new Match[matches.size()];
                for (int i = 0; i < built.length; i++) {
                    built[i] = matches.get(i).build(head);
                }
                Target builtTarget = target == null ? null : target.build(head);
                Rule rule =
                        new Rule(new IpPart(this, source, destination), built, action, destinationChain, builtTarget);
                rule.setCounters(packets, bytes);
                rules.add(rule);
            }
        }
        return rules;
    }
}
