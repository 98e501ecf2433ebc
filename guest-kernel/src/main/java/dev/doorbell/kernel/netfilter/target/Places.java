package dev.doorbell.kernel.netfilter.target;

import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.match.RuleHead;

/** Where targets may stand. For chains of the user that is checked at every hook from which they can be reached. */
final class Places {
    private static final String[] HOOK_NAMES = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"};

    private Places() {}

    /** @param hooks the built-in chains that are allowed; none: all */
    static void require(String target, RuleHead head, String table, int... hooks) throws RulesException {
        if (!head.table().equals(table)) {
            throw new RulesException("-j " + target + ": only in table " + table + ", not in " + head.table());
        }
        requireHook(target, head, hooks);
    }

    static void requireHook(String target, RuleHead head, int... hooks) throws RulesException {
        if (head.hook() < 0 || hooks.length == 0) {
            return;
        }
        StringBuilder allowed = new StringBuilder();
        for (int hook : hooks) {
            if (hook == head.hook()) {
                return;
            }
            allowed.append(allowed.isEmpty() ? "" : ", ").append(HOOK_NAMES[hook]);
        }
        throw new RulesException("-j " + target + ": only in " + allowed + ", not in " + head.chain());
    }
}
