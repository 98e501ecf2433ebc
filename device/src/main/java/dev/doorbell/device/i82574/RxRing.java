package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.dma.DmaPort;
import dev.doorbell.bus.dma.DmaResult;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterFile;

/**
 * One receive descriptor ring as the card sees it: hardware owns the descriptors in [head, tail), §7.1.5 to §7.1.8. Base,
 * length, head and tail are the registers; on the chip is a cache of descriptors that start at the head:
 *
 * <pre>
 *   slot   first        done              fetched
 *            │ filled,    │ fetched, unused  │
 *            │ to be      │                  │
 *            │ written    │                  │
 *            │ back       │                  │
 *   ring    RDH         RDH + (done - first)
 * </pre>
 *
 * A slot is 16 bytes; a packet-split descriptor is two of them, and all counts here are in slots, as RDH and RDT are.
 * Descriptors are fetched and written back in batches, one DMA access for each piece that is contiguous in the ring.
 */
final class RxRing {
    static final int DESCRIPTOR_BYTES = 16;
    private static final int CACHE = 64;
    private static final int LEGACY_STATUS = 12;
    private static final int EXTENDED_STATUS = 8;
    /** Second half of a packet-split descriptor. */
    private static final int NO_STATUS = -1;

    private final RegisterFile regs;
    private final DmaPort dma;
    private final Register baseLow;
    private final Register baseHigh;
    private final Register lengthBytes;
    private final Register head;
    private final Register tail;
    private final GuestMemory cache = GuestMemory.allocateAuto(CACHE * DESCRIPTOR_BYTES);
    private final byte[] statusAt = new byte[CACHE];
    private int first;
    private int done;
    private int fetched;
    private boolean ackSeen;
    private boolean smallSeen;
    private boolean crossedLow;

    RxRing(RegisterFile regs, DmaPort dma, int queue) {
        this.regs = regs;
        this.dma = dma;
        baseLow = queue == 0 ? RDBAL0 : RDBAL1;
        baseHigh = queue == 0 ? RDBAH0 : RDBAH1;
        lengthBytes = queue == 0 ? RDLEN0 : RDLEN1;
        head = queue == 0 ? RDH0 : RDH1;
        tail = queue == 0 ? RDT0 : RDT1;
    }

    /** Calls {@code rewritten} when software changes anything but the tail, and {@code doorbell} when it writes that. */
    void hook(RegisterFile.WriteHook rewritten, RegisterFile.WriteHook doorbell) {
        regs.onWrite(baseLow, rewritten)
                .onWrite(baseHigh, rewritten)
                .onWrite(lengthBytes, rewritten)
                .onWrite(head, rewritten)
                .onWrite(tail, doorbell);
    }

    /** Descriptors in the ring, 0 when it has none. */
    int count() {
        return regs.get(lengthBytes) / DESCRIPTOR_BYTES;
    }

    /** Descriptors that software handed over and no frame has taken. A head or tail outside the ring yields none. */
    int available() {
        return Math.max(0, owned() - pending());
    }

    /** On the chip and ready to take a frame. */
    int ready() {
        return Math.min(fetched - done, available());
    }

    /** Taken by frames, not yet written back. */
    int pending() {
        return done - first;
    }

    /** Forgets what is on the chip: the ring was rewritten, or reset. */
    void forget() {
        first = 0;
        done = 0;
        fetched = 0;
        ackSeen = false;
        smallSeen = false;
        crossedLow = false;
    }

    /** Fetches as many descriptors as there are and fit. On refusal those already on the chip stay usable. */
    DmaResult fetch() {
        if (first > 0) {
            compact();
        }
        int want = Math.min(available() - (fetched - done), CACHE - fetched);
        int count = count();
        while (want > 0) {
            int index = (regs.get(head) + fetched) % count;
            int part = Math.min(want, count - index);
            DmaResult result = dma.read(address(index), cache, slotOffset(fetched), part * DESCRIPTOR_BYTES);
            if (!result.isOk()) {
                return result;
            }
            fetched += part;
            want -= part;
        }
        return DmaResult.OK;
    }

    /** Buffer address of the next ready descriptor. */
    long bufferAddress() {
        return cache.readLong(slotOffset(done));
    }

    /** Turns the next ready descriptor into its write-back form, DD still clear. §7.1.4. */
    void completeLegacy(int bytes, int checksum, int status, int vlanTag) {
        long word = bytes
                | (long) checksum << 16
                | (status & 0xFFL & ~RxStatus.DD) << 32
                | (status >>> 24 & 0xFFL) << 40
                | (long) vlanTag << 48;
        cache.writeLong(slotOffset(done) + 8, word);
        statusAt[done++] = LEGACY_STATUS;
    }

