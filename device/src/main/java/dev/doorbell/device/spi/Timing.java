package dev.doorbell.device.spi;

/** When the card's internal steps (fetch, data DMA, write-back, interrupt) happen. */
public enum Timing {
    /** Each step as soon as the current one has returned. */
    ZERO,
    /** Latencies from a table. */
    REALISTIC,
    /** Each step at any moment that PCI Express ordering allows, chosen by the seed. */
    HOSTILE
}
