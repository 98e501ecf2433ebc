package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.time.Event;

/** Asks the partner to pause when the packet buffer rises above FCRTH, and to go on when it falls below FCRTL. §10.2.5. */
final class RxWatermarks {
    private final RegisterFile regs;
    private final PacketBuffer buffer;
    private final FlowControl flowControl;
    private final Event refresh;
    private boolean xoffSent;

    RxWatermarks(RegisterFile regs, PacketBuffer buffer, FlowControl flowControl, StepTimer steps) {
        refresh = steps.event("82574L pause refresh", this::sendXoff);
        this.regs = regs;
        this.buffer = buffer;
        this.flowControl = flowControl;
    }

    /** To be called when the fill of the packet buffer has changed. Each crossing sends one frame. */
    void check() {
        if (xoffSent) {
            checkLow();
            return;
        }
        int high = regs.get(FCRTH);
        if (high != 0 && buffer.usedBytes() > high && regs.isSet(CTRL_TFCE)) {
            xoffSent = true;
            sendXoff();
        }
    }

    /** With FCRTV once more before the pause is over, as long as the packet buffer has not emptied. */
    private void sendXoff() {
        flowControl.sendPause(regs.get(FCTTV));
        int quanta = regs.get(FCRTV);
        if (quanta != 0) {
            refresh.after(quanta * PauseUnit.QUANTUM_NS[regs.get(STATUS_SPEED)]);
        }
    }

    private void checkLow() {
        if (buffer.usedBytes() < regs.get(FCRTL_RTL) << FCRTL_RTL.shift()) {
            reset();
            if (regs.isSet(FCRTL_XONE)) {
                flowControl.sendPause(0);
            }
        }
    }

    void reset() {
        refresh.cancel();
        xoffSent = false;
    }
}
