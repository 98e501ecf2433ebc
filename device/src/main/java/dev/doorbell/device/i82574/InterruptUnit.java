package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.irq.InterruptPort;
import dev.doorbell.bus.pci.MsixTable;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.time.Event;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.device.i82574.StepTimer.Step;

/**
 * Causes, masks, moderation and delivery, §7.4 and §10.2.4. A cause latches at once; what follows from it leaves in the
 * interrupt step, so no message is ever sent from inside a register access. Only the de-assertion of INTx is immediate:
 * an interrupt handler that has read ICR must find the line low.
 */
final class InterruptUnit implements Interrupts {
    /** How interrupts leave the card, by the enable bits of its capabilities. */
    enum Mode {
        INTX,
        MSI,
        MSIX
    }

    /** What software may set and mask, reserved bits included: drivers test their interrupt with them. */
    static final int CAUSES = 0x01F7_FFFF;
    /** Their arrival sets OTHER in MSI-X mode. */
    static final int OTHER_CAUSES = LSC | RXO | MDAC | SRPD | ACK | MNG;

    static final int VECTORS = 5;

    private final RegisterFile regs;
    private final InterruptPort port;
    private final StepTimer steps;
    private final Tracer tracer;
    private final Event delivery;
    private final Throttle throttle;
    private final VectorDelivery vectors;
    private final DelayTimers delays;

    private Mode mode = Mode.INTX;
    /** False in D3, when quiesced, and for messages without bus mastering: causes latch and wait. */
    private boolean deliverable;
    /** ICR & IMS when last looked at. */
    private int active;
    /** Causes that became active and have not been signalled. */
    private int fresh;

    private boolean lineAsserted;

    InterruptUnit(RegisterFile regs, InterruptPort port, StepTimer steps, MsixTable table, Tracer tracer) {
        this.regs = regs;
        this.port = port;
        this.steps = steps;
        this.tracer = tracer;
        delivery = steps.event("82574L interrupt", this::deliver);
        throttle = new Throttle("82574L ITR", steps, this::deliver);
        vectors = new VectorDelivery(regs, port, steps, table, tracer, this::deliver);
        delays = new DelayTimers(regs, steps, this::delayOver);
        regs.onRead(ICR, this::readIcr).onWrite(ICR, this::writeIcr);
        regs.onRead(ICS, stored -> seenIcr()).onWrite(ICS, this::raise);
        regs.onRead(IMS, stored -> regs.get(IMS)).onWrite(IMS, this::enable);
        regs.onRead(IMC, stored -> 0).onWrite(IMC, this::disable);
        regs.onWrite(ITR, this::itrWritten);
        regs.onWrite(EITR, this::eitrWritten);
        regs.onWrite(RDTR, this::flushWritten).onWrite(TIDV, this::flushWritten);
    }

    // ---- causes

    @Override
    public void raise(int causes) {
        latch(causes & CAUSES | forMode(delays.take()));
    }

    @Override
    public void received(int queue, boolean ack, int further) {
        int causes = queue == 0 ? RXQ0 : RXQ1;
        if (ack) {
            causes |= ACK;
        }
        report(causes, further, mode != Mode.MSIX && further == 0 && delays.delayReceive(causes, ack));
    }

    @Override
    public void receivedLate(int queue, boolean ack, int further) {
        report((queue == 0 ? RXQ0 : RXQ1) | (ack ? ACK : 0), further, false);
    }

    @Override
    public void transmitted(int queue, boolean delayed, int further) {
        int causes = (queue == 0 ? TXQ0 : TXQ1) | further & TXQE;
        int urgent = further & ~TXQE;
        report(causes, urgent, mode != Mode.MSIX && delayed && urgent == 0 && delays.delayTransmit(causes));
    }

    private void report(int causes, int urgent, boolean taken) {
        if (!taken) {
            raise(forMode(causes) | urgent);
        }
    }

    /** The mode counts that holds now, not the one in which the delay began. */
    private void delayOver(int causes) {
        latch(forMode(causes));
    }

    /** Queue causes as the mode names them: RXQn and TXQn exist in MSI-X only. */
    private int forMode(int causes) {
        if (mode == Mode.MSIX) {
            return causes;
        }
        int named = causes & ~(RXQ0 | RXQ1 | TXQ0 | TXQ1);
        if ((causes & (RXQ0 | RXQ1)) != 0) {
            named |= RXT0;
        }
        if ((causes & (TXQ0 | TXQ1)) != 0) {
            named |= TXDW;
        }
        return named;
    }

    private void latch(int causes) {
        int arriving = causes;
        if (mode == Mode.MSIX && (causes & OTHER_CAUSES) != 0) {
            arriving |= OTHER;
        }
        regs.set(ICR, regs.get(ICR) | arriving);
        countCauses(causes);
        evaluate();
    }

    private void countCauses(int causes) {
        if ((causes & (TXQE | TXD_LOW | RXDMT0 | RXO)) == 0) {
            return;
        }
        countIf(causes, TXQE, ICTXQEC);
        countIf(causes, TXD_LOW, ICTXQMTC);
        countIf(causes, RXDMT0, ICRXDMTC);
        countIf(causes, RXO, ICRXOC);
    }

    private void countIf(int causes, int cause, Register counter) {
        if ((causes & cause) != 0) {
            regs.count(counter);
        }
    }

    // ---- registers

