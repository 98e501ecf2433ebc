package dev.doorbell.kernel;

import dev.doorbell.bus.iommu.Iommu;
import dev.doorbell.bus.irq.InterruptController;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.pci.RootComplex;
import dev.doorbell.bus.time.World;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.PageAllocator;
import dev.doorbell.kernel.dma.DmaApi;
import dev.doorbell.kernel.dma.DmaInstruments;
import dev.doorbell.kernel.dma.DmaOptions;
import dev.doorbell.kernel.driver.e1000e.E1000eDriver;
import dev.doorbell.kernel.driver.e1000e.E1000eOptions;
import dev.doorbell.kernel.irq.IrqTable;
import dev.doorbell.kernel.irq.Softirqs;
import dev.doorbell.kernel.net.NetStack;
import dev.doorbell.kernel.net.Sysctls;
import dev.doorbell.kernel.netdev.Loopback;
import dev.doorbell.kernel.netdev.NetCore;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.pci.PciCore;
import dev.doorbell.kernel.pci.PciDev;
import dev.doorbell.kernel.pci.PciDriver;
import dev.doorbell.kernel.probe.KernelGate;
import dev.doorbell.kernel.probe.KernelProbe;
import dev.doorbell.kernel.skb.SkbPool;
import dev.doorbell.kernel.socket.Syscalls;
import dev.doorbell.kernel.tcp.Tcp;
import dev.doorbell.kernel.tcp.TcpConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One guest's kernel, assembled and booted: everything between its PCI bus and its sockets. The world, the RAM and the
 * bus belong to the machine that boots it.
 */
public final class GuestKernel implements AutoCloseable {
    private final KernelContext context;
    private final Softirqs softirqs;
    private final SkbPool skbs;
    private final NetCore net;
    private final NetDevice loopback;
    private final TcpConfig tcpSettings;
    private @Nullable NetStack stack;
    private @Nullable Tcp tcp;
    private final List<Syscalls> processes = new ArrayList<>();
    private final @Nullable IrqTable irqs;
    private final @Nullable PciCore pci;
    /** Pages that stay allocated for as long as the kernel lives, such as the interrupt remapping table. */
    private final int residentPages;

    private boolean closed;

    private GuestKernel(Builder options) throws ErrnoException {
        PageAllocator pages = new PageAllocator(options.ram, PageAllocator.LOW_MEMORY_BYTES).poisoning(options.poison);
        context = new KernelContext(
                options.name,
                options.world,
                options.ram,
                pages,
                options.tracer,
                options.seed,
                options.probe,
                options.gate);
        softirqs = new Softirqs(context);
        skbs = new SkbPool(context).poisoning(options.poison);
        Bus bus = options.bus;
        if (bus == null) {
            irqs = null;
            pci = null;
        } else {
            irqs = new IrqTable(context, bus.interrupts);
            irqs.threadIrqs(options.threadIrqs);
            pci = new PciCore(
                    context, bus.root, irqs, new DmaApi(context, bus.iommu, options.dma, options.instruments));
        }
        residentPages = pages.outstandingPages();
        net = new NetCore(context, softirqs, skbs);
        loopback = Loopback.create(net);
        tcpSettings = options.tcp;
    }

    /** Finds the cards and lets the drivers probe them. */
    private void probe(List<Function<GuestKernel, PciDriver>> drivers) {
        PciCore core = pci;
        if (core == null) {
            return;
        }
        core.scan();
        for (Function<GuestKernel, PciDriver> driver : drivers) {
            core.register(driver.apply(this));
        }
    }

    /** The bus that a kernel finds at boot. */
    private record Bus(RootComplex root, InterruptController interrupts, Iommu iommu) {}

    /** What a kernel is booted with. */
    public static final class Builder {
        private final String name;
        private final World world;
        private final GuestMemory ram;
        private Tracer tracer = Tracer.OFF;
        private long seed;
        private boolean poison;
        private @Nullable Bus bus;
        private DmaOptions dma = DmaOptions.DEFAULT;
        private DmaInstruments instruments = DmaInstruments.NONE;
        private @Nullable KernelProbe probe;
        private @Nullable KernelGate gate;
        private boolean threadIrqs;
        private TcpConfig tcp = new TcpConfig();
        private final List<Function<GuestKernel, PciDriver>> drivers = new ArrayList<>();

        private Builder(String name, World world, GuestMemory ram) {
            this.name = name;
            this.world = world;
            this.ram = ram;
        }

        public Builder tracer(Tracer listener) {
            tracer = listener;
            return this;
        }

        /** Where everything random in this kernel comes from: sequence numbers, ports, hash keys. */
        public Builder seed(long value) {
            seed = value;
            return this;
        }

        /** Fills freed pages and buffers, so that a use after free shows. Costs a pass over every buffer. */
        public Builder poisoning(boolean on) {
            poison = on;
            return this;
        }

        /** The bus; without one there is only the loopback device. The IOMMU is in the mode to be used. */
        public Builder bus(RootComplex root, InterruptController interrupts, Iommu iommu) {
            bus = new Bus(root, interrupts, iommu);
            return this;
        }

        public Builder dma(DmaOptions options) {
            dma = options;
            return this;
        }

        /** A memory model or a checker around the DMA of every device. */
        public Builder dmaInstruments(DmaInstruments around) {
            instruments = around;
            return this;
        }

        /** Who is told what drivers do with the kernel's contracts. */
        public Builder probe(KernelProbe watcher) {
            probe = watcher;
            return this;
        }

