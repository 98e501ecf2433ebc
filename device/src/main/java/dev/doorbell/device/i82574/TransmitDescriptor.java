package dev.doorbell.device.i82574;

/**
 * The 16 bytes of a transmit descriptor as two little-endian quadwords, §7.2.10.
 *
 * <pre>
 *        63        48 47      40 39   36 35  32 31    24 23   20 19       16 15         0
 *  high  [ special   |  CSS     | rsv   | STA  | CMD    |       CSO         |  length    ]   legacy, DEXT 29 = 0
 *  high  [ VLAN      |  POPTS   | ExtCMD| STA  | DCMD   | DTYP  |         DTALEN         ]   data, DTYP = 1
 *  high  [ MSS       |  HDRLEN  | rsv   | STA  | TUCMD  | DTYP  |         PAYLEN         ]   context, DTYP = 0
 *  low   [ buffer address, or the offsets of a context                                   ]
 * </pre>
 *
 * <p>Dword 2 is the low half of {@code high} ("command"), dword 3 its high half ("options").
 */
final class TransmitDescriptor {
    static final int BYTES = 16;
    /** Where the status byte lies in the descriptor. */
    static final int STATUS_AT = 12;

    static final int STATUS_DD = 1;

    static final int COMMAND_EOP = 1 << 24;
    static final int COMMAND_IFCS = 1 << 25;
    /** Legacy: insert checksum. Data: segment. */
    static final int COMMAND_IC = 1 << 26;

    static final int COMMAND_TSE = 1 << 26;
    static final int COMMAND_RS = 1 << 27;
    static final int COMMAND_DEXT = 1 << 29;
    static final int COMMAND_VLE = 1 << 30;
    static final int COMMAND_IDE = 1 << 31;
    /** ExtCMD: the frame is to be stamped. */
    static final int OPTION_TSTAMP = 1 << 4;

    static final int OPTION_IXSM = 1 << 8;
    static final int OPTION_TXSM = 1 << 9;

    private static final int TYPE_SHIFT = 20, TYPE_MASK = 0xF, TYPE_CONTEXT = 0, TYPE_DATA = 1;

    private TransmitDescriptor() {}

    static boolean isExtended(long high) {
        return (high & COMMAND_DEXT) != 0;
    }

    static boolean isContext(long high) {
        return isExtended(high) && type(high) == TYPE_CONTEXT;
    }

    /** Legacy and data descriptors have a buffer; other types have none. */
    static boolean hasData(long high) {
        return !isExtended(high) || type(high) == TYPE_DATA;
    }

    private static int type(long high) {
        return (int) high >>> TYPE_SHIFT & TYPE_MASK;
    }

    /** Of the buffer: DTALEN has 20 bits, the legacy length 16. */
    static int bytes(long high) {
        return (int) high & (isExtended(high) ? 0xF_FFFF : 0xFFFF);
    }

    static boolean isEndOfPacket(long high) {
        return (high & COMMAND_EOP) != 0;
    }

    static boolean wantsStatus(long high) {
        return (high & COMMAND_RS) != 0;
    }

    static boolean wantsDelay(long high) {
        return ((int) high & COMMAND_IDE) != 0;
    }

    /** Status byte with DD set and the error bits clear; the upper half keeps what software wrote. */
    static int doneStatus(long high) {
        return (int) (high >>> 32) & 0xF0 | STATUS_DD;
    }

    static int legacyChecksumAt(int command) {
        return command >>> 16 & 0xFF;
    }

    static int legacyChecksumStart(int options) {
        return options >>> 8 & 0xFF;
    }

    static int vlanTci(int options) {
        return options >>> 16;
    }
}
