package dev.doorbell.bus.trace;

import dev.doorbell.bus.time.Clock;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Writes one line per event, {@code seconds source what details}, such as
 * {@code 0.000012345 82574L rx.writeback index=3 length=60}. The text depends on the world alone: two runs from the same
 * seed give the same bytes.
 */
public final class TraceRecorder implements Tracer {
    private final Clock clock;
    private final Appendable out;
    private final StringBuilder line = new StringBuilder(160);
    private boolean on = true;
    private long lines;

    /** @param out where the lines go; the caller flushes and closes it */
    public TraceRecorder(Clock clock, Appendable out) {
        this.clock = clock;
        this.out = out;
    }

    @Override
    public boolean isOn() {
        return on;
    }

    /** Pauses or goes on. */
    public void on(boolean on) {
        this.on = on;
    }

    /** Lines written so far. */
    public long lines() {
        return lines;
    }

    @Override
    public void event(String source, String what, String details) {
        if (!on) {
            return;
        }
        line.setLength(0);
        time(clock.nowNs());
        line.append(' ').append(source).append(' ').append(what);
        if (!details.isEmpty()) {
            line.append(' ').append(details);
        }
        line.append('\n');
        try {
            out.append(line);
        } catch (IOException e) {
            throw new UncheckedIOException("writing the trace: " + e.getMessage(), e);
        }
        lines++;
    }

    private void time(long ns) {
        line.append(ns / 1_000_000_000).append('.');
        long fraction = ns % 1_000_000_000;
        for (long digit = 100_000_000; digit > 0; digit /= 10) {
            line.append((char) ('0' + fraction / digit % 10));
        }
    }
}
