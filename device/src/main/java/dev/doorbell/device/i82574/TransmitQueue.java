package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.TransmitDescriptor.STATUS_AT;

import dev.doorbell.bus.dma.DmaPort;
import dev.doorbell.bus.dma.DmaResult;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.reg.Field;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.time.Event;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.device.i82574.StepTimer.Step;

/**
 * One transmit queue, §7.2: takes descriptors from its ring in bursts and carries each burst through its steps.
 *
 * <pre>
 *  IDLE  --doorbell, EN, link up-->  fetch  -->  data  -->  send  -->  write back, causes  -->  IDLE or the next burst
 *                                                 ^                          |
 *                                                 +--- burst not used up ----+
 * </pre>
 *
 * <p>The registers are the ring: nothing of base, length, head or tail is kept over a burst. Head moves when the data has
 * been read. A driver that writes head, base or length while a burst is under way abandons it.
 */
final class TransmitQueue {
    /** Descriptors per burst. */
    static final int BURST = 64;

    private static final int LOW_UNITS = 8;
    private static final String SOURCE = "82574L";

    /** The registers of a queue. */
    record Registers(
            Register baseLow,
            Register baseHigh,
            Register length,
            Register head,
            Register tail,
            Field arbitrationEnable,
            Field lowThreshold) {
        static final Registers QUEUE_0 =
                new Registers(TDBAL0, TDBAH0, TDLEN0, TDH0, TDT0, TARC0_ENABLE, TXDCTL0_LWTHRESH);
        static final Registers QUEUE_1 =
                new Registers(TDBAL1, TDBAH1, TDLEN1, TDH1, TDT1, TARC1_ENABLE, TXDCTL1_LWTHRESH);
    }

    private final int index;
    private final Registers ring;
    private final RegisterFile regs;
    private final DmaPort dma;
    private final Interrupts interrupts;
    private final StepTimer steps;
    private final TransmitBuffer buffer;
    private final TransmitOutput output;
    private final TransmitGate gate;
    private final Tracer tracer;
    private final Event fetch;
    private final Event data;
    private final Event send;
    private final Event writeBack;

    /** Descriptors of the burst, as fetched; behind them one status byte for write-backs. */
    private final GuestMemory onChip = GuestMemory.allocateAuto((BURST + 1) * TransmitDescriptor.BYTES);

    private final int scratch = BURST * TransmitDescriptor.BYTES;
    /** Where the burst was fetched from; the registers may say something else by the time of the write-back. */
    private long burstIova;

    private int burst;
    /** Descriptors of the burst that have been carried out, and of those the ones that have been written back. */
    private int taken;

    private int writtenBack;
    private boolean fetchRefused;
    /** The burst's frames wait on the chip for the end of a pause. */
    private boolean held;

    TransmitQueue(
            int index,
            RegisterFile regs,
            DmaPort dma,
            Interrupts interrupts,
            StepTimer steps,
            TransmitGate gate,
            TransmitBuffer buffer,
            TransmitMac mac,
            Tracer tracer) {
        this.index = index;
        this.regs = regs;
        this.dma = dma;
        this.interrupts = interrupts;
        this.steps = steps;
        this.gate = gate;
        this.buffer = buffer;
        this.tracer = tracer;
        ring = index == 0 ? Registers.QUEUE_0 : Registers.QUEUE_1;
        output = new TransmitOutput(regs, buffer, mac);
        fetch = steps.event("82574L tx" + index + " fetch", this::fetch);
        data = steps.event("82574L tx" + index + " data", this::data);
        send = steps.event("82574L tx" + index + " send", this::send);
        writeBack = steps.event("82574L tx" + index + " write-back", this::writeBack);
        regs.onWrite(ring.tail, this::doorbell);
        regs.onWrite(ring.head, this::ringRewritten);
        regs.onWrite(ring.baseLow, this::ringRewritten);
        regs.onWrite(ring.baseHigh, this::ringRewritten);
        regs.onWrite(ring.length, this::ringRewritten);
    }

    private void doorbell(int written) {
        fetchRefused = false;
        kick();
    }

    /** Starts on the ring if there is something in it, nothing is under way, and all gates are open. */
    void kick() {
        if (held) {
            if (!gate.isPaused()) {
                held = false;
                steps.next(send, Step.SEND);
            }
        } else if (!isBusy() && !fetchRefused && available() > 0 && mayStart()) {
            steps.next(fetch, Step.FETCH);
        }
    }

    boolean isBusy() {
        return held || fetch.isScheduled() || data.isScheduled() || send.isScheduled() || writeBack.isScheduled();
    }

    private boolean mayStart() {
        return regs.isSet(ring.arbitrationEnable) && gate.mayTransmit();
    }

