package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.time.Event;
import dev.doorbell.bus.time.Scheduler;
import dev.doorbell.device.intel.Nvm;
import dev.doorbell.device.intel.SpiEeprom;

/**
 * EECD, EERD and EEWR, and the load of NVM words into registers after a reset. §10.2.2.3, §10.2.2.4. Word accesses
 * complete at once, and go to the store together with those that follow shortly.
 */
final class NvmUnit {
    /** How long the load after a reset takes: drivers poll AUTO_RD for 10 ms. */
    private static final long AUTO_READ_NS = 1_000_000;

    /** An EEPROM's write cycle: what is written meanwhile goes to the store with it. */
    private static final long WRITE_CYCLE_NS = 5_000_000;

    /** Default image of a desktop adapter, without manageability: MAC, checksum filled in by {@link Nvm}. */
    private static final int[] DEFAULT_IMAGE = {
        0x0000, 0x0000, 0x0000, 0x0420, 0xF746, 0x2010, 0xFFFF, 0xFFFF,
        0x0000, 0x0000, 0x026B, 0xA01F, 0x8086, 0x10D3, 0x0000, 0x8058,
        0x0000, 0x2001, 0x7E7C, 0xFFFF, 0x1000, 0x00C8, 0x0000, 0x2704,
        0x6CC9, 0x3150, 0x070E, 0x460B, 0x2D84, 0x0100, 0xF000, 0x0706,
        0x6000, 0x0080, 0x0F04, 0x7FFF, 0x4F01, 0xC600, 0x0000, 0x20FF,
        0x0028, 0x0003, 0x0000, 0x0000, 0x0000, 0x0003, 0x0000, 0xFFFF,
        0x0100, 0xC000, 0x121C, 0xC007, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF,
        0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0x0000, 0x0120, 0xFFFF, 0x0000
    };

    private final RegisterFile regs;
    private final Nvm nvm;
    private final SpiEeprom pins;
    private final Event loaded;
    private final Event saving;

    NvmUnit(RegisterFile regs, Nvm nvm, Scheduler scheduler) {
        this.regs = regs;
        this.nvm = nvm;
        loaded = scheduler.event("82574L NVM load", this::autoReadDone);
        saving = scheduler.event("82574L NVM write cycle", nvm::save);
        pins = new SpiEeprom(nvm);
        regs.onWrite(EERD, this::readWord);
        regs.onWrite(EEWR, this::writeWord);
        regs.onWrite(EECD, this::controlWritten);
        regs.onWrite(FLA, written -> regs.set(FLA_FL_GNT, FLA_FL_REQ.of(written)));
    }

    static short[] defaultImage() {
        short[] image = new short[DEFAULT_IMAGE.length];
        for (int word = 0; word < image.length; word++) {
            image[word] = (short) DEFAULT_IMAGE[word];
        }
        return image;
    }

    private void readWord(int written) {
        if (EERD_START.isSet(written)) {
            regs.set(EERD_DATA, nvm.read(EERD_ADDR.of(written)));
        }
        regs.set(EERD_DONE, 1);
    }

    private void writeWord(int written) {
        if (EEWR_START.isSet(written)) {
            nvm.write(EEWR_ADDR.of(written), EEWR_DATA.of(written));
            saveSoon();
        }
        regs.set(EEWR_DONE, 1);
    }

    /** A request for direct access is granted at once, and connects the pins; without it the part is not selected. */
    private void controlWritten(int written) {
        boolean granted = EECD_REQ.isSet(written);
        regs.set(EECD_GNT, granted ? 1 : 0);
        pins.pins(granted && !EECD_CS.isSet(written), EECD_SK.isSet(written), EECD_DI.isSet(written));
        regs.set(EECD_DO, pins.out() ? 1 : 0);
        if (EECD_FLUPD.isSet(written)) {
            save();
        } else {
            saveSoon();
        }
    }

    private void saveSoon() {
        if (nvm.isChanged() && !saving.isScheduled()) {
            saving.after(WRITE_CYCLE_NS);
        }
    }

    /** Hands to the store what was written, now: the card may be gone later. */
    void save() {
        saving.cancel();
        nvm.save();
    }

    /** Loads what the NVM initialises: receive address 0, valid, and the wake-up enable. AUTO_RD says when it is over. */
    void load() {
        regs.set(EECD_SIZE_EX, nvm.sizeExponent());
        regs.set(EECD_ADDR_BITS, pins.hasWideAddresses() ? 1 : 0);
        pins.pins(false, false, false);
        regs.set(EECD_DO, 1);
        regs.set(EECD_PRES, 1);
        regs.set(EECD_AUTO_RD, 0);
        long mac = nvm.mac();
        regs.set(RAL, 0, Integer.reverseBytes((int) (mac >>> 16)));
        regs.set(RAH, 0, RAH_AV | Short.reverseBytes((short) mac) & 0xFFFF);
        regs.set(WUC_APME, (nvm.read(Nvm.CONTROL_3_WORD) & Nvm.CONTROL_3_APME) != 0 ? 1 : 0);
        loaded.after(AUTO_READ_NS);
    }

    private void autoReadDone() {
        regs.set(EECD_AUTO_RD, 1);
    }
}
