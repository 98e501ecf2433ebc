package dev.doorbell.kernel.dhcp;

/** RFC 2131 figure 5, with the wait for conflicts and after one. */
public enum DhcpState {
    /** Not begun, or given back. */
    STOPPED,
    /** Before the first DISCOVER, or between two attempts. */
    INIT,
    /** DISCOVER sent, waiting for an offer. */
    SELECTING,
    /** An offer was taken, waiting for its confirmation. */
    REQUESTING,
    /** A lease from an earlier life is asked for again. */
    REBOOTING,
    /** Confirmed: asks the link whether somebody has the address, RFC 5227. */
    CHECKING,
    /** The address is in use here. */
    BOUND,
    /** T1 is over: the server that gave the lease is asked by unicast. */
    RENEWING,
    /** T2 is over: anybody is asked. */
    REBINDING
}
