package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.driver.e1000e.Descriptors.*;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.dma.Coherent;
import dev.doorbell.kernel.netdev.Features;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.pci.PciDev;
import dev.doorbell.kernel.skb.SkBuff;

/**
 * The receive ring: extended descriptors in coherent memory, and what buffers they point to. The kind of buffer is the
 * subclass's: one packet buffer per frame, or pages for jumbo frames.
 */
abstract class RxRing {
    /** Descriptors are handed to the card in batches of so many: one tail write each. */
    static final int RX_BUFFER_WRITE = 16;

    /** Where received packets go: GRO, or the backlog. */
    interface Upcall {
        void receive(SkBuff skb);
    }

    final PciDev dev;
    final NetDevice netdev;
    final GuestMemory ram;
    final int count;
    /** Address of the buffer of each descriptor while mapped. */
    final long[] iova;

    private final Hw hw;
    private final Coherent descriptors;
    private final Upcall upcall;
    final SoftStats soft;
    private int nextToUse;
    private int nextToClean;

    /** Since the last look of the interrupt moderation. */
    int itrPackets, itrBytes;

    /** @throws ErrnoException ENOMEM */
    RxRing(Hw hw, PciDev dev, NetDevice netdev, int count, Upcall upcall, SoftStats soft) throws ErrnoException {
        this.hw = hw;
        this.dev = dev;
        this.netdev = netdev;
        this.ram = netdev.net().kernel().ram();
        this.count = count;
        this.iova = new long[count];
        this.upcall = upcall;
        this.soft = soft;
        this.descriptors = dev.dmaAllocCoherent((long) count * BYTES);
    }

    /** Sees to it that the slot has a mapped buffer, with its address in {@link #iova}. @return false: out of memory */
    abstract boolean provide(int index);

    /**
     * Handles the descriptor at this offset of the ring, which the card has written back. What is not passed up stays
     * in the slot.
     */
    abstract void receive(int index, long descriptor, int status, int length);

    /** Takes the buffer of a slot back, if there is one. */
    abstract void release(int index);

    /** What lies half assembled. */
    void dropPartial() {}

    long descriptorsIova() {
        return descriptors.iova();
    }

    /** The descriptor that the card completes next, as far as the driver knows. */
    int nextToClean() {
        return nextToClean;
    }

    int descriptorsBytes() {
        return count * BYTES;
    }

    /** Descriptors that the driver may fill; one always stays empty. */
    int unused() {
        return (nextToClean > nextToUse ? 0 : count) + nextToClean - nextToUse - 1;
    }

    /** Fills the ring for the first time. */
    void fill() {
        allocBuffers(unused());
    }

    /** The card has written a descriptor back that nobody has handled yet. */
    boolean hasReceived() {
        return (descriptors.readInt((long) nextToClean * BYTES + RX_STATUS) & RXD_STAT_DD) != 0;
    }

    /** Hard IRQ or softirq: handles at most {@code budget} descriptors. @return how many */
    int clean(int budget) {
        int work = 0, cleaned = 0;
        for (; work < budget; work++) {
            long descriptor = (long) nextToClean * BYTES;
            int status = descriptors.readInt(descriptor + RX_STATUS);
            if ((status & RXD_STAT_DD) == 0) {
                break;
            }
            dev.dmaRmb(); // the other fields and the data are valid only after DD
            receive(nextToClean, descriptor, status, descriptors.readShort(descriptor + RX_LENGTH) & 0xFFFF);
            descriptors.writeInt(descriptor + RX_STATUS, status & ~0xFF);
            nextToClean = nextToClean + 1 == count ? 0 : nextToClean + 1;
            if (++cleaned == RX_BUFFER_WRITE) {
                allocBuffers(cleaned);
                cleaned = 0;
            }
        }
        int unused = unused();
        if (unused > 0) {
            allocBuffers(unused);
        }
        return work;
    }

    private void allocBuffers(int wanted) {
        int i = nextToUse;
        for (int left = wanted; left > 0; left--) {
            if (!provide(i)) {
                soft.rxAllocFailed++; // the next poll, or the watchdog's, tries again
                break;
            }
            descriptors.writeLong((long) i * BYTES, iova[i]);
            if ((i & RX_BUFFER_WRITE - 1) == 0) {
                dev.dmaWmb(); // descriptors before the tail that publishes them
                hw.ew32(Registers.RDT, i);
            }
            i = i + 1 == count ? 0 : i + 1;
        }
        nextToUse = i;
    }

    /** Verdicts of the card into the packet, then up the stack, which owns it from here on. */
    final void deliver(SkBuff skb, long descriptor, int status) {
        itrPackets++;
        itrBytes += skb.length();
        soft.rxPackets++;
        soft.rxBytes += skb.length();
        checksum(skb, status);
        if (netdev.hasFeature(Features.RXHASH)) {
            skb.hash = descriptors.readInt(descriptor + RX_HASH);
        }
        if ((status & RXD_STAT_VP) != 0) {
            skb.vlanPresent = true;
            skb.vlanTci = descriptors.readShort(descriptor + RX_VLAN) & 0xFFFF;
        }
        skb.protocol = netdev.ethTypeTrans(skb);
        upcall.receive(skb);
    }

    /** e1000_rx_checksum: unverified unless the card says that it checked TCP or UDP and found it good. */
    private void checksum(SkBuff skb, int status) {
        if (!netdev.hasFeature(Features.RXCSUM) || (status & RXD_STAT_IXSM) != 0) {
            return;
        }
        if ((status & (RXD_ERR_TCPE | RXD_ERR_IPE)) != 0) {
            soft.rxCsumError++;
        } else if ((status & (RXD_STAT_TCPCS | RXD_STAT_UDPCS)) != 0) {
            skb.ipSummed = SkBuff.CHECKSUM_UNNECESSARY;
            soft.rxCsumGood++;
        }
    }

    /** True when the frame itself is damaged and nobody asked for such frames. */
    final boolean isBad(int status, int length) {
        boolean damaged = (status & RXD_ERR_FRAME_MASK) != 0 && !netdev.hasFeature(Features.RXALL);
        return damaged || length == 0;
    }

    /** e1000_clean_rx_ring: the card must not use the ring any more. */
    void reset() {
        for (int i = 0; i < count; i++) {
            release(i);
        }
        dropPartial();
        descriptors.clear();
        nextToUse = 0;
        nextToClean = 0;
    }

    /** Gives everything back. */
    void free() {
        reset();
        descriptors.free();
    }
}
