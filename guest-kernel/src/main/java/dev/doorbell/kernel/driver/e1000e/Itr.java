package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.driver.e1000e.Registers.*;

/**
 * Interrupt moderation, e1000_set_itr: the rate follows the kind of traffic, seen by the packets and bytes since the
 * last look. Few small packets want latency, many large ones want quiet.
 */
final class Itr {
    /** Vectors that the driver uses, each with a throttle register. */
    private static final int VECTORS = 3;
    /** A throttle register counts 256 ns. */
    private static final int NS_PER_UNIT = 256;

    private static final int LOWEST_LATENCY_RATE = 70_000, LOW_LATENCY_RATE = 20_000, BULK_RATE = 4_000;

    private enum Traffic {
        LOWEST_LATENCY,
        LOW_LATENCY,
        BULK
    }

    private final Hw hw;
    private Traffic rxTraffic = Traffic.LOW_LATENCY, txTraffic = Traffic.LOW_LATENCY;
    /** As {@link E1000eOptions#interruptThrottleRate()}. */
    private int setting;

    private int rate;
    private boolean msix;
    /** The receive vector's handler writes the new value, as in Linux: not the poll that may run much later. */
    private boolean writePending;

    Itr(Hw hw, int setting) {
        this.hw = hw;
        set(setting);
    }

    void msix(boolean on) {
        msix = on;
    }

    int setting() {
        return setting;
    }

    /** Interrupts per second now; 0 unlimited. */
    int rate() {
        return rate;
    }

    void set(int throttle) {
        setting = throttle;
        rate = switch (throttle) {
            case E1000eOptions.THROTTLE_OFF -> 0;
            case E1000eOptions.THROTTLE_DYNAMIC, E1000eOptions.THROTTLE_CONSERVATIVE -> LOW_LATENCY_RATE;
            case E1000eOptions.THROTTLE_SIMPLIFIED -> 8_000;
            default -> throttle;
        };
        rxTraffic = Traffic.LOW_LATENCY;
        txTraffic = Traffic.LOW_LATENCY;
    }

    boolean isAdaptive() {
        return setting == E1000eOptions.THROTTLE_DYNAMIC || setting == E1000eOptions.THROTTLE_CONSERVATIVE;
    }

    /** e1000e_write_itr: brings the rate into the registers. */
    void write() {
        int units = units(rate);
        if (!msix) {
            hw.ew32(ITR, units);
            return;
        }
        for (int vector = 0; vector < VECTORS; vector++) {
            hw.ew32(EITR + 4 * vector, units);
        }
    }

    /** Part of configure_msix: Linux writes 1, not 0, for an unthrottled queue vector; "other" is never throttled. */
    void writeMsixVectors() {
        int units = Math.max(1, units(rate));
        hw.ew32(EITR, units);
        hw.ew32(EITR + 4, units);
        hw.ew32(EITR + 8, 1);
    }

    /** The receive vector's interrupt: writes a rate that a poll has chosen. */
    void onReceiveVector() {
        if (writePending) {
            hw.ew32(EITR, units(rate));
            writePending = false;
        }
    }

    private static int units(int perSecond) {
        return perSecond == 0 ? 0 : 1_000_000_000 / (perSecond * NS_PER_UNIT);
    }

    /** After a poll that found no more work. */
    void update(RxRing rx, TxRing tx, boolean gigabit) {
        update(rx.itrPackets, rx.itrBytes, tx.itrPackets, tx.itrBytes, gigabit);
        rx.itrPackets = 0;
        rx.itrBytes = 0;
        tx.itrPackets = 0;
        tx.itrBytes = 0;
    }

    void update(int rxPackets, int rxBytes, int txPackets, int txBytes, boolean gigabit) {
        int next = BULK_RATE;
        if (gigabit) {
            txTraffic = conservative(classify(txTraffic, txPackets, txBytes));
            rxTraffic = conservative(classify(rxTraffic, rxPackets, rxBytes));
            next = rateFor(rxTraffic.compareTo(txTraffic) > 0 ? rxTraffic : txTraffic);
        }
        if (next == rate) {
            return;
        }
        // Up in steps of a quarter, down at once.
        rate = next > rate ? Math.min(rate + (next >> 2), next) : next;
        if (msix) {
            writePending = true;
        } else {
            hw.ew32(ITR, units(rate));
        }
    }

    private Traffic conservative(Traffic traffic) {
        return setting == E1000eOptions.THROTTLE_CONSERVATIVE && traffic == Traffic.LOWEST_LATENCY
                ? Traffic.LOW_LATENCY
                : traffic;
    }

    private static int rateFor(Traffic traffic) {
        return switch (traffic) {
            case LOWEST_LATENCY -> LOWEST_LATENCY_RATE;
            case LOW_LATENCY -> LOW_LATENCY_RATE;
            case BULK -> BULK_RATE;
        };
    }

    /** e1000_update_itr. */
    private static Traffic classify(Traffic now, int packets, int bytes) {
        if (packets == 0) {
            return now;
        }
        int mean = bytes / packets;
        switch (now) {
            case LOWEST_LATENCY:
                if (mean > 8_000) {
                    return Traffic.BULK;
                }
                return packets < 5 && bytes > 512 ? Traffic.LOW_LATENCY : now;
            case LOW_LATENCY:
                if (bytes > 10_000) {
                    if (mean > 8_000 || packets < 10 || mean > 1_200) {
                        return Traffic.BULK;
                    }
                    return packets > 35 ? Traffic.LOWEST_LATENCY : now;
                }
                if (mean > 2_000) {
                    return Traffic.BULK;
                }
                return packets <= 2 && bytes < 512 ? Traffic.LOWEST_LATENCY : now;
            default:
                if (bytes > 25_000) {
                    return packets > 35 ? Traffic.LOW_LATENCY : now;
                }
                return bytes < 6_000 ? Traffic.LOW_LATENCY : now;
        }
    }
}
