package dev.doorbell.device.i82574;

/**
 * Status and error bits of a received frame, laid out as in the extended descriptor, bytes 8 to 11. The legacy
 * descriptor has the same bits in the same order: status is bits 7:0, errors are bits 31:24.
 */
final class RxStatus {
    static final int DD = 1;
    static final int EOP = 1 << 1;
    static final int IXSM = 1 << 2;
    static final int VP = 1 << 3;
    static final int UDPCS = 1 << 4;
    static final int TCPCS = 1 << 5;
    static final int IPCS = 1 << 6;
    static final int PIF = 1 << 7;
    static final int TST = 1 << 8;
    static final int IPIDV = 1 << 9;
    // 10, UDPV, would speak of checksums of UDP fragments: what the chip sets there is not known, so it stays clear.
    static final int ACK = 1 << 15;
    static final int PACKET_TYPE_SHIFT = 16;
    static final int CE = 1 << 24;
    static final int TCPE = 1 << 29;
    static final int IPE = 1 << 30;
    static final int RXE = 1 << 31;

    private RxStatus() {}
}
