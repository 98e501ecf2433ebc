package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.dma.DmaPort;
import dev.doorbell.bus.dma.DmaResult;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.time.Event;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.device.i82574.StepTimer.Step;
import dev.doorbell.device.spi.Frame;
import dev.doorbell.device.spi.LinkPort;

/**
 * The receive side: from the MAC through the packet buffer into the rings of two queues, §7.1.
 *
 * <p>Four steps, each an event of its own that serves a burst: the MAC takes a frame into the packet buffer; <i>fetch</i>
 * reads a batch of descriptors; <i>data</i> moves frames into the buffers of fetched descriptors; <i>write-back</i>
 * writes those descriptors, moves RDH and reports to the interrupt unit, whose message is a fifth step. A doorbell only
 * schedules.
 *
 * <p>Both queues share one packet buffer, and frames leave it in order: one that waits for a descriptor of its queue
 * holds up those behind it, also those of the other queue. The sheets do not say so (unsure); the successors of this part
 * got a drop-enable bit per queue against just that, and this part has none.
 *
 * <p>Refused DMA never stops the card. A refused fetch leaves the frames waiting and is tried again with the next frame
 * or doorbell; with bus mastering off the frames are lost. Refused data is reported to the driver as RXE.
 */
final class RxEngine implements ReceiveSide {
    private static final String SOURCE = "82574L";

    private final RegisterFile regs;
    private final TrueCounters truth = new TrueCounters();
    private final DmaPort dma;
    private final LinkPort link;
    private final Interrupts interrupts;
    private final StepTimer steps;
    private final MasterGate master;
    private final Tracer tracer;
    private final PacketBuffer buffer;
    private final RxMac mac;
    private final RxWatermarks watermarks;
    private final PacketSplit split;
    private final RxRing[] rings;
    private final Event fetch;
    private final Event data;
    private final Event writeBack;
    private final WriteBackHold hold;
    /** The next write-back has been held for as long as it may. */
    private boolean late;

    /** Bytes of the head frame that are already in buffers. */
    private int placed;
    /** Status bits that the head frame earned on its way to memory. */
    private int placedStatus;

    /** Bytes of the frame for which the link was refused room; 0 when it does not wait. */
    private int linkWaitsFor;
    /** Changes when frames or descriptors are thrown away: a step that called out and sees it change must stop. */
    private int generation;

    RxEngine(
            RegisterFile regs,
            DmaPort dma,
            LinkPort link,
            Interrupts interrupts,
            FlowControl flowControl,
            TimeSyncUnit timeSync,
            StepTimer steps,
            MasterGate master,
            Tracer tracer) {
        this.regs = regs;
        this.dma = dma;
        this.link = link;
        this.interrupts = interrupts;
        this.steps = steps;
        this.master = master;
        this.tracer = tracer;
        buffer = new PacketBuffer(regs);
        split = new PacketSplit(regs);
        mac = new RxMac(regs, buffer, flowControl, timeSync);
        watermarks = new RxWatermarks(regs, buffer, flowControl, steps);
        rings = new RxRing[] {new RxRing(regs, dma, 0), new RxRing(regs, dma, 1)};
        fetch = steps.event("82574L rx fetch", this::fetch);
        data = steps.event("82574L rx data", this::data);
        writeBack = steps.event("82574L rx write-back", this::writeBack);
        hold = new WriteBackHold(regs, steps, this::writeBackLate);
        for (RxRing ring : rings) {
            ring.hook(written -> ringRewritten(ring), written -> kick());
        }
        regs.onWrite(RCTL, this::controlWritten);
        regs.onWrite(RXDCTL0, written -> regs.set(RXDCTL1, regs.get(RXDCTL0)));
    }

    TrueCounters truth() {
        return truth;
    }

    /** {@link LinkPort.Receiver#receive}, and the way of looped-back frames. Copies the frame before it returns. */
    @Override
    public void receive(Frame frame) {
        truth.seen++;
        RxDrop drop = master.isOpen() ? mac.receive(frame) : RxDrop.BUS_MASTER_OFF;
        if (drop != null) {
            dropped(drop);
            if (drop == RxDrop.FIFO_FULL) {
                interrupts.raise(Interrupts.RXO);
            }
            return;
        }
        if (tracer.isOn()) {
            tracer.event(
                    SOURCE,
                    "rx.fifo",
                    "bytes=" + frame.length() + " used=" + buffer.usedBytes() + "/" + buffer.capacityBytes());
        }
        if (rings[buffer.queue(buffer.newest())].available() == 0) {
            countWaiting(buffer.newest());
        }
        watermarks.check();
        kick();
    }

