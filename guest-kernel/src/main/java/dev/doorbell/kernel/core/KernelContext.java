package dev.doorbell.kernel.core;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.time.World;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.kernel.probe.KernelGate;
import dev.doorbell.kernel.probe.KernelProbe;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * What every part of one kernel shares: its world, its RAM, its processor. Randomness comes from here, one independent
 * stream per component name, so that a run repeats from its seed whatever the order in which components are made.
 */
public final class KernelContext {
    private final String name;
    private final World world;
    private final GuestMemory ram;
    private final Tracer tracer;
    private final long seed;
    private final @Nullable KernelProbe probe;
    private final @Nullable KernelGate gate;
    private final Cpu cpu;
    private final PageAllocator pages;
    private final Workqueue workqueue;
    private long wallClockNs;
    private int pendingTimers;

    /**
     * @param name the host's name, for messages and threads
     * @param ram guest memory from GPA 0 on; the first MiB stays untouched, as on a PC
     */
    public KernelContext(String name, World world, GuestMemory ram, Tracer tracer, long seed) {
        this(name, world, ram, new PageAllocator(ram, PageAllocator.LOW_MEMORY_BYTES), tracer, seed);
    }

    /** As above, with an allocator that the caller set up (poisoning, a part of RAM only). */
    public KernelContext(String name, World world, GuestMemory ram, PageAllocator pages, Tracer tracer, long seed) {
        this(name, world, ram, pages, tracer, seed, null, null);
    }

    /**
     * As above, watched.
     *
     * @param probe told what happens; null: nobody
     * @param gate may refuse allocations; null: none is refused
     */
    public KernelContext(
            String name,
            World world,
            GuestMemory ram,
            PageAllocator pages,
            Tracer tracer,
            long seed,
            @Nullable KernelProbe probe,
            @Nullable KernelGate gate) {
        this.probe = probe;
        this.gate = gate;
        this.cpu = new Cpu(probe);
        this.name = name;
        this.world = world;
        this.ram = ram;
        this.tracer = tracer;
        this.seed = seed;
        this.pages = pages;
        this.workqueue = new Workqueue(this, name + " kworker");
    }

    public String name() {
        return name;
    }

    public World world() {
        return world;
    }

    /** Nanoseconds since the world began; short for {@code world().nowNs()}. */
    public long nowNs() {
        return world.nowNs();
    }

    /** The wall clock: nanoseconds since the first midnight of 1970, UT. Until it is set, that is when the world began. */
    public long timeOfDayNs() {
        return world.nowNs() + wallClockNs;
    }

    /** Sets the wall clock to this many nanoseconds since the first midnight of 1970, UT. */
    public void setTimeOfDay(long nowNs) {
        wallClockNs = nowNs - world.nowNs();
    }

    public GuestMemory ram() {
        return ram;
    }

    public Cpu cpu() {
        return cpu;
    }

    public PageAllocator pages() {
        return pages;
    }

    public Tracer tracer() {
        return tracer;
    }

    /** Who watches this kernel; null: nobody. */
    public @Nullable KernelProbe probe() {
        return probe;
    }

    /** Who may refuse allocations; null: nobody. */
    public @Nullable KernelGate gate() {
        return gate;
    }

    /** Linux's system_wq: for rare work that may sleep. */
    public Workqueue workqueue() {
        return workqueue;
    }

    /** A stream of its own for {@code component}: the same name and seed give the same stream. */
    public SplittableRandom random(String component) {
        long hash = 0xCBF2_9CE4_8422_2325L;
        for (int i = 0; i < component.length(); i++) {
            hash = (hash ^ component.charAt(i)) * 0x100_0000_01B3L;
        }
        return new SplittableRandom(seed ^ hash).split();
    }

    /** Armed kernel timers: 0 after an orderly shutdown. */
    public int pendingTimers() {
        return pendingTimers;
    }

    /** Keeps count of armed timers; for {@code KernelTimer} only. */
    public void timerArmed(int delta) {
        pendingTimers += delta;
    }

    /** Sleeps, as msleep: only in task context that may block (see {@link WaitQueue}). */
    public void sleep(long durationNs, String caller) {
        new WaitQueue(this).waitUntil(() -> false, durationNs, caller);
    }
}
