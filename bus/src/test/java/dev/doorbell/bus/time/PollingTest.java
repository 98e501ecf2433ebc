package dev.doorbell.bus.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PollingTest {
    private static final long LIMIT_NS = 100_000, LOOK_NS = 2_000, LONG_AWAY_NS = 200_000;

    private final Polling polling = new Polling(LIMIT_NS);
    private long now = 1_000_000;

    /** Polls after an input until it is told to sleep; returns for how long. */
    private long polledFor() {
        polling.input(now);
        long from = now;
        while (polling.goesOn(now)) {
            now += LOOK_NS;
        }
        return now - from;
    }

    @Test
    void pollsForTheTimeThatWasGivenAfterAnInput() {
        assertThat(polledFor()).isBetween(LIMIT_NS - LOOK_NS, LIMIT_NS + LOOK_NS);
    }

    @Test
    void withoutInputItSleepsAtOnce() {
        assertThat(polling.goesOn(now)).isFalse();
    }

    @Test
    void workThatDidNotComeFromOutsideIsNoReasonToPoll() {
        polling.interrupted();
        assertThat(polling.goesOn(now)).isFalse();
    }

    @Test
    void stopsOnceSomebodyElseHadTheCore() {
        polling.input(now);
        assertThat(polling.goesOn(now)).isTrue();
        now += LONG_AWAY_NS / 4;
        assertThat(polling.goesOn(now)).isFalse();
    }

    /** Somebody's short visit to the core is no reason to stop for one who polls for long; a slice of the scheduler's is. */
    @Test
    void whoPollsForLongBearsShortVisits() {
        Polling patient = new Polling(250_000_000);
        patient.input(now);
        assertThat(patient.goesOn(now)).isTrue();
        assertThat(patient.goesOn(now += 400_000)).isTrue();
        assertThat(patient.goesOn(now += 1_500_000)).isFalse();
    }

    @Test
    void afterPollingInVainForLongItOnlyTriesNowAndThen() {
        int polled = 0;
        for (int i = 0; i < 160; i++) {
            polled += polledFor() > 0 ? 1 : 0;
            now += LONG_AWAY_NS;
        }
        assertThat(polled).isBetween(16, 32);
    }

    @Test
    void anAnswerThatComesInTimeBringsPollingBack() {
        for (int i = 0; i < 40; i++) {
            polledFor();
            now += LONG_AWAY_NS;
        }
        boolean tried = false;
        for (int i = 0; i < 16 && !tried; i++) {
            polling.input(now);
            tried = polling.goesOn(now);
            now += LOOK_NS;
        }
        assertThat(tried).isTrue();
        polling.input(now);
        now += LOOK_NS;
        assertThat(polling.goesOn(now)).isTrue();
    }

    @Test
    void zeroNeverPolls() {
        Polling never = new Polling(0);
        never.input(now);
        assertThat(never.goesOn(now)).isFalse();
    }

    @Test
    void negativeTimeIsRefused() {
        assertThatThrownBy(() -> new Polling(-1)).hasMessageContaining("-1 ns");
    }
}
