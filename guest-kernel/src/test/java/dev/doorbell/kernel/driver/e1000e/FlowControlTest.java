package dev.doorbell.kernel.driver.e1000e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FlowControlTest {
    private final FakeRegisters registers = new FakeRegisters();
    private final FlowControl flow =
            new FlowControl(registers.hw, new Phy(registers.hw, registers.log, registers.kernel));

    @AfterEach
    void close() {
        registers.close();
    }

    /** IEEE 802.3 table 28B-3, as far as the driver's own advertisement can go. */
    @ParameterizedTest
    @CsvSource({
        // wanted rx, tx, partner's PAUSE, ASM_DIR, resolved
        "true,  true,  1, 0, Rx/Tx",
        "true,  true,  1, 1, Rx/Tx",
        "true,  true,  0, 1, Rx",
        "true,  true,  0, 0, None",
        "true,  false, 1, 1, Rx",
        "true,  false, 0, 1, Rx",
        "false, true,  1, 1, Tx",
        "false, true,  1, 0, None",
        "false, true,  0, 1, None",
        "false, false, 1, 1, None",
    })
    void resolution(boolean rx, boolean tx, int pause, int asym, String resolved) throws Exception {
        flow.wantRx = rx;
        flow.wantTx = tx;
        registers.phy[Phy.BMSR] = Phy.BMSR_ANEGCOMPLETE;
        registers.phy[Phy.ANAR] = 0x01E1 | flow.advertisement();
        registers.phy[Phy.ANLPAR] = 0x41E1 | pause << 10 | asym << 11;
        flow.afterLinkUp(true);
        assertThat(flow.describe()).isEqualTo(resolved);
        int ctrl = registers.read(Registers.CTRL);
        assertThat((ctrl & Registers.CTRL_RFCE) != 0).isEqualTo(resolved.startsWith("Rx"));
        assertThat((ctrl & Registers.CTRL_TFCE) != 0).isEqualTo(resolved.endsWith("Tx"));
    }

    @Test
    void halfDuplexHasNoFlowControl() throws Exception {
        flow.autoneg = false;
        flow.afterLinkUp(false);
        assertThat(flow.describe()).isEqualTo("None");
    }

    @Test
    void unfinishedNegotiationChangesNothing() throws Exception {
        flow.afterLinkUp(true);
        assertThat(registers.writes).noneMatch(write -> write.startsWith("00000="));
    }

    @Test
    void thresholdsForA32KilobyteFifoAreLinuxs() {
        flow.thresholds(32, 1522);
        flow.setup();
        assertThat(registers.read(Registers.FCRTH)).isEqualTo(0x7330);
        assertThat(registers.read(Registers.FCRTL)).isEqualTo(0x8000_7328);
    }
}
