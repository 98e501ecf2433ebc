package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.reg.BookEntry;
import dev.doorbell.bus.reg.RegisterBook;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.time.Event;
import dev.doorbell.bus.time.Scheduler;
import dev.doorbell.device.intel.Nvm;
import dev.doorbell.device.intel.SpiEeprom;

/**
 * EECD, EERD and EEWR, and the load of NVM words into registers after a reset. §10.2.2.3, §10.2.2.4.
 *
 * <p>Words can be read back at once. A write goes to the store at once, too, and begins a write cycle; what is written
 * while that runs goes there at its end, all of it together. EEWR.DONE is 1 while the store has everything.
 */
final class NvmUnit {
    /** How long the load after a reset takes: drivers poll AUTO_RD for 10 ms. */
    private static final long AUTO_READ_NS = 1_000_000;

    /** An EEPROM's write cycle: a guest cannot make the store work harder than once in each. */
    private static final long WRITE_CYCLE_NS = 5_000_000;

    /** The words of a new card. */
    static final RegisterBook BOOK = RegisterBook.read(NvmUnit.class, "registers/nvm.txt");

    private static final int WORDS = 64;

    private final RegisterFile regs;
    private final Nvm nvm;
    private final SpiEeprom pins;
    private final Event loaded;
    private final Event writeCycle;

    NvmUnit(RegisterFile regs, Nvm nvm, Scheduler scheduler) {
        this.regs = regs;
        this.nvm = nvm;
        loaded = scheduler.event("82574L NVM load", this::autoReadDone);
        writeCycle = scheduler.event("82574L NVM write cycle", this::commit);
        pins = new SpiEeprom(nvm);
        regs.onWrite(EERD, this::readWord);
        regs.onWrite(EEWR, this::writeWord);
        regs.onWrite(EECD, this::controlWritten);
        regs.onWrite(FLA, written -> regs.set(FLA_FL_GNT, FLA_FL_REQ.of(written)));
    }

    /** A desktop adapter's, without manageability; {@link Nvm} fills in MAC address and checksum. */
    static short[] defaultImage() {
        short[] image = new short[WORDS];
        for (BookEntry entry : BOOK.entries()) {
            for (int i = 0; i < entry.count(); i++) {
                image[entry.offset() + i] = (short) entry.reset();
            }
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
        }
        commit();
    }

    /**
     * A request for direct access is granted at once. The pins are connected without one, too, since nobody else uses the
     * part: U-Boot selects an 82574L's EEPROM and reads it without asking.
     */
    private void controlWritten(int written) {
        boolean granted = EECD_REQ.isSet(written);
        boolean selected = !EECD_CS.isSet(written);
        regs.set(EECD_GNT, granted ? 1 : 0);
        pins.pins(selected, EECD_SK.isSet(written), EECD_DI.isSet(written));
        regs.set(EECD_DO, (granted || selected) && pins.out() ? 1 : 0);
        if (EECD_FLUPD.isSet(written)) {
            save();
        } else if (!selected) {
            commit(); // a part takes what was shifted in when it is deselected
        }
    }

    /** Hands to the store what was written, unless the cycle of an earlier write still runs: then at its end. */
    private void commit() {
        if (nvm.isChanged() && !writeCycle.isScheduled()) {
            nvm.save();
            writeCycle.after(WRITE_CYCLE_NS);
        }
        regs.set(EEWR_DONE, nvm.isChanged() ? 0 : 1);
    }

    /** Hands to the store what was written, now: the card may be gone later. */
    void save() {
        writeCycle.cancel();
        nvm.save();
        regs.set(EEWR_DONE, 1);
    }

    /** Loads what the NVM initialises: receive address 0, valid, and the wake-up enable. AUTO_RD says when it is over. */
    void load() {
        regs.set(EECD_SIZE_EX, nvm.sizeExponent());
        regs.set(EECD_ADDR_BITS, pins.hasWideAddresses() ? 1 : 0);
        pins.pins(false, false, false);
        commit();
        regs.set(EECD_DO, 0);
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
