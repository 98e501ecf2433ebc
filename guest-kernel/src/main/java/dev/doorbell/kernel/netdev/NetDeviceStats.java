package dev.doorbell.kernel.netdev;

/** Counters of an interface, rtnl_link_stats64. */
public final class NetDeviceStats {
    public long rxPackets, txPackets, rxBytes, txBytes;
    public long rxErrors, txErrors, rxDropped, txDropped, multicast, collisions;
    public long rxLengthErrors, rxOverErrors, rxCrcErrors, rxFrameErrors, rxFifoErrors, rxMissedErrors;
    public long txAbortedErrors, txCarrierErrors, txFifoErrors, txHeartbeatErrors, txWindowErrors;
}