    private int seenIcr() {
        int icr = regs.get(ICR);
        return (icr & regs.get(IMS)) != 0 ? icr | INT_ASSERTED : icr;
    }

    /**
     * Clears everything when nothing is enabled or something enabled is pending; leaves causes that are all masked to
     * whoever enables them (§10.2.4.1, and what silicon does with IAME clear).
     */
    private int readIcr(int stored) {
        int seen = seenIcr();
        if (seen == 0) {
            return 0;
        }
        if ((seen & INT_ASSERTED) != 0) {
            regs.set(ICR, 0);
            autoMask();
        } else if (regs.get(IMS) == 0) {
            regs.set(ICR, 0);
        }
        evaluate();
        return seen;
    }

    private void writeIcr(int written) {
        int cleared = written & CAUSES;
        if ((written & OTHER) != 0) {
            cleared |= OTHER_CAUSES;
        }
        regs.set(ICR, regs.get(ICR) & ~cleared);
        autoMask();
        evaluate();
    }

    private void autoMask() {
        if (regs.isSet(CTRL_EXT_IAME)) {
            regs.set(IMS, regs.get(IMS) & ~regs.get(IAM));
        }
    }

    private void enable(int written) {
        regs.set(IMS, (regs.get(IMS) | written) & CAUSES);
        if ((written & CAUSES) == CAUSES && regs.isSet(CTRL_EXT_INT_TIMERS_CLEAR_ENA)) {
            disarmThrottles();
            scheduleDelivery();
        }
        evaluate();
        int restated = vectors.restate(written);
        if (restated != 0) {
            fresh |= restated;
            scheduleDelivery();
        }
    }

    private void disable(int written) {
        regs.set(IMS, regs.get(IMS) & ~written);
        evaluate();
    }

    private void itrWritten(int written) {
        if ((written & 0xFFFF) == 0 && throttle.isRunning()) {
            throttle.disarm();
            scheduleDelivery();
        }
    }

    private void eitrWritten(int written) {
        if (vectors.endZeroGaps()) {
            scheduleDelivery();
        }
    }

    /** RDTR and TIDV, bit 31: raises the causes that wait. */
    void flushWritten(int written) {
        if (written < 0) {
            int delayed = delays.take();
            if (delayed != 0) {
                latch(forMode(delayed));
            }
        }
    }

    // ---- delivery

    /** Looks at what changed: lowers INTx at once, and has anything newly active delivered in the next step. */
    private void evaluate() {
        int now = regs.get(ICR) & regs.get(IMS);
        int gained = now & ~active;
        active = now;
        if (lineAsserted && now == 0) {
            setLine(false);
        }
        if (gained != 0) {
            fresh |= gained;
            scheduleDelivery();
        }
    }

    private void scheduleDelivery() {
        if (deliverable) {
            steps.next(delivery, Step.INTERRUPT);
        }
    }

    private void deliver() {
        switch (mode) {
            case INTX -> deliverLine();
            case MSI -> deliverMessage();
            case MSIX -> {
                fresh = vectors.deliver(fresh);
                active = regs.get(ICR) & regs.get(IMS);
            }
        }
    }

    private void deliverLine() {
        fresh = 0;
        if (active != 0 && !lineAsserted && !throttle.isRunning()) {
            regs.count(IAC);
            throttle.arm(regs.get(ITR));
            trace("irq.intx");
            setLine(true);
        }
    }

    private void deliverMessage() {
        if (throttle.isRunning()) {
            return;
        }
        boolean due = fresh != 0 && active != 0;
        fresh = 0;
        if (due) {
            regs.count(IAC);
            throttle.arm(regs.get(ITR));
            trace("irq.msi");
            port.msi(0);
        }
    }

    /** The vector table or its enable and mask bits were written: messages that were pending may have left. */
    void tableWritten() {
        vectors.tableWritten();
        active = regs.get(ICR) & regs.get(IMS);
    }

    /**
     * PBACLR: forgets pending messages.
     *
     * @param written one bit per vector
     */
    void clearPending(int written) {
        vectors.clearPending(written);
    }

    private void trace(String what) {
        if (tracer.isOn()) {
            tracer.event("82574L", what, "causes=0x" + Integer.toHexString(active));
        }
    }

    private void setLine(boolean asserted) {
        lineAsserted = asserted;
        port.intx(asserted);
    }

    // ---- mode and reset

    /**
     * Follows the enable bits in configuration space. A new mode starts with nothing of the old one but the causes.
     *
     * @param mayDeliver D0, not quiesced, and bus mastering on if the mode is one of messages
     */
    void mode(Mode next, boolean mayDeliver) {
        if (mode == next && deliverable == mayDeliver) {
            return;
        }
        int delayed = delays.take();
        stop();
        mode = next;
        deliverable = mayDeliver;
        latch(forMode(delayed));
    }

    /**
     * After the registers went back to their defaults: no cause, no mask, no timer, line low, and no message pending in
     * the MSI-X table (unsure on silicon; one that stayed would have no cause). The mode stays.
     */
    void reset() {
        delays.take();
        vectors.clearPending(-1);
        stop();
        vectors.allocationChanged();
    }

    private void stop() {
        delivery.cancel();
        disarmThrottles();
        vectors.forgetHeld();
        active = 0;
        fresh = 0;
        if (lineAsserted) {
            setLine(false);
        }
    }

    private void disarmThrottles() {
        throttle.disarm();
        vectors.disarm();
    }
}
