package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.dma.Direction.TO_DEVICE;
import static dev.doorbell.kernel.driver.e1000e.Descriptors.*;

import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.dma.Coherent;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.pci.PciDev;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** The transmit ring: descriptors in coherent memory, what is mapped behind each, and the clean-up after sending. */
final class TxRing {
    /** Descriptors that must be free before a stopped queue is woken. */
    static final int TX_WAKE_THRESHOLD = 32;

    private static final int NONE = -1;

    final int count;

    private final Hw hw;
    private final PciDev dev;
    private final NetDevice netdev;
    private final Coherent descriptors;
    private final SoftStats soft;
    /** The packet, at its last descriptor. */
    private final @Nullable SkBuff[] skb;
    /** A mapping to be undone with this descriptor: address and bytes; 0 bytes for none. */
    private final long[] mappedIova;

    private final int[] mappedBytes;
    /** At the first descriptor of a packet, the index of the last one: the one with RS. */
    private final int[] nextToWatch;

    private final int[] segments;
    private final int[] wireBytes;
    /** At the first descriptor of a packet: when it was queued. */
    private final long[] timeStampNs;

    private int nextToUse;
    private int nextToClean;

    /** Since the last look of the interrupt moderation. */
    int itrPackets, itrBytes;

    /** @throws ErrnoException ENOMEM */
    TxRing(Hw hw, PciDev dev, NetDevice netdev, int count, SoftStats soft) throws ErrnoException {
        this.hw = hw;
        this.dev = dev;
        this.netdev = netdev;
        this.count = count;
        this.soft = soft;
        skb = new @Nullable SkBuff[count];
        mappedIova = new long[count];
        mappedBytes = new int[count];
        nextToWatch = new int[count];
        segments = new int[count];
        wireBytes = new int[count];
        timeStampNs = new long[count];
        java.util.Arrays.fill(nextToWatch, NONE);
        descriptors = dev.dmaAllocCoherent((long) count * BYTES);
    }

    long descriptorsIova() {
        return descriptors.iova();
    }

    int descriptorsBytes() {
        return count * BYTES;
    }

    int nextToUse() {
        return nextToUse;
    }

    int nextToClean() {
        return nextToClean;
    }

    int unused() {
        return (nextToClean > nextToUse ? 0 : count) + nextToClean - nextToUse - 1;
    }

    boolean isEmpty() {
        return nextToUse == nextToClean;
    }

    private static long at(int index) {
        return (long) index * BYTES;
    }

    int status(int index) {
        return descriptors.readInt(at(index) + TX_UPPER);
    }

    /** When the oldest packet on the ring was queued; meaningless when empty. */
    long oldestNs() {
        return timeStampNs[nextToClean];
    }

    /** The descriptor whose DD the driver waits for, or -1. */
    int watched() {
        return isEmpty() ? NONE : nextToWatch[nextToClean];
    }

    // ---- filling, by TxPath

    /** Writes a context descriptor. */
    void context(int ipConfig, int tcpConfig, int command, int segmentation) {
        long at = at(nextToUse);
        descriptors.writeInt(at + TX_CONTEXT_IP, ipConfig);
        descriptors.writeInt(at + TX_CONTEXT_TCP, tcpConfig);
        descriptors.writeInt(at + TX_CONTEXT_COMMAND, command);
        descriptors.writeInt(at + TX_CONTEXT_SEGMENT, segmentation);
        advance();
    }

    /**
     * Maps a piece of a packet and writes its descriptors.
     *
     * @param limit bytes per descriptor at most
     * @return false: not mapped, nothing written
     */
    boolean data(long gpa, int pieceBytes, int limit, int lower, int upper) {
        long piece = dev.dmaMapSingle(gpa, pieceBytes, TO_DEVICE);
        if (dev.dmaMappingError(piece)) {
            soft.txDmaFailed++;
            return false;
        }
        int done = 0;
        while (true) {
            int part = Math.min(pieceBytes - done, limit);
            long at = at(nextToUse);
            descriptors.writeLong(at, piece + done);
            descriptors.writeInt(at + TX_LOWER, lower | part);
            descriptors.writeInt(at + TX_UPPER, upper);
            done += part;
            if (done == pieceBytes) {
                break;
            }
            advance();
        }
        mappedIova[nextToUse] = piece;
        mappedBytes[nextToUse] = pieceBytes;
        advance();
        return true;
    }