    /** The same in extended form, which overwrites the buffer address. §7.1.5. */
    void completeExtended(int mrq, int hash, int status, int bytes, int vlanTag) {
        long at = slotOffset(done);
        cache.writeLong(at, mrq | (long) hash << 32);
        cache.writeLong(at + 8, status & ~RxStatus.DD & 0xFFFF_FFFFL | (long) bytes << 32 | (long) vlanTag << 48);
        statusAt[done++] = EXTENDED_STATUS;
    }

    /** Buffer address 0 to 3 of the next ready packet-split descriptor, which is two slots. */
    long splitAddress(int index) {
        return cache.readLong(slotOffset(done) + 8L * index);
    }

    /**
     * The same in packet-split form. §7.1.5.3.
     *
     * @param bytes stored in each of the four buffers
     * @param headerStatus HDRLEN 9:0, HDRSP 15
     */
    void completeSplit(int mrq, int hash, int status, int[] bytes, int vlanTag, int headerStatus) {
        long second = slotOffset(done + 1);
        completeExtended(mrq, hash, status, bytes[0], vlanTag);
        cache.writeLong(second, headerStatus | (long) bytes[1] << 16 | (long) bytes[2] << 32 | (long) bytes[3] << 48);
        cache.writeLong(second + 8, 0);
        statusAt[done++] = NO_STATUS;
    }

    /** The last completed descriptor ended a frame. */
    void frameEnded(boolean isAck, boolean isSmall) {
        ackSeen |= isAck;
        smallSeen |= isSmall;
    }

    /** Since the last call: a frame with TCP ACK ended. */
    boolean takeAckSeen() {
        boolean seen = ackSeen;
        ackSeen = false;
        return seen;
    }

    /** Since the last call: a frame ended that is short enough for SRPD. */
    boolean takeSmallSeen() {
        boolean seen = smallSeen;
        smallSeen = false;
        return seen;
    }

    /** Since the last call: a write-back took the free descriptors down to the threshold of RCTL.RDMTS. */
    boolean takeCrossedLow() {
        boolean crossed = crossedLow;
        crossedLow = false;
        return crossed;
    }

    /**
     * Writes all completed descriptors back and advances the head. Twice: all fields with DD clear, then the same with
     * DD set, so that whoever sees DD sees the rest. Both go behind the frames' data.
     *
     * @return the worst result; a refused write-back leaves the ring as if it had succeeded
     */
    DmaResult writeBack() {
        DmaResult fields = writePending();
        for (int slot = first; slot < done; slot++) {
            if (statusAt[slot] == NO_STATUS) {
                continue;
            }
            long at = slotOffset(slot) + statusAt[slot];
            cache.writeByte(at, cache.readByte(at) | RxStatus.DD);
        }
        DmaResult status = writePending();
        int count = count();
        if (count > 0) {
            int threshold = count >>> regs.get(RCTL_RDMTS) + 1;
            boolean wasAbove = owned() > threshold;
            regs.set(head, (regs.get(head) + pending()) % count);
            crossedLow |= wasAbove && owned() <= threshold;
        }
        first = done;
        return fields.isOk() ? status : fields;
    }

    private DmaResult writePending() {
        int count = count();
        int slot = first;
        while (slot < done && count > 0) {
            int index = (regs.get(head) + slot - first) % count;
            int part = Math.min(done - slot, count - index);
            DmaResult result = dma.write(address(index), cache, slotOffset(slot), part * DESCRIPTOR_BYTES);
            if (!result.isOk()) {
                return result;
            }
            slot += part;
        }
        return DmaResult.OK;
    }

    /** The last descriptor of a write-back just done, as two 64-bit numbers in hexadecimal, for traces. */
    String lastWrittenBack() {
        long at = slotOffset(done - 1);
        return String.format("%016x:%016x", cache.readLong(at), cache.readLong(at + 8));
    }

    @Override
    public String toString() {
        return head.name() + "=" + regs.get(head) + " " + tail.name() + "=" + regs.get(tail);
    }

    private int owned() {
        int count = count();
        int h = regs.get(head);
        int t = regs.get(tail);
        if (h >= count || t >= count) {
            return 0;
        }
        return t >= h ? t - h : count - h + t;
    }

    private void compact() {
        cache.copyTo(slotOffset(first), cache, 0, (long) (fetched - first) * DESCRIPTOR_BYTES);
        System.arraycopy(statusAt, first, statusAt, 0, done - first);
        fetched -= first;
        done -= first;
        first = 0;
    }

    private long address(int index) {
        return (regs.get(baseLow) & 0xFFFF_FFFFL | (long) regs.get(baseHigh) << 32) + (long) index * DESCRIPTOR_BYTES;
    }

    private static long slotOffset(int slot) {
        return (long) slot * DESCRIPTOR_BYTES;
    }
}
