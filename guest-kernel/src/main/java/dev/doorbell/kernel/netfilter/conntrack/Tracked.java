package dev.doorbell.kernel.netfilter.conntrack;

/** What a protocol's tracker thinks of a packet. */
enum Tracked {
    /** Part of the connection. */
    ACCEPT,
    /** Cannot belong to it: goes on without a connection. */
    INVALID,
    /** The connection is over and was forgotten; the packet begins another: look up again. */
    REPEAT
}
