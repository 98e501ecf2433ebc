package dev.doorbell.bus.trace;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TraceRecorderTest {
    @Test
    void lineIsTimeSourceWhatAndDetails() {
        StringBuilder out = new StringBuilder();
        long[] now = {12_345};
        TraceRecorder trace = new TraceRecorder(() -> now[0], out);
        trace.event("82574L", "rx.writeback", "index=3 length=60");
        now[0] = 3_000_000_001L;
        trace.event("e1000e", "irq", "");
        trace.on(false);
        trace.event("e1000e", "unseen", "");
        assertThat(out).hasToString("0.000012345 82574L rx.writeback index=3 length=60\n3.000000001 e1000e irq\n");
        assertThat(trace.lines()).isEqualTo(2);
        assertThat(trace.isOn()).isFalse();
        assertThat(Tracer.OFF.isOn()).isFalse();
    }
}