    /** Counts a frame from the wire that does not even reach the MAC. */
    void lose(RxDrop reason) {
        truth.seen++;
        dropped(reason);
    }

    /**
     * {@link LinkPort.Receiver#hasRoom}. True also while frames are lost anyway, so that the link does not keep them: the
     * receiver or bus mastering is off, or the packet buffer could never hold this one.
     */
    @Override
    public boolean hasRoom(int frameBytes) {
        int bytes = frameBytes + RxMac.FCS_BYTES;
        if (!regs.isSet(RCTL_EN) || !master.isOpen() || buffer.hasRoom(bytes) || !buffer.couldHold(bytes)) {
            return true;
        }
        linkWaitsFor = bytes;
        return false;
    }

    @Override
    public boolean makesRoom(int frameBytes) {
        boolean moves = fetch.isScheduled() || data.isScheduled() || writeBack.isScheduled();
        return moves && !buffer.hasRoom(frameBytes + RxMac.FCS_BYTES);
    }

    /** CTRL.RST or a bus reset, after the registers went to their defaults: forgets every frame and descriptor. */
    @Override
    public void reset() {
        flush(RxDrop.FLUSHED);
        writeBack.cancel();
        hold.end();
        late = false;
        for (RxRing ring : rings) {
            ring.forget();
        }
        watermarks.reset();
        buffer.reset();
        mac.reset();
        wakeLink();
    }

    /** Finished descriptors are still to be written back. */
    @Override
    public boolean isBusy() {
        return writeBack.isScheduled() || hold.isWaiting();
    }

    /** The link unit knows; frames that come while it is down are lost. */
    @Override
    public void carrierChanged(boolean up) {}

    // ---- register writes

    @Override
    public void controlWritten(int written) {
        if (regs.isSet(RCTL_EN)) {
            kick();
        } else {
            flush(RxDrop.FLUSHED);
            if (hold.isWaiting()) {
                steps.next(writeBack, Step.WRITE_BACK);
            }
            wakeLink();
        }
    }

    /** The driver moved the ring under us: what was on the chip belongs to the old one. */
    private void ringRewritten(RxRing ring) {
        generation++;
        ring.forget();
        if (placed > 0 && rings[buffer.queue(buffer.head())] == ring) {
            dropHead(RxDrop.RING_REWRITTEN);
        }
        kick();
    }

    private void flush(RxDrop reason) {
        generation++;
        fetch.cancel();
        data.cancel();
        while (!buffer.isEmpty()) {
            dropHead(reason);
        }
        buffer.clear();
    }

    // ---- steps

    /** Schedules the step that the oldest frame needs next; none while it can only wait. */
    @Override
    public void kick() {
        if (buffer.isEmpty() || !master.isOpen()) {
            return;
        }
        RxRing ring = rings[buffer.queue(buffer.head())];
        int slots = slotsPerDescriptor();
        if (ring.ready() >= slots) {
            steps.next(data, Step.DATA);
        } else if (ring.available() >= slots && !data.isScheduled()) {
            steps.next(fetch, Step.FETCH);
        }
    }

    private void fetch() {
        if (buffer.isEmpty() || !master.isOpen()) {
            return;
        }
        RxRing ring = rings[buffer.queue(buffer.head())];
        int started = generation;
        DmaResult result = ring.fetch();
        if (started != generation) {
            return;
        }
        truth.descriptorFetches++;
        if (tracer.isOn()) {
            tracer.event(SOURCE, "rx.fetch", ring + " ready=" + ring.ready() + " " + result);
        }
        if (!result.isOk()) {
            truth.refusals++;
            if (result == DmaResult.BUS_MASTER_OFF) {
                loseToBusMaster();
                return;
            }
        }
        if (ring.ready() >= slotsPerDescriptor()) {
            steps.next(data, Step.DATA);
        } else if (ring.pending() > 0) {
            steps.next(writeBack, Step.WRITE_BACK); // the cache is full of finished descriptors
        }
    }

