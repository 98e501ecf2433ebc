package dev.doorbell.device.i82574;

import dev.doorbell.bus.time.Event;

/**
 * The minimum gap between two interrupts, ITR or one EITR, §7.4.4: a message sent arms it, and while it runs causes only
 * latch. In units of 256 ns; 0 is no throttling, and small values are obeyed as they are.
 */
final class Throttle {
    private static final long UNIT_NS = 256;

    private final Event gapOver;

    /** @param expired evaluates the causes anew */
    Throttle(String name, StepTimer steps, Runnable expired) {
        gapOver = steps.event(name, expired);
    }

    boolean isRunning() {
        return gapOver.isScheduled();
    }

    /**
     * An interrupt leaves now.
     *
     * @param interval the register: bits 15:0 count
     */
    void arm(int interval) {
        int units = interval & 0xFFFF;
        if (units != 0) {
            gapOver.after(units * UNIT_NS);
        }
    }

    void disarm() {
        gapOver.cancel();
    }
}
