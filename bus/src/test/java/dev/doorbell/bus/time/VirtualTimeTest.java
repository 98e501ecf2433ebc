package dev.doorbell.bus.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class VirtualTimeTest {
    private final VirtualTime time = new VirtualTime(1);
    private final List<String> log = new ArrayList<>();

    @Test
    void eventsRunInOrderOfTimeThenOfScheduling() {
        time.at(20, "c", () -> log("c"));
        time.at(10, "a", () -> log("a"));
        time.at(10, "b", () -> log("b"));
        time.runFor(100);
        assertThat(log).containsExactly("a@10", "b@10", "c@20");
        assertThat(time.nowNs()).isEqualTo(100);
    }

    @Test
    void whatIsScheduledForNowRunsBehindWhatWasDueAlready() {
        time.at(10, "a", () -> {
            log("a");
            time.at(10, "c", () -> log("c"));
            time.at(3, "d", () -> log("d")); // the past means now
        });
        time.at(10, "b", () -> log("b"));
        time.runFor(10);
        assertThat(log).containsExactly("a@10", "b@10", "c@10", "d@10");
    }

    @Test
    void runForIncludesItsLastInstantAndNothingBeyond() {
        time.at(100, "a", () -> log("a"));
        time.at(101, "b", () -> log("b"));
        time.runFor(100);
        assertThat(log).containsExactly("a@100");
        time.runFor(1);
        assertThat(log).containsExactly("a@100", "b@101");
    }

    @Test
    void runUntilStopsRightBehindTheEventThatMadeItTrue() {
        time.at(5, "a", () -> log("a"));
        time.at(5, "b", () -> log("b"));
        assertThat(time.runUntil(() -> log.contains("a@5"), 100)).isTrue();
        assertThat(log).containsExactly("a@5");
        assertThat(time.nowNs()).isEqualTo(5);
        assertThat(time.runUntil(() -> false, 100)).isFalse();
        assertThat(log).containsExactly("a@5", "b@5");
    }

    @Test
    void runUntilStopsAtItsLimitAndWhenNothingIsLeft() {
        time.at(50, "late", () -> log("late"));
        assertThat(time.runUntil(() -> false, 20)).isFalse();
        assertThat(time.nowNs()).isEqualTo(20);
        assertThat(time.runUntil(() -> false, Long.MAX_VALUE)).isFalse();
        assertThat(time.nowNs()).isEqualTo(50);
    }

    @Test
    void schedulingAScheduledEventMovesIt() {
        Event event = time.event("e", () -> log("e"));
        event.at(10);
        event.at(30);
        time.at(20, "other", () -> log("other"));
        assertThat(event.timeNs()).isEqualTo(30);
        time.runFor(25);
        event.after(0);
        event.after(0);
        time.runFor(100);
        assertThat(log).containsExactly("other@20", "e@25");
        assertThat(event.isScheduled()).isFalse();
    }

    @Test
    void cancelledEventDoesNotRunWhetherDueOrFuture() {
        Event due = time.event("due", () -> log("due"));
        Event future = time.event("future", () -> log("future"));
        due.after(0);
        future.after(5);
        due.cancel();
        future.cancel();
        future.cancel();
        time.runFor(10);
        assertThat(log).isEmpty();
        assertThat(time.eventsPending()).isZero();
    }

    @Test
    void eventThatReschedulesItselfIsPeriodic() {
        Event[] tick = new Event[1];
        tick[0] = time.event("tick", () -> {
            log("t");
            tick[0].after(10);
        });
        tick[0].after(10);
        time.runFor(35);
        assertThat(log).containsExactly("t@10", "t@20", "t@30");
    }

    @Test
    void exceptionOfAnEventNamesItAndLeavesTheWorldUsable() {
        time.at(7, "82574L rx fetch", () -> {
            throw new IllegalStateException("boom");
        });
        time.at(8, "next", () -> log("next"));
        assertThatThrownBy(() -> time.runFor(10))
                .isInstanceOf(EventException.class)
                .hasMessageContaining("82574L rx fetch")
                .hasMessageContaining("7 ns")
                .hasRootCauseMessage("boom");
        assertThat(time.isInsideEvent()).isFalse();
        time.runFor(10);
        assertThat(log).containsExactly("next@8");
    }

    @Test
    void anEventCannotRunTheWorld() {
        time.at(1, "nested", () -> time.runFor(1));
        assertThatThrownBy(() -> time.runFor(10)).hasRootCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    void closedWorldForgetsItsEventsAndCannotRun() {
        Event event = time.at(1, "e", () -> log("e"));
        time.close();
        time.close();
        assertThat(event.isScheduled()).isFalse();
        assertThatThrownBy(() -> time.runFor(1)).hasMessageContaining("closed");
    }

    @Test
    void tasksOfForeignThreadsRunAsEvents() throws InterruptedException {
        Thread foreign = new Thread(() -> {
            assertThat(time.isWorldThread()).isFalse();
            time.submit("x", () -> log(time.isInsideEvent() ? "inside" : "outside"));
        });
        foreign.start();
        foreign.join();
        assertThat(time.isWorldThread()).isTrue();
        time.runFor(0);
        assertThat(log).containsExactly("inside@0");
    }

    @Test
    void shuffledTiesAreAllRunInAnOrderThatTheSeedRepeats() {
        List<Integer> first = shuffled(42), again = shuffled(42), other = shuffled(43);
        assertThat(first).isEqualTo(again).isNotEqualTo(other).isNotEqualTo(sorted(first));
        assertThat(sorted(first)).isEqualTo(sorted(other)).hasSize(50);
    }

    /** Random scheduling, moving and cancelling against a sorted map as reference. */
    @Test
    void heapAndRingAgreeWithASortedMap() {
        for (int seed = 0; seed < 50; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            VirtualTime world = new VirtualTime(seed);
            TreeMap<long[], Integer> expected = new TreeMap<>(
                    Comparator.<long[]>comparingLong(key -> key[0]).thenComparingLong(key -> key[1]));
            long[][] keys = new long[40][];
            List<Integer> ran = new ArrayList<>();
            Event[] events = new Event[keys.length];
            for (int i = 0; i < events.length; i++) {
                int id = i;
                events[i] = world.event("e" + i, () -> ran.add(id));
            }
            long sequence = 0;
            List<Integer> wanted = new ArrayList<>();
            for (int step = 0; step < 2_000; step++) {
                int i = random.nextInt(events.length);
                switch (random.nextInt(8)) {
                    case 0 -> {
                        events[i].cancel();
                        forget(expected, keys, i);
                    }
                    case 1 -> {
                        long end = world.nowNs() + random.nextInt(20);
                        while (!expected.isEmpty() && expected.firstKey()[0] <= end) {
                            int id = expected.pollFirstEntry().getValue();
                            keys[id] = null;
                            wanted.add(id);
                        }
                        world.runFor(end - world.nowNs());
                    }
                    default -> {
                        long at = Math.max(world.nowNs(), world.nowNs() + random.nextInt(60) - 5);
                        events[i].at(at);
                        forget(expected, keys, i);
                        keys[i] = new long[] {at, sequence++};
                        expected.put(keys[i], i);
                    }
                }
                assertThat(events[i].isScheduled()).isEqualTo(keys[i] != null);
            }
            assertThat(ran).as("seed %d", seed).isEqualTo(wanted);
        }
    }

    private static void forget(TreeMap<long[], Integer> expected, long[][] keys, int i) {
        if (keys[i] != null) {
            expected.remove(keys[i]);
            keys[i] = null;
        }
    }

    private static List<Integer> shuffled(long seed) {
        VirtualTime world = new VirtualTime(seed, true);
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            int id = i;
            world.at(5, "e" + i, () -> order.add(id));
        }
        world.runFor(5);
        return order;
    }

    private static List<Integer> sorted(List<Integer> list) {
        return list.stream().sorted().toList();
    }

    private void log(String what) {
        log.add(what + "@" + time.nowNs());
    }
}