    private void data() {
        int started = generation;
        boolean goesOn = master.isOpen();
        while (goesOn && !buffer.isEmpty()) {
            goesOn = placeHead();
            if (started != generation) {
                return;
            }
        }
        wakeLink();
        watermarks.check();
        if (rings[0].pending() + rings[1].pending() > 0) {
            if (buffer.isEmpty() && hold.isPossible() && mayWait(0) && mayWait(1)) {
                hold.hold();
            } else {
                steps.next(writeBack, Step.WRITE_BACK);
            }
        }
        if (!buffer.isEmpty()) {
            RxRing ring = rings[buffer.queue(buffer.head())];
            int slots = slotsPerDescriptor();
            if (ring.ready() < slots && ring.available() >= slots && ring.pending() == 0) {
                steps.next(fetch, Step.FETCH);
            }
        }
    }

    /** Nothing to write back on this queue, or too little, and the ring can still take more. */
    private boolean mayWait(int queue) {
        RxRing ring = rings[queue];
        return ring.pending() == 0 || ring.available() >= slotsPerDescriptor() && hold.isTooFew(queue, ring.pending());
    }

    private void writeBackLate() {
        late = true;
        steps.next(writeBack, Step.WRITE_BACK);
    }

    /** RDTR: with FPD, or without a delay, nothing is held any longer. */
    void delayWritten(int written) {
        if (hold.isWaiting() && (RDTR_FPD.isSet(written) || regs.get(RDTR_DELAY) == 0)) {
            hold.end();
            writeBackLate();
        }
    }

    private int slotsPerDescriptor() {
        return RxBufferSize.isPacketSplit(regs) ? PacketSplit.SLOTS : 1;
    }

    /**
     * Moves the oldest frame into buffers as far as there are descriptors on the chip. It starts only when the ring holds
     * all it needs; null buffers may make it stop in the middle all the same, and go on later.
     *
     * @return false when it has to wait, or frames were thrown away meanwhile
     */
    private boolean placeHead() {
        int entry = buffer.head();
        RxRing ring = rings[buffer.queue(entry)];
        boolean splits = RxBufferSize.isPacketSplit(regs);
        int size = RxBufferSize.bytes(regs);
        int length = buffer.length(entry);
        if (splits ? !split.frame(buffer.header(entry)) : size == 0) {
            dropHead(RxDrop.BUFFER_FORMAT);
            return true;
        }
        if (placed == 0) {
            int needed = splits ? split.slots(length) : (length + size - 1) / size;
            if (ring.count() > 0 && needed >= ring.count()) {
                regs.count(MPC);
                dropHead(RxDrop.RING_TOO_SMALL);
                interrupts.raise(Interrupts.RXO);
                return true;
            }
            if (needed > ring.available()) {
                countWaiting(entry);
                return false;
            }
        }
        if (splits ? placeSplit(ring, entry, length) : placeWhole(ring, entry, length, size)) {
            frameEnded(ring, entry);
            return true;
        }
        return false;
    }

    private boolean placeWhole(RxRing ring, int entry, int length, int size) {
        while (placed < length) {
            if (ring.ready() == 0) {
                return false;
            }
            long address = ring.bufferAddress();
            if (address == 0) {
                complete(ring, entry, 0, false); // a null buffer is skipped, the frame goes on behind it
                continue;
            }
            int part = Math.min(size, length - placed);
            if (!store(entry, address, part)) {
                return false;
            }
            complete(ring, entry, part, placed == length);
        }
        return true;
    }

    private boolean placeSplit(RxRing ring, int entry, int length) {
        while (placed < length) {
            if (ring.ready() < PacketSplit.SLOTS) {
                return false;
            }
            boolean first = placed == 0;
            boolean skipped = ring.splitAddress(0) == 0; // as above: the whole descriptor
            for (int i = 0; i < PacketSplit.BUFFERS; i++) {
                long address = ring.splitAddress(i);
                int part = skipped || address == 0 ? 0 : Math.min(split.room(i, first), length - placed);
                split.stored[i] = part;
                if (part != 0 && !store(entry, address, part)) {
                    return false;
                }
            }
            completeSplit(ring, entry, placed == length, skipped ? 0 : split.headerStatus(first));
        }
        return true;
    }

