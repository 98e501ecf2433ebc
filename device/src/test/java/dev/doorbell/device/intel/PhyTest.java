package dev.doorbell.device.intel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.reg.RegisterBook;
import dev.doorbell.bus.reg.RegisterMap;
import dev.doorbell.bus.time.VirtualTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One test per row of the PHY's transition table, and the register rules drivers rely on. */
class PhyTest {
    private static final long DELAY_NS = 1_000_000;
    private static final int LINK = 0x0004, COMPLETE = 0x0020;

    private static final RegisterMap MAP = RegisterBook.read(
                    PhyTest.class, "/dev/doorbell/device/i82574/registers/phy.txt")
            .compile("PHY", 777 * 128, 4);

    private final VirtualTime world = new VirtualTime(1);
    private final List<Boolean> edges = new ArrayList<>();
    private final Phy phy = new Phy(MAP, world, DELAY_NS, edges::add);

    @BeforeEach
    void plugIn() {
        phy.carrier(true);
    }

    private void negotiate() {
        world.runFor(DELAY_NS);
    }

    @Test
    void identifiesAsBm() {
        assertThat(phy.read(Phy.ID1)).isEqualTo(0x0141);
        assertThat(phy.read(Phy.ID2)).isEqualTo(0x0CB1);
    }

    @Test
    void carrierLeadsToALinkAfterTheDelay() {
        assertThat(phy.read(Phy.BMSR) & (LINK | COMPLETE)).isZero();
        world.runFor(DELAY_NS - 1);
        assertThat(phy.linkUp()).isFalse();
        world.runFor(1);
        assertThat(phy.linkUp()).isTrue();
        phy.read(Phy.BMSR);
        assertThat(phy.read(Phy.BMSR)).isEqualTo(0x796D);
        assertThat(phy.read(Phy.ANLPAR)).isEqualTo(0xCDE1);
        assertThat(phy.read(Phy.ANER) & 1).isEqualTo(1);
        assertThat(phy.read(Phy.COPPER_STATUS) & 0xEC00).isEqualTo(0xAC00);
        assertThat(edges).containsExactly(true);
    }

    @Test
    void partnerWithoutFlowControlAdvertisesNoPause() {
        Phy other = new Phy(MAP, world, DELAY_NS, false, up -> {});
        other.carrier(true);
        world.runFor(DELAY_NS);
        assertThat(other.read(Phy.ANLPAR)).isEqualTo(0xC1E1);
        assertThat(other.read(Phy.COPPER_STATUS) & 0x000C).isZero();
    }

    @Test
    void restartDropsTheLinkAndTheLastRestartCounts() {
        negotiate();
        phy.write(Phy.BMCR, 0x1340);
        assertThat(phy.linkUp()).isFalse();
        assertThat(phy.read(Phy.BMCR)).as("bit 9 clears itself").isEqualTo(0x1140);
        world.runFor(DELAY_NS / 2);
        phy.write(Phy.BMCR, 0x9140);
        assertThat(phy.read(Phy.BMCR)).as("bit 15 clears itself").isEqualTo(0x1140);
        world.runFor(DELAY_NS / 2);
        assertThat(phy.linkUp()).isFalse();
        world.runFor(DELAY_NS / 2);
        assertThat(phy.linkUp()).isTrue();
        assertThat(edges).containsExactly(true, false, true);
    }

    @Test
    void commitKeepsWhatWasWritten() {
        phy.write(Phy.ANAR, 0x0DE1);
        phy.write(Phy.GCTRL, 0x0E00);
        phy.write(Phy.COPPER_CONTROL, 0x0860);
        phy.write(29, 3);
        phy.write(Phy.BMCR, 0x9140);
        assertThat(phy.read(Phy.GCTRL)).isEqualTo(0x0E00);
        assertThat(phy.read(Phy.COPPER_CONTROL)).isEqualTo(0x0860);
        assertThat(phy.read(29)).isEqualTo(3);
    }

    @Test
    void lostCarrierLatchesLowUntilReadOnce() {
        negotiate();
        phy.read(Phy.BMSR);
        phy.carrier(false);
        phy.carrier(true);
        negotiate();
        assertThat(phy.read(Phy.BMSR) & LINK).isZero();
        assertThat(phy.read(Phy.BMSR) & LINK).isNotZero();
        assertThat(edges).containsExactly(true, false, true);
    }

    @Test
    void eachLossOfTheCarrierCountsOnceHoweverShortItIs() {
        negotiate();
        assertThat(phy.carrierLosses()).isZero();
        phy.carrier(false);
        phy.carrier(false);
        phy.carrier(true);
        phy.carrier(false);
        assertThat(phy.carrierLosses()).isEqualTo(2);
        phy.write(Phy.BMCR, 0x1940);
        assertThat(phy.carrierLosses()).as("a power-down is no loss").isEqualTo(2);
    }

