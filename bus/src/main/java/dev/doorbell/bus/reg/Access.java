package dev.doorbell.bus.reg;

/** What software sees when it touches a field; the datasheet's attribute column. */
public enum Access {
    RW,
    RO,
    WO,
    /** Write 1 to clear. */
    W1C,
    /** Write 0 to clear; a written 1 changes nothing. */
    W0C,
    /** Write 1 to set. */
    W1S,
    /** Cleared by reading. */
    RC,
    /** Set by reading: the read returns the old value. */
    RS,
    /** Self-clearing: a written 1 reaches the hook and reads back as 0. */
    SC
}
