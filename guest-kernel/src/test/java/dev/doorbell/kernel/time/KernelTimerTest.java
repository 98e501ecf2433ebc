package dev.doorbell.kernel.time;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.kernel.TestKernel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KernelTimerTest {
    private static final long MS = 1_000_000;
    private final TestKernel kernel = new TestKernel();
    private final List<String> log = new ArrayList<>();
    private final KernelTimer timer = new KernelTimer(
            kernel.context, "test", () -> log.add(kernel.context.cpu().context() + " " + kernel.world.nowNs() / MS));

    @AfterEach
    void close() {
        kernel.close();
    }

    @Test
    void expiresOnceInSoftirqContext() {
        assertThat(timer.modTimer(3 * MS)).isFalse();
        assertThat(kernel.context.pendingTimers()).isEqualTo(1);
        kernel.world.runFor(10 * MS);
        assertThat(log).containsExactly("SOFTIRQ 3");
        assertThat(timer.isPending()).isFalse();
        assertThat(kernel.context.pendingTimers()).isZero();
    }

    @Test
    void modTimerMovesAPendingTimer() {
        timer.modTimer(3 * MS);
        assertThat(timer.modTimer(7 * MS)).isTrue();
        assertThat(timer.expiresNs()).isEqualTo(7 * MS);
        kernel.world.runFor(10 * MS);
        assertThat(log).containsExactly("SOFTIRQ 7");
    }

    @Test
    void delTimerTellsWhetherItWasPending() {
        timer.modTimerAfter(MS);
        assertThat(timer.delTimer()).isTrue();
        assertThat(timer.delTimer()).isFalse();
        kernel.world.runFor(10 * MS);
        assertThat(log).isEmpty();
        assertThat(kernel.context.pendingTimers()).isZero();
    }

    @Test
    void jiffiesRoundTimeoutsUp() {
        assertThat(Jiffies.of(1_999_999)).isEqualTo(1);
        assertThat(Jiffies.roundUp(1_000_001)).isEqualTo(2);
        assertThat(Jiffies.toNs(200)).isEqualTo(200 * MS);
    }
}
