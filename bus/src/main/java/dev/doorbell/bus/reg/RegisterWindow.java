package dev.doorbell.bus.reg;

/** A range of offsets that is memory rather than registers, such as a diagnostic view of a FIFO. */
public record RegisterWindow(String name, int offset, int bytes, int index) {}
