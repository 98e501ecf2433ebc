package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.TxScript.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.pci.ResetReason;
import dev.doorbell.device.spi.DeviceModel;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

/** Device control, link, NVM and MDIO access, resets, and the PCI Express function around them. */
class CardTest {
    private static final int RST = 1 << 26, PHY_RST = 1 << 31, SLU = 1 << 6, LU = 2;

    private final TestCard bench = new TestCard();

    private int config(int offset, int bytes) {
        return bench.card.configRead(offset, bytes);
    }

    @Test
    void isFoundByItsName() {
        assertThat(ServiceLoader.load(DeviceModel.class).stream()
                        .map(p -> p.get().name()))
                .contains("82574L");
    }

    @Test
    void headerAndCapabilityChainAreThoseOfThePart() {
        assertThat(config(0, 4)).isEqualTo(0x10D3_8086);
        assertThat(config(8, 4)).isEqualTo(0x0200_0000);
        assertThat(config(6, 2) & 0x10).isEqualTo(0x10);
        assertThat(config(0x2C, 4)).isEqualTo(0xA01F_8086);
        assertThat(config(0x3D, 1)).isEqualTo(1);
        assertThat(config(0x34, 1)).isEqualTo(0xC8);
        assertThat(config(0xC8, 2)).isEqualTo(0xD001);
        assertThat(config(0xCA, 2)).isEqualTo(0xC822);
        assertThat(config(0xD0, 2)).isEqualTo(0xE005);
        assertThat(config(0xD2, 2)).isEqualTo(0x0080);
        assertThat(config(0xE0, 2)).isEqualTo(0xA010);
        assertThat(config(0xE4, 4)).isEqualTo(0x8CC1);
        assertThat(config(0xEC, 4)).isEqualTo(0x31C11);
        assertThat(config(0xA0, 2)).isEqualTo(0x0011);
        assertThat(config(0xA2, 2)).isEqualTo(4);
        assertThat(config(0xA4, 4)).isEqualTo(3);
        assertThat(config(0xA8, 4)).isEqualTo(0x2003);
        assertThat(config(0x100, 4)).isEqualTo(0x1401_0001);
        assertThat(config(0x140, 4)).isEqualTo(0x0001_0003);
        assertThat(config(0x144, 4)).isEqualTo(0xFF12_3456);
        assertThat(config(0x148, 4)).isEqualTo(0x5254_00FF);
    }

    @Test
    void barsHaveTheirSizes() {
        for (int bar = 0; bar < 6; bar++) {
            bench.card.configWrite(0x10 + 4 * bar, 4, -1);
        }
        assertThat(config(0x10, 4)).isEqualTo(0xFFFE_0000);
        assertThat(config(0x14, 4)).isEqualTo(0xFFFE_0000);
        assertThat(config(0x18, 4)).isEqualTo(0xFFFF_FFE1);
        assertThat(config(0x1C, 4)).isEqualTo(0xFFFF_C000);
        assertThat(config(0x20, 4)).isZero();
    }

    @Test
    void registersAreReachableThroughTheIoWindow() {
        bench.card.barWrite(2, 0, 4, 0x5400);
        assertThat(bench.card.barRead(2, 0, 4)).isEqualTo(0x5400);
        assertThat((int) bench.card.barRead(2, 4, 4)).isEqualTo(0x1200_5452);
        bench.card.barWrite(2, 4, 4, 7);
        assertThat(bench.read(0x5400)).isEqualTo(7);
        bench.card.barWrite(2, 0, 4, 0x2_0000);
        assertThat(bench.card.barRead(2, 4, 4)).isZero();
    }

    @Test
    void powerOnLoadsTheAddressAndFinishesTheNvmLoad() {
        assertThat(bench.read(RAL.get(0))).isEqualTo(0x1200_5452);
        assertThat(bench.read(RAH.get(0))).isEqualTo(0x8000_5634);
        assertThat(bench.read(EECD) & 0x200).isZero();
        bench.runMs(2);
        assertThat(bench.read(EECD) & 0x300).isEqualTo(0x300);
    }

