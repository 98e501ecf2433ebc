package dev.doorbell.bus.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.time.BatonThreads.BatonThread;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class BatonThreadsTest {
    private final VirtualTime time = new VirtualTime(1);
    private final BatonThreads threads = time.threads();
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void tearDown() {
        time.close();
    }

    @Test
    void bodyRunsAsAnEventAndMayBlock() {
        threads.start("app", () -> {
            log.add(threads.current().name() + " inside=" + time.isInsideEvent() + " world=" + time.isWorldThread());
        });
        assertThat(log).isEmpty();
        time.runFor(0);
        assertThat(log).containsExactly("app inside=false world=true");
        assertThat(threads.alive()).isZero();
        assertThat(threads.current()).isNull();
    }

    @Test
    void parkedThreadWaitsForUnparkWhileTimePasses() {
        BatonThread[] app = new BatonThread[1];
        app[0] = threads.start("app", () -> {
            log.add("before@" + time.nowNs());
            app[0].park();
            log.add("after@" + time.nowNs());
        });
        time.at(30, "wake", () -> app[0].unpark());
        time.at(10, "other", () -> log.add("other@" + time.nowNs()));
        time.runFor(100);
        assertThat(log).containsExactly("before@0", "other@10", "after@30");
        assertThat(app[0].isAlive()).isFalse();
    }

    @Test
    void unparkBeforeParkMakesTheNextParkReturnAtOnce() {
        BatonThread[] app = new BatonThread[1];
        app[0] = threads.start("app", () -> {
            app[0].unpark();
            app[0].unpark();
            app[0].park();
            log.add("once");
            app[0].park();
            log.add("never");
        });
        time.runFor(10);
        assertThat(log).containsExactly("once");
    }

    @Test
    void twoThreadsAlternateDeterministically() {
        BatonThread[] pair = new BatonThread[2];
        int[] turn = new int[1];
        for (int i = 0; i < 2; i++) {
            int me = i;
            pair[i] = threads.start("t" + i, () -> {
                for (int round = 0; round < 1000; round++) {
                    while (turn[0] != me) {
                        pair[me].park();
                    }
                    log.add(me + "." + round);
                    turn[0] = 1 - me;
                    pair[1 - me].unpark();
                }
            });
        }
        time.runFor(0);
        List<String> expected = new ArrayList<>();
        for (int round = 0; round < 1000; round++) {
            expected.add("0." + round);
            expected.add("1." + round);
        }
        assertThat(log).isEqualTo(expected);
    }

    @Test
    void killAllUnwindsParkedThreadsThroughTheirFinallyBlocks() {
        BatonThread[] app = new BatonThread[1];
        app[0] = threads.start("app", () -> {
            try {
                app[0].park();
            } finally {
                log.add("finally");
            }
        });
        time.runFor(0);
        BatonThread never = threads.start("never started", () -> log.add("never"));
        threads.killAll();
        assertThat(log).containsExactly("finally");
        assertThat(threads.alive()).isZero();
        assertThat(never.isAlive()).isFalse();
        time.runFor(0);
        assertThat(log).containsExactly("finally");
    }

    @Test
    void exceptionOfABodyReachesTheDriverWithTheThreadsName() {
        threads.start("guest httpd", () -> {
            throw new IllegalArgumentException("boom");
        });
        assertThatThrownBy(() -> time.runFor(1))
                .hasMessageContaining("guest httpd")
                .hasRootCauseMessage("boom");
        assertThat(threads.alive()).isZero();
    }

    @Test
    void aThreadCannotRunTheWorldAndNobodyElseCanParkIt() {
        BatonThread app = threads.start("app", () -> time.runFor(1));
        assertThatThrownBy(() -> time.runFor(1)).hasRootCauseInstanceOf(IllegalStateException.class);
        assertThatThrownBy(app::park).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void worksFromRealTimeToo() {
        try (RealTime real = new RealTime(IoLoop.withoutIo())) {
            BatonThread[] app = new BatonThread[1];
            app[0] = real.threads().start("app", () -> {
                real.after(1_000_000, "wake", () -> app[0].unpark());
                app[0].park();
                log.add("woken");
            });
            assertThat(real.runUntil(() -> !app[0].isAlive(), 5_000_000_000L)).isTrue();
            assertThat(log).containsExactly("woken");
        }
    }
}
