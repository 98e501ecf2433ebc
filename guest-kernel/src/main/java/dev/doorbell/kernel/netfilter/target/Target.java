package dev.doorbell.kernel.netfilter.target;

import dev.doorbell.kernel.netfilter.Packet;

/** What a rule does, iptables' {@code -j}. Applied per packet: allocates nothing. */
public interface Target {
    /** How the evaluation goes on. */
    enum Result {
        /** With the next rule. */
        CONTINUE,
        ACCEPT,
        DROP
    }

    Result apply(Packet packet);

    /** Appends {@code " -j NAME --option value"} in the form of iptables-save. */
    void save(StringBuilder out);

    /** Whether it only works with connection tracking on. */
    default boolean needsConntrack() {
        return false;
    }
}