    @Test
    void linkComesUpByItselfAndRaisesLsc() {
        assertThat(bench.read(STATUS) & LU).isZero();
        bench.runMs(20);
        assertThat(bench.read(STATUS)).isEqualTo(0x0008_0283);
        assertThat(bench.read(ICR)).isEqualTo(Interrupts.LSC);
    }

    @Test
    void statusFollowsSluAndForcedSpeed() {
        bench.linkUp();
        bench.write(CTRL, bench.read(CTRL) & ~SLU);
        assertThat(bench.read(STATUS) & LU).isZero();
        assertThat(bench.read(ICR)).isEqualTo(Interrupts.LSC);
        bench.write(CTRL, bench.read(CTRL) & ~0x300 | SLU | 1 << 11 | 0x100 | 1 << 12);
        assertThat(bench.read(STATUS) & 0xC3).isEqualTo(0x43);
    }

    @Test
    void statusFollowsThePhyThatIsForcedToAnotherSpeed() {
        bench.linkUp();
        for (int[] forced :
                new int[][] {{0x2100, 0x43}, {0x0100, 0x03}, {0x0000, 0x02}, {0x2000, 0x42}, {0x4100, 0x03}}) {
            bench.read(ICR);
            bench.write(MDIC, 0x0400_0000 | 1 << 21 | forced[0]);
            assertThat(bench.read(STATUS) & 0xC3).as("BMCR %x", forced[0]).isEqualTo(forced[1]);
        }
        bench.write(MDIC, 0x0400_0000 | 1 << 21 | 0x4140);
        assertThat(bench.read(STATUS) & 0xC3).as("looped back").isEqualTo(0x83);
    }

    @Test
    void cablePulledDropsTheLink() {
        bench.linkUp();
        bench.card.carrierChanged(false);
        assertThat(bench.read(STATUS) & LU).isZero();
        assertThat(bench.read(ICR)).isEqualTo(Interrupts.LSC);
    }

    @Test
    void softwareResetKeepsPbaPhyAndConfigurationSpace() {
        bench.linkUp();
        bench.enableMsix(3);
        bench.write(PBA, 32);
        bench.write(IMS, 4);
        bench.write(RAL.get(0), 0);
        bench.write(CTRL_EXT, -1);
        bench.write(CTRL, RST | 0x1234);
        assertThat(bench.read(PBA)).isEqualTo(0x0008_0020);
        assertThat(bench.read(CTRL)).isEqualTo(0x0014_0249);
        assertThat(bench.read(CTRL_EXT)).isZero();
        assertThat(bench.read(IMS)).isZero();
        assertThat(bench.read(RAL.get(0))).isEqualTo(0x1200_5452);
        assertThat(bench.read(STATUS) & LU).as("the PHY kept its link").isNotZero();
        assertThat(bench.read(ICR)).isZero();
        assertThat(bench.read(EECD) & 0x200).isZero();
        bench.runMs(2);
        assertThat(bench.read(EECD) & 0x200).isNotZero();
        assertThat(config(0xA2, 2) & 0x8000).isNotZero();
        assertThat(config(4, 2)).isEqualTo(7);
    }

    @Test
    void phyResetDropsTheLinkUntilNegotiated() {
        bench.linkUp();
        bench.write(CTRL, bench.read(CTRL) | PHY_RST);
        assertThat(bench.read(STATUS) & LU).isZero();
        assertThat(bench.read(STATUS) & 1 << 10).isNotZero();
        bench.write(STATUS, 0);
        assertThat(bench.read(STATUS) & 1 << 10).isZero();
        bench.write(CTRL, bench.read(CTRL) & ~PHY_RST);
        bench.runMs(20);
        assertThat(bench.read(STATUS) & LU).isNotZero();
    }

    @Test
    void mdicEchoesTheQuestionAndAnswersAtOnce() {
        bench.write(MDIC, 0x0800_0000 | 1 << 21 | 2 << 16);
        assertThat(bench.read(MDIC)).isEqualTo(0x1800_0000 | 1 << 21 | 2 << 16 | 0x0141);
    }

