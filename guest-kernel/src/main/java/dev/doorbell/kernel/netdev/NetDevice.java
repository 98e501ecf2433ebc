package dev.doorbell.kernel.netdev;

/** Filled in by the netdev work. */
public abstract class NetDevice {}
