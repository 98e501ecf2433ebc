package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.time.Clock;

/**
 * The IEEE 1588 clock, §10.2.12: SYSTIM grows by TIMINCA.VALUE every TIMINCA.PERIOD clocks, in whole steps, because
 * Linux takes two readings that do not differ by a multiple of VALUE for one that was torn.
 */
final class TimeSyncUnit {
    /**
     * One clock. Linux programs the part for 25 MHz; the base tick of the silicon is not known, and any other would let
     * Linux's clock run at a wrong rate.
     */
    private static final long CLOCK_NS = 40;

    private static final long SIGN = 1L << 63;

    private final RegisterFile regs;
    private final Clock clock;
    /** SYSTIM at {@link #baseNs}, from where it grows as the fields below say. */
    private long base;

    private long baseNs;
    private long stepNs = CLOCK_NS;
    private long value;

    TimeSyncUnit(RegisterFile regs, Clock clock) {
        this.regs = regs;
        this.clock = clock;
        regs.onRead(SYSTIML, this::latch);
        regs.onWrite(SYSTIML, written -> load());
        regs.onWrite(SYSTIMH, written -> load());
        regs.onWrite(TIMINCA, this::incrementWritten);
        regs.onWrite(TIMADJH, this::adjust);
    }

    private int latch(int stored) {
        advance();
        regs.set(SYSTIMH, (int) (base >>> 32));
        return (int) base;
    }

    /** Either half was written: time goes on from the two as they are stored. */
    private void load() {
        base = regs.get(SYSTIML) & 0xFFFF_FFFFL | (long) regs.get(SYSTIMH) << 32;
        baseNs = clock.nowNs();
    }

    private void incrementWritten(int written) {
        advance();
        stepNs = CLOCK_NS * Math.max(1, TIMINCA_PERIOD.of(written)); // no period is taken as one clock
        value = TIMINCA_VALUE.of(written);
        baseNs = clock.nowNs();
    }

    private void adjust(int written) {
        advance();
        long adjustment = regs.get(TIMADJL) & 0xFFFF_FFFFL | (long) written << 32;
        base += adjustment >= 0 ? adjustment : -(adjustment & ~SIGN);
    }

    private void advance() {
        long steps = (clock.nowNs() - baseNs) / stepNs;
        base += steps * value;
        baseNs += steps * stepNs;
    }

    /** The registers went back to their defaults: time stands still at 0. */
    void reset() {
        base = 0;
        baseNs = clock.nowNs();
        stepNs = CLOCK_NS;
        value = 0;
    }
}
