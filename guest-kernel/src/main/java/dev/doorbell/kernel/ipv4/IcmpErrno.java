package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.wire.IcmpTypes;
import dev.doorbell.kernel.core.Errno;

/** What an ICMP error means for a socket: Linux's icmp_err_convert. */
public final class IcmpErrno {
    private static final Errno[] UNREACHABLE = {
        Errno.ENETUNREACH, // net
        Errno.EHOSTUNREACH, // host
        Errno.ENOPROTOOPT, // protocol
        Errno.ECONNREFUSED, // port
        Errno.EMSGSIZE, // fragmentation needed
        Errno.EOPNOTSUPP, // source route failed
        Errno.ENETUNREACH, // net unknown
        Errno.EHOSTDOWN, // host unknown
        Errno.ENONET, // host isolated
        Errno.ENETUNREACH, // net prohibited
        Errno.EHOSTUNREACH, // host prohibited
        Errno.ENETUNREACH, // net for type of service
        Errno.EHOSTUNREACH, // host for type of service
        Errno.EHOSTUNREACH, // filtered
        Errno.EHOSTUNREACH, // precedence violation
        Errno.EHOSTUNREACH // precedence cut-off
    };

    private static final int FATAL = 1 << IcmpTypes.PROTOCOL_UNREACH
            | 1 << IcmpTypes.PORT_UNREACH
            | 1 << IcmpTypes.NET_UNKNOWN
            | 1 << IcmpTypes.HOST_UNKNOWN
            | 1 << IcmpTypes.HOST_ISOLATED
            | 1 << IcmpTypes.NET_PROHIBITED
            | 1 << IcmpTypes.HOST_PROHIBITED
            | 1 << IcmpTypes.PACKET_FILTERED
            | 1 << IcmpTypes.PRECEDENCE_VIOLATION
            | 1 << IcmpTypes.PRECEDENCE_CUTOFF;

    private IcmpErrno() {}

    /** The error for a socket that hears of this ICMP error. */
    public static Errno of(int type, int code) {
        return switch (type) {
            case IcmpTypes.DEST_UNREACH ->
                code >= 0 && code < UNREACHABLE.length ? UNREACHABLE[code] : Errno.EHOSTUNREACH;
            case IcmpTypes.PARAMETER_PROBLEM -> Errno.EPROTO;
            default -> Errno.EHOSTUNREACH;
        };
    }

    /** Hard errors reach every connected socket; soft ones only those that asked with IP_RECVERR. */
    public static boolean isFatal(int type, int code) {
        return switch (type) {
            case IcmpTypes.DEST_UNREACH -> code >= 0 && code < Integer.SIZE && (FATAL & 1 << code) != 0;
            case IcmpTypes.PARAMETER_PROBLEM -> true;
            default -> false;
        };
    }
}
