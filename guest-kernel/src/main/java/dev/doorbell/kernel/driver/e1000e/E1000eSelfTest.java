package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.driver.e1000e.Registers.*;

import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.netdev.EthtoolOps.SelfTest;

/** ethtool -t: registers, EEPROM and link. Offline tests take the interface out of service. Task context. */
final class E1000eSelfTest {
    private static final String[] NAMES = {
        "Register test  (offline)", "Eeprom test    (offline)", "Link test   (on/offline)"
    };
    private static final int STATUS_READ_ONLY = 0x7FFF_F033;
    private static final int[] PATTERNS = {0x5A5A_5A5A, 0xA5A5_A5A5, 0, ~0};
    /** Autonegotiation may take this long. */
    private static final long LINK_WAIT_MS = 5_000;

    /** Offset, bits that must read back, bits to write. */
    private static final int[][] PATTERN_REGISTERS = {
        {FCAL, ~0, ~0},
        {FCAH, 0xFFFF, ~0},
        {FCT, 0xFFFF, ~0},
        {VET, 0xFFFF, ~0},
        {RDTR, 0xFFFF, ~0},
        {RDBAH, ~0, ~0},
        {RDLEN, 0xF_FF80, 0xF_FFFF},
        {RDH, 0xFFFF, 0xFFFF},
        {RDT, 0xFFFF, 0xFFFF},
        {FCRTH, 0xFFF8, 0xFFF8},
        {FCTTV, 0xFFFF, 0xFFFF},
        {TIPG, 0x3FFF_FFFF, 0x3FFF_FFFF},
        {TDBAH, ~0, ~0},
        {TDLEN, 0xF_FF80, 0xF_FFFF},
        {RDBAL, 0xFFFF_FFF0, ~0},
        {TXCW, 0xC000_FFFF, 0xFFFF},
        {TDBAL, 0xFFFF_FFF0, ~0},
        {TIDV, 0xFFFF, 0xFFFF},
    };

    private final Adapter adapter;
    private final Hw hw;

    E1000eSelfTest(Adapter adapter) {
        this.adapter = adapter;
        this.hw = adapter.hw();
    }

    SelfTest run(boolean offline) throws ErrnoException {
        long[] results = new long[NAMES.length];
        results[2] = linkTest();
        if (offline) {
            adapter.restartAround(() -> offlineTests(results));
        }
        boolean failed = false;
        for (long result : results) {
            failed |= result != 0;
        }
        return new SelfTest(NAMES.clone(), results, failed);
    }

    private void offlineTests(long[] results) {
        results[0] = registerTest();
        results[1] = eepromTest();
    }

    /** @return 0, or the offset of the first register that failed, plus 1 */
    private long registerTest() {
        int before = hw.er32(STATUS);
        hw.ew32(STATUS, STATUS_READ_ONLY);
        if (((hw.er32(STATUS) ^ before) & STATUS_READ_ONLY) != 0) {
            return STATUS + 1L;
        }
        for (int[] row : PATTERN_REGISTERS) {
            if (!holdsPatterns(row[0], row[1], row[2])) {
                return row[0] + 1L;
            }
        }
        for (int i = 0; i < MacFilters.RAR_ENTRIES; i++) {
            if (!holdsPatterns(RAH + 8 * i, 0x8003_FFFF, ~0)) {
                return RAH + 8L * i + 1;
            }
        }
        for (int i = 0; i < 128; i++) {
            if (!holdsPatterns(MTA + 4 * i, ~0, ~0)) {
                return MTA + 4L * i + 1;
            }
        }
        return 0;
    }

    private boolean holdsPatterns(int register, int mask, int write) {
        int before = hw.er32(register);
        boolean holds = true;
        for (int pattern : PATTERNS) {
            hw.ew32(register, pattern & write);
            holds &= hw.er32(register) == (pattern & write & mask);
        }
        hw.ew32(register, before);
        return holds;
    }

    /** @return 0; 1: it cannot be read; 2: the sum is wrong */
    private long eepromTest() {
        try {
            return adapter.nvm().isChecksumValid() ? 0 : 2;
        } catch (ErrnoException e) {
            return 1;
        }
    }

    private long linkTest() throws ErrnoException {
        if (adapter.isDown()) {
            return 1;
        }
        if (!adapter.phy().hasLink()) {
            hw.msleep(LINK_WAIT_MS);
        }
        return (hw.er32(STATUS) & STATUS_LU) != 0 ? 0 : 1;
    }
}
