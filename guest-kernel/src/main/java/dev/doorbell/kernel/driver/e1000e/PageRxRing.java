package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.dma.Direction.FROM_DEVICE;
import static dev.doorbell.kernel.driver.e1000e.Descriptors.*;

import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.pci.PciDev;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbAllocator;
import dev.doorbell.kernel.skb.SkbHead;
import org.jspecify.annotations.Nullable;

/**
 * Jumbo frames: each descriptor has a page, a frame takes as many as it needs. The first bytes are copied, so that the
 * stack finds its headers in one piece; the rest goes up as fragments.
 */
final class PageRxRing extends RxRing {
    /** As RCTL.BSIZE and BSEX say. */
    static final int BUFFER_BYTES = 4096;
    /** Enough for all headers; what is left of the page is a fragment. */
    private static final int HEADER_BYTES = 128;

    private final SkbAllocator skbs;
    private final @Nullable SkbHead[] pages;
    private final int copybreak;
    /** The frame whose end has not come yet. */
    private @Nullable SkBuff top;
    /** Memory ran out inside a frame, or it is too long: its rest is skipped. */
    private boolean discarding;

    PageRxRing(Hw hw, PciDev dev, NetDevice netdev, int count, int copybreak, Upcall upcall, SoftStats soft)
            throws ErrnoException {
        super(hw, dev, netdev, count, upcall, soft);
        this.skbs = netdev.net().skbs();
        this.copybreak = Math.max(copybreak, HEADER_BYTES);
        this.pages = new @Nullable SkbHead[count];
    }

    @Override
    boolean provide(int index) {
        if (pages[index] != null) {
            return true;
        }
        SkbHead page = skbs.allocHead(BUFFER_BYTES);
        if (page == null) {
            return false;
        }
        long mapped = dev.dmaMapPage(page.gpa(), 0, BUFFER_BYTES, FROM_DEVICE);
        if (dev.dmaMappingError(mapped)) {
            page.put();
            return false;
        }
        iova[index] = mapped;
        pages[index] = page;
        return true;
    }

    @Override
    void receive(int index, long descriptor, int status, int length) {
        boolean last = (status & RXD_STAT_EOP) != 0;
        if (discarding) {
            discarding = !last;
            return;
        }
        // Errors are valid only together with EOP; an empty first piece would leave the stack without a header.
        if (last && isBad(status, length) || length == 0 || length > BUFFER_BYTES || top == null && length < 14) {
            dropPartial();
            discarding = !last;
            soft.rxRefused++;
            return;
        }
        if (!append(index, length)) {
            dropPartial();
            discarding = !last;
            return;
        }
        SkBuff skb = top;
        if (last && skb != null) {
            top = null;
            deliver(skb, descriptor, status);
        }
    }

    private boolean append(int index, int length) {
        SkbHead page = pages[index];
        SkBuff skb = top;
        if (page == null) {
            return false;
        }
        if (skb != null) {
            if (!skb.canAddFrag(page, page.gpa())) {
                return false;
            }
            unmap(index);
            skb.addFrag(page, page.gpa(), length);
            skb.truesize += BUFFER_BYTES; // all of the page is held, whatever part of it is used
            return true;
        }
        int linear = length <= copybreak ? length : HEADER_BYTES;
        skb = netdev.allocSkbIpAlign(linear);
        if (skb == null) {
            return false;
        }
        top = skb;
        if (linear == length) {
            dev.dmaSyncSingleForCpu(iova[index], length, FROM_DEVICE);
            ram.copyTo(page.gpa(), ram, skb.put(length), length);
            dev.dmaSyncSingleForDevice(iova[index], length, FROM_DEVICE);
        } else {
            unmap(index);
            ram.copyTo(page.gpa(), ram, skb.put(linear), linear);
            skb.addFrag(page, page.gpa() + linear, length - linear);
            skb.truesize += BUFFER_BYTES;
        }
        return true;
    }

    private void unmap(int index) {
        dev.dmaUnmapPage(iova[index], BUFFER_BYTES, FROM_DEVICE);
        pages[index] = null;
    }

    @Override
    void release(int index) {
        SkbHead page = pages[index];
        if (page != null) {
            unmap(index);
            page.put();
        }
    }

    @Override
    void dropPartial() {
        SkBuff skb = top;
        top = null;
        discarding = false;
        if (skb != null) {
            skb.free();
        }
    }
}