    @Test
    void mdicReportsErrors() {
        bench.write(MDIC, 0x0800_0000 | 2 << 21 | 2 << 16);
        assertThat(bench.read(MDIC) >>> 28 & 0x5).as("other PHY address").isEqualTo(5);
        bench.write(MDIC, 0x0C00_0000 | 1 << 21 | 2 << 16);
        assertThat(bench.read(MDIC) >>> 28 & 0x5).as("reserved operation").isEqualTo(5);
        bench.write(MDIC, 0x0800_0000 | 1 << 21 | 31 << 16);
        assertThat(bench.read(MDIC) >>> 28 & 0x5).as("no such register").isEqualTo(5);
    }

    @Test
    void mdicInterruptsWhenAsked() {
        bench.write(MDIC, 0x2800_0000 | 1 << 21 | 2 << 16);
        assertThat(bench.read(ICR)).isEqualTo(Interrupts.MDAC);
    }

    @Test
    void mdioOwnershipIsGrantedAndGivenBack() {
        bench.write(EXTCNF_CTRL, bench.read(EXTCNF_CTRL) | 0x20);
        assertThat(bench.read(EXTCNF_CTRL) & 0x20).isNotZero();
        bench.write(EXTCNF_CTRL, bench.read(EXTCNF_CTRL) & ~0x20);
        assertThat(bench.read(EXTCNF_CTRL) & 0x20).isZero();
    }

    @Test
    void softwareSemaphoreIsTakenByReading() {
        assertThat(bench.read(SWSM) & 1).isZero();
        assertThat(bench.read(SWSM) & 1).isEqualTo(1);
        bench.write(SWSM, 0);
        assertThat(bench.read(SWSM) & 1).isZero();
        bench.write(SWSM, 2);
        assertThat(bench.read(SWSM) & 2).isEqualTo(2);
    }

    @Test
    void nvmWordsAreReadAndWritten() {
        bench.write(EERD, 0x0D << 2 | 1);
        assertThat(bench.read(EERD)).isEqualTo(0x10D3_0002 | 0x0D << 2);
        bench.write(EEWR, 0xCAFE_0000 | 0x30 << 2 | 1);
        assertThat(bench.read(EEWR) & 2).isEqualTo(2);
        bench.write(EERD, 0x30 << 2 | 1);
        assertThat(bench.read(EERD) >>> 16).isEqualTo(0xCAFE);
        bench.runMs(6);
        assertThat(bench.nvm.words[0x30]).isEqualTo((short) 0xCAFE);
    }

    @Test
    void nvmBeyondItsEndReadsOnesAndIsDone() {
        bench.write(EERD, 0x100 << 2 | 1);
        assertThat(bench.read(EERD) >>> 16).isEqualTo(0xFFFF);
        assertThat(bench.read(EERD) & 2).isEqualTo(2);
    }

    @Test
    void changedAddressInTheNvmIsLoadedByTheNextReset() {
        bench.write(EEWR, 0xAB02_0000 | 1);
        bench.write(CTRL, RST);
        assertThat(bench.read(RAL.get(0)) & 0xFFFF).isEqualTo(0xAB02);
    }

    @Test
    void sleepStopsEverythingAndWakingResets() {
        bench.linkUp();
        bench.write(IMS, 4);
        bench.write(ICS, 4);
        bench.settle();
        assertThat(bench.interrupts.line).isTrue();
        bench.card.configWrite(0xCC, 2, 3);
        assertThat(bench.interrupts.line).isFalse();
        assertThat(bench.card.config().memoryDecoded()).isFalse();
        bench.card.configWrite(0xCC, 2, 0);
        assertThat(config(4, 2)).as("No_Soft_Reset is clear").isZero();
        bench.card.configWrite(4, 2, 2);
        assertThat(bench.read(IMS)).isZero();
        assertThat(bench.read(RAH.get(0)) >>> 31).isEqualTo(1);
    }

