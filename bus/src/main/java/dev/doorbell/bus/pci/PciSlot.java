package dev.doorbell.bus.pci;

import dev.doorbell.bus.dma.PostedWrites;
import dev.doorbell.bus.iommu.Iommu;
import dev.doorbell.bus.irq.InterruptController;
import dev.doorbell.bus.mem.GuestMemory;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A place on the bus and everything a card finds there: its way to memory, its interrupts, its posted writes. The slot is
 * there before the card, so a card can be built on the slot's ports and then plugged in.
 */
public final class PciSlot {
    private final RootComplex root;
    private final int requesterId;
    private final PostedWrites posted;
    private final FunctionDma dma;
    private final FunctionInterrupts interrupts;
    private final Gate gate = new Gate();
    private @Nullable PciFunction function;
    /** Offset in BAR0. */
    private LongConsumer unanswered = offset -> {};

    /**
     * @param ram what DMA reaches
     * @param posted the order of this function's writes; the slot becomes its owner
     */
    public PciSlot(
            RootComplex root,
            int bus,
            int device,
            GuestMemory ram,
            Iommu iommu,
            InterruptController controller,
            PostedWrites posted) {
        this.root = root;
        this.requesterId = Bdf.of(bus, device, 0);
        this.posted = posted;
        dma = new FunctionDma(requesterId, ram, iommu, posted, root);
        interrupts = new FunctionInterrupts(requesterId, iommu.filter(controller), controller, posted);
        iommu.drainedBy(requesterId, posted);
        root.add(this);
    }

    /** Puts a card in: from now on it answers configuration cycles. Its BARs decode once software enabled them. */
    public void plug(PciFunction card) {
        if (function != null) {
            throw new IllegalStateException("slot " + Bdf.format(requesterId) + " is not empty");
        }
        function = card;
        card.config().addListener(gate);
        interrupts.attach(card.config());
        dma.attach(card.config());
        root.decodeChanged();
    }

    /**
     * Takes the card out as it runs: from now on every access to it reads all ones, and nothing it does reaches memory or
     * an interrupt line. What it had posted already may still arrive or not: here it does not.
     */
    public void unplug() {
        PciFunction card = function;
        if (card == null) {
            return;
        }
        function = null;
        posted.discard();
        dma.detach();
        interrupts.detach();
        card.config().removeListener(gate);
        root.decodeChanged();
    }

    /** Told of each access to the registers of the card that it does not answer: it sleeps, or is not decoded. */
    public void onUnanswered(LongConsumer newListener) {
        unanswered = newListener;
    }

    void unanswered(long address) {
        PciFunction card = function;
        Bar registers = card == null ? null : card.config().bar(0);
        if (registers != null && address >= registers.base() && address < registers.base() + registers.sizeBytes()) {
            unanswered.accept(address - registers.base());
        }
    }

    /** Null while the slot is empty. */
    public @Nullable PciFunction function() {
        return function;
    }

    public int requesterId() {
        return requesterId;
    }

    public FunctionDma dma() {
        return dma;
    }

    public FunctionInterrupts interrupts() {
        return interrupts;
    }

    public PostedWrites posted() {
        return posted;
    }

    private final class Gate implements ConfigSpace.Listener {
        @Override
        public void commandChanged(int before, int now) {
            root.decodeChanged();
        }

        @Override
        public void barsChanged() {
            root.decodeChanged();
        }

        @Override
        public void powerStateChanged(int before, int now) {
            root.decodeChanged();
        }
    }
}
