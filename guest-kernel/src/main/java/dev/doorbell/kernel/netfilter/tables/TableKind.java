package dev.doorbell.kernel.netfilter.tables;

import dev.doorbell.kernel.netfilter.NetfilterHooks;
import org.jspecify.annotations.Nullable;

/** The tables there are, with their built-in chains and place among the hooks. */
enum TableKind {
    RAW("raw", NetfilterHooks.PRIORITY_RAW, NetfilterHooks.PRE_ROUTING, NetfilterHooks.LOCAL_OUT),
    MANGLE(
            "mangle",
            NetfilterHooks.PRIORITY_MANGLE,
            NetfilterHooks.PRE_ROUTING,
            NetfilterHooks.LOCAL_IN,
            NetfilterHooks.FORWARD,
            NetfilterHooks.LOCAL_OUT,
            NetfilterHooks.POST_ROUTING),
    /** Asked by address translation, not by the hooks. */
    NAT(
            "nat",
            NetfilterHooks.PRIORITY_NAT_DST,
            NetfilterHooks.PRE_ROUTING,
            NetfilterHooks.LOCAL_IN,
            NetfilterHooks.LOCAL_OUT,
            NetfilterHooks.POST_ROUTING),
    FILTER(
            "filter",
            NetfilterHooks.PRIORITY_FILTER,
            NetfilterHooks.LOCAL_IN,
            NetfilterHooks.FORWARD,
            NetfilterHooks.LOCAL_OUT);

    private static final String[] CHAINS = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"};

    private final String text;
    private final int priority;
    private final int[] hooks;

    TableKind(String text, int priority, int... hooks) {
        this.text = text;
        this.priority = priority;
        this.hooks = hooks;
    }

    String text() {
        return text;
    }

    int priority() {
        return priority;
    }

    int[] hooks() {
        return hooks;
    }

    /** The name of the chain at a hook. */
    static String chainName(int hook) {
        return CHAINS[hook];
    }

    static @Nullable TableKind of(String name) {
        for (TableKind kind : values()) {
            if (kind.text.equals(name)) {
                return kind;
            }
        }
        return null;
    }
}
