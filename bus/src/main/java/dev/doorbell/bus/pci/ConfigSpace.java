package dev.doorbell.bus.pci;

/** A function's configuration space: header, BARs, capabilities. Filled in by the bus work. */
public final class ConfigSpace {}
