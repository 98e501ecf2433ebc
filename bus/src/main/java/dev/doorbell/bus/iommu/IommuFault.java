package dev.doorbell.bus.iommu;

/**
 * One access that the IOMMU refused.
 *
 * @param requester id of the function, as {@code Bdf}
 * @param iova first byte; for an interrupt, the message address
 * @param note what the kernel knows about the address: who mapped it, who unmapped it and when; may be empty
 */
public record IommuFault(long timeNs, int requester, long iova, int bytes, boolean write, Reason reason, String note) {
    /** Why. */
    public enum Reason {
        /** The function has no page tables. */
        NO_CONTEXT,
        /** Beyond the 48 bits that four levels translate. */
        ADDRESS_WIDTH,
        /** An entry on the way has neither R nor W. */
        NOT_PRESENT,
        /** Mapped, but not for reading. */
        NO_READ,
        /** Mapped, but not for writing. */
        NO_WRITE,
        /** A table or a large page at an address where there is no memory, or misaligned. */
        BAD_TABLE,
        /** Translated to a physical address where there is neither memory nor a device. */
        NO_MEMORY,
        /** No interrupt remapping entry allows this function this vector. */
        INTERRUPT
    }
}
