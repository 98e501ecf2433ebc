package dev.doorbell.kernel.netdev;

import dev.doorbell.kernel.skb.SkBuff;

/** Generic receive offload of one NAPI: merges TCP segments of a flow before the stack sees them. */
public final class Gro {
    private final NetCore net;

    Gro(NetCore net) {
        this.net = net;
    }

    /** Merges, holds or passes up. Takes over {@code skb}. */
    void receive(SkBuff skb) {
        net.netifReceiveSkb(skb);
    }

    /** Passes up everything held. */
    void flush() {}

    /** Passes up what was held before {@code nowNs}. */
    void flushOlderThan(long nowNs) {}
}
