package dev.doorbell.kernel.driver.small;

import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.dma.Coherent;
import dev.doorbell.kernel.dma.Direction;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netdev.NetdevTx;
import dev.doorbell.kernel.pci.Mmio;
import dev.doorbell.kernel.pci.PciDev;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** The transmit ring: legacy descriptors (§7.2.10.1.1), one for each packet. */
final class SmallTx {
    private static final int TDBAL = 0x3800, TDBAH = 0x3804, TDLEN = 0x3808, TDH = 0x3810, TDT = 0x3818;
    private static final int SLOTS = 256, SLOT_BYTES = 16, STATUS_AT = 12, DONE = 1;
    /** End of packet, insert FCS, report status; the length is in the low 16 bits. */
    private static final long COMMAND = 0x0B << 24;

    private final PciDev dev;
    private final Mmio regs;
    private final NetDevice net;
    private final @Nullable SkBuff[] packets = new SkBuff[SLOTS];
    private final long[] mapped = new long[SLOTS];
    private final int[] lengths = new int[SLOTS];
    private @Nullable Coherent ring;
    private int next;
    private int clean;

    SmallTx(PciDev dev, Mmio regs, NetDevice net) {
        this.dev = dev;
        this.regs = regs;
        this.net = net;
    }

    void allocate() throws ErrnoException {
        ring = dev.dmaAllocCoherent(SLOTS * SLOT_BYTES);
        next = clean = 0;
    }

    /** Tells the card where the ring is; it must not be running. */
    void start() {
        Coherent slots = ring();
        slots.clear();
        regs.write32(TDBAL, (int) slots.iova());
        regs.write32(TDBAH, (int) (slots.iova() >>> 32));
        regs.write32(TDLEN, SLOTS * SLOT_BYTES);
        regs.write32(TDH, 0);
        regs.write32(TDT, 0);
    }

    NetdevTx send(SkBuff skb) {
        if (room() == 0) {
            net.netifStopQueue();
            return NetdevTx.BUSY;
        }
        int length = skb.length();
        long iova = dev.dmaMapSingle(skb.data(), length, Direction.TO_DEVICE);
        if (dev.dmaMappingError(iova)) {
            net.stats.txDropped++;
            skb.free();
            return NetdevTx.OK;
        }
        packets[next] = skb;
        mapped[next] = iova;
        lengths[next] = length;
        ring().writeLong(next * SLOT_BYTES, iova);
        ring().writeLong(next * SLOT_BYTES + 8, COMMAND | length);
        next = (next + 1) % SLOTS;
        boolean more = net.xmitMore() && room() > 0;
        boolean publish = net.netdevSentQueue(length, more);
        if (room() == 0) {
            net.netifStopQueue();
            publish = true;
        }
        if (publish) {
            dev.dmaWmb(); // the descriptors before the tail that publishes them
            regs.write32(TDT, next);
        }
        return NetdevTx.OK;
    }

    /** Slots that can be used; one always stays empty, because a tail that meets the head means an empty ring. */
    private int room() {
        return (clean - next - 1 + SLOTS) % SLOTS;
    }

    /** Takes back everything that is done. */
    void clean() {
        int count = 0;
        int bytes = 0;
        while (clean != next && (ring().readInt(clean * SLOT_BYTES + STATUS_AT) & DONE) != 0) {
            dev.dmaRmb();
            bytes += lengths[clean];
            count++;
            release(clean);
            clean = (clean + 1) % SLOTS;
        }
        net.stats.txPackets += count;
        net.stats.txBytes += bytes;
        net.netdevCompletedQueue(count, bytes);
        if (net.netifQueueStopped() && net.netifCarrierOk() && room() > 0) {
            net.netifWakeQueue();
        }
    }

    private void release(int slot) {
        SkBuff skb = packets[slot];
        if (skb != null) {
            dev.dmaUnmapSingle(mapped[slot], lengths[slot], Direction.TO_DEVICE);
            packets[slot] = null;
            skb.free();
        }
    }

    /** The transmitter is off. */
    void free() {
        for (int slot = 0; slot < SLOTS; slot++) {
            release(slot);
        }
        net.netdevResetQueue();
        if (ring != null) {
            ring.free();
            ring = null;
        }
    }

    private Coherent ring() {
        Coherent slots = ring;
        if (slots == null) {
            throw new IllegalStateException("the interface is closed");
        }
        return slots;
    }
}
