package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.reg.RegisterFile;

/** Asks the partner to pause when the packet buffer rises above FCRTH, and to go on when it falls below FCRTL. §10.2.5. */
final class RxWatermarks {
    private final RegisterFile regs;
    private final PacketBuffer buffer;
    private final FlowControl flowControl;
    private boolean xoffSent;

    RxWatermarks(RegisterFile regs, PacketBuffer buffer, FlowControl flowControl) {
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
            flowControl.sendPause(regs.get(FCTTV));
        }
    }

    private void checkLow() {
        if (buffer.usedBytes() < regs.get(FCRTL_RTL) << FCRTL_RTL.shift()) {
            xoffSent = false;
            if (regs.isSet(FCRTL_XONE)) {
                flowControl.sendPause(0);
            }
        }
    }

    void reset() {
        xoffSent = false;
    }
}
