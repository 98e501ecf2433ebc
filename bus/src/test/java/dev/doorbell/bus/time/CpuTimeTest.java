package dev.doorbell.bus.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CpuTimeTest {
    private final CpuTime world = new CpuTime();

    @Test
    void eventsRunInOrderOfTimeAndNotBeforeIt() {
        List<String> order = new ArrayList<>();
        List<Long> times = new ArrayList<>();
        long start = world.nowNs();
        world.at(start + 2_000, "later", () -> {
            order.add("later");
            times.add(world.nowNs());
        });
        world.at(start + 1_000, "sooner", () -> order.add("sooner"));
        assertThat(world.runUntil(() -> order.size() == 2, Long.MAX_VALUE)).isTrue();
        assertThat(order).containsExactly("sooner", "later");
        assertThat(times.get(0)).isGreaterThanOrEqualTo(start + 2_000);
    }

    @Test
    void itsTimePassesWhileNothingHappens() {
        long start = world.nowNs();
        world.runFor(100_000);
        assertThat(world.nowNs()).isGreaterThanOrEqualTo(start + 100_000);
    }

    @Test
    void theClockStandsStillInsideAnEvent() {
        List<Long> times = new ArrayList<>();
        world.at(0, "twice", () -> {
            times.add(world.nowNs());
            times.add(world.nowNs());
        });
        world.runFor(0);
        assertThat(times).hasSize(2);
        assertThat(times.get(0)).isEqualTo(times.get(1));
    }
}
