package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.dma.DmaPort;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.device.spi.LinkPort;

/** The transmit side of the card: two queues behind one gate. §7.2. */
final class TransmitEngine implements TransmitGate {
    static final int QUEUES = 2;

    private final RegisterFile regs;
    private final MasterGate master;
    private final LinkUnit link;
    private final TransmitMac mac;
    private final TransmitQueue[] queues = new TransmitQueue[QUEUES];
    private final PauseUnit pause;

    TransmitEngine(
            RegisterFile regs,
            DmaPort dma,
            Interrupts interrupts,
            StepTimer steps,
            MasterGate master,
            LinkUnit link,
            LinkPort wire,
            TransmitMac mac,
            Tracer tracer) {
        this.regs = regs;
        this.master = master;
        this.link = link;
        this.mac = mac;
        for (int q = 0; q < QUEUES; q++) {
            TransmitBuffer buffer = new TransmitBuffer(dma, TransmitQueue.BURST);
            queues[q] = new TransmitQueue(q, regs, dma, interrupts, steps, this, buffer, mac, tracer);
        }
        pause = new PauseUnit(regs, steps, wire, this::kick);
        regs.onWrite(TCTL, this::controlWritten);
        regs.onWrite(TARC0, written -> kick());
        regs.onWrite(TARC1, written -> kick());
    }

    private void controlWritten(int written) {
        if (TCTL_SWXOFF.isSet(written)) {
            pause.sendPause(regs.get(FCTTV));
        }
        kick();
    }

    FlowControl flowControl() {
        return pause;
    }

    /** With the link down descriptors stay in the ring, and go out when it is back. */
    @Override
    public boolean mayTransmit() {
        return regs.isSet(TCTL_EN) && master.isOpen() && !pause.isPaused() && (link.isUp() || mac.loopsBack());
    }

    @Override
    public boolean isPaused() {
        return pause.isPaused();
    }

    /** A gate may have opened: looks at both rings. */
    void kick() {
        for (TransmitQueue queue : queues) {
            queue.kick();
        }
    }

    /** True while a request may still be outstanding: STATUS.GIO_MASTER_ENABLE waits for it. */
    boolean isBusy() {
        return queues[0].isBusy() || queues[1].isBusy();
    }

    /** Drops everything under way; the registers are reset by the caller. */
    void reset() {
        pause.reset();
        for (TransmitQueue queue : queues) {
            queue.reset();
        }
    }
}
