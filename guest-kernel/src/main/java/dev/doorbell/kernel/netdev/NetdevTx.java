package dev.doorbell.kernel.netdev;

/** What a driver did with a packet, netdev_tx_t. */
public enum NetdevTx {
    /** It owns the packet: sent, or dropped and counted. */
    OK,
    /** The ring was full although the queue was not stopped: the stack keeps the packet and tries again. */
    BUSY
}
