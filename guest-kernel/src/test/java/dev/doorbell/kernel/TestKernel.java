package dev.doorbell.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.PageAllocator;
import dev.doorbell.kernel.irq.Softirqs;
import dev.doorbell.kernel.netdev.NetCore;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbPool;

/** The lower half of a kernel in virtual time, for unit tests; {@link #close()} fails on leaked buffers. */
public final class TestKernel implements AutoCloseable {
    public static final long RAM_BYTES = 32 << 20;

    public final VirtualTime world = new VirtualTime(1);
    public final GuestMemory ram = GuestMemory.allocate(RAM_BYTES);
    public final KernelContext context = new KernelContext("test", world, ram, Tracer.OFF, 1);
    public final PageAllocator pages = context.pages();
    public final Softirqs softirqs = new Softirqs(context);
    public final SkbPool skbs = new SkbPool(context).poisoning(true);
    public final NetCore net = new NetCore(context, softirqs, skbs);

    /** A packet with these linear bytes and {@code headroom} in front. */
    public SkBuff packet(int headroom, byte... bytes) {
        SkBuff skb = alloc(headroom, bytes.length);
        ram.write(skb.put(bytes.length), bytes, 0, bytes.length);
        return skb;
    }

    public SkBuff alloc(int headroom, int bytes) {
        SkBuff skb = skbs.alloc(headroom, bytes);
        assertThat(skb).isNotNull();
        return skb;
    }

    /** All bytes of a packet, wherever they are. */
    public static byte[] bytes(SkBuff skb) {
        java.nio.ByteBuffer all = java.nio.ByteBuffer.allocate(skb.length());
        dev.doorbell.kernel.skb.SkbCopy.copyBits(skb, 0, all, skb.length());
        return all.array();
    }

    /** Lets everything due now happen. */
    public void settle() {
        world.runFor(0);
    }

    @Override
    public void close() {
        net.close();
        skbs.close();
        assertThat(pages.outstandingPages()).as("pages outstanding").isZero();
        context.workqueue().shutdown();
        world.threads().killAll();
        ram.close();
    }
}
