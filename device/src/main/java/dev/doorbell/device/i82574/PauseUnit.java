package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.time.Event;
import dev.doorbell.device.i82574.StepTimer.Step;
import dev.doorbell.device.spi.Frame;
import dev.doorbell.device.spi.LinkPort;

/** IEEE 802.3x on the transmit side, §7.2.8: obeys PAUSE frames that came in, and sends its own. */
final class PauseUnit implements FlowControl {
    /** A quantum at 10, 100, 1000 Mb/s: 512 bit times. */
    static final long[] QUANTUM_NS = {51_200, 5_120, 512, 512};

    private static final int FRAME_BYTES = 60;
    private static final int SOURCE_AT = 6, TYPE_AT = 12, OPCODE_AT = 14, QUANTA_AT = 16;
    private static final int OPCODE_PAUSE = 1;

    private final RegisterFile regs;
    private final StepTimer steps;
    private final LinkPort link;
    private final Runnable resumed;
    private final Event pauseOver;
    private final Event sending;
    private final GuestMemory memory = GuestMemory.allocateAuto(FRAME_BYTES + 4);
    private final Frame frame = new Frame(memory);
    /** Waits to be sent; 0 when none does. */
    private int xoffQuanta;

    private boolean xonWaits;

    /** @param resumed called when transmission may go on */
    PauseUnit(RegisterFile regs, StepTimer steps, LinkPort link, Runnable resumed) {
        this.regs = regs;
        this.steps = steps;
        this.link = link;
        this.resumed = resumed;
        pauseOver = steps.event("82574L pause over", this::resume);
        sending = steps.event("82574L PAUSE frame", this::sendNext);
    }

    /** STATUS.TXOFF: no frame is sent but PAUSE frames. */
    boolean isPaused() {
        return pauseOver.isScheduled();
    }

    @Override
    public void pauseReceived(int quanta) {
        if (quanta != 0) {
            regs.set(STATUS_TXOFF, 1);
            pauseOver.after(quanta * QUANTUM_NS[regs.get(STATUS_SPEED)]);
        } else if (isPaused()) {
            pauseOver.cancel();
            resume();
        }
    }

    private void resume() {
        regs.set(STATUS_TXOFF, 0);
        resumed.run();
    }

    /**
     * An XON asked for while an XOFF has not left yet goes behind it, so that the partner never sees the one without the
     * other. A new XOFF replaces both: it says how things are now.
     */
    @Override
    public void sendPause(int quanta) {
        int asked = quanta & 0xFFFF;
        xonWaits = asked == 0;
        if (asked != 0) {
            xoffQuanta = asked;
        }
        steps.next(sending, Step.SEND);
    }

    private void sendNext() {
        if (!regs.isSet(STATUS_LU)) {
            forgetWaiting();
        } else if (xoffQuanta != 0) {
            int quanta = xoffQuanta;
            xoffQuanta = 0;
            sendFrame(quanta);
            regs.count(XOFFTXC);
            if (xonWaits) {
                steps.next(sending, Step.SEND);
            }
        } else if (xonWaits) {
            xonWaits = false;
            sendFrame(0);
            regs.count(XONTXC);
        }
    }

    private void sendFrame(int quanta) {
        memory.writeInt(0, regs.get(FCAL));
        memory.writeShort(4, regs.get(FCAH));
        memory.writeInt(SOURCE_AT, regs.get(RAL, 0));
        memory.writeShort(SOURCE_AT + 4, regs.get(RAH, 0));
        memory.writeShort(TYPE_AT, Short.reverseBytes((short) regs.get(FCT)));
        memory.writeShort(OPCODE_AT, Short.reverseBytes((short) OPCODE_PAUSE));
        memory.writeShort(QUANTA_AT, Short.reverseBytes((short) quanta));
        regs.count(TPT);
        regs.add(TOT, FRAME_BYTES + TransmitMac.FCS_BYTES);
        link.send(frame.set(memory, 0, FRAME_BYTES));
    }

    private void forgetWaiting() {
        xoffQuanta = 0;
        xonWaits = false;
    }

    void reset() {
        pauseOver.cancel();
        sending.cancel();
        forgetWaiting();
    }
}
