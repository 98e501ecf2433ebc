package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.time.Event;

/**
 * How long finished receive descriptors wait for more of them, so that one write serves several: up to WTHRESH, §7.1.6,
 * or until RDTR or RADV is over. The chip may write back earlier, and does where steps take no time.
 */
final class WriteBackHold {
    /** Units of WTHRESH without GRAN: cache lines of 64 bytes. */
    private static final int DESCRIPTORS_PER_LINE = 4;

    private static final long UNIT_NS = 1_024;

    private final RegisterFile regs;
    private final StepTimer steps;
    private final Runnable over;
    private final Event packet;
    private final Event absolute;

    /** @param over called when the wait has ended by time */
    WriteBackHold(RegisterFile regs, StepTimer steps, Runnable over) {
        this.regs = regs;
        this.steps = steps;
        this.over = over;
        packet = steps.event("82574L RDTR write-back", () -> expired(ICRXPTC));
        absolute = steps.event("82574L RADV write-back", () -> expired(ICRXATC));
    }

    /** Whether anything may wait at all. */
    boolean isPossible() {
        return !steps.isImmediate() && regs.get(RDTR_DELAY) != 0;
    }

    /**
     * Whether the finished descriptors of a queue are too few to be written back.
     *
     * @param slots of 16 bytes that are finished
     */
    boolean isTooFew(int queue, int slots) {
        int control = regs.get(queue == 0 ? RXDCTL0 : RXDCTL1);
        int descriptors = RXDCTL0_WTHRESH.of(control) * (RXDCTL0_GRAN.isSet(control) ? 1 : DESCRIPTORS_PER_LINE);
        return slots < descriptors * (RxBufferSize.isPacketSplit(regs) ? PacketSplit.SLOTS : 1);
    }

    /** Begins to wait, or waits on because another one has come. */
    void hold() {
        packet.after(regs.get(RDTR_DELAY) * UNIT_NS);
        int longest = regs.get(RADV) & 0xFFFF;
        if (longest != 0 && !absolute.isScheduled()) {
            absolute.after(longest * UNIT_NS);
        }
    }

    boolean isWaiting() {
        return packet.isScheduled();
    }

    void end() {
        packet.cancel();
        absolute.cancel();
    }

    private void expired(Register counter) {
        end();
        regs.count(counter);
        over.run();
    }
}
