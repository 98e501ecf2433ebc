package dev.doorbell.kernel.skb;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.PageAllocator;
import dev.doorbell.kernel.probe.KernelGate;
import dev.doorbell.kernel.probe.KernelProbe;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The kernel's packet buffers: free lists by size class, cut from guest pages as needed. In steady state it allocates
 * nothing, neither guest pages nor Java objects.
 */
public final class SkbPool implements SkbAllocator, AutoCloseable {
    /** Bytes per buffer of each size class; the largest holds a 64 KiB packet and its headers. */
    static final int[] CLASS_BYTES = {512, 2304, 4096, 10240, 17408, 66560};
    /** log2 of the pages that are cut up at a time, by class. */
    private static final int[] SLAB_ORDER = {3, 5, 4, 6, 7, 8};
    /** What freed buffers are filled with when poisoning is on, linux/poison.h POISON_FREE. */
    public static final int POISON = 0x6B;

    /** How many packets a freed one waits for, with a probe. */
    private static final int QUARANTINE = 256;

    private final GuestMemory ram;
    private final PageAllocator pages;
    private final DropCounters drops = new DropCounters();
    private final @Nullable SkbHead[] freeHeads = new @Nullable SkbHead[CLASS_BYTES.length];
    private final @Nullable KernelProbe probe;
    private final @Nullable KernelGate gate;
    private @Nullable SkBuff freeBuffs;
    /** With a probe the free ones are used in turn, so that a late look at one is noticed for some time. */
    private @Nullable SkBuff lastFreeBuff;

    private int freeCount;
    private int outstanding;
    private int outstandingHeads;
    private boolean poisoning;
    private long[] slabs = new long[16];
    private int[] slabOrders = new int[16];
    private int slabCount;

    public SkbPool(KernelContext kernel) {
        this(kernel.ram(), kernel.pages(), kernel.probe(), kernel.gate());
    }

    public SkbPool(GuestMemory ram, PageAllocator pages) {
        this(ram, pages, null, null);
    }

    private SkbPool(GuestMemory ram, PageAllocator pages, @Nullable KernelProbe probe, @Nullable KernelGate gate) {
        this.probe = probe;
        this.gate = gate;
        this.ram = ram;
        this.pages = pages;
    }

    /** Fills freed buffers with {@link #POISON}: a use after free then shows. */
    public SkbPool poisoning(boolean on) {
        poisoning = on;
        return this;
    }

    @Override
    public @Nullable SkBuff alloc(int headroom, int bytes) {
        if (gate != null && gate.refusesPacket(headroom + bytes)) {
            return null;
        }
        SkbHead head = allocHead(headroom + bytes);
        if (head == null) {
            return null;
        }
        SkBuff skb = takeBuff();
        skb.attach(head, headroom);
        if (probe != null) {
            probe.skbAllocated(skb);
        }
        return skb;
    }

    @Override
    public @Nullable SkbHead allocHead(int bytes) {
        int sizeClass = 0;
        while (sizeClass < CLASS_BYTES.length && CLASS_BYTES[sizeClass] < bytes) {
            sizeClass++;
        }
        if (sizeClass == CLASS_BYTES.length) {
            return null;
        }
        SkbHead head = freeHeads[sizeClass];
        if (head == null) {
            head = grow(sizeClass);
            if (head == null) {
                return null;
            }
        }
        freeHeads[sizeClass] = head.nextFree;
        head.nextFree = null;
        outstandingHeads++;
        return head.get();
    }

    @Override
    public @Nullable SkBuff clone(SkBuff skb) {
        SkBuff clone = takeBuff();
        clone.shareWith(skb);
        for (SkBuff part = skb.fragList; part != null; part = part.next) {
            SkBuff partClone = clone(part);
            if (partClone == null) {
                clone.free();
                return null;
            }
            clone.addToFragList(partClone);
        }
        return clone;
    }

    @Override
    public void release(SkbHead head) {
        if (poisoning) {
            ram.fill(head.gpa(), head.bytes(), POISON);
        }
        head.nextFree = freeHeads[head.sizeClass()];
        freeHeads[head.sizeClass()] = head;
        outstandingHeads--;
    }

    @Override
    public void release(SkBuff skb) {
        KernelProbe watcher = probe;
        if (watcher != null) {
            skb.watch(false);
            boolean twice = skb.isFree();
            watcher.skbReleased(skb, twice);
            if (twice) {
                skb.watch(true);
                return; // reported; the run goes on as if it had not happened
            }
        }
        skb.detach();
        outstanding--;
        if (watcher == null) {
            skb.next = freeBuffs;
            freeBuffs = skb;
        } else {
            quarantine(skb);
        }
    }

    private void quarantine(SkBuff skb) {
        skb.watch(true);
        skb.next = null;
        if (lastFreeBuff == null) {
            freeBuffs = skb;
        } else {
            lastFreeBuff.next = skb;
        }
        lastFreeBuff = skb;
        freeCount++;
    }

    @Override
    public void touched(SkBuff skb, String call) {
        if (probe != null) {
            probe.skbTouched(skb, call);
        }
    }

    @Override
    public int outstanding() {
        return outstanding;
    }

    @Override
    public DropCounters drops() {
        return drops;
    }

    /** Blocks handed out and not given back, linear buffers and fragments. */
    public int outstandingHeads() {
        return outstandingHeads;
    }

    /** Gives all pages back; every buffer must have come home. */
    @Override
    public void close() {
        if (outstanding != 0 || outstandingHeads != 0) {
            throw new IllegalStateException("skb pool closed with " + outstanding + " SkBuffs and " + outstandingHeads
                    + " buffers outstanding");
        }
        for (int i = 0; i < slabCount; i++) {
            pages.freePages(slabs[i], slabOrders[i]);
        }
        slabCount = 0;
        Arrays.fill(freeHeads, null);
    }

    private SkBuff takeBuff() {
        SkBuff skb = freeBuffs;
        if (skb == null || probe != null && freeCount < QUARANTINE) {
            skb = new SkBuff(this, ram);
        } else {
            freeBuffs = skb.next;
            skb.next = null;
            if (probe != null) {
                freeCount--;
                skb.watch(false);
                if (freeBuffs == null) {
                    lastFreeBuff = null;
                }
            }
        }
        outstanding++;
        return skb;
    }

    /** Cuts a new slab. @return the first of its buffers, all of which are on the free list; null: no pages */
    private @Nullable SkbHead grow(int sizeClass) {
        int order = SLAB_ORDER[sizeClass];
        long slab = pages.allocPages(order);
        if (slab < 0) {
            order = PageAllocator.orderOf(CLASS_BYTES[sizeClass]);
            slab = pages.allocPages(order);
            if (slab < 0) {
                return null;
            }
        }
        if (slabCount == slabs.length) {
            slabs = Arrays.copyOf(slabs, slabCount * 2);
            slabOrders = Arrays.copyOf(slabOrders, slabCount * 2);
        }
        slabs[slabCount] = slab;
        slabOrders[slabCount++] = order;
        int bytes = CLASS_BYTES[sizeClass];
        int count = (PageAllocator.PAGE_BYTES << order) / bytes;
        for (int i = count - 1; i >= 0; i--) {
            SkbHead head = new SkbHead(this, sizeClass, slab + (long) i * bytes, bytes);
            head.nextFree = freeHeads[sizeClass];
            freeHeads[sizeClass] = head;
        }
        return freeHeads[sizeClass];
    }
}
