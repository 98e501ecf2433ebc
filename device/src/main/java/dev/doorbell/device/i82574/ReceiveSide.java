package dev.doorbell.device.i82574;

import dev.doorbell.device.spi.LinkPort;

/**
 * The receive side as the rest of the card sees it. Frames come in through {@link LinkPort.Receiver}, from the wire and
 * from loop-back alike; it looks at the registers for everything else.
 */
interface ReceiveSide extends LinkPort.Receiver {
    /** A gate may have opened: bus mastering, CTRL.2, link. Goes on with what waits in the packet buffer. */
    void kick();

    /** RCTL was written; its storage is already updated. */
    void controlWritten(int written);

    /** There is no room for a frame of so many bytes without FCS, but what is under way may make some. */
    boolean makesRoom(int frameBytes);

    /** True while a request to memory is under way: STATUS.GIO_MASTER_ENABLE waits for it. */
    boolean isBusy();

    /** Drops the packet buffer and everything under way; the registers are reset by the caller. */
    void reset();
}
