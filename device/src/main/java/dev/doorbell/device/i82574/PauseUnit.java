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
    private static final long[] QUANTUM_NS = {51_200, 5_120, 512, 512};

    private static final int FRAME_BYTES = 60;
    private static final int SOURCE_AT = 6, TYPE_AT = 12, OPCODE_AT = 14, QUANTA_AT = 16;
    private static final int OPCODE_PAUSE = 1;

    private final RegisterFile regs;
    private final StepTimer steps;
    private final LinkPort link;
    private final Runnable resumed;
    private final Event pauseOver;
    private final Event sending;
    private final GuestMemory memory = GuestMemory.allocate(FRAME_BYTES + 4);
    private final Frame frame = new Frame(memory);
    private int quantaToSend;

    /** @param resumed called when transmission may go on */
    PauseUnit(RegisterFile regs, StepTimer steps, LinkPort link, Runnable resumed) {
        this.regs = regs;
        this.steps = steps;
        this.link = link;
        this.resumed = resumed;
        pauseOver = steps.event("82574L pause over", this::resume);
        sending = steps.event("82574L PAUSE frame", this::sendFrame);
    }

    /** STATUS.TXOFF: nothing new is sent; what is under way goes out. */
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

    /** Of two requests before the first has left, the later one counts: it says how things are now. */
    @Override
    public void sendPause(int quanta) {
        quantaToSend = quanta & 0xFFFF;
        steps.next(sending, Step.SEND);
    }

    private void sendFrame() {
        if (!regs.isSet(STATUS_LU)) {
            return;
        }
        memory.writeInt(0, regs.get(FCAL));
        memory.writeShort(4, regs.get(FCAH));
        memory.writeInt(SOURCE_AT, regs.get(RAL, 0));
        memory.writeShort(SOURCE_AT + 4, regs.get(RAH, 0));
        memory.writeShort(TYPE_AT, Short.reverseBytes((short) regs.get(FCT)));
        memory.writeShort(OPCODE_AT, Short.reverseBytes((short) OPCODE_PAUSE));
        memory.writeShort(QUANTA_AT, Short.reverseBytes((short) quantaToSend));
        regs.count(quantaToSend == 0 ? XONTXC : XOFFTXC);
        regs.count(TPT);
        regs.add(TOT, FRAME_BYTES + TransmitMac.FCS_BYTES);
        link.send(frame.set(memory, 0, FRAME_BYTES));
    }

    void reset() {
        pauseOver.cancel();
        sending.cancel();
    }
}
