package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.irq.InterruptPort;
import dev.doorbell.bus.pci.MsixTable;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.trace.Tracer;

/** The five MSI-X vectors: allocation of causes by IVAR, a throttle each, auto-clear and auto-mask. §7.4.2, §7.4.4. */
final class VectorDelivery {
    private static final int VECTORS = InterruptUnit.VECTORS;
    private static final int IVAR_VALID = 8;
    private static final int[] IVAR_CAUSE = {
        Interrupts.RXQ0, Interrupts.RXQ1, Interrupts.TXQ0, Interrupts.TXQ1, Interrupts.OTHER
    };

    private final RegisterFile regs;
    private final InterruptPort port;
    private final MsixTable table;
    private final Tracer tracer;
    private final Throttle[] throttle = new Throttle[VECTORS];

    /** By vector: the causes that IVAR sends to it. */
    private final int[] causesOf = new int[VECTORS];

    private int allocated;
    /** By vector, one bit each: handed over while masked, and pending there. */
    private int held;

    /** @param gapOver a throttle has expired: evaluates the causes anew */
    VectorDelivery(
            RegisterFile regs, InterruptPort port, StepTimer steps, MsixTable table, Tracer tracer, Runnable gapOver) {
        this.regs = regs;
        this.port = port;
        this.table = table;
        this.tracer = tracer;
        for (int vector = 0; vector < VECTORS; vector++) {
            throttle[vector] = new Throttle("82574L EITR" + vector, steps, gapOver);
        }
        regs.onWrite(IVAR, written -> allocationChanged());
    }

    /** Follows IVAR. */
    void allocationChanged() {
        int ivar = regs.get(IVAR);
        allocated = 0;
        for (int vector = 0; vector < VECTORS; vector++) {
            causesOf[vector] = 0;
        }
        for (int entry = 0; entry < IVAR_CAUSE.length; entry++) {
            int allocation = ivar >>> 4 * entry & 0xF;
            int vector = allocation & ~IVAR_VALID;
            if ((allocation & IVAR_VALID) != 0 && vector < VECTORS) { // 5 to 7: no such vector, no message
                causesOf[vector] |= IVAR_CAUSE[entry];
                allocated |= IVAR_CAUSE[entry];
            }
        }
    }

    /**
     * Sends what may be sent.
     *
     * @param fresh causes that became active and have not been signalled
     * @return those of them that wait for a throttle
     */
    int deliver(int fresh) {
        int waiting = fresh & allocated;
        for (int vector = 0; waiting != 0 && vector < VECTORS; vector++) {
            int causes = causesOf[vector];
            if ((waiting & causes) == 0 || throttle[vector].isRunning()) {
                continue;
            }
            waiting &= ~causes;
            if ((active() & causes) != 0) {
                send(vector);
            }
        }
        return waiting;
    }

    private int active() {
        return regs.get(ICR) & regs.get(IMS);
    }

    private void send(int vector) {
        if (table.isMasked(vector)) {
            held |= 1 << vector;
        } else {
            messageLeaves(vector);
        }
        port.msix(vector);
    }

    /** Auto-clear and auto-mask belong to the message, not to the cause: one held back by EITR or a mask stays in ICR. */
    private void messageLeaves(int vector) {
        if (tracer.isOn()) {
            tracer.event("82574L", "irq.msix", "vector=" + vector + " causes=0x" + Integer.toHexString(active()));
        }
        int autoCleared = active() & causesOf[vector] & regs.get(EIAC);
        regs.set(ICR, regs.get(ICR) & ~autoCleared);
        if (regs.isSet(CTRL_EXT_EIAME)) {
            regs.set(IMS, regs.get(IMS) & ~(autoCleared & regs.get(IAM)));
        }
        regs.count(IAC);
        throttle[vector].arm(regs.get(EITR, vector));
    }

    /** The table or its enable and mask bits were written: messages that were pending may have left. */
    void tableWritten() {
        for (int vector = 0; held != 0 && vector < VECTORS; vector++) {
            if ((held & 1 << vector) != 0 && !table.isPending(vector)) {
                held &= ~(1 << vector);
                messageLeaves(vector);
            }
        }
    }

    /**
     * Forgets pending messages.
     *
     * @param vectors one bit each
     */
    void clearPending(int vectors) {
        for (int vector = 0; vector < VECTORS; vector++) {
            if ((vectors & 1 << vector) != 0) {
                table.pending(vector, false);
            }
        }
        held &= ~vectors;
    }

    /**
     * CTRL_EXT.PBA_CLR: enabling a cause clears the pending bit of its vector.
     *
     * @param enabled what was written to IMS
     * @return causes of those vectors that are still active: they have to be signalled anew
     */
    int restate(int enabled) {
        if (held == 0 || !regs.isSet(CTRL_EXT_PBA_CLR)) {
            return 0;
        }
        int again = 0;
        for (int vector = 0; vector < VECTORS; vector++) {
            if ((held & 1 << vector) != 0 && (causesOf[vector] & enabled) != 0) {
                clearPending(1 << vector);
                again |= active() & causesOf[vector];
            }
        }
        return again;
    }

    /**
     * An EITR was written, not known which.
     *
     * @return true when a gap has ended because its interval is 0 now
     */
    boolean endZeroGaps() {
        boolean ended = false;
        for (int vector = 0; vector < VECTORS; vector++) {
            if ((regs.get(EITR, vector) & 0xFFFF) == 0 && throttle[vector].isRunning()) {
                throttle[vector].disarm();
                ended = true;
            }
        }
        return ended;
    }

    void disarm() {
        for (Throttle each : throttle) {
            each.disarm();
        }
    }

    /** Pending messages of a mode that has ended are nobody's. */
    void forgetHeld() {
        held = 0;
    }
}
