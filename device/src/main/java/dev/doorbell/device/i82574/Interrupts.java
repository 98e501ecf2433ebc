package dev.doorbell.device.i82574;

/**
 * What the other units of the card see of the interrupt unit: places to report causes. Bits are those of ICR,
 * §10.2.4.1. A report never calls back into the reporting unit, and no message leaves before the interrupt step.
 */
interface Interrupts {
    int TXDW = 1;
    int TXQE = 1 << 1;
    int LSC = 1 << 2;
    int RXSEQ = 1 << 3;
    int RXDMT0 = 1 << 4;
    int RXO = 1 << 6;
    int RXT0 = 1 << 7;
    int MDAC = 1 << 9;
    int TXD_LOW = 1 << 15;
    int SRPD = 1 << 16;
    int ACK = 1 << 17;
    int MNG = 1 << 18;
    int RXQ0 = 1 << 20;
    int RXQ1 = 1 << 21;
    int TXQ0 = 1 << 22;
    int TXQ1 = 1 << 23;
    int OTHER = 1 << 24;
    int INT_ASSERTED = 1 << 31;

    /** Latches causes now: LSC, RXO, MDAC and the like. Delayed RX and TX causes, if any, come along. */
    void raise(int causes);

    /**
     * Frames were written back to memory on one RX queue. INTx and MSI: RXT0, delayed by RDTR, RADV and RAID; MSI-X:
     * RXQn at once, and RXT0 is not latched (unsure on silicon). Once per write-back batch.
     *
     * @param queue 0 or 1
     * @param ack a TCP ACK was among them, and RFCTL lets it count: cause ACK
     * @param further causes of the batch that RDTR does not delay: RXDMT0, RXO, SRPD; 0 when there are none
     */
    void received(int queue, boolean ack, int further);

    /** The same after descriptors were held back for as long as RDTR or RADV allow: that was the delay already. */
    default void receivedLate(int queue, boolean ack, int further) {
        received(queue, ack, further);
    }

    /**
     * Descriptors with RS were written back on one TX queue. INTx and MSI: TXDW; MSI-X: TXQn.
     *
     * @param queue 0 or 1
     * @param delayed the last of them had IDE: TIDV and TADV may hold the cause back
     * @param further TXQE, TXD_LOW; 0 when there are none
     */
    void transmitted(int queue, boolean delayed, int further);
}
