package dev.doorbell.kernel.driver.e1000e;

/**
 * Layout of the descriptors in coherent memory, 16 bytes each, little-endian.
 *
 * <pre>
 *  RX extended, written back: 0 MRQ  4 RSS hash  8 status and errors  12 length (16)  14 VLAN (16)
 *  RX extended, for hardware: 0 buffer address (64)
 *  TX legacy and data:        0 buffer address (64)  8 length and command  12 status, POPTS, VLAN
 *  TX context:                0 ipcss, ipcso, ipcse (16)  4 tucss, tucso, tucse (16)  8 paylen and command
 *                             12 status  13 hdrlen  14 mss (16)
 * </pre>
 */
final class Descriptors {
    static final int BYTES = 16;

    static final int RX_HASH = 4, RX_STATUS = 8, RX_LENGTH = 12, RX_VLAN = 14;
    static final int RXD_STAT_DD = 1,
            RXD_STAT_EOP = 1 << 1,
            RXD_STAT_IXSM = 1 << 2,
            RXD_STAT_VP = 1 << 3,
            RXD_STAT_UDPCS = 1 << 4,
            RXD_STAT_TCPCS = 1 << 5;
    static final int RXD_ERR_TCPE = 1 << 29, RXD_ERR_IPE = 1 << 30;
    /** CE, SE, SEQ, CXE, RXE: the frame itself is bad. */
    static final int RXD_ERR_FRAME_MASK = 1 << 24 | 1 << 25 | 1 << 26 | 1 << 28 | 1 << 31;

    static final int TX_LOWER = 8, TX_UPPER = 12;
    static final int TX_CONTEXT_IP = 0, TX_CONTEXT_TCP = 4, TX_CONTEXT_COMMAND = 8, TX_CONTEXT_SEGMENT = 12;

    /** Of TX_LOWER: command bits 31:24. */
    static final int TXD_CMD_EOP = 1 << 24,
            TXD_CMD_IFCS = 1 << 25,
            TXD_CMD_TSE = 1 << 26,
            TXD_CMD_RS = 1 << 27,
            TXD_CMD_DEXT = 1 << 29,
            TXD_CMD_VLE = 1 << 30,
            TXD_CMD_IDE = 1 << 31,
            TXD_DTYP_D = 1 << 20;
    /** Of a context's command. */
    static final int TXD_CMD_TCP = 1 << 24, TXD_CMD_IP = 1 << 25;
    /** Of TX_UPPER. */
    static final int TXD_STAT_DD = 1, TXD_POPTS_IXSM = 1 << 8, TXD_POPTS_TXSM = 1 << 9;

    private Descriptors() {}
}
