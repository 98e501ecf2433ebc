package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.reg.RegisterFile;

/**
 * The receive part of the card's packet buffer, a FIFO of frames with what the MAC found out about each, §7.1.3. Its
 * size is PBA.RXA as of the last reset.
 *
 * <p>Frames lie one behind the other in a circle. The memory is longer than the circle by one frame, so that a frame
 * that begins before the end of the circle is in one piece; the space it takes at the beginning stays unused.
 */
final class PacketBuffer {
    /** PBA shares this out between receive and transmit. */
    static final int TOTAL_KIB = 40;
    /** The longest frame, with FCS: RCTL.LPE. */
    static final int MAX_FRAME_BYTES = 16_384;
    /** What the card stores with a frame for itself. */
    private static final int OVERHEAD_BYTES = 16;

    private static final int GRANULE = 16;
    private static final int TOTAL_BYTES = TOTAL_KIB * 1024;
    /** Frames: more minimal ones than this do not fit. */
    private static final int ENTRIES = 1024;

    private final RegisterFile regs;
    private final GuestMemory memory = GuestMemory.allocateAuto(TOTAL_BYTES + MAX_FRAME_BYTES + GRANULE);

    private final int[] offset = new int[ENTRIES];
    private final int[] length = new int[ENTRIES];
    private final int[] status = new int[ENTRIES];
    private final int[] mrq = new int[ENTRIES];
    private final int[] hash = new int[ENTRIES];
    private final int[] tag = new int[ENTRIES];
    private final int[] header = new int[ENTRIES];
    private final boolean[] small = new boolean[ENTRIES];
    private final boolean[] waited = new boolean[ENTRIES];

    private int capacity;
    private int head;
    private int frames;
    private int used;
    private int writeAt;

    PacketBuffer(RegisterFile regs) {
        this.regs = regs;
        regs.onWrite(PBA, this::pbaWritten);
        regs.onWindow(PBM, new RegisterFile.WindowHook() {
            @Override
            public int onRead(int offset) {
                return offset < TOTAL_BYTES ? memory.readInt(offset) : 0;
            }

            @Override
            public void onWrite(int offset, int written) {
                if (offset < TOTAL_BYTES) {
                    memory.writeInt(offset, written);
                }
            }
        });
        reset();
    }

    /** Empties it and takes over the split that PBA asks for. */
    void reset() {
        capacity = Math.min(regs.get(PBA_RXA), TOTAL_KIB) * 1024;
        clear();
    }

    void clear() {
        head = 0;
        frames = 0;
        used = 0;
        writeAt = 0;
    }

    /** @param bytes of a frame as stored, FCS included if it is kept */
    boolean hasRoom(int bytes) {
        return used + footprint(bytes) <= capacity && frames < ENTRIES;
    }

    /**
     * Takes room for a frame of at most {@link #MAX_FRAME_BYTES} behind all others; the caller fills it in.
     *
     * @return its entry, valid until it is removed; -1 when there is no room
     */
    int append(int bytes) {
        if (bytes > MAX_FRAME_BYTES || !hasRoom(bytes)) {
            return -1;
        }
        int entry = head + frames & ENTRIES - 1;
        offset[entry] = writeAt;
        length[entry] = bytes;
        waited[entry] = false;
        int footprint = footprint(bytes);
        used += footprint;
        frames++;
        writeAt += footprint;
        if (writeAt >= capacity) {
            writeAt -= capacity;
        }
        return entry;
    }

    /** Whether an empty buffer would have room. */
    boolean couldHold(int bytes) {
        return footprint(bytes) <= capacity;
    }

    /** The oldest frame's entry; only while not empty. */
    int head() {
        return head;
    }

    /** The entry appended last; only while not empty. */
    int newest() {
        return head + frames - 1 & ENTRIES - 1;
    }

    void removeHead() {
        used -= footprint(length[head]);
        head = head + 1 & ENTRIES - 1;
        frames--;
    }

    boolean isEmpty() {
        return frames == 0;
    }

    int frames() {
        return frames;
    }

    int usedBytes() {
        return used;
    }

    int capacityBytes() {
        return capacity;
    }

    GuestMemory memory() {
        return memory;
    }

    /** Where the frame is in {@link #memory()}. */
    int offset(int entry) {
        return offset[entry];
    }

    /** Bytes as they go to memory. */
    int length(int entry) {
        return length[entry];
    }

    /** {@link RxStatus} bits, without DD and EOP. */
    int status(int entry) {
        return status[entry];
    }

    void addStatus(int entry, int bits) {
        status[entry] |= bits;
    }

    /** Multiple-receive-queues word: RSS type 3:0, queue 12:8. */
    int mrq(int entry) {
        return mrq[entry];
    }

    int queue(int entry) {
        return mrq[entry] >>> 8 & 1;
    }

    /** RSS hash; or with RXCSUM.PCSD clear IP identification 15:0 and packet checksum 31:16. */
    int hash(int entry) {
        return hash[entry];
    }

    /** Tag control information of a stripped VLAN tag. */
    int tag(int entry) {
        return tag[entry];
    }

    /** Short enough for the small-packet interrupt. */
    boolean isSmall(int entry) {
        return small[entry];
    }

    /** Bytes up to where packet split may cut the frame; 0 when it may not. */
    int header(int entry) {
        return header[entry];
    }

    void header(int entry, int bytes) {
        header[entry] = bytes;
    }

    void describe(int entry, int statusBits, int vlanTag, boolean isSmall) {
        status[entry] = statusBits;
        tag[entry] = vlanTag;
        small[entry] = isSmall;
        mrq[entry] = 0;
        hash[entry] = 0;
        header[entry] = 0;
    }

    void hash(int entry, int value) {
        hash[entry] = value;
    }

    void rss(int entry, int type, int queue, int value) {
        mrq[entry] = type | queue << 8;
        hash[entry] = value;
    }

    /** @return true the first time: the frame finds no host buffer and has to wait */
    boolean markWaiting(int entry) {
        boolean first = !waited[entry];
        waited[entry] = true;
        return first;
    }

    private static int footprint(int bytes) {
        return bytes + OVERHEAD_BYTES + GRANULE - 1 & -GRANULE;
    }

    private void pbaWritten(int written) {
        regs.set(PBA_TXA, Math.max(0, TOTAL_KIB - regs.get(PBA_RXA)));
    }
}