    /** Descriptors that hardware owns. A head or tail outside of the ring (driver bug, hostile guest) yields none. */
    private int available() {
        int count = count();
        int head = regs.get(ring.head);
        int tail = regs.get(ring.tail);
        if (head >= count || tail >= count) {
            return 0;
        }
        return tail >= head ? tail - head : count - head + tail;
    }

    private int count() {
        return regs.get(ring.length) / TransmitDescriptor.BYTES;
    }

    // ---- steps

    private void fetch() {
        int head = regs.get(ring.head);
        int wanted = Math.min(Math.min(available(), BURST), count() - head);
        if (wanted <= 0 || !mayStart()) {
            return;
        }
        long base = (long) regs.get(ring.baseHigh) << 32 | regs.get(ring.baseLow) & 0xFFFF_FFFFL;
        burstIova = base + (long) head * TransmitDescriptor.BYTES;
        DmaResult result = dma.read(burstIova, onChip, 0, wanted * TransmitDescriptor.BYTES);
        if (tracer.isOn()) {
            tracer.event(SOURCE, "tx.fetch", trace("result=" + result + " head=" + head + " descriptors=" + wanted));
        }
        if (!result.isOk()) {
            // The queue stands still, as on silicon: the driver's hang detection sees TDH, and a doorbell tries again.
            // Without bus mastering nothing was asked of the ring, so it may go on by itself.
            fetchRefused = result != DmaResult.BUS_MASTER_OFF;
            return;
        }
        burst = wanted;
        taken = 0;
        writtenBack = 0;
        // Without multiple requests each buffer is asked for when the one before has come.
        steps.next(data, Step.DATA, regs.isSet(TCTL_MULR) ? 1 : wanted);
    }

    private void data() {
        int from = taken;
        while (taken < burst && buffer.take(low(taken), high(taken))) {
            taken++;
        }
        advanceHead(taken - from);
        if (tracer.isOn()) {
            tracer.event(SOURCE, "tx.data", trace("descriptors=" + (taken - from) + " packets=" + buffer.packets()));
        }
        steps.next(send, Step.SEND);
    }

    private void advanceHead(int descriptors) {
        int next = regs.get(ring.head) + descriptors;
        regs.set(ring.head, next >= count() ? 0 : next);
    }

    private void send() {
        if (gate.isPaused()) {
            held = true;
            regs.count(DC);
        } else if (output.send()) {
            buffer.release();
            steps.next(writeBack, Step.WRITE_BACK);
        } else {
            steps.next(send, Step.SEND);
        }
    }

    private void writeBack() {
        boolean any = false;
        boolean delayed = false;
        int done = taken - writtenBack;
        if (tracer.isOn()) {
            tracer.event(SOURCE, "tx.writeback", trace("descriptors=" + done + " head=" + regs.get(ring.head)));
        }
        for (; writtenBack < taken; writtenBack++) {
            long high = high(writtenBack);
            if (TransmitDescriptor.wantsStatus(high)) {
                any = true;
                delayed = TransmitDescriptor.wantsDelay(high);
                onChip.writeByte(scratch, TransmitDescriptor.doneStatus(high));
                // A refused write-back is the driver's loss: it never sees DD. The port has logged it.
                DmaResult unused = dma.write(
                        burstIova + (long) writtenBack * TransmitDescriptor.BYTES + STATUS_AT, onChip, scratch, 1);
            }
        }
        report(any, delayed, done);
        if (taken < burst) {
            steps.next(data, Step.DATA);
        } else {
            kick();
        }
    }

    private void report(boolean any, boolean delayed, int done) {
        int left = available();
        int further = left == 0 ? Interrupts.TXQE : 0;
        int threshold = regs.get(ring.lowThreshold) * LOW_UNITS;
        if (left < threshold && left + done >= threshold) {
            further |= Interrupts.TXD_LOW;
        }
        if (any) {
            interrupts.transmitted(index, delayed, further);
        } else if (further != 0) {
            interrupts.raise(further);
        }
    }

    private String trace(String details) {
        return "queue=" + index + " " + details;
    }

    private long low(int descriptor) {
        return onChip.readLong((long) descriptor * TransmitDescriptor.BYTES);
    }

    private long high(int descriptor) {
        return onChip.readLong((long) descriptor * TransmitDescriptor.BYTES + 8);
    }

    // ---- reset

    private void ringRewritten(int written) {
        abandonBurst();
        fetchRefused = false;
        buffer.abandonOpenPacket();
    }

    private void abandonBurst() {
        if (!isBusy()) {
            return;
        }
        fetch.cancel();
        data.cancel();
        send.cancel();
        writeBack.cancel();
        held = false;
        output.reset();
        buffer.release();
        burst = 0;
        taken = 0;
        writtenBack = 0;
    }

    /** CTRL.RST and stronger: what was under way is gone, contexts included. */
    void reset() {
        abandonBurst();
        fetchRefused = false;
        buffer.reset();
    }
}
