package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.reg.Field;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.time.Clock;
import dev.doorbell.device.offload.PacketParser;

/**
 * The IEEE 1588 clock, §10.2.12: SYSTIM grows by TIMINCA.VALUE every TIMINCA.PERIOD clocks, in whole steps, because
 * Linux takes two readings that do not differ by a multiple of VALUE for one that was torn. Frames that pass are stamped
 * with it: one in each direction, until software has read the stamp.
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
    private final PtpFilter filter;
    /** SYSTIM at {@link #baseNs}, from where it grows as the fields below say. */
    private long base;

    private long baseNs;
    private long stepNs = CLOCK_NS;
    private long value;
    /** When the clock last jumped or changed its pace. */
    private long sinceSetNs;

    TimeSyncUnit(RegisterFile regs, Clock clock) {
        this.regs = regs;
        this.clock = clock;
        filter = new PtpFilter(regs);
        regs.onRead(SYSTIML, this::latch);
        regs.onWrite(SYSTIML, written -> load());
        regs.onWrite(SYSTIMH, written -> load());
        regs.onWrite(TIMINCA, this::incrementWritten);
        regs.onWrite(TIMADJH, this::adjust);
        regs.onRead(TXSTMPH, stored -> taken(stored, TSYNCTXCTL_VALID));
        regs.onRead(RXSTMPH, stored -> taken(stored, TSYNCRXCTL_VALID));
        // Which of the two reads makes room for the next stamp on silicon is unsure: both do.
        regs.onRead(RXSATRH, stored -> taken(stored, TSYNCRXCTL_VALID));
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
        sinceSetNs = baseNs;
    }

    private void incrementWritten(int written) {
        advance();
        stepNs = CLOCK_NS * Math.max(1, TIMINCA_PERIOD.of(written)); // no period is taken as one clock
        value = TIMINCA_VALUE.of(written);
        baseNs = clock.nowNs();
        sinceSetNs = baseNs;
    }

    private void adjust(int written) {
        advance();
        long adjustment = regs.get(TIMADJL) & 0xFFFF_FFFFL | (long) written << 32;
        base += adjustment >= 0 ? adjustment : -(adjustment & ~SIGN);
        sinceSetNs = baseNs;
    }

    private void advance() {
        long steps = (clock.nowNs() - baseNs) / stepNs;
        base += steps * value;
        baseNs += steps * stepNs;
    }

    private int taken(int stored, Field valid) {
        regs.set(valid, 0);
        return stored;
    }

    /** A frame leaves now whose descriptor asks for a stamp. */
    void transmitted() {
        if (regs.isSet(TSYNCTXCTL_EN) && !regs.isSet(TSYNCTXCTL_VALID)) {
            advance();
            regs.set(TXSTMPL, (int) base);
            regs.set(TXSTMPH, (int) (base >>> 32));
            regs.set(TSYNCTXCTL_VALID, 1);
        }
    }

    /** TSYNCRXCTL.EN. */
    boolean stampsReceived() {
        return regs.isSet(TSYNCRXCTL_EN);
    }

    /**
     * A good frame has been accepted.
     *
     * @param arrivedNs when its first bit came, on the world's clock; 0 for now
     * @return whether it has been stamped
     */
    boolean received(PacketParser packet, GuestMemory memory, long at, int bytes, long arrivedNs) {
        if (regs.isSet(TSYNCRXCTL_VALID) || !filter.selects(packet, memory, at, bytes)) {
            return false;
        }
        advance();
        // Not before the clock was set: the time of a frame that came earlier is not known any more.
        long since = arrivedNs == 0 ? 0 : Math.max(arrivedNs - baseNs, Math.min(0, sinceSetNs - baseNs));
        long time = base + Math.floorDiv(since, stepNs) * value;
        regs.set(RXSTMPL, (int) time);
        regs.set(RXSTMPH, (int) (time >>> 32));
        regs.set(TSYNCRXCTL_VALID, 1);
        return true;
    }

    /** The registers went back to their defaults: time stands still at 0. */
    void reset() {
        base = 0;
        baseNs = clock.nowNs();
        sinceSetNs = baseNs;
        stepNs = CLOCK_NS;
        value = 0;
    }
}
