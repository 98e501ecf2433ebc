package dev.doorbell.device.i82574;

/** Why a packet that the driver handed over did not leave the card. One constant per cause. */
enum TxDrop {
    /** Legacy and data descriptors in one packet. */
    MIXED_DESCRIPTORS,
    /** A buffer could not be read: the DMA was refused. */
    DATA_REFUSED,
    /** Longer than the chip gathers, or sends as one frame. */
    TOO_LONG,
    /** Shorter than 17 bytes. */
    TOO_SHORT,
    /** Context and data make no sense together: TSCTFC. */
    SEGMENTATION
}
