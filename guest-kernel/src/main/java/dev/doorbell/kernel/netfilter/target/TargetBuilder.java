package dev.doorbell.kernel.netfilter.target;

import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.match.RuleHead;

/** Collects the options of one target. */
public interface TargetBuilder {
    /**
     * Takes an option when it is one of this target's.
     *
     * @param inverted preceded by an exclamation mark
     * @return false when it is not
     */
    boolean option(String name, boolean inverted, Words words) throws RulesException;

    /** @param head what the rule says besides; the place is checked */
    Target build(RuleHead head) throws RulesException;
}
