package dev.doorbell.device.i82574;

import dev.doorbell.bus.reg.RegisterFile;

/**
 * BAR 2: the registers through an address and a data port, for software that runs before memory BARs are set up.
 * IOADDR at 0, IODATA at 4; 32-bit accesses only.
 */
final class IoWindow {
    private static final int IOADDR = 0, IODATA = 4;

    private final RegisterFile regs;
    private int address;

    IoWindow(RegisterFile regs) {
        this.regs = regs;
    }

    int read(long offset, int bytes) {
        if (bytes != 4) {
            return 0;
        }
        if (offset == IOADDR) {
            return address;
        }
        return offset == IODATA && isRegister() ? regs.read(address) : 0;
    }

    void write(long offset, int bytes, int value) {
        if (bytes != 4) {
            return;
        }
        if (offset == IOADDR) {
            address = value;
        } else if (offset == IODATA && isRegister()) {
            regs.write(address, value);
        }
    }

    /** Above the registers there is nothing, and far above the flash, which this card lacks. */
    private boolean isRegister() {
        return Integer.compareUnsigned(address, ConfigLayout.REGISTER_BAR_BYTES) < 0;
    }

    void reset() {
        address = 0;
    }
}
