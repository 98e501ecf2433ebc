package dev.doorbell.device.i82574;

import dev.doorbell.bus.reg.RegisterFile;

/**
 * BAR 2: the registers through an address and a data port, for software that runs before memory BARs are set up.
 * IOADDR at 0, IODATA at 4; 32-bit accesses only.
 */
final class IoWindow {
    private static final int IOADDR = 0, IODATA = 4;
    private static final int FLASH_FROM = 0x8_0000, FLASH_END = 0x10_0000;
    private static final int ALL_ONES = -1;

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
        if (offset != IODATA) {
            return 0;
        }
        return isRegister() ? regs.read(address) : isFlash() ? ALL_ONES : 0;
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

    private boolean isRegister() {
        return Integer.compareUnsigned(address, ConfigLayout.REGISTER_BAR_BYTES) < 0;
    }

    /** Far above the registers is the flash, which is not fitted: it reads ones. Between them there is nothing. */
    private boolean isFlash() {
        return address >= FLASH_FROM && address < FLASH_END;
    }

    void reset() {
        address = 0;
    }
}
