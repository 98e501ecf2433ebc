package dev.doorbell.kernel.ipv4;

/** What happens to a packet that takes a route. */
public enum RouteType {
    UNICAST,
    /** To this host: loops back. */
    LOCAL,
    BROADCAST,
    MULTICAST,
    /** EHOSTUNREACH. */
    UNREACHABLE,
    /** EACCES. */
    PROHIBIT,
    /** EINVAL, silently dropped when forwarding. */
    BLACKHOLE
}
