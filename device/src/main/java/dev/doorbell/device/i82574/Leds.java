package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.time.Clock;

/** The three lights on the bracket, as LEDCTL says, §10.2.2.14. Looked at on demand: a light costs a frame nothing. */
final class Leds {
    static final int COUNT = 3;
    private static final int BITS_EACH = 8, MODE = 0xF, INVERT = 0x40, BLINK = 0x80;
    private static final long SLOW_NS = 200_000_000, FAST_NS = 83_000_000;
    private static final int SPEED_10 = 0, SPEED_100 = 1;

    private final RegisterFile regs;
    private final Clock clock;

    Leds(RegisterFile regs, Clock clock) {
        this.regs = regs;
        this.clock = clock;
    }

    /**
     * @param led 0 to 2
     * @param activity frames have passed since somebody last looked
     */
    boolean isLit(int led, boolean activity) {
        int control = regs.get(LEDCTL) >>> BITS_EACH * led;
        boolean lit = isOn(control & MODE, activity);
        if (lit && (control & BLINK) != 0) {
            lit = clock.nowNs() / (regs.isSet(LEDCTL_GLOBAL_BLINK_MODE) ? FAST_NS : SLOW_NS) % 2 == 0;
        }
        return lit != ((control & INVERT) != 0);
    }

    private boolean isOn(int mode, boolean activity) {
        boolean link = regs.isSet(STATUS_LU);
        int speed = regs.get(STATUS_SPEED);
        return switch (mode) {
            case 0 -> link && speed != SPEED_100;
            case 1 -> link && speed != SPEED_10;
            case 2 -> link;
            case 3, 11 -> activity;
            case 4 -> link && !activity; // activity blinks a light that the link keeps on
            case 5 -> link && speed == SPEED_10;
            case 6 -> link && speed == SPEED_100;
            case 7 -> link && speed > SPEED_100;
            case 9 -> link && regs.isSet(STATUS_FD);
            case 13 -> regs.isSet(STATUS_TXOFF);
            case 14 -> true;
            default -> false; // off; software's pin, collisions and the bus's width, which this part does not show
        };
    }
}
