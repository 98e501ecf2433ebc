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
    /** Causes that have an MSI-X vector of their own. */
    static final int VECTOR_CAUSES = RXQ0 | RXQ1 | TXQ0 | TXQ1 | OTHER;
    /** Their arrival sets OTHER in MSI-X mode. */
    static final int OTHER_CAUSES = LSC | RXO | MDAC | SRPD | ACK | MNG;

    static final int VECTORS = 5;
    private static final int IVAR_VALID = 8;
    private static final int[] IVAR_CAUSE = {RXQ0, RXQ1, TXQ0, TXQ1, OTHER};

    private final RegisterFile regs;
    private final InterruptPort port;
    private final StepTimer steps;
    private final MsixTable table;
    private final Tracer tracer;
    private final Event delivery;
    private final Throttle throttle;
    private final Throttle[] vectorThrottle = new Throttle[VECTORS];
    private final DelayTimers delays;

    /** By vector: the causes that IVAR sends to it. */
    private final int[] causesOf = new int[VECTORS];

    private Mode mode = Mode.INTX;
    /** False in D3, when quiesced, and for messages without bus mastering: causes latch and wait. */
    private boolean deliverable;
    /** ICR & IMS when last looked at. */
    private int active;
    /** Causes that became active and have not been signalled. */
    private int fresh;

    /** By vector, one bit each: handed over while masked, and pending there. */
    private int held;

    private boolean lineAsserted;

    InterruptUnit(RegisterFile regs, InterruptPort port, StepTimer steps, MsixTable table, Tracer tracer) {
        this.regs = regs;
        this.port = port;
        this.steps = steps;
        this.table = table;
        this.tracer = tracer;
        delivery = steps.event("82574L interrupt", this::deliver);
        throttle = new Throttle("82574L ITR", steps, this::deliver);
        for (int vector = 0; vector < VECTORS; vector++) {
            vectorThrottle[vector] = new Throttle("82574L EITR" + vector, steps, this::deliver);
        }
        delays = new DelayTimers(regs, steps, this::delayOver);
        regs.onRead(ICR, this::readIcr).onWrite(ICR, this::writeIcr);
        regs.onRead(ICS, stored -> seenIcr()).onWrite(ICS, this::raise);
        regs.onRead(IMS, stored -> regs.get(IMS)).onWrite(IMS, this::enable);
        regs.onRead(IMC, stored -> 0).onWrite(IMC, this::disable);
        regs.onWrite(IVAR, this::ivarWritten).onWrite(ITR, this::itrWritten);
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
        if (held != 0 && regs.isSet(CTRL_EXT_PBA_CLR)) {
            restateHeld(written);
        }
    }

    private void disable(int written) {
        regs.set(IMS, regs.get(IMS) & ~written);
        evaluate();
    }

    private void ivarWritten(int written) {
        int ivar = regs.get(IVAR);
        for (int vector = 0; vector < VECTORS; vector++) {
            causesOf[vector] = 0;
        }
        for (int entry = 0; entry < IVAR_CAUSE.length; entry++) {
            int allocation = ivar >>> 4 * entry & 0xF;
            int vector = allocation & ~IVAR_VALID;
            if ((allocation & IVAR_VALID) != 0 && vector < VECTORS) { // 5 to 7: no such vector, no message
                causesOf[vector] |= IVAR_CAUSE[entry];
            }
        }
    }

    private void itrWritten(int written) {
        endGapIfZero(throttle, written);
    }

    /** One of the five, not known which: those that are 0 now do not throttle. */
    private void eitrWritten(int written) {
        for (int vector = 0; vector < VECTORS; vector++) {
            endGapIfZero(vectorThrottle[vector], regs.get(EITR, vector));
        }
    }

    private void endGapIfZero(Throttle running, int interval) {
        if ((interval & 0xFFFF) == 0 && running.isRunning()) {
            running.disarm();
            scheduleDelivery();
        }
    }

    /** RDTR and TIDV, bit 31: flush partial descriptors. Write-backs are never held back here, causes may be. */
    private void flushWritten(int written) {
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
                for (int vector = 0; vector < VECTORS; vector++) {
                    deliverVector(vector);
                }
                fresh &= causesWithVector();
            }
        }
    }

    private void deliverLine() {
        fresh = 0;
        if (active != 0 && !lineAsserted && !throttle.isRunning()) {
            regs.count(IAC);
            throttle.arm(regs.get(ITR));
            trace("irq.intx", 0);
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
            trace("irq.msi", 0);
            port.msi(0);
        }
    }

    private void deliverVector(int vector) {
        int causes = causesOf[vector];
        if ((fresh & causes) == 0 || vectorThrottle[vector].isRunning()) {
            return;
        }
        fresh &= ~causes;
        if ((active & causes) == 0) {
            return;
        }
        if (table.isMasked(vector)) {
            held |= 1 << vector;
        } else {
            messageLeaves(vector);
        }
        port.msix(vector);
    }

    /** Auto-clear and auto-mask belong to the message, not to the cause: one held back by EITR or a mask stays in ICR. */
    private void messageLeaves(int vector) {
        trace("irq.msix", vector);
        int autoCleared = active & causesOf[vector] & regs.get(EIAC);
        regs.set(ICR, regs.get(ICR) & ~autoCleared);
        if (regs.isSet(CTRL_EXT_EIAME)) {
            regs.set(IMS, regs.get(IMS) & ~(autoCleared & regs.get(IAM)));
        }
        active = regs.get(ICR) & regs.get(IMS);
        regs.count(IAC);
        vectorThrottle[vector].arm(regs.get(EITR, vector));
    }

    /** The vector table or its enable and mask bits were written: messages that were pending may have left. */
    void tableWritten() {
        for (int vector = 0; held != 0 && vector < VECTORS; vector++) {
            if ((held & 1 << vector) != 0 && !table.isPending(vector)) {
                held &= ~(1 << vector);
                messageLeaves(vector);
            }
        }
    }

    /** PBACLR: forgets pending messages. @param vectors one bit each */
    void clearPending(int vectors) {
        for (int vector = 0; vector < VECTORS; vector++) {
            if ((vectors & 1 << vector) != 0) {
                table.pending(vector, false);
            }
        }
        held &= ~vectors;
    }

    /** CTRL_EXT.PBA_CLR: enabling a cause clears the pending bit of its vector, and what is still active sets it anew. */
    private void restateHeld(int enabled) {
        for (int vector = 0; vector < VECTORS; vector++) {
            if ((held & 1 << vector) != 0 && (causesOf[vector] & enabled) != 0) {
                clearPending(1 << vector);
                fresh |= active & causesOf[vector];
                scheduleDelivery();
            }
        }
    }

    private void trace(String what, int vector) {
        if (tracer.isOn()) {
            tracer.event("82574L", what, "vector=" + vector + " causes=0x" + Integer.toHexString(active));
        }
    }

    private int causesWithVector() {
        int causes = 0;
        for (int ofVector : causesOf) {
            causes |= ofVector;
        }
        return causes;
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

    Mode mode() {
        return mode;
    }

    /** After the registers went back to their defaults: no cause, no mask, no timer, line low. The mode stays. */
    void reset() {
        delays.take();
        stop();
        ivarWritten(0);
    }

    private void stop() {
        delivery.cancel();
        disarmThrottles();
        held = 0;
        active = 0;
        fresh = 0;
        if (lineAsserted) {
            setLine(false);
        }
    }

    private void disarmThrottles() {
        throttle.disarm();
        for (Throttle each : vectorThrottle) {
            each.disarm();
        }
    }
}
