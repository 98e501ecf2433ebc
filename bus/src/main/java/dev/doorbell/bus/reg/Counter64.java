package dev.doorbell.bus.reg;

/** A 64-bit statistics counter in two registers. Reading the high half clears both. */
public record Counter64(Register low, Register high) {}