    @Test
    void messagesWaitForBusMastering() {
        bench.card.configWrite(4, 2, 0x3);
        bench.card.configWrite(0xD2, 2, 1);
        bench.write(IMS, 4);
        bench.write(ICS, 4);
        bench.settle();
        assertThat(bench.interrupts.messages).isZero();
        bench.card.configWrite(4, 2, 0x7);
        bench.settle();
        assertThat(bench.interrupts.messages).isEqualTo(1);
    }

    @Test
    void maskedVectorPendsInTheTableAndLeavesAtUnmask() {
        bench.enableMsix(3);
        bench.write(IVAR, 0x800A_0908);
        bench.write(EIAC, 0x0050_0000);
        bench.write(CTRL_EXT, 1 << 24);
        bench.write(IAM, -1);
        bench.mask(0);
        bench.write(IMS, Interrupts.RXQ0);
        bench.write(ICS, Interrupts.RXQ0);
        bench.settle();
        assertThat(bench.interrupts.vectors).isEmpty();
        assertThat(bench.card.barRead(3, 0x2000, 4)).isEqualTo(1);
        bench.unmask(0);
        assertThat(bench.interrupts.vectors).containsExactly(0);
        assertThat(bench.read(IMS)).isZero();
        assertThat(bench.read(ICS)).isZero();
    }

    @Test
    void pbaclrForgetsAPendingMessage() {
        bench.enableMsix(3);
        bench.write(IVAR, 0x800A_0908);
        bench.mask(0);
        bench.write(IMS, Interrupts.RXQ0);
        bench.write(ICS, Interrupts.RXQ0);
        bench.settle();
        bench.write(PBACLR, 1);
        assertThat(bench.card.barRead(3, 0x2000, 4)).isZero();
        bench.unmask(0);
        assertThat(bench.interrupts.vectors).isEmpty();
    }

    @Test
    void refusedReadShowsAsReceivedMasterAbort() {
        bench.linkUp();
        TxScript tx = new TxScript(bench, 0, 64).enable();
        tx.raw(0x7FFF_FFFF_0000L, 100L | EOP | IFCS | RS).send();
        assertThat(config(6, 2) & 1 << 13).isNotZero();
        bench.card.configWrite(6, 2, 1 << 13);
        assertThat(config(6, 2) & 1 << 13).isZero();
    }

    @Test
    void poisonedReadGoesToErrorReporting() {
        bench.linkUp();
        bench.dma.poison = true;
        TxScript tx = new TxScript(bench, 0, 64).enable();
        tx.legacy(frame(60), EOP | IFCS | RS).send();
        assertThat(config(0x104, 4)).isEqualTo(1 << 12);
        assertThat(config(0xEA, 2) & 2).isEqualTo(2);
    }

    @Test
    void quietUntilReset() {
        bench.linkUp();
        TxScript tx = new TxScript(bench, 0, 64).enable();
        tx.legacy(frame(60), EOP | IFCS | RS).ring();
        bench.card.quiesce();
        bench.write(IMS, 4);
        bench.write(ICS, 4);
        bench.runMs(1);
        assertThat(bench.wire.sent).isEmpty();
        assertThat(bench.interrupts.line).isFalse();
        bench.card.reset(ResetReason.HOT);
        bench.card.configWrite(4, 2, 7);
        bench.linkUp();
        tx = new TxScript(bench, 0, 64).enable();
        tx.legacy(frame(60), EOP | IFCS | RS).send();
        assertThat(bench.wire.sent).hasSize(1);
    }

    @Test
    void accessesOutsideOfAnythingAreHarmless() {
        assertThat(bench.card.barRead(0, 0x1_FFFF, 4)).isEqualTo(-1L);
        assertThat(bench.card.barRead(0, -4, 4)).isEqualTo(-1L);
        assertThat(bench.card.barRead(4, 0, 4)).isEqualTo(-1L);
        assertThat(bench.card.barRead(3, 0x3FFC, 4)).isZero();
        bench.card.barWrite(0, 0x2_0000, 4, 1);
        bench.card.barWrite(5, 0, 4, 1);
        bench.card.barWrite(3, 0x1FFF, 8, 1);
        for (int offset = 0; offset < 0x2_0000; offset += 4) {
            bench.read(offset);
        }
    }
}
