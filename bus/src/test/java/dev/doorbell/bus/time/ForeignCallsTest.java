package dev.doorbell.bus.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ForeignCallsTest {
    private static final long LIMIT_NS = 10_000_000_000L;

    private final RealTime time = new RealTime(IoLoop.withoutIo());
    private final ExecutorService foreign = Executors.newCachedThreadPool();

    @AfterEach
    void end() {
        time.close();
        foreign.shutdownNow();
    }

    private <T> T await(Future<T> future) throws ExecutionException, InterruptedException {
        while (!future.isDone()) {
            time.runFor(100_000); // what happens on foreign threads does not wake a world
        }
        return future.get();
    }

    @Test
    void aCallRunsInsideTheWorldAndItsResultComesBack() throws Exception {
        Future<String> result = foreign.submit(() -> time.call("c", () -> {
            assertThat(time.isWorldThread()).isTrue();
            return "inside";
        }));
        assertThat(await(result)).isEqualTo("inside");
    }

    @Test
    void whatTheBodyThrowsComesOutAndTheWorldGoesOn() throws Exception {
        Future<?> checked = foreign.submit(() -> time.call("c", () -> {
            throw new IOException("no");
        }));
        assertThatThrownBy(() -> await(checked)).hasCauseInstanceOf(IOException.class);
        Future<?> error = foreign.submit(() -> time.call("c", () -> {
            throw new AssertionError("bug");
        }));
        assertThatThrownBy(() -> await(error)).hasCauseInstanceOf(AssertionError.class);
        assertThat(await(foreign.submit(() -> time.call("c", () -> 1)))).isEqualTo(1);
    }

    @Test
    void aCallMayBlockInsideWhileOthersComeAndGoAndCarriersAreReused() throws Exception {
        BatonThreads.BatonThread[] parked = new BatonThreads.BatonThread[1];
        boolean[] open = new boolean[1];
        Future<String> blocked = foreign.submit(() -> time.call("wait", () -> {
            parked[0] = time.threads().current();
            while (!open[0]) {
                parked[0].park();
            }
            return "opened";
        }));
        time.runUntil(() -> parked[0] != null, LIMIT_NS);
        for (int i = 0; i < 50; i++) {
            int value = i;
            assertThat(await(foreign.submit(() -> time.call("quick", () -> value))))
                    .isEqualTo(i);
        }
        assertThat(time.threads().alive()).isEqualTo(2);
        assertThat(blocked.isDone()).isFalse();
        await(foreign.submit(() -> time.call("open", () -> {
            open[0] = true;
            parked[0].unpark();
            return null;
        })));
        assertThat(await(blocked)).isEqualTo("opened");
    }

    @Test
    void callsOfManyThreadsNeverRunAtTheSameTime() throws Exception {
        int[] counter = new int[1];
        List<Future<?>> all = new ArrayList<>();
        for (int thread = 0; thread < 8; thread++) {
            all.add(foreign.submit(() -> {
                for (int i = 0; i < 500; i++) {
                    time.call("count", () -> counter[0]++);
                }
            }));
        }
        for (Future<?> each : all) {
            await(each);
        }
        assertThat(counter[0]).isEqualTo(4000);
    }

    @Test
    void theEndOfTheWorldEndsEveryCallWhereverItIs() throws Exception {
        boolean[] inside = new boolean[1];
        Future<?> blocked = foreign.submit(() -> time.call("wait", () -> {
            inside[0] = true;
            time.threads().current().park();
            return null;
        }));
        time.runUntil(() -> inside[0], LIMIT_NS);
        CountDownLatch calling = new CountDownLatch(1);
        Future<?> never = foreign.submit(() -> {
            calling.countDown();
            return time.call("late", () -> null);
        });
        calling.await();
        time.close();
        assertThatThrownBy(blocked::get).hasCauseInstanceOf(IllegalStateException.class);
        assertThatThrownBy(never::get).hasCauseInstanceOf(IllegalStateException.class);
        Future<?> after = foreign.submit(() -> time.call("later", () -> null));
        assertThatThrownBy(after::get).hasCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    void theWorldsOwnThreadIsRefused() {
        assertThatThrownBy(() -> time.call("c", () -> 1)).isInstanceOf(IllegalStateException.class);
    }
}
