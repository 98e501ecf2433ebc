package dev.doorbell.kernel.ipv4;

import dev.doorbell.kernel.core.Errno;

/** What happens to a packet that takes a route. */
public enum RouteType {
    UNICAST,
    /** To this host: loops back. */
    LOCAL,
    BROADCAST,
    MULTICAST,
    UNREACHABLE(Errno.EHOSTUNREACH),
    PROHIBIT(Errno.EACCES),
    /** Silently dropped when forwarding. */
    BLACKHOLE(Errno.EINVAL);

    private final int refusal;

    RouteType() {
        refusal = 0;
    }

    RouteType(Errno error) {
        refusal = error.negated();
    }

    /** What a sender on this host is told: 0 or a negated errno. */
    public int refusal() {
        return refusal;
    }
}
