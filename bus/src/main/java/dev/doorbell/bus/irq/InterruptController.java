package dev.doorbell.bus.irq;

import dev.doorbell.bus.time.Event;
import dev.doorbell.bus.time.Scheduler;
import dev.doorbell.bus.trace.Tracer;

/**
 * Local and I/O APIC in one: messages into its address window and level-triggered INTx lines become vectors for one CPU.
 *
 * <p>As on silicon there is one request bit per vector: a message that finds its bit set merges with the one before it.
 * Delivery is an event of its own, highest vector first, so that no handler runs inside the device code which raised it.
 */
public final class InterruptController implements MessageTarget {
    /** Messages to [base, base + bytes) are interrupts. */
    public static final long WINDOW_BASE = 0xFEE0_0000L;

    public static final long WINDOW_BYTES = 0x10_0000;
    /** Vectors below are exceptions of the CPU. */
    public static final int FIRST_VECTOR = 0x20;

    public static final int VECTORS = 256;
    /** INTx lines after the usual swizzle: line 0 has this vector, and so on. */
    public static final int INTX_VECTOR = 0x30;

    public static final int INTX_LINES = 4;

    /** From end of interrupt to the next delivery of a line that is still asserted: a storm takes time. */
    private static final long REASSERT_NS = 1_000;

    private final Tracer tracer;
    private final Event delivery;
    private final Event reassertion;
    private final long[] requested = new long[VECTORS / 64];
    private final int[] lineSources = new int[INTX_LINES];
    private final boolean[] lineMasked = new boolean[INTX_LINES];
    private IrqSink sink = vector -> {};
    private long messages;
    private long merged;
    private long refused;

    public InterruptController(Scheduler scheduler, Tracer tracer) {
        this.tracer = tracer;
        delivery = scheduler.event("interrupt delivery", this::deliver);
        reassertion = scheduler.event("INTx still asserted", this::reassert);
    }

    /** Connects the CPU; before, interrupts are lost. */
    public void connect(IrqSink sink) {
        this.sink = sink;
    }

    @Override
    public boolean message(int requesterId, long address, int data) {
        int vector = data & 0xFF;
        if (address - WINDOW_BASE < 0 || address - WINDOW_BASE >= WINDOW_BYTES || vector < FIRST_VECTOR) {
            refused++;
            if (tracer.isOn()) {
                tracer.event("apic", "message.refused", String.format("%#x data %#x", address, data));
            }
            return false;
        }
        messages++;
        request(vector);
        return true;
    }

    /** One more or one less device asserts the line; lines are shared, so sources are counted. */
    public void intx(int line, boolean asserted) {
        lineSources[line] += asserted ? 1 : -1;
        if (lineSources[line] < 0) {
            throw new IllegalStateException("INTx line " + line + ": released more often than asserted");
        }
        if (lineSources[line] == 0) {
            withdraw(INTX_VECTOR + line);
        } else if (!lineMasked[line]) {
            request(INTX_VECTOR + line);
        }
    }

    public boolean isLineAsserted(int line) {
        return lineSources[line] > 0;
    }

    /** Masks or unmasks an INTx line; a line that is asserted when it is unmasked delivers at once. */
    public void maskLine(int line, boolean masked) {
        lineMasked[line] = masked;
        if (masked) {
            withdraw(INTX_VECTOR + line);
        } else if (lineSources[line] > 0) {
            request(INTX_VECTOR + line);
        }
    }

    private void request(int vector) {
        long bit = 1L << vector;
        if ((requested[vector >>> 6] & bit) != 0) {
            merged++;
            return;
        }
        requested[vector >>> 6] |= bit;
        if (!delivery.isScheduled()) {
            delivery.after(0);
        }
    }

    private void withdraw(int vector) {
        requested[vector >>> 6] &= ~(1L << vector);
    }

    private void deliver() {
        for (int word = requested.length - 1; word >= 0; word--) {
            long bits = requested[word];
            if (bits != 0) {
                int vector = word << 6 | 63 - Long.numberOfLeadingZeros(bits);
                withdraw(vector);
                if (anyRequested()) {
                    delivery.after(0);
                }
                sink.interrupt(vector);
                int line = vector - INTX_VECTOR;
                if (line >= 0 && line < INTX_LINES && lineSources[line] > 0 && !reassertion.isScheduled()) {
                    reassertion.after(REASSERT_NS);
                }
                return;
            }
        }
    }

    private boolean anyRequested() {
        return (requested[0] | requested[1] | requested[2] | requested[3]) != 0;
    }

    private void reassert() {
        for (int line = 0; line < INTX_LINES; line++) {
            if (lineSources[line] > 0 && !lineMasked[line]) {
                request(INTX_VECTOR + line);
            }
        }
    }

    /** Messages accepted, merged ones included. */
    public long messages() {
        return messages;
    }

    /** Requests that found their vector's bit set already. */
    public long merged() {
        return merged;
    }

    /** Messages outside the window or with a vector below {@link #FIRST_VECTOR}. */
    public long refused() {
        return refused;
    }
}
