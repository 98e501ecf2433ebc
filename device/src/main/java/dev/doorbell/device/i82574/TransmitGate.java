package dev.doorbell.device.i82574;

/** What has to be true of the whole card before a transmit queue starts on its ring. */
interface TransmitGate {
    /** TCTL.EN, bus mastering on both sides, link up or looped back, not paused. */
    boolean mayTransmit();

    /** XOFF rules: frames that are on the chip already wait too. */
    boolean isPaused();
}