        /** Who was given last; null: nobody. For one that watches in its place and tells it. */
        public @Nullable KernelProbe probe() {
            return probe;
        }

        /** Who may refuse what drivers ask for. */
        public Builder gate(KernelGate refuser) {
            gate = refuser;
            return this;
        }

        /** threadirqs: interrupt handlers run in task context. */
        public Builder threadIrqs(boolean on) {
            threadIrqs = on;
            return this;
        }

        /** The net.ipv4.tcp_* settings. */
        public Builder tcp(TcpConfig settings) {
            tcp = settings;
            return this;
        }

        /** The driver of the 82574L, with its module parameters. */
        public Builder e1000e(E1000eOptions options) {
            return driver(kernel -> new E1000eDriver(kernel.net(), options));
        }

        /** Adds a driver; it probes at boot, in the order of addition. */
        public Builder driver(Function<GuestKernel, PciDriver> driver) {
            drivers.add(driver);
            return this;
        }

        /** Boots: in task context, on the world's thread. A probe that fails is traced and leaves its card alone. */
        public GuestKernel boot() throws ErrnoException {
            GuestKernel kernel = new GuestKernel(this);
            kernel.probe(drivers);
            return kernel;
        }
    }

    /** @param ram guest memory from GPA 0 on */
    public static Builder builder(String name, World world, GuestMemory ram) {
        return new Builder(name, world, ram);
    }

    // ---- parts

    public KernelContext context() {
        return context;
    }

    public String name() {
        return context.name();
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

    /**
     * Protocols, addresses and routes. The stack comes up with the first call of this, of {@link #tcp} or of {@link
     * #newProcess}: a kernel that only drives a card has none.
     */
    public NetStack stack() {
        NetStack known = stack;
        return known == null ? startStack() : known;
    }

    private NetStack startStack() {
        try {
            NetStack started = new NetStack(net);
            stack = started;
            Tcp transport = new Tcp(context, started.layers(), skbs, started.inet(), started.inet6(), tcpSettings);
            started.onPeerMetricsFlush(transport::forgetPeers);
            tcp = transport;
            return started;
        } catch (ErrnoException e) {
            throw new IllegalStateException("network stack of " + name(), e);
        }
    }

    public Tcp tcp() {
        stack();
        return Objects.requireNonNull(tcp);
    }

    /** The settings under the names of /proc/sys. */
    public Sysctls sysctls() {
        return new Sysctls(stack(), tcpSettings);
    }

    /** The interface {@code lo}. */
    public NetDevice loopback() {
        return loopback;
    }

    /** A new guest process: the system calls on descriptors of its own, which are closed at shutdown. */
    public Syscalls newProcess() {
        Syscalls process = stack().newProcess();
        processes.add(process);
        return process;
    }

    /** @throws IllegalStateException when it was booted without a bus */
    public PciCore pci() {
        PciCore core = pci;
        if (core == null) {
            throw new IllegalStateException(name() + " was booted without a bus");
        }
        return core;
    }

    /** @throws IllegalStateException when it was booted without a bus */
    public IrqTable irqs() {
        IrqTable table = irqs;
        if (table == null) {
            throw new IllegalStateException(name() + " was booted without a bus");
        }
        return table;
    }

    // ---- shutdown

    /**
     * Takes everything down in order: processes, interfaces, drivers, devices, stack, buffers. Task context.
     *
     * @return what was not given back, one line each; empty after an orderly life
     */
    public List<String> shutdown() {
        if (closed) {
            return List.of();
        }
        closed = true;
        List<String> leaks = new ArrayList<>();
        processes.forEach(Syscalls::closeAll);
        for (NetDevice dev : List.copyOf(net.devices())) {
            if (dev != loopback) {
                dev.devClose();
            }
        }
        removeDevices(leaks);
        closeStack();
        for (NetDevice dev : List.copyOf(net.devices())) {
            dev.unregisterNetdev();
        }
        net.close();
        context.workqueue().shutdown();
        report(leaks, context.pendingTimers(), "timers pending");
        report(leaks, skbs.outstanding(), "SkBuffs outstanding");
        report(leaks, skbs.outstandingHeads(), "packet buffers outstanding");
        if (skbs.outstandingHeads() == 0 && skbs.outstanding() == 0) {
            skbs.close();
            report(leaks, context.pages().outstandingPages() - residentPages, "pages outstanding");
        }
        return leaks;
    }

    private void closeStack() {
        if (tcp != null) {
            tcp.close();
        }
        if (stack != null) {
            stack.close();
        }
    }

    private void removeDevices(List<String> leaks) {
        PciCore core = pci;
        if (core == null) {
            return;
        }
        for (PciDev dev : core.devices()) {
            core.unbind(dev);
            for (String mapping : dev.dma().ledger().leaks()) {
                leaks.add("DMA mapping of " + dev.name() + ": " + mapping);
            }
            core.remove(dev);
        }
    }

    private static void report(List<String> leaks, int count, String what) {
        if (count != 0) {
            leaks.add(count + " " + what);
        }
    }

    /**
     * {@link #shutdown()}.
     *
     * @throws IllegalStateException naming everything that leaked
     */
    @Override
    public void close() {
        List<String> leaks = shutdown();
        if (!leaks.isEmpty()) {
            throw new IllegalStateException("kernel " + name() + " leaked: " + String.join("; ", leaks));
        }
    }
}
