package dev.doorbell.kernel.driver.e1000e;

import dev.doorbell.bus.trace.Tracer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The driver's lines in the kernel log: the last ones are kept, all go to the tracer. For rare events. */
final class Log {
    private static final int KEPT = 256;

    private final Tracer tracer;
    private final Deque<String> lines = new ArrayDeque<>();
    private String prefix;

    Log(Tracer tracer, String prefix) {
        this.tracer = tracer;
        this.prefix = prefix;
    }

    /** The interface's name, once it has one. */
    void prefix(String name) {
        prefix = name;
    }

    void info(String message) {
        add("log.info", message);
    }

    void warn(String message) {
        add("log.warn", message);
    }

    void error(String message) {
        add("log.err", message);
    }

    /** e_dbg: to the tracer only. */
    void debug(String message) {
        if (tracer.isOn()) {
            tracer.event("e1000e", "log.debug", prefix + ": " + message);
        }
    }

    /** Oldest first. */
    List<String> lines() {
        return List.copyOf(lines);
    }

    private void add(String what, String message) {
        String line = prefix + ": " + message;
        if (lines.size() == KEPT) {
            lines.removeFirst();
        }
        lines.addLast(line);
        if (tracer.isOn()) {
            tracer.event("e1000e", what, line);
        }
    }
}
