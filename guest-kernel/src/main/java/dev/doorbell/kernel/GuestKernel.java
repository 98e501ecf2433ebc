package dev.doorbell.kernel;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.time.World;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.irq.Softirqs;
import dev.doorbell.kernel.netdev.NetCore;
import dev.doorbell.kernel.skb.SkbPool;

/** One guest's kernel, assembled and booted: everything between its PCI bus and its sockets. */
public final class GuestKernel implements AutoCloseable {
    private final KernelContext context;
    private final Softirqs softirqs;
    private final SkbPool skbs;
    private final NetCore net;

    private GuestKernel(KernelContext context) {
        this.context = context;
        this.softirqs = new Softirqs(context);
        this.skbs = new SkbPool(context);
        this.net = new NetCore(context, softirqs, skbs);
    }

    /** Boots a kernel in {@code ram}, with a seed for everything random in it. */
    public static GuestKernel boot(String name, World world, GuestMemory ram, Tracer tracer, long seed) {
        return new GuestKernel(new KernelContext(name, world, ram, tracer, seed));
    }

    public KernelContext context() {
        return context;
    }

    public Softirqs softirqs() {
        return softirqs;
    }

    public SkbPool skbs() {
        return skbs;
    }

    public NetCore net() {
        return net;
    }

    @Override
    public void close() {
        context.workqueue().shutdown();
        skbs.close();
    }
}