    @Test
    void powerDownDropsTheLinkAndPowerUpNegotiates() {
        negotiate();
        phy.write(Phy.BMCR, 0x1940);
        assertThat(phy.linkUp()).isFalse();
        world.runFor(10 * DELAY_NS);
        assertThat(phy.linkUp()).isFalse();
        phy.write(Phy.BMCR, 0x1140);
        negotiate();
        assertThat(phy.linkUp()).isTrue();
    }

    @Test
    void loopBackIsUpAtOnceWithoutACable() {
        phy.carrier(false);
        phy.write(Phy.BMCR, 0x4140);
        assertThat(phy.linkUp()).isTrue();
        assertThat(phy.loopback()).isTrue();
        assertThat(phy.speed()).isEqualTo(2);
        assertThat(phy.fullDuplex()).isTrue();
        phy.read(Phy.BMSR);
        assertThat(phy.read(Phy.BMSR) & LINK).isNotZero();
        phy.write(Phy.BMCR, 0x1140);
        assertThat(phy.linkUp()).isFalse();
    }

    @Test
    void withoutAutonegotiationTheForcedSpeedCounts() {
        phy.write(Phy.BMCR, 0x2100);
        assertThat(phy.linkUp()).isTrue();
        assertThat(phy.speed()).isEqualTo(1);
        assertThat(phy.read(Phy.BMSR) & COMPLETE).isZero();
    }

    @Test
    void aForcedLinkDropsForAMomentWhenItIsForcedToAnotherSpeed() {
        phy.write(Phy.BMCR, 0x2100);
        phy.read(Phy.BMSR);
        assertThat(phy.read(Phy.BMSR) & LINK).isNotZero();
        phy.write(Phy.BMCR, 0x0100);
        assertThat(phy.linkUp()).isTrue();
        assertThat(phy.read(Phy.BMSR) & LINK).as("latched").isZero();
        assertThat(phy.read(Phy.BMSR) & LINK).isNotZero();
    }

    @Test
    void negotiatedSpeedFollowsWhatIsAdvertised() {
        phy.write(Phy.GCTRL, 0);
        assertThat(phy.speed()).isEqualTo(1);
        assertThat(phy.fullDuplex()).isTrue();
        phy.write(Phy.ANAR, 0x0021);
        assertThat(phy.speed()).isZero();
        assertThat(phy.fullDuplex()).isFalse();
    }

    @Test
    void registerPairThatMeansAHungPhyNeverAppears() {
        assertThat(phy.read(Phy.RX_ERRORS)).isNotEqualTo(0xFFFF);
        negotiate();
        assertThat(phy.read(Phy.GSTATUS) & 0xFF).isZero();
    }

    @Test
    void pagesHaveTheirOwnRegistersFrom16On() {
        phy.write(Phy.PAGE_SELECT, 2);
        assertThat(phy.read(21)).isEqualTo(0x1046);
        phy.write(21, 0x1234);
        phy.write(Phy.PAGE_SELECT, 0);
        assertThat(phy.read(21)).isZero();
        phy.write(Phy.PAGE_SELECT, 2);
        assertThat(phy.read(21)).isEqualTo(0x1234);
        assertThat(phy.read(Phy.BMCR)).isEqualTo(0x1140);
    }

    @Test
    void farPagesDoNotAliasNearOnes() {
        phy.write(Phy.PAGE_SELECT, 769);
        assertThat(phy.read(Phy.PAGE_SELECT)).isEqualTo(769);
        assertThat(phy.write(16, 0xC)).as("Linux's loop-back test does").isTrue();
        assertThat(phy.read(16)).isEqualTo(0xC);
        assertThat(phy.read(17)).isEqualTo(Phy.NO_REGISTER);
        for (int page : new int[] {1, 770, 0x7FFF, 0xFFFF}) {
            phy.write(Phy.PAGE_SELECT, page);
            assertThat(phy.read(16)).isEqualTo(Phy.NO_REGISTER);
            assertThat(phy.write(16, 0xC)).isFalse();
        }
        assertThat(phy.read(Phy.ID1)).isEqualTo(0x0141);
    }

