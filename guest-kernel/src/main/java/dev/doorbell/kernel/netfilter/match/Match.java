package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.Packet;

/** A question about a packet, iptables' {@code -m}. Asked per packet: allocates nothing, changes nothing in it. */
public interface Match {
    boolean matches(Packet packet);

    /** Appends {@code " -m name --option value"} in the form of iptables-save. */
    void save(StringBuilder out);

    /** Whether it can only be answered with connection tracking on. */
    default boolean needsConntrack() {
        return false;
    }
}
