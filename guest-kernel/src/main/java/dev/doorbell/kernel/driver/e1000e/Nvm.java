package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.driver.e1000e.Registers.*;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;

/** The EEPROM, read word by word through EERD. May sleep. */
final class Nvm {
    static final int WORD_VERSION = 5, WORD_PBA_0 = 8, WORD_INIT_CONTROL_2 = 0x0F, WORD_CHECKSUM = 0x3F;

    private static final int CHECKSUM = 0xBABA;
    private static final int POLLS = 20_000;
    private static final int WORD_SIZE_BASE_SHIFT = 6, MAX_SIZE_SHIFT = 14;

    private final Hw hw;

    Nvm(Hw hw) {
        this.hw = hw;
    }

    /** Number of 16-bit words, from EECD.SIZE_EX. */
    int words() {
        int size = (hw.er32(EECD) >>> EECD_SIZE_EX_SHIFT & 0xF) + WORD_SIZE_BASE_SHIFT;
        return 1 << Math.min(size, MAX_SIZE_SHIFT);
    }

    int read(int word) throws ErrnoException {
        hw.ew32(EERD, word << 2 | EERD_START);
        for (int i = 0; i < POLLS; i++) {
            int value = hw.er32(EERD);
            if ((value & EERD_DONE) != 0) {
                return value >>> 16;
            }
            hw.usleep(5);
        }
        throw new ErrnoException("e1000e: NVM read of word " + word + " did not complete", Errno.EIO);
    }

    /** True when words 0 to 0x3F add up to 0xBABA. */
    boolean isChecksumValid() throws ErrnoException {
        int sum = 0;
        for (int word = 0; word <= WORD_CHECKSUM; word++) {
            sum += read(word);
        }
        return (sum & 0xFFFF) == CHECKSUM;
    }
}
