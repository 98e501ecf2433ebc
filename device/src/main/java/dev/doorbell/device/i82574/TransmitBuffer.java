package dev.doorbell.device.i82574;

import dev.doorbell.bus.dma.DmaPort;
import dev.doorbell.bus.mem.GuestMemory;
import org.jspecify.annotations.Nullable;

/**
 * Where one queue gathers packets: private memory, so that nothing a guest does to its buffers afterwards matters. Takes
 * descriptors one by one and keeps the packets they make, in order, until {@link #release()}.
 *
 * <p>A packet of one descriptor kind that meets the other before its end, one that is too long and one whose data could
 * not be read are swallowed up to EOP and never sent, see {@link #dropped}. §7.2.
 */
final class TransmitBuffer {
    /** Longest request: 64 KiB of payload behind a prototype header. */
    static final int MAX_PACKET_BYTES = 0x1_0000 + 0x100;
    /** Free bytes before each packet, for a VLAN tag. */
    private static final int HEADROOM = 16;

    private static final int CAPACITY = 4 * 0x1_0000;
    private static final int RESERVE = HEADROOM + MAX_PACKET_BYTES;

    private final DmaPort dma;
    private final GuestMemory memory = GuestMemory.allocateAuto(CAPACITY);
    private final int[] start;
    private final int[] length;
    /** Dword 2 of the EOP descriptor: command and kind. */
    private final int[] command;
    /**
     * Dword 3 that rules the packet: of the EOP descriptor of a legacy packet, of the first one otherwise. Which legacy
     * descriptor rules CSS, CSO and IC is unsure; as with VLE, EOP does here, and drivers write the same into all.
     */
    private final int[] options;

    /** Why the packet is not to be sent; null when it is. */
    private final @Nullable TxDrop[] dropped;

    private final long[] contextLow;
    private final long[] contextHigh;
    private int packets;
    private int cursor;

    private boolean open;
    private boolean openExtended;

    /** The queue's context, replaced by each context descriptor; a packet takes what is here when it begins. */
    private long currentLow;

    private long currentHigh;

    TransmitBuffer(DmaPort dma, int maxPackets) {
        this.dma = dma;
        start = new int[maxPackets + 1];
        length = new int[maxPackets + 1];
        command = new int[maxPackets + 1];
        options = new int[maxPackets + 1];
        dropped = new @Nullable TxDrop[maxPackets + 1];
        contextLow = new long[maxPackets + 1];
        contextHigh = new long[maxPackets + 1];
    }

    /**
     * Carries out one descriptor.
     *
     * @return false when the packets here have to be sent and released first; nothing was done
     */
    boolean take(long low, long high) {
        if (TransmitDescriptor.isContext(high)) {
            currentLow = low;
            currentHigh = high;
            return true;
        }
        if (!TransmitDescriptor.hasData(high)) {
            return true; // reserved type: consumed, without effect
        }
        boolean extended = TransmitDescriptor.isExtended(high);
        if (!open) {
            if (packets != 0 && cursor + RESERVE > CAPACITY) {
                return false;
            }
            begin(extended, high);
        } else if (extended != openExtended) {
            dropped[packets] = TxDrop.MIXED_DESCRIPTORS;
        }
        gather(low, TransmitDescriptor.bytes(high));
        if (TransmitDescriptor.isEndOfPacket(high)) {
            end(high);
        }
        return true;
    }

    private void begin(boolean extended, long high) {
        open = true;
        openExtended = extended;
        start[packets] = cursor + HEADROOM;
        length[packets] = 0;
        dropped[packets] = null;
        options[packets] = (int) (high >>> 32);
        contextLow[packets] = currentLow;
        contextHigh[packets] = currentHigh;
    }

    private void gather(long iova, int bytes) {
        int p = packets;
        if (bytes == 0 || dropped[p] != null) {
            return;
        }
        if (bytes > MAX_PACKET_BYTES - length[p]) {
            dropped[p] = TxDrop.TOO_LONG;
        } else if (dma.read(iova, memory, start[p] + length[p], bytes).isOk()) {
            length[p] += bytes;
        } else {
            dropped[p] = TxDrop.DATA_REFUSED;
        }
    }

    private void end(long high) {
        command[packets] = (int) high;
        if (!openExtended) {
            options[packets] = (int) (high >>> 32);
        }
        cursor = start[packets] + length[packets] + 15 & ~15;
        packets++;
        open = false;
    }

    /** Complete packets, in order. */
    int packets() {
        return packets;
    }

    GuestMemory memory() {
        return memory;
    }

    int start(int packet) {
        return start[packet];
    }

    int length(int packet) {
        return length[packet];
    }

    int command(int packet) {
        return command[packet];
    }

    int options(int packet) {
        return options[packet];
    }

    /** @return why the packet is not to be sent; null when it is sound so far */
    @Nullable
    TxDrop dropped(int packet) {
        return dropped[packet];
    }

    long contextLow(int packet) {
        return contextLow[packet];
    }

    long contextHigh(int packet) {
        return contextHigh[packet];
    }

    /** Forgets the complete packets; one that is still open moves to the front. */
    void release() {
        int p = packets;
        cursor = 0;
        packets = 0;
        if (!open || p == 0) {
            return;
        }
        memory.copyTo(start[p], memory, HEADROOM, length[p]);
        start[0] = HEADROOM;
        length[0] = length[p];
        dropped[0] = dropped[p];
        options[0] = options[p];
        contextLow[0] = contextLow[p];
        contextHigh[0] = contextHigh[p];
    }

    /** Forgets everything, the queue's context too. */
    void reset() {
        open = false;
        packets = 0;
        cursor = 0;
        currentLow = 0;
        currentHigh = 0;
    }

    /** Forgets a packet that is still open: the driver has set up its ring anew. */
    void abandonOpenPacket() {
        open = false;
    }
}
