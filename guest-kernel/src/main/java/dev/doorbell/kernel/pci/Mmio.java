package dev.doorbell.kernel.pci;

import dev.doorbell.bus.dma.PostedWrites;
import dev.doorbell.bus.pci.PciFunction;
import dev.doorbell.bus.pci.RootComplex;
import dev.doorbell.bus.pci.Window;
import dev.doorbell.kernel.dma.Barriers;
import org.jspecify.annotations.Nullable;

/**
 * A mapped BAR: what ioremap returned. An access goes to its physical address; what answers there is looked up once and
 * kept until anything on the bus changes. Where nothing answers, reads give all ones and writes are lost.
 */
public final class Mmio {
    private final RootComplex root;
    private final long base;
    private final long bytes;
    private int generation;
    private @Nullable PciFunction function;
    private @Nullable PostedWrites posted;
    private int bar;
    private int offsetInBar;
    private @Nullable Barriers barriers;

    /** @param base physical address */
    public Mmio(RootComplex root, long base, long bytes) {
        this.root = root;
        this.base = base;
        this.bytes = bytes;
        generation = root.generation() - 1;
    }

    /** readl: also completes what the device had posted before it answers. */
    public int read32(int offset) {
        PciFunction target = target();
        if (target == null || (offset & 3) != 0 || offset < 0 || offset > bytes - 4) {
            return (int) root.mmioRead(base + offset, 4);
        }
        PostedWrites queue = posted;
        if (queue != null && !queue.isEmpty()) {
            queue.flush();
        }
        int value = target.mmioRead32(bar, offsetInBar + offset);
        if (barriers != null) {
            barriers.mmioRead();
        }
        return value;
    }

    /** writel: ordered after all stores to memory before it. */
    public void write32(int offset, int value) {
        if (barriers != null) {
            barriers.wmb();
        }
        write32Relaxed(offset, value);
    }

    /** writel_relaxed: the caller has made sure of the order. */
    public void write32Relaxed(int offset, int value) {
        PciFunction target = target();
        if (target == null || (offset & 3) != 0 || offset < 0 || offset > bytes - 4) {
            root.mmioWrite32(base + offset, value);
            return;
        }
        target.mmioWrite32(bar, offsetInBar + offset, value);
    }

    /** Tells a memory model of the barriers inside {@link #write32}; null for none. */
    public void barriers(@Nullable Barriers listener) {
        barriers = listener;
    }

    public long bytes() {
        return bytes;
    }

    private @Nullable PciFunction target() {
        return generation == root.generation() ? function : resolve();
    }

    private @Nullable PciFunction resolve() {
        generation = root.generation();
        Window window = root.memoryWindow(base, 1);
        if (window == null || !window.contains(base + bytes - 1, 1)) {
            function = null;
            posted = null;
            return null;
        }
        bar = window.bar();
        offsetInBar = (int) (base - window.base());
        posted = window.slot().posted();
        function = window.function();
        return function;
    }
}
