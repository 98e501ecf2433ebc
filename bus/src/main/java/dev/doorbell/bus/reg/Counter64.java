package dev.doorbell.bus.reg;

/**
 * A 64-bit statistics counter in two registers. Reading the high half clears both, but for what was counted since the low
 * half was read: the two reads together see one moment.
 */
public record Counter64(Register low, Register high) {}
