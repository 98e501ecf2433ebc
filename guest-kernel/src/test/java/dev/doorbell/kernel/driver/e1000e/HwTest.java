package dev.doorbell.kernel.driver.e1000e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** PHY, NVM and filter access against registers that only store. */
class HwTest {
    private final FakeRegisters registers = new FakeRegisters();
    private final Phy phy = new Phy(registers.hw, registers.log, registers.kernel);

    @AfterEach
    void close() {
        registers.close();
    }

    @Test
    void phyAccessTakesAndReturnsMdioOwnership() throws Exception {
        registers.phy[Phy.BMSR] = 0x796D;
        assertThat(phy.read(Phy.BMSR)).isEqualTo(0x796D);
        assertThat(registers.writes).containsExactly("00f00=00000020", "00020=08210000", "00f00=00000000");
    }

    @Test
    void registersFrom16OnAreReadOnPageZero() throws Exception {
        phy.read(Phy.COPPER_STATUS);
        assertThat(registers.writes)
                .containsExactly("00f00=00000020", "00020=04360000", "00020=08310000", "00f00=00000000");
    }

    @Test
    void ownershipThatIsNotGrantedIsAnErrorAfterTenTries() {
        registers.mdioDenied = true;
        assertThatThrownBy(() -> phy.read(Phy.BMSR)).hasMessageContaining("not granted");
        assertThat(registers.world.nowNs()).isEqualTo(20_000_000);
        registers.mdioDenied = false;
        assertThat(phy.acquire()).as("the driver's own lock is free again").isTrue();
    }

    @Test
    void phyThatNeverAnswersIsAnErrorAndLeavesOwnershipFree() {
        registers.mdicHangs = true;
        assertThatThrownBy(() -> phy.read(Phy.BMSR)).hasMessageContaining("did not complete");
        assertThat(registers.read(Registers.EXTCNF_CTRL)).isZero();
    }

    @Test
    void foreignPhyIsRefused() {
        registers.phy[Phy.ID1] = 0x0141;
        registers.phy[Phy.ID2] = 0x0CB0;
        assertThatThrownBy(phy::identify).hasMessageContaining("0x1410cb0");
    }

    @Test
    void hungPhyIsTheOneThatCountsAllOnesTwice() throws Exception {
        registers.phy[Phy.RX_ERRORS] = 0xFFFF;
        assertThat(phy.isHung()).isFalse();
        registers.phy[Phy.GSTATUS] = 0x3CFF;
        assertThat(phy.isHung()).isTrue();
    }

    @Test
    void nvmChecksumIsBaba() throws Exception {
        Nvm nvm = new Nvm(registers.hw);
        registers.nvm[5] = 0x1234;
        assertThat(nvm.isChecksumValid()).isFalse();
        registers.nvm[63] = 0xBABA - 0x1234;
        assertThat(nvm.isChecksumValid()).isTrue();
        assertThat(nvm.read(5)).isEqualTo(0x1234);
        assertThat(nvm.words()).isEqualTo(64);
    }

    @Test
    void receiveAddressIsLittleEndianAndValidLast() {
        MacFilters filters = new MacFilters(registers.hw);
        filters.rarSet(0, 0x5254_0012_3456L);
        assertThat(registers.writes).containsExactly("05400=12005452", "05404=80005634");
        assertThat(filters.readMacAddress()).isEqualTo(0x5254_0012_3456L);
        filters.rarSet(3, 0);
        assertThat(registers.read(Registers.RAH + 24)).isZero();
    }

    @Test
    void multicastHashIsThatOfTheDatasheetsExample() {
        assertThat(MacFilters.hashMulticast(0x01AA_0012_3456L)).isEqualTo(0x563);
    }

    @Test
    void vlanTableHoldsOneBitPerIdentifier() {
        MacFilters filters = new MacFilters(registers.hw);
        filters.vlanAdd(100);
        assertThat(registers.read(Registers.VFTA + 4 * 3)).isEqualTo(1 << 4);
        filters.vlanKill(100);
        assertThat(registers.read(Registers.VFTA + 4 * 3)).isZero();
    }

    @Test
    void masterThatNeverFallsSilentDelaysButDoesNotFail() {
        registers.values.put(Registers.STATUS, Registers.STATUS_GIO_MASTER_ENABLE);
        registers.hw.disablePcieMaster();
        assertThat(registers.world.nowNs()).isEqualTo(80_000_000);
        assertThat(registers.read(Registers.CTRL) & Registers.CTRL_GIO_MASTER_DISABLE)
                .isNotZero();
    }
}
