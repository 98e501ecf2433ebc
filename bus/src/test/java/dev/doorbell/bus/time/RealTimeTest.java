package dev.doorbell.bus.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class RealTimeTest {
    private static final long POLL_NS = 1_000;
    /** For {@link #sleepNs}: a sleep lasts as long as it may. */
    private static final long FULL = -1;

    private long machineNs = 5_000_000_000L;
    private long sleepNs = FULL;
    private final FakeLoop loop = new FakeLoop();

    /** Counts, and lets a test make something ready. A sleep moves {@link #machineNs} on, a look at the inputs a little. */
    private final class FakeLoop implements IoLoop {
        final List<Long> awaits = new ArrayList<>();
        int polls;
        Runnable onPoll = () -> {};
        int inputs;
        Runnable onAwait = () -> {};

        @Override
        public boolean pollNow() {
            polls++;
            machineNs += POLL_NS;
            onPoll.run();
            return inputs-- > 0;
        }

        @Override
        public void await(long maxNs) {
            awaits.add(maxNs);
            machineNs += sleepNs == FULL ? maxNs : sleepNs;
            onAwait.run();
        }

        @Override
        public void wakeup() {}
    }

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
        RealTime time = world(0);
        long[] ranAt = new long[1];
        time.after(1_000_000, "e", () -> ranAt[0] = time.nowNs());
        assertThat(time.runUntil(() -> ranAt[0] != 0, 60_000_000_000L)).isTrue();
        assertThat(loop.awaits).containsExactly(1_000_000 - POLL_NS);
        assertThat(ranAt[0]).isEqualTo(1_000_000);
    }

    @Test
    void sleepThatEndsEarlyIsGoneOnWith() {
        RealTime time = world(0);
        boolean[] ran = new boolean[1];
        sleepNs = 400_000;
        time.after(1_000_000, "e", () -> ran[0] = true);
        assertThat(time.runUntil(() -> ran[0], 60_000_000_000L)).isTrue();
        assertThat(loop.awaits).containsExactly(1_000_000 - POLL_NS, 600_000 - 2 * POLL_NS, 200_000 - 3 * POLL_NS);
    }

    @Test
    void readinessIsPolledBetweenBurstsOfEvents() {
        RealTime time = world(0);
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
        RealTime time = world(RealTime.SPIN_FOREVER);
        time.runFor(1_000_000);
        assertThat(loop.awaits).isEmpty();
        assertThat(loop.polls).isEqualTo(1_000_000 / POLL_NS);
    }

    @Test
    void conditionThatAHandlerMadeTrueEndsTheRun() {
        RealTime time = world(0);
        boolean[] arrived = new boolean[1];
        sleepNs = 10_000;
        loop.onAwait = () -> arrived[0] = true;
        assertThat(time.runUntil(() -> arrived[0], Long.MAX_VALUE)).isTrue();
        assertThat(loop.awaits).hasSize(1);
    }

    @Test
    void whatEndedASleepIsTakenInAndNothingElseIsAskedBeforeTheNextOne() {
        RealTime time = world(0);
        sleepNs = 100_000;
        loop.onAwait = () -> loop.inputs = 1;
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
        RealTime time = world(0);
        boolean[] same = new boolean[1];
        time.after(0, "e", () -> {
            long first = time.nowNs();
            machineNs += 100_000;
            same[0] = time.nowNs() == first && time.freshNs() == first + 100_000;
        });
        time.runFor(0);
        assertThat(same[0]).isTrue();
        assertThat(time.nowNs()).isGreaterThanOrEqualTo(100_000);
    }

    private RealTime world(long spinNs) {
        return new RealTime(loop, spinNs, () -> machineNs);
    }
}
