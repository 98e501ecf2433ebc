package dev.doorbell.device.i82574;

/** What the receive side asks of the transmit side for IEEE 802.3x flow control. */
interface FlowControl {
    /**
     * The partner sent a PAUSE frame, and CTRL.RFCE obeys it.
     *
     * @param quanta 512 bit times each; 0 ends the pause
     */
    void pauseReceived(int quanta);

    /** Sends a PAUSE frame: the packet buffer rose above FCRTH, or (0 quanta) fell below FCRTL. Returns at once. */
    void sendPause(int quanta);
}
