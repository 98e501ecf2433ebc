package dev.doorbell.kernel.driver.e1000e;

import dev.doorbell.kernel.netdev.NetDeviceStats;

/** What the driver itself counts; outlives the rings. */
final class SoftStats {
    long rxPackets, rxBytes, rxAllocFailed, rxCsumGood, rxCsumError;
    long txPackets, txBytes, txRestartQueue, txDmaFailed, txDropped;
    long txTimeouts, txHangs, resets;
    /** Frames that the card handed over and that were no frames; resets because of a receive ring out of step. */
    long rxRefused, rxStalls;

    void into(NetDeviceStats stats) {
        stats.rxPackets = rxPackets;
        stats.rxBytes = rxBytes;
        stats.txPackets = txPackets;
        stats.txBytes = txBytes;
        stats.txDropped = txDropped;
        stats.rxErrors += rxRefused;
    }
}
