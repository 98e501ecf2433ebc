package dev.doorbell.bus.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class RealTimeTest {
    /** Counts, and lets a test make something ready. */
    private static final class FakeLoop implements IoLoop {
        final List<Long> awaits = new ArrayList<>();
        int polls;
        Runnable onPoll = () -> {};
        int inputs;
        Runnable onAwait = () -> {};

        @Override
        public boolean pollNow() {
            polls++;
            onPoll.run();
            return inputs-- > 0;
        }

        @Override
        public void await(long maxNs) {
            awaits.add(maxNs);
            onAwait.run();
        }

        @Override
        public void wakeup() {}
    }

    private final FakeLoop loop = new FakeLoop();

    @Test
    void eventRunsWhenItsTimeHasComeAndNotBefore() {
        RealTime time = new RealTime(IoLoop.withoutIo());
        long[] ranAt = new long[1];
        long start = System.nanoTime();
        time.after(2_000_000, "e", () -> ranAt[0] = System.nanoTime());
        assertThat(time.runUntil(() -> ranAt[0] != 0, 5_000_000_000L)).isTrue();
        assertThat(ranAt[0] - start).isGreaterThanOrEqualTo(2_000_000);
    }

    @Test
    void idleWorldWaitsNoLongerThanToTheNextEvent() {
        RealTime time = new RealTime(loop);
        boolean[] ran = new boolean[1];
        time.after(1_000_000, "e", () -> ran[0] = true);
        time.runUntil(() -> ran[0], 60_000_000_000L);
        assertThat(loop.awaits).isNotEmpty().allSatisfy(ns -> assertThat(ns).isBetween(1L, 1_000_000L));
    }

    @Test
    void readinessIsPolledBetweenBurstsOfEvents() {
        RealTime time = new RealTime(loop);
        int[] runs = new int[1];
        Event[] busy = new Event[1];
        busy[0] = time.event("busy", () -> {
            runs[0]++;
            busy[0].after(0);
        });
        busy[0].after(0);
        loop.onPoll = () -> assertThat(time.isInsideEvent()).isTrue();
        time.runUntil(() -> runs[0] == 1000, Long.MAX_VALUE);
        assertThat(loop.polls).isBetween(10, 100);
        assertThat(loop.awaits).isEmpty();
    }

    @Test
    void spinningWorldNeverSleeps() {
        RealTime time = new RealTime(loop, RealTime.SPIN_FOREVER);
        time.runFor(1_000_000);
        assertThat(loop.awaits).isEmpty();
        assertThat(loop.polls).isGreaterThan(10);
    }

    @Test
    void conditionThatAHandlerMadeTrueEndsTheRun() {
        RealTime time = new RealTime(loop);
        boolean[] arrived = new boolean[1];
        loop.onAwait = () -> arrived[0] = true;
        assertThat(time.runUntil(() -> arrived[0], Long.MAX_VALUE)).isTrue();
        assertThat(loop.awaits).hasSize(1);
    }

    @Test
    void whatEndedASleepIsTakenInAndNothingElseIsAskedBeforeTheNextOne() {
        RealTime time = new RealTime(loop);
        loop.onAwait = () -> {
            long until = System.nanoTime() + 100_000;
            while (System.nanoTime() < until) {
                Thread.onSpinWait();
            }
            loop.inputs = 1;
        };
        time.runUntil(() -> loop.awaits.size() == 5, Long.MAX_VALUE);
        assertThat(loop.polls).isEqualTo(5);
    }

    @Test
    void submittedTaskWakesASleepingWorld() throws InterruptedException {
        RealTime time = new RealTime(IoLoop.withoutIo());
        boolean[] ran = new boolean[1];
        Thread foreign = new Thread(() -> time.submit("x", () -> ran[0] = true));
        time.after(1_000_000, "start", foreign::start);
        assertThat(time.runUntil(() -> ran[0], 9_000_000_000L)).isTrue();
        foreign.join();
    }

    @Test
    void clockStandsStillInsideAnEvent() {
        RealTime time = new RealTime(loop);
        boolean[] same = new boolean[1];
        time.after(0, "e", () -> {
            long first = time.nowNs();
            long end = System.nanoTime() + 100_000;
            while (System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            same[0] = time.nowNs() == first;
        });
        time.runFor(0);
        assertThat(same[0]).isTrue();
        long before = time.nowNs();
        assertThat(time.nowNs()).isGreaterThanOrEqualTo(before);
    }
}