    @Test
    void twoPairsGiveADownshiftIfItIsAllowedAndNoLinkOtherwise() {
        negotiate();
        phy.pairs(2);
        negotiate();
        assertThat(phy.linkUp()).isFalse();
        phy.write(Phy.COPPER_CONTROL, 0x0860);
        phy.write(Phy.BMCR, 0x9140);
        negotiate();
        assertThat(phy.linkUp()).isTrue();
        assertThat(phy.speed()).isEqualTo(1);
        assertThat(phy.read(Phy.COPPER_STATUS) & 0xC020).isEqualTo(0x4020);
        phy.pairs(4);
        negotiate();
        assertThat(phy.speed()).isEqualTo(2);
        assertThat(phy.read(Phy.COPPER_STATUS) & 0x0020).isZero();
        phy.pairs(1);
        negotiate();
        assertThat(phy.linkUp()).isFalse();
    }

    @Test
    void aForcedGigabitLinkNeedsAllPairs() {
        phy.pairs(2);
        phy.write(Phy.BMCR, 0x0140);
        assertThat(phy.linkUp()).isFalse();
        phy.write(Phy.BMCR, 0x2100);
        assertThat(phy.linkUp()).isTrue();
    }

    @Test
    void lowPowerLinkUpNegotiatesTenMegabit() {
        negotiate();
        phy.lowestSpeedOnly(true);
        assertThat(phy.linkUp()).isFalse();
        negotiate();
        assertThat(phy.speed()).isZero();
        phy.lowestSpeedOnly(false);
        negotiate();
        assertThat(phy.speed()).isEqualTo(2);
    }

    @Test
    void oemBitsLimitTheNextNegotiation() {
        negotiate();
        phy.write(Phy.OEM_BITS, 0x0040);
        assertThat(phy.speed()).isEqualTo(2);
        phy.write(Phy.OEM_BITS, 0x0440);
        negotiate();
        assertThat(phy.speed()).isEqualTo(1);
        phy.write(Phy.OEM_BITS, 0x0404);
        negotiate();
        assertThat(phy.speed()).isZero();
    }

    @Test
    void withoutPowerThereIsNoLink() {
        negotiate();
        phy.sleep(true);
        negotiate();
        assertThat(phy.linkUp()).isFalse();
        phy.sleep(false);
        negotiate();
        assertThat(phy.linkUp()).isTrue();
    }

    @Test
    void advertisementCountsFromTheNextNegotiationOn() {
        negotiate();
        phy.write(Phy.GCTRL, 0);
        assertThat(phy.speed()).isEqualTo(2);
        phy.write(Phy.BMCR, 0x1340);
        negotiate();
        assertThat(phy.speed()).isEqualTo(1);
        assertThat(phy.fullDuplex()).isTrue();
        phy.write(Phy.ANAR, 0x0081);
        phy.write(Phy.BMCR, 0x1340);
        negotiate();
        assertThat(phy.speed()).isEqualTo(1);
        assertThat(phy.fullDuplex()).isFalse();
        phy.write(Phy.ANAR, 0x0041);
        phy.write(Phy.BMCR, 0x1340);
        negotiate();
        assertThat(phy.speed()).isZero();
        assertThat(phy.fullDuplex()).isTrue();
    }

    @Test
    void eventsLatchUntilRead() {
        negotiate();
        assertThat(phy.read(Phy.COPPER_EVENTS)).isEqualTo(0x6C00);
        assertThat(phy.read(Phy.COPPER_EVENTS)).isZero();
        phy.carrier(false);
        assertThat(phy.read(Phy.COPPER_EVENTS)).isEqualTo(0x0400);
    }

    @Test
    void everyRegisterADriverTouchesExists() {
        for (int register : new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 16, 17, 21, 22, 25, 29, 30}) {
            assertThat(phy.read(register)).as("register %d", register).isNotEqualTo(Phy.NO_REGISTER);
            assertThat(phy.write(register, 0)).as("register %d", register).isTrue();
        }
    }

    @Test
    void readOnlyRegistersIgnoreWrites() {
        for (int register : new int[] {1, 2, 3, 5, 6, 8, 10, 15, 17, 19, 21}) {
            int before = phy.read(register);
            phy.write(register, ~before & 0xFFFF);
            assertThat(phy.read(register)).as("register %d", register).isEqualTo(before);
        }
    }

    @Test
    void resetRestoresTheDefaults() {
        negotiate();
        phy.write(Phy.ANAR, 1);
        phy.write(Phy.BMCR, 0x4140);
        phy.reset();
        assertThat(phy.linkUp()).isFalse();
        assertThat(phy.read(Phy.ANAR)).isEqualTo(0x0DE1);
        negotiate();
        assertThat(phy.linkUp()).isTrue();
    }

    @Test
    void oemRestartBitClearsItself() {
        negotiate();
        phy.write(Phy.OEM_BITS, 0x0400);
        assertThat(phy.read(Phy.OEM_BITS)).isZero();
        assertThat(phy.linkUp()).isFalse();
    }
}
