package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.reg.RegisterFile;

/** Whether the card may start requests on PCI Express: both the bus's gate and the card's own have to be open. */
final class MasterGate {
    private final RegisterFile regs;
    private boolean allowed;

    MasterGate(RegisterFile regs) {
        this.regs = regs;
    }

    /** Command.2 set, D0, CTRL.2 clear, not quiesced. */
    boolean isOpen() {
        return allowed && !regs.isSet(CTRL_GIO_MASTER_DISABLE);
    }

    /**
     * The bus's side: Command.BusMaster, D0, not quiesced.
     *
     * @return true when this opened the gate
     */
    boolean allowed(boolean now) {
        boolean opened = now && !allowed;
        allowed = now;
        return opened;
    }
}
