package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.reg.RegisterFile;

/** The size of receive buffers as RCTL selects it, §10.2.5.1. */
final class RxBufferSize {
    private static final int FORMAT_PACKET_SPLIT = 1;
    private static final int[] BYTES = {2048, 1024, 512, 256};
    private static final int EXTENSION = 16;

    private RxBufferSize() {}

    /** Packet-split descriptors of 32 bytes; without RFCTL.EXSTEN the format falls back to legacy (unsure on silicon). */
    static boolean isPacketSplit(RegisterFile regs) {
        return regs.get(RCTL_DTYP) == FORMAT_PACKET_SPLIT && regs.isSet(RFCTL_EXSTEN);
    }

    /** Bytes of each buffer; 0 when RCTL selects a reserved size or format, or packet split with its own sizes. */
    static int bytes(RegisterFile regs) {
        int rctl = regs.get(RCTL);
        int format = RCTL_DTYP.of(rctl);
        if (format > FORMAT_PACKET_SPLIT || isPacketSplit(regs)) {
            return 0;
        }
        int kib = RCTL_FLXBUF.of(rctl);
        if (kib != 0) {
            return kib * 1024;
        }
        int code = RCTL_BSIZE.of(rctl);
        if (RCTL_BSEX.isSet(rctl)) {
            return code == 0 ? 0 : BYTES[code] * EXTENSION;
        }
        return BYTES[code];
    }
}
