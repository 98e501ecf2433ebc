package dev.doorbell.kernel.pci;

/** What an error left of the way to a function: pci_channel_state_t. */
public enum PciChannelState {
    /** Register access and DMA work; the error was not fatal. */
    NORMAL,
    /** Nothing gets through until the link is reset. */
    FROZEN,
    /** The function is lost. */
    PERM_FAILURE
}
