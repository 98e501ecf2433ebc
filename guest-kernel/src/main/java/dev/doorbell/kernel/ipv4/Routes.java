package dev.doorbell.kernel.ipv4;

import org.jspecify.annotations.Nullable;

/** Routing table: longest prefix, then lowest metric; and a bounded cache of what was looked up. */
public final class Routes {
    private int generation;

    int generation() {
        return generation;
    }

    /**
     * The way to a destination.
     *
     * @param source address the packet will have, or 0 to let the route choose
     * @param outInterface index of the interface that must be used, or 0
     * @return null when there is none (ENETUNREACH); the type may still be one that refuses
     */
    public @Nullable Route lookup(int destination, int source, int outInterface) {
        return null;
    }
}
