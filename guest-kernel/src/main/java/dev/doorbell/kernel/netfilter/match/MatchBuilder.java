package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;

/** Collects the options of one match. */
public interface MatchBuilder {
    /**
     * Takes an option when it is one of this match's.
     *
     * @param inverted preceded by an exclamation mark
     * @param words its arguments come next
     * @return false when it is not
     */
    boolean option(String name, boolean inverted, Words words) throws RulesException;

    /** Whether, by the options so far, only TCP segments with SYN can match. */
    default boolean isSynOnly() {
        return false;
    }

    /** @param head what the rule says besides */
    Match build(RuleHead head) throws RulesException;
}
