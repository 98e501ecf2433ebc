package dev.doorbell.bus.pci;

import dev.doorbell.bus.time.Scheduler;
import dev.doorbell.bus.trace.Tracer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The CPU's way to PCI Express: configuration cycles by requester id, memory and I/O cycles by address. An access that no
 * function answers is an unsupported request: it reads all ones, a write is lost, both are counted and traced.
 *
 * <p>A completion pushes posted writes before it (PCI Express Base §2.4.1), so each read first completes what its function
 * has posted.
 */
public final class RootComplex {
    private static final Window[] NOTHING = {};

    private final Tracer tracer;
    private final List<PciSlot> slots = new ArrayList<>();
    private Window[] memory = NOTHING;
    private Window[] ports = NOTHING;
    private boolean stale;
    private int generation;
    private long unsupportedRequests;

    /** @param scheduler of the world that the bus belongs to */
    public RootComplex(Scheduler scheduler, Tracer tracer) {
        this.tracer = tracer;
    }

    void add(PciSlot slot) {
        if (slotAt(slot.requesterId()) != null) {
            throw new IllegalStateException("slot " + Bdf.format(slot.requesterId()) + " exists already");
        }
        slots.add(slot);
    }

    /** Plugs a card into an existing slot; see {@link PciSlot} for making one. */
    public void plug(int bus, int device, PciFunction function) {
        PciSlot slot = slotAt(Bdf.of(bus, device, 0));
        if (slot == null) {
            throw new IllegalArgumentException("no slot " + Bdf.format(Bdf.of(bus, device, 0)));
        }
        slot.plug(function);
    }

    /** The slot with this requester id, or null. */
    public @Nullable PciSlot slotAt(int requesterId) {
        for (PciSlot slot : slots) {
            if (slot.requesterId() == requesterId) {
                return slot;
            }
        }
        return null;
    }

    /** Reads 1, 2 or 4 bytes of a function's configuration space; all ones when nobody is there. */
    public int configRead(int bdf, int offset, int bytes) {
        PciSlot slot = slotAt(bdf);
        PciFunction function = slot == null ? null : slot.function();
        if (slot == null || function == null) {
            return bytes == 4 ? -1 : (1 << 8 * bytes) - 1;
        }
        slot.posted().flush();
        return function.configRead(offset, bytes);
    }

    public void configWrite(int bdf, int offset, int bytes, int value) {
        PciSlot slot = slotAt(bdf);
        PciFunction function = slot == null ? null : slot.function();
        if (function != null) {
            function.configWrite(offset, bytes, value);
        }
    }

    /** Resets what is in a slot by its link; what the function had posted arrives first. */
    public void hotReset(int bdf) {
        PciSlot slot = slotAt(bdf);
        PciFunction function = slot == null ? null : slot.function();
        if (slot != null && function != null) {
            slot.posted().flush();
            function.reset(ResetReason.HOT);
        }
    }

    /** The window that answers all of {@code [address, address + bytes)}, or null. Valid while {@link #generation} stands. */
    public @Nullable Window memoryWindow(long address, int bytes) {
        return find(stale ? rebuild().memory : memory, address, bytes);
    }

    private static @Nullable Window find(Window[] windows, long address, int bytes) {
        for (Window window : windows) {
            if (window.contains(address, bytes)) {
                return window;
            }
        }
        return null;
    }

    /** Changes with every change of what is decoded where: whoever keeps a {@link Window} compares. */
    public int generation() {
        return generation;
    }

    void decodeChanged() {
        generation++;
        stale = true;
    }

    private RootComplex rebuild() {
        List<Window> inMemory = new ArrayList<>();
        List<Window> inPorts = new ArrayList<>();
        for (PciSlot slot : slots) {
            PciFunction function = slot.function();
            for (int i = 0; function != null && i <= Bar.ROM_INDEX; i++) {
                Bar bar = function.config().bar(i);
                if (bar != null && bar.isDecoded()) {
                    (bar.isIo() ? inPorts : inMemory).add(new Window(slot, function, i, bar.base(), bar.sizeBytes()));
                }
            }
        }
        memory = inMemory.toArray(NOTHING);
        ports = inPorts.toArray(NOTHING);
        stale = false;
        return this;
    }

    /** Reads 1, 2, 4 or 8 bytes of device memory. */
    public long mmioRead(long address, int bytes) {
        return read(memoryWindow(address, bytes), "memory read", address, bytes);
    }

    public void mmioWrite(long address, int bytes, long value) {
        write(memoryWindow(address, bytes), "memory write", address, bytes, value);
    }

    public int mmioRead32(long address) {
        return (int) mmioRead(address, 4);
    }

    public long mmioRead64(long address) {
        return mmioRead(address, 8);
    }

    public void mmioWrite32(long address, int value) {
        mmioWrite(address, 4, Integer.toUnsignedLong(value));
    }

    /** Reads 1, 2 or 4 bytes of I/O space. */
    public int ioRead(int port, int bytes) {
        return (int) read(find(stale ? rebuild().ports : ports, port, bytes), "I/O read", port, bytes);
    }

    public void ioWrite(int port, int bytes, int value) {
        Window window = find(stale ? rebuild().ports : ports, port, bytes);
        write(window, "I/O write", port, bytes, Integer.toUnsignedLong(value));
    }

    private long read(@Nullable Window window, String what, long address, int bytes) {
        if (window == null) {
            unsupported(what, address);
            return bytes == 8 ? -1 : (1L << 8 * bytes) - 1;
        }
        window.slot().posted().flush();
        return window.function().barRead(window.bar(), address - window.base(), bytes);
    }

    private void write(@Nullable Window window, String what, long address, int bytes, long value) {
        if (window == null) {
            unsupported(what, address);
            return;
        }
        window.function().barWrite(window.bar(), address - window.base(), bytes, value);
    }

    /** Counts an access that nobody answered. For whoever keeps a {@link Window} and found none. */
    public void unsupported(String what, long address) {
        unsupportedRequests++;
        for (PciSlot slot : slots) {
            slot.unanswered(address);
        }
        if (tracer.isOn()) {
            tracer.event("root complex", "unsupported request", what + " at 0x" + Long.toHexString(address));
        }
    }

    public long unsupportedRequests() {
        return unsupportedRequests;
    }
}
