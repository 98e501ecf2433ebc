package dev.doorbell.kernel.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.kernel.TestKernel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WaitQueueTest {
    private static final long MS = 1_000_000;
    private final TestKernel kernel = new TestKernel();
    private final WaitQueue queue = new WaitQueue(kernel.context);
    private boolean ready;

    @AfterEach
    void close() {
        kernel.close();
    }

    @Test
    void topLevelThreadRunsTheWorldUntilTheConditionHolds() {
        kernel.world.at(5 * MS, "ready", () -> ready = true);
        assertThat(queue.waitUntil(() -> ready, WaitQueue.FOREVER, "recv")).isTrue();
        assertThat(kernel.world.nowNs()).isEqualTo(5 * MS);
    }

    @Test
    void topLevelThreadGivesUpAfterTheTimeout() {
        kernel.world.at(50 * MS, "later", () -> {});
        assertThat(queue.waitUntil(() -> ready, 20 * MS, "recv")).isFalse();
        assertThat(kernel.world.nowNs()).isEqualTo(20 * MS);
    }

    @Test
    void batonThreadParksUntilWokenWithItsConditionTrue() {
        List<String> log = new ArrayList<>();
        kernel.world.threads().start("app", () -> {
            assertThat(queue.waitUntil(() -> ready, WaitQueue.FOREVER, "recv")).isTrue();
            log.add("app at " + kernel.world.nowNs());
        });
        kernel.world.at(1 * MS, "spurious", queue::wakeUp);
        kernel.world.at(3 * MS, "ready", () -> {
            ready = true;
            queue.wakeUp();
        });
        kernel.world.runFor(10 * MS);
        assertThat(log).containsExactly("app at " + 3 * MS);
        assertThat(queue.isActive()).isFalse();
    }

    @Test
    void batonThreadsTimeOutIndependently() {
        List<String> log = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            long timeoutNs = i * MS;
            kernel.world.threads().start("app" + i, () -> {
                boolean held = queue.waitUntil(() -> ready, timeoutNs, "recv");
                log.add(timeoutNs / MS + " " + held);
            });
        }
        kernel.world.at(2 * MS + 1, "ready", () -> {
            ready = true;
            queue.wakeUp();
        });
        kernel.world.runFor(10 * MS);
        assertThat(log).containsExactly("1 false", "2 false", "3 true");
    }

    @Test
    void waitingInsideAnEventNamesTheCaller() {
        kernel.world.after(0, "event", () -> queue.waitUntil(() -> ready, WaitQueue.FOREVER, "tcp_recvmsg"));
        assertThatThrownBy(kernel::settle).hasStackTraceContaining("tcp_recvmsg would block inside an event");
    }

    @Test
    void aConditionThatHoldsNeverBlocksButAtomicContextIsStillAnError() {
        ready = true;
        assertThat(queue.waitUntil(() -> ready, 0, "recv")).isTrue();
        assertThatThrownBy(() -> kernel.context
                        .cpu()
                        .runInSoftirq(() -> queue.waitUntil(() -> ready, WaitQueue.FOREVER, "recv")))
                .hasMessageContaining("recv");
    }

    @Test
    void foreignThreadsAreTurnedAway() throws InterruptedException {
        List<Throwable> thrown = new ArrayList<>();
        Thread foreign = new Thread(() -> queue.waitUntil(() -> ready, 1, "recv"));
        foreign.setUncaughtExceptionHandler((thread, failure) -> thrown.add(failure));
        foreign.start();
        foreign.join();
        assertThat(thrown).singleElement().asString().contains("recv from a foreign thread");
    }
}
