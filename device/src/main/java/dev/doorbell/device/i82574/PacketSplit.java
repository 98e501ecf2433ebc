package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.reg.RegisterFile;

/**
 * How packet-split descriptors share out a frame, §7.1.5.3: the header into buffer 0, the rest into buffers 1 to 3. A
 * frame that goes on in another descriptor leaves buffer 0 of that one empty. A frame that cannot be split fills all
 * four in order. Sizes are those of PSRCTL.
 */
final class PacketSplit {
    static final int BUFFERS = 4;
    static final int SLOTS = 2;
    private static final int HDRSP = 1 << 15;
    private static final int UNIT_0 = 128, UNIT = 1024;

    private final RegisterFile regs;
    private final int[] size = new int[BUFFERS];
    private int header;

    /** Bytes stored in each buffer of the descriptor that is being filled. */
    final int[] stored = new int[BUFFERS];

    PacketSplit(RegisterFile regs) {
        this.regs = regs;
    }

    /**
     * Turns to a frame.
     *
     * @param headerBytes where it may be split; 0 when it may not
     * @return false when PSRCTL has no size for buffer 0 or 1, which is illegal: nothing can be received
     */
    boolean frame(int headerBytes) {
        int psrctl = regs.get(PSRCTL);
        size[0] = PSRCTL_BSIZE0.of(psrctl) * UNIT_0;
        size[1] = PSRCTL_BSIZE1.of(psrctl) * UNIT;
        size[2] = PSRCTL_BSIZE2.of(psrctl) * UNIT;
        size[3] = PSRCTL_BSIZE3.of(psrctl) * UNIT;
        header = headerBytes <= size[0] ? headerBytes : 0; // a header too long for its buffer is not split off
        return size[0] != 0 && size[1] != 0;
    }

    /** Slots that a frame of this length takes. */
    int slots(int length) {
        int payloadRoom = size[1] + size[2] + size[3];
        int descriptors = header != 0
                ? Math.max(1, (length - header + payloadRoom - 1) / payloadRoom)
                : (length + size[0] + payloadRoom - 1) / (size[0] + payloadRoom);
        return descriptors * SLOTS;
    }

    /**
     * Bytes that buffer {@code index} takes.
     *
     * @param first in the frame's first descriptor
     */
    int room(int index, boolean first) {
        if (index == 0 && header != 0) {
            return first ? header : 0;
        }
        return size[index];
    }

    /** HDRLEN and HDRSP of the descriptor that has been filled. */
    int headerStatus(boolean first) {
        return header != 0 && first ? header | HDRSP : 0;
    }
}