    /** @return false when frames were thrown away */
    private boolean store(int entry, long address, int part) {
        int started = generation;
        DmaResult result = dma.write(address, buffer.memory(), buffer.offset(entry) + placed, part);
        if (started != generation) {
            return false;
        }
        if (!result.isOk()) {
            truth.refusals++;
            if (result == DmaResult.BUS_MASTER_OFF && placed == 0) {
                loseToBusMaster();
                return false;
            }
            placedStatus |= RxStatus.RXE;
        }
        if (tracer.isOn()) {
            tracer.event(
                    SOURCE,
                    "rx.data",
                    "bytes=" + part + " buffer=0x" + Long.toHexString(address) + " queue=" + buffer.queue(entry) + " "
                            + result);
        }
        placed += part;
        return true;
    }

    private void completeSplit(RxRing ring, int entry, boolean last, int headerStatus) {
        int status = last ? buffer.status(entry) | placedStatus | RxStatus.EOP : 0;
        int mrq = last ? buffer.mrq(entry) : 0;
        int hash = last ? buffer.hash(entry) : 0;
        ring.completeSplit(mrq, hash, status, split.stored, last ? buffer.tag(entry) : 0, headerStatus);
    }

    private void complete(RxRing ring, int entry, int bytes, boolean last) {
        // Only the descriptor with EOP carries more than a length.
        int status = last ? buffer.status(entry) | placedStatus | RxStatus.EOP : 0;
        int tag = last ? buffer.tag(entry) : 0;
        if (regs.isSet(RFCTL_EXSTEN)) {
            ring.completeExtended(last ? buffer.mrq(entry) : 0, last ? buffer.hash(entry) : 0, status, bytes, tag);
        } else {
            int checksum = last && !regs.isSet(RXCSUM_PCSD) ? buffer.hash(entry) >>> 16 : 0;
            ring.completeLegacy(bytes, checksum, status, tag);
        }
    }

    private void frameEnded(RxRing ring, int entry) {
        ring.frameEnded((buffer.status(entry) & RxStatus.ACK) != 0, buffer.isSmall(entry));
        truth.delivered++;
        truth.deliveredOctets += buffer.length(entry);
        removeHead();
    }

    private void writeBack() {
        int started = generation;
        boolean delayed = late;
        late = false;
        hold.end();
        for (int queue = 0; queue < rings.length; queue++) {
            RxRing ring = rings[queue];
            int descriptors = ring.pending();
            if (descriptors == 0) {
                continue;
            }
            DmaResult result = ring.writeBack();
            if (started != generation) {
                return;
            }
            truth.writeBacks++;
            truth.descriptorsWrittenBack += descriptors;
            if (!result.isOk()) {
                truth.refusals++;
            }
            if (tracer.isOn()) {
                tracer.event(
                        SOURCE,
                        "rx.writeback",
                        "descriptors=" + descriptors + " last=" + ring.lastWrittenBack() + " " + ring + " " + result);
            }
            int further = ring.takeCrossedLow() ? Interrupts.RXDMT0 : 0;
            if (ring.takeSmallSeen()) {
                further |= Interrupts.SRPD;
            }
            if (delayed) {
                interrupts.receivedLate(queue, ring.takeAckSeen(), further);
            } else {
                interrupts.received(queue, ring.takeAckSeen(), further);
            }
        }
        kick();
    }

    // ---- small things

    private void countWaiting(int entry) {
        if (buffer.markWaiting(entry)) {
            regs.count(RNBC);
        }
    }

    private void loseToBusMaster() {
        flush(RxDrop.BUS_MASTER_OFF);
        wakeLink();
    }

    private void dropHead(RxDrop reason) {
        dropped(reason);
        removeHead();
    }

    private void removeHead() {
        buffer.removeHead();
        placed = 0;
        placedStatus = 0;
    }

    private void dropped(RxDrop reason) {
        truth.drop(reason);
        if (tracer.isOn()) {
            tracer.event(SOURCE, "rx.drop", reason.name());
        }
    }

    private void wakeLink() {
        if (linkWaitsFor != 0 && (buffer.hasRoom(linkWaitsFor) || !regs.isSet(RCTL_EN))) {
            linkWaitsFor = 0;
            link.receiverReady();
        }
    }
}
