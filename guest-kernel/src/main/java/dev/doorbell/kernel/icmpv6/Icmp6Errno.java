package dev.doorbell.kernel.icmpv6;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.ipv6.Icmp6Errors;

/** What an ICMPv6 error means for a socket: Linux's icmpv6_err_convert. */
public final class Icmp6Errno {
    private static final int POLICY_FAILED = 5, REJECT_ROUTE = 6;

    private Icmp6Errno() {}

    /** The error for a socket that hears of this ICMPv6 error. */
    public static Errno of(int type, int code) {
        return switch (type) {
            case Icmp6Errors.DESTINATION_UNREACHABLE ->
                switch (code) {
                    case Icmp6Errors.NO_ROUTE -> Errno.ENETUNREACH;
                    case Icmp6Errors.PROHIBITED, POLICY_FAILED, REJECT_ROUTE -> Errno.EACCES;
                    case Icmp6Errors.PORT_UNREACHABLE -> Errno.ECONNREFUSED;
                    default -> Errno.EHOSTUNREACH;
                };
            case Icmp6Errors.PACKET_TOO_BIG -> Errno.EMSGSIZE;
            case Icmp6Errors.TIME_EXCEEDED -> Errno.EHOSTUNREACH;
            default -> Errno.EPROTO;
        };
    }

    /** Hard errors reach every connected socket; soft ones only those that asked with IPV6_RECVERR. */
    public static boolean isFatal(int type, int code) {
        return switch (type) {
            case Icmp6Errors.DESTINATION_UNREACHABLE ->
                code == Icmp6Errors.PROHIBITED
                        || code == Icmp6Errors.PORT_UNREACHABLE
                        || code == POLICY_FAILED
                        || code == REJECT_ROUTE;
            case Icmp6Errors.PARAMETER_PROBLEM -> true;
            default -> false;
        };
    }
}
