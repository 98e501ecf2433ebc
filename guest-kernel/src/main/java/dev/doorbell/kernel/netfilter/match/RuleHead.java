package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.IpFamily;

/**
 * What a match or target must know about its rule.
 *
 * @param table "filter" ...
 * @param chain the chain it is in
 * @param hook the hook of a built-in chain, -1 in a chain of the user
 * @param protocol number, 0: any
 * @param protocolInverted every protocol but this
 * @param synOnly it matches TCP segments with SYN only
 */
public record RuleHead(
        IpFamily family,
        String table,
        String chain,
        int hook,
        int protocol,
        boolean protocolInverted,
        boolean synOnly) {
    /** Whether the rule is about this protocol only. */
    public boolean isFor(int number) {
        return protocol == number && !protocolInverted;
    }
}
