package dev.doorbell.kernel.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.kernel.TestKernel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WorkqueueTest {
    private static final long MS = 1_000_000;
    private final TestKernel kernel = new TestKernel();
    private final Workqueue queue = kernel.context.workqueue();
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        kernel.close();
    }

    private Work work(String name) {
        return new Work(
                queue,
                name,
                () -> log.add(name + " " + kernel.context.cpu().context() + " " + kernel.world.nowNs() / MS));
    }

    @Test
    void itemsRunOnceEachInOrderInTaskContext() {
        Work a = work("a");
        Work b = work("b");
        assertThat(a.schedule()).isTrue();
        assertThat(b.schedule()).isTrue();
        assertThat(a.schedule()).as("pending already").isFalse();
        kernel.settle();
        assertThat(log).containsExactly("a TASK 0", "b TASK 0");
    }

    @Test
    void aSleepingItemHoldsUpTheNextOne() {
        Work sleeper = new Work(queue, "sleeper", () -> {
            kernel.context.sleep(2 * MS, "msleep");
            log.add("slept");
        });
        sleeper.schedule();
        work("next").schedule();
        kernel.world.runFor(5 * MS);
        assertThat(log).containsExactly("slept", "next TASK 2");
    }

    @Test
    void delayedWorkRunsAfterItsDelayAndAnEarlierScheduleWins() {
        Work a = work("a");
        assertThat(a.scheduleDelayed(5 * MS)).isTrue();
        assertThat(a.scheduleDelayed(9 * MS)).isFalse();
        assertThat(a.isPending()).isTrue();
        kernel.world.runFor(6 * MS);
        assertThat(log).containsExactly("a TASK 5");
        a.scheduleDelayed(5 * MS);
        a.schedule();
        kernel.world.runFor(20 * MS);
        assertThat(log).containsExactly("a TASK 5", "a TASK 6");
    }

    @Test
    void cancelledWorkDoesNotRun() {
        Work a = work("a");
        Work b = work("b");
        a.schedule();
        b.scheduleDelayed(MS);
        assertThat(a.cancel()).isTrue();
        assertThat(b.cancel()).isTrue();
        assertThat(b.cancel()).isFalse();
        kernel.world.runFor(5 * MS);
        assertThat(log).isEmpty();
    }

    @Test
    void anItemMayScheduleItself() {
        Work[] self = new Work[1];
        int[] runs = new int[1];
        self[0] = new Work(queue, "again", () -> {
            if (++runs[0] < 3) {
                self[0].schedule();
            }
        });
        self[0].schedule();
        kernel.settle();
        assertThat(runs[0]).isEqualTo(3);
    }

    @Test
    void cancelSyncWaitsForTheRunningItem() {
        Work slow = new Work(queue, "slow", () -> {
            kernel.context.sleep(4 * MS, "msleep");
            log.add("done");
        });
        slow.schedule();
        kernel.world.runFor(MS);
        assertThat(slow.isRunning()).isTrue();
        queue.cancelSync(slow, "cancel_work_sync");
        assertThat(log).containsExactly("done");
        assertThat(kernel.world.nowNs()).isEqualTo(4 * MS);
    }

    @Test
    void flushWaitsForAll() {
        work("a").schedule();
        work("b").schedule();
        queue.flush("flush_workqueue");
        assertThat(log).hasSize(2);
        assertThat(queue.pending()).isZero();
    }
}
