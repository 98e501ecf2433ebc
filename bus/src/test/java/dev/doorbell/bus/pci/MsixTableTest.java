package dev.doorbell.bus.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MsixTableTest {
    private final List<Integer> sent = new ArrayList<>();
    private MsixTable table;

    @BeforeEach
    void setUp() {
        table = new MsixTable(5, 0, 0x2000);
        table.onUnmask(sent::add);
        table.control(true, false);
    }

    @Test
    void entriesStartMaskedAndReadBackWhatWasWritten() {
        assertThat(table.read(12, 4)).isEqualTo(1);
        table.write(16, 4, 0xFEE0_0003L);
        table.write(20, 4, 0x1);
        table.write(24, 4, 0x41);
        table.write(28, 4, 0xFFFF_FFFEL);
        assertThat(table.address(1)).isEqualTo(0x1_FEE0_0000L);
        assertThat(table.data(1)).isEqualTo(0x41);
        assertThat(table.read(16, 8)).isEqualTo(0x1_FEE0_0000L);
        assertThat(table.read(28, 4)).isZero();
        assertThat(table.isMasked(1)).isFalse();
    }

    @Test
    void eightByteWritesReachBothHalves() {
        table.write(8, 8, 0x0000_0000_0000_0042L);
        assertThat(table.data(0)).isEqualTo(0x42);
        assertThat(table.isMasked(0)).isFalse();
    }

    @Test
    void pendingBitsAreReadOnlyForSoftware() {
        table.pending(3, true);
        assertThat(table.read(0x2000, 4)).isEqualTo(0x8);
        assertThat(table.read(0x2000, 8)).isEqualTo(0x8);
        table.write(0x2000, 4, 0);
        assertThat(table.read(0x2000, 4)).isEqualTo(0x8);
        assertThat(table.read(0x2004, 4)).isZero();
    }

    @Test
    void unmaskingSendsWhatIsPendingOnce() {
        table.pending(2, true);
        table.write(44, 4, 0);
        table.write(44, 4, 1);
        table.write(44, 4, 0);
        assertThat(sent).containsExactly(2);
        assertThat(table.isPending(2)).isFalse();
    }

    @Test
    void functionMaskHoldsAllVectorsAndItsEndSendsThem() {
        table.write(12, 4, 0);
        table.write(28, 4, 0);
        table.control(true, true);
        table.pending(0, true);
        table.pending(1, true);
        table.pending(4, true);
        assertThat(table.isMasked(0)).isTrue();
        table.control(true, false);
        assertThat(sent).containsExactly(0, 1);
        assertThat(table.isPending(4)).isTrue();
    }

    @Test
    void nothingIsSentWhileDisabled() {
        table.control(false, false);
        table.pending(0, true);
        table.write(12, 4, 0);
        assertThat(sent).isEmpty();
        table.control(true, false);
        assertThat(sent).containsExactly(0);
    }

    @Test
    void oddSizesMisalignedOffsetsAndHolesReadZero() {
        table.write(16, 4, -1);
        assertThat(table.read(17, 4)).isZero();
        assertThat(table.read(16, 2)).isZero();
        assertThat(table.read(0x1000, 4)).isZero();
        table.write(0x3FFC, 4, -1);
        assertThat(table.read(0x3FFC, 4)).isZero();
    }
}
