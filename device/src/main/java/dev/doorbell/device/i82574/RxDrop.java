package dev.doorbell.device.i82574;

/** Why a frame that reached the card did not reach memory. One constant per cause. */
enum RxDrop {
    /** RCTL.EN is clear. */
    RECEIVER_OFF,
    LINK_DOWN,
    /** The function is in D3. */
    ASLEEP,
    /** From the wire while the card hears what it sends itself. */
    LOOPED_BACK,
    /** Under 64 bytes with FCS, good FCS: RUC. */
    RUNT,
    /** Under 64 bytes, bad FCS: RFC. */
    FRAGMENT,
    /** Over 1522 bytes (16384 with LPE), good FCS: ROC. */
    OVERSIZE,
    /** Over that, bad FCS: RJC. */
    JABBER,
    /** CRCERRS. */
    BAD_FCS,
    /** A PAUSE or other MAC control frame that RCTL keeps from the host. */
    MAC_CONTROL,
    ADDRESS_FILTER,
    VLAN_FILTER,
    /** The packet buffer is full: MPC. */
    FIFO_FULL,
    /** RCTL and PSRCTL select no usable buffer size or descriptor format. */
    BUFFER_FORMAT,
    /** The frame needs more descriptors than the ring can ever offer. */
    RING_TOO_SMALL,
    /** Command.BusMaster is clear. */
    BUS_MASTER_OFF,
    /** The driver rewrote the ring while a frame was on its way into it. */
    RING_REWRITTEN,
    /** It was in the packet buffer when the receiver was switched off or the card was reset. */
    FLUSHED
}
