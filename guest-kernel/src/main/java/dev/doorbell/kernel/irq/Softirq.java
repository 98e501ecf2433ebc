package dev.doorbell.kernel.irq;

/** Deferred interrupt work by kind, in the order in which Linux serves them. */
public enum Softirq {
    TIMER,
    NET_TX,
    NET_RX,
    TASKLET
}
