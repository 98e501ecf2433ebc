package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.dma.Direction.FROM_DEVICE;
import static dev.doorbell.kernel.driver.e1000e.Descriptors.*;

import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.pci.PciDev;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** Frames up to 1522 bytes: each descriptor has a packet buffer of its own, which goes up the stack without a copy. */
final class SkbRxRing extends RxRing {
    /** As RCTL.BSIZE says: the card may fill all of it. */
    static final int BUFFER_BYTES = 2048;

    private static final int ETHERNET_HEADER = 14;

    private final @Nullable SkBuff[] buffers;
    private final int copybreak;
    /** Inside a frame that needs more than one buffer, which cannot be a legal one. */
    private boolean discarding;

    SkbRxRing(Hw hw, PciDev dev, NetDevice netdev, int count, int copybreak, Upcall upcall, SoftStats soft)
            throws ErrnoException {
        super(hw, dev, netdev, count, upcall, soft);
        this.copybreak = copybreak;
        this.buffers = new @Nullable SkBuff[count];
    }

    @Override
    boolean provide(int index) {
        if (buffers[index] != null) {
            return true; // recycled, still mapped
        }
        SkBuff skb = netdev.allocSkbIpAlign(BUFFER_BYTES);
        if (skb == null) {
            return false;
        }
        long mapped = dev.dmaMapSingle(skb.data(), BUFFER_BYTES, FROM_DEVICE);
        if (dev.dmaMappingError(mapped)) {
            skb.free();
            return false;
        }
        iova[index] = mapped;
        buffers[index] = skb;
        return true;
    }

    @Override
    void receive(int index, long descriptor, int status, int length) {
        boolean last = (status & RXD_STAT_EOP) != 0;
        if (!last || discarding) {
            discarding = !last;
            soft.rxRefused += last ? 1 : 0;
            return;
        }
        if (isBad(status, length) || length < ETHERNET_HEADER || length > BUFFER_BYTES) {
            soft.rxRefused++;
            return;
        }
        SkBuff skb = length < copybreak ? copy(index, length) : null;
        if (skb == null) {
            skb = take(index, length);
        }
        if (skb != null) {
            deliver(skb, descriptor, status);
        }
    }

    private @Nullable SkBuff copy(int index, int length) {
        SkBuff full = buffers[index];
        SkBuff copy = full == null ? null : netdev.allocSkbIpAlign(length);
        if (full == null || copy == null) {
            return null;
        }
        dev.dmaSyncSingleForCpu(iova[index], length, FROM_DEVICE);
        ram.copyTo(full.data(), ram, copy.put(length), length);
        dev.dmaSyncSingleForDevice(iova[index], length, FROM_DEVICE);
        return copy;
    }

    private @Nullable SkBuff take(int index, int length) {
        SkBuff skb = buffers[index];
        if (skb != null) {
            dev.dmaUnmapSingle(iova[index], BUFFER_BYTES, FROM_DEVICE);
            buffers[index] = null;
            skb.put(length);
        }
        return skb;
    }

    @Override
    void release(int index) {
        SkBuff skb = buffers[index];
        if (skb != null) {
            dev.dmaUnmapSingle(iova[index], BUFFER_BYTES, FROM_DEVICE);
            buffers[index] = null;
            skb.free();
        }
    }

    @Override
    void dropPartial() {
        discarding = false;
    }
}
