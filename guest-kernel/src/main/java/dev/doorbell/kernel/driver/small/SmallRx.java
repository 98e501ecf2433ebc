package dev.doorbell.kernel.driver.small;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.dma.Coherent;
import dev.doorbell.kernel.dma.Direction;
import dev.doorbell.kernel.netdev.Napi;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.pci.Mmio;
import dev.doorbell.kernel.pci.PciDev;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/**
 * The receive ring: legacy descriptors (§7.1.4), one buffer of 2048 bytes each. Slots from {@code clean} up to, but not
 * with, {@code fill} are the card's; one slot always stays empty, because a tail that meets the head means an empty ring.
 */
final class SmallRx {
    private static final int RDBAL = 0x2800, RDBAH = 0x2804, RDLEN = 0x2808, RDH = 0x2810, RDT = 0x2818;
    private static final int SLOTS = 256, SLOT_BYTES = 16, BUFFER_BYTES = 2048, ETHERNET_HEADER = 14;
    private static final int STATUS_AT = 12, DONE = 1 << 0, END_OF_PACKET = 1 << 1, ERRORS = 0x97 << 8;

    private final PciDev dev;
    private final Mmio regs;
    private final NetDevice net;
    private final GuestMemory ram;
    private final @Nullable SkBuff[] buffers = new SkBuff[SLOTS];
    private final long[] mapped = new long[SLOTS];
    private @Nullable Coherent ring;
    private int fill;
    private int clean;

    SmallRx(PciDev dev, Mmio regs, NetDevice net, GuestMemory ram) {
        this.dev = dev;
        this.regs = regs;
        this.net = net;
        this.ram = ram;
    }

    void allocate() throws ErrnoException {
        ring = dev.dmaAllocCoherent(SLOTS * SLOT_BYTES);
        fill = clean = 0;
    }

    /** Tells the card where the ring is; it must not be running. */
    void start() {
        Coherent slots = ring();
        slots.clear();
        regs.write32(RDBAL, (int) slots.iova());
        regs.write32(RDBAH, (int) (slots.iova() >>> 32));
        regs.write32(RDLEN, SLOTS * SLOT_BYTES);
        regs.write32(RDH, 0);
        regs.write32(RDT, 0);
    }

    /** Gives the card all free slots but one. */
    void refill() {
        int before = fill;
        while ((fill + 1) % SLOTS != clean && provide(fill)) {
            fill = (fill + 1) % SLOTS;
        }
        if (fill != before) {
            dev.dmaWmb(); // the descriptors before the tail that publishes them
            regs.write32(RDT, fill);
        }
    }

    private boolean provide(int slot) {
        SkBuff skb = net.allocSkbIpAlign(BUFFER_BYTES);
        if (skb == null) {
            return false; // again after the next packets
        }
        long iova = dev.dmaMapSingle(skb.data(), BUFFER_BYTES, Direction.FROM_DEVICE);
        if (dev.dmaMappingError(iova)) {
            skb.free();
            return false;
        }
        buffers[slot] = skb;
        mapped[slot] = iova;
        ring().writeLong(slot * SLOT_BYTES, iova);
        ring().writeLong(slot * SLOT_BYTES + 8, 0);
        return true;
    }

    /** @return packets that were taken, at most {@code budget} */
    int clean(Napi napi, int budget) {
        int taken = 0;
        while (taken < budget && clean != fill) {
            int status = ring().readInt(clean * SLOT_BYTES + STATUS_AT);
            if ((status & DONE) == 0) {
                break;
            }
            dev.dmaRmb(); // length and data are valid only after the done bit
            int length = ring().readShort(clean * SLOT_BYTES + 8) & 0xFFFF;
            SkBuff skb = take(clean);
            clean = (clean + 1) % SLOTS;
            taken++;
            if ((status & END_OF_PACKET) == 0
                    || (status & ERRORS) != 0
                    || length < ETHERNET_HEADER
                    || length > BUFFER_BYTES) {
                net.stats.rxErrors++;
                skb.free();
                continue;
            }
            skb.put(length);
            net.stats.rxPackets++;
            net.stats.rxBytes += length;
            skb.protocol = net.ethTypeTrans(skb);
            napi.groReceive(skb);
        }
        if (budget > 0) {
            refill();
        }
        return taken;
    }

    private SkBuff take(int slot) {
        SkBuff skb = buffers[slot];
        if (skb == null) {
            throw new IllegalStateException("no buffer in slot " + slot);
        }
        dev.dmaUnmapSingle(mapped[slot], BUFFER_BYTES, Direction.FROM_DEVICE);
        buffers[slot] = null;
        return skb;
    }

    /** The receiver is off. */
    void free() {
        for (int slot = 0; slot < SLOTS; slot++) {
            if (buffers[slot] != null) {
                take(slot).free();
            }
        }
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
