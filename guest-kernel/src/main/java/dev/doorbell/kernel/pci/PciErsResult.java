package dev.doorbell.kernel.pci;

/** What a driver answers during error recovery: pci_ers_result_t. */
public enum PciErsResult {
    /** The driver takes no part in error recovery. */
    NONE,
    /** Fine without a reset, once registers are accessible. */
    CAN_RECOVER,
    NEED_RESET,
    /** The driver gives the device up. */
    DISCONNECT,
    RECOVERED
}
