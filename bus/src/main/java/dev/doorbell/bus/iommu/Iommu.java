package dev.doorbell.bus.iommu;

import dev.doorbell.bus.dma.PostedWrites;
import dev.doorbell.bus.irq.MessageTarget;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.time.Clock;
import dev.doorbell.bus.trace.Tracer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The IOMMU in front of guest memory: one {@link IommuContext} per function, page tables in guest memory, a log of what
 * was refused, and the check of interrupt messages.
 *
 * <p>Interrupt remapping, when {@linkplain #interruptTable switched on}, looks up the vector in a table of 256 eight-byte
 * entries in guest memory: bit 0 present, bits 31:16 the only requester id that may send it.
 */
public final class Iommu {
    /** What happens to addresses. */
    public enum Mode {
        /** There is no IOMMU: an IOVA is a GPA. */
        OFF,
        /** An IOVA is a GPA, but interrupts are checked. */
        PASSTHROUGH,
        /** Through the function's page tables; without tables everything faults. */
        TRANSLATED
    }

    /** Faults kept; further ones are counted only, until the log is cleared. */
    public static final int FAULT_LOG_ENTRIES = 128;

    public static final int INTERRUPT_ENTRY_BYTES = 8;
    private static final int INTERRUPT_PRESENT = 1;

    private final GuestMemory ram;
    private final Clock clock;
    private final Tracer tracer;
    private final Map<Integer, IommuContext> contexts = new HashMap<>();
    private final List<IommuFault> faults = new ArrayList<>(FAULT_LOG_ENTRIES);
    private Mode mode = Mode.OFF;
    private long faultCount;
    private long interruptTable = -1;
    private FaultAnnotator annotator = (requester, iova) -> "";
    private Consumer<IommuFault> onFault = fault -> {};

    public Iommu(GuestMemory ram, Clock clock, Tracer tracer) {
        this.ram = ram;
        this.clock = clock;
        this.tracer = tracer;
    }

    public Mode mode() {
        return mode;
    }

    /** Switches, and forgets all cached translations. */
    public void mode(Mode next) {
        mode = next;
        for (IommuContext context : contexts.values()) {
            context.modeChanged();
        }
    }

    /** The function's context; made at the first call. It has no page tables until {@link IommuContext#root}. */
    public IommuContext context(int requesterId) {
        return contexts.computeIfAbsent(requesterId, id -> new IommuContext(this, ram, id));
    }

    /** Names the queue that an invalidation for this function drains first. */
    public void drainedBy(int requesterId, PostedWrites posted) {
        context(requesterId).drains(posted);
    }

    /** Drops every cached translation of every function. */
    public void invalidateAll() {
        for (IommuContext context : contexts.values()) {
            context.invalidateAll();
        }
    }

    /** Where the 256 interrupt remapping entries are; below 0 switches the check off. */
    public void interruptTable(long gpa) {
        interruptTable = gpa;
    }

    /** A message target that lets through to {@code target} what remapping allows. */
    public MessageTarget filter(MessageTarget target) {
        return (requesterId, address, data) ->
                interruptAllowed(requesterId, address, data) && target.message(requesterId, address, data);
    }

    private boolean interruptAllowed(int requesterId, long address, int data) {
        if (interruptTable < 0 || mode == Mode.OFF) {
            return true;
        }
        long at = interruptTable + (long) INTERRUPT_ENTRY_BYTES * (data & 0xFF);
        long entry = at <= ram.size() - INTERRUPT_ENTRY_BYTES ? ram.readLong(at) : 0;
        boolean allowed = (entry & INTERRUPT_PRESENT) != 0 && (int) (entry >>> 16 & 0xFFFF) == requesterId;
        if (!allowed) {
            fault(requesterId, address, 4, true, IommuFault.Reason.INTERRUPT);
        }
        return allowed;
    }

    /** What the kernel wrote for a vector that {@code requesterId} may send. */
    public static long interruptEntry(int requesterId) {
        return (long) requesterId << 16 | INTERRUPT_PRESENT;
    }

    void fault(int requester, long iova, int bytes, boolean write, IommuFault.Reason reason) {
        faultCount++;
        if (faults.size() >= FAULT_LOG_ENTRIES) {
            return;
        }
        IommuFault fault =
                new IommuFault(clock.nowNs(), requester, iova, bytes, write, reason, annotator.note(requester, iova));
        faults.add(fault);
        if (tracer.isOn()) {
            tracer.event("iommu", "fault", fault.toString());
        }
        onFault.accept(fault);
    }

    /** The oldest faults since the log was cleared, at most {@link #FAULT_LOG_ENTRIES}. */
    public List<IommuFault> faults() {
        return List.copyOf(faults);
    }

    /** All faults ever, also those that the log had no room for. */
    public long faultCount() {
        return faultCount;
    }

    public void clearFaults() {
        faults.clear();
    }

    /** What the annotator knows about an address now; empty when nothing. */
    public String note(int requester, long iova) {
        return annotator.note(requester, iova);
    }

    public void annotator(@Nullable FaultAnnotator source) {
        annotator = source == null ? (requester, iova) -> "" : source;
    }

    /** Told about each fault that is recorded: the kernel's fault interrupt. */
    public void onFault(Consumer<IommuFault> listener) {
        onFault = listener;
    }
}
