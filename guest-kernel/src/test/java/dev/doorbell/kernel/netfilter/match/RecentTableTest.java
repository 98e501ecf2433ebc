package dev.doorbell.kernel.netfilter.match;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What the table of a recent rule keeps, and what it lets go. */
class RecentTableTest {
    private final RecentTable table = new RecentTable(-1, -1, 4);

    private RecentTable.Entry entry(long low) {
        return Objects.requireNonNull(table.find(0, low, 0));
    }

    @Test
    void theAddressLongestNotSeenMakesRoomForTheHundredAndFirst() {
        for (int i = 0; i < RecentTable.MAX_ENTRIES; i++) {
            table.add(0, i, 64, i);
        }
        table.touch(entry(0), 64, 1000);
        table.add(0, 7777, 64, 1001);
        assertThat(table.size()).isEqualTo(RecentTable.MAX_ENTRIES);
        assertThat(table.find(0, 1, 0)).isNull();
        assertThat(table.find(0, 0, 0)).isNotNull();
    }

    @Test
    void onlyTheLastTimesAreKept() {
        table.add(0, 1, 64, 10);
        for (int t = 20; t <= 60; t += 10) {
            table.touch(entry(1), 64, t);
        }
        assertThat(entry(1).hits()).isEqualTo(4);
        assertThat(entry(1).hitsSince(40, 100)).isEqualTo(3);
        assertThat(entry(1).hitsSince(0, 2)).isEqualTo(2);
    }

    @Test
    void theMaskMakesNeighboursOne() {
        RecentTable networks = new RecentTable(-1, ~0xFFL, 4);
        networks.add(0, 0x0A000005, 64, 1);
        assertThat(networks.find(0, 0x0A0000FE, 0)).isNotNull();
        assertThat(networks.find(0, 0x0A000105, 0)).isNull();
    }

    @Test
    void theSameSenderAtAnotherDistanceIsAnother() {
        table.add(0, 1, 64, 1);
        assertThat(table.find(0, 1, 63)).isNull();
        assertThat(table.find(0, 1, 64)).isNotNull();
        assertThat(table.find(0, 1, 0)).isNotNull();
    }

    @Test
    void reapingTakesTheOldestWhenItsTimeIsOverAndNotTheOneAtHand() {
        table.add(0, 1, 64, 10);
        table.add(0, 2, 64, 20);
        table.reap(15, entry(1));
        assertThat(table.size()).isEqualTo(2);
        table.reap(15, null);
        assertThat(table.size()).isEqualTo(1);
        table.reap(15, null);
        assertThat(table.find(0, 2, 0)).isNotNull();
    }

    @Test
    void aRuleWithALongerMemoryBeginsAnew() {
        table.add(0, 1, 64, 10);
        table.atLeast(4);
        assertThat(table.size()).isEqualTo(1);
        table.atLeast(8);
        assertThat(table.size()).isZero();
    }
}