    /** Closes the packet that began at {@code first}: its last descriptor gets {@code command}. */
    void finish(int first, SkBuff packet, int command, int segmentCount, int bytesOnWire, long nowNs) {
        int last = nextToUse == 0 ? count - 1 : nextToUse - 1;
        long at = at(last) + TX_LOWER;
        descriptors.writeInt(at, descriptors.readInt(at) | command);
        skb[last] = packet;
        segments[last] = segmentCount;
        wireBytes[last] = bytesOnWire;
        timeStampNs[first] = nowNs;
        nextToWatch[first] = last;
    }

    /** Takes back what was written since {@code first}; the packet stays the caller's. */
    void unwind(int first) {
        while (nextToUse != first) {
            nextToUse = nextToUse == 0 ? count - 1 : nextToUse - 1;
            unmap(nextToUse);
        }
    }

    /** The doorbell. */
    void writeTail() {
        dev.dmaWmb(); // descriptors before the tail that publishes them
        hw.ew32(Registers.TDT, nextToUse);
    }

    private void advance() {
        nextToUse = nextToUse + 1 == count ? 0 : nextToUse + 1;
    }

    // ---- cleaning

    /**
     * e1000_clean_tx_irq: frees what the card has sent, and wakes the queue.
     *
     * @return true when all of it was done; false: a whole ring's worth was cleaned, there may be more
     */
    boolean clean(boolean mayWake) {
        int cleaned = 0, packetsDone = 0, bytesDone = 0;
        while (cleaned < count && !isEmpty()) {
            int eop = nextToWatch[nextToClean];
            if (eop == NONE || (status(eop) & TXD_STAT_DD) == 0) {
                break;
            }
            dev.dmaRmb();
            SkBuff sent = skb[eop];
            if (sent != null) {
                packetsDone++;
                bytesDone += sent.length();
            }
            soft.txPackets += segments[eop];
            soft.txBytes += wireBytes[eop];
            itrPackets += segments[eop];
            itrBytes += wireBytes[eop];
            cleaned += cleanPacket(eop);
        }
        netdev.netdevCompletedQueue(packetsDone, bytesDone);
        netdev.net().kernel().cpu().smpMb(); // the room before the look whether somebody waits for it
        if (cleaned > 0 && mayWake && netdev.netifQueueStopped() && unused() >= TX_WAKE_THRESHOLD) {
            netdev.netifWakeQueue();
            soft.txRestartQueue++;
        }
        return cleaned < count;
    }

    private int cleanPacket(int eop) {
        int cleaned = 0;
        boolean last;
        nextToWatch[nextToClean] = NONE;
        do {
            last = nextToClean == eop;
            put(nextToClean);
            descriptors.writeInt(at(nextToClean) + TX_UPPER, 0);
            nextToClean = nextToClean + 1 == count ? 0 : nextToClean + 1;
            cleaned++;
        } while (!last);
        return cleaned;
    }

    private void put(int index) {
        unmap(index);
        SkBuff packet = skb[index];
        if (packet != null) {
            skb[index] = null;
            packet.free();
        }
    }

    private void unmap(int index) {
        if (mappedBytes[index] != 0) {
            dev.dmaUnmapSingle(mappedIova[index], mappedBytes[index], TO_DEVICE);
            mappedBytes[index] = 0;
        }
    }

    /** e1000_clean_tx_ring: drops everything; the card must not use the ring any more. */
    void reset() {
        for (int i = 0; i < count; i++) {
            put(i);
            nextToWatch[i] = NONE;
        }
        netdev.netdevResetQueue();
        descriptors.clear();
        nextToUse = 0;
        nextToClean = 0;
    }

    void free() {
        reset();
        descriptors.free();
    }
}
