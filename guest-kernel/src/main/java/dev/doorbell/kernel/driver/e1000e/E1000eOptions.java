package dev.doorbell.kernel.driver.e1000e;

/**
 * The driver's module parameters.
 *
 * @param intMode the best interrupt mode to try; the driver falls back to the next
 * @param napi false: the interrupt handler takes one frame off the ring itself and hands it to the stack; there is an
 *     interrupt for each. That is how drivers worked before NAPI, kept to show receive livelock
 * @param copybreak frames of fewer bytes are copied into a small buffer, so that the large one stays mapped
 * @param interruptThrottleRate interrupts per second, 100 to 100000; or {@link #THROTTLE_OFF}, {@link #THROTTLE_DYNAMIC},
 *     {@link #THROTTLE_CONSERVATIVE}, {@link #THROTTLE_SIMPLIFIED}
 * @param txIntDelay TIDV in units of 1.024 µs; 0 also clears IDE in the descriptors. INTx and MSI only
 * @param txAbsIntDelay TADV in units of 1.024 µs
 * @param rxIntDelay RDTR in units of 1.024 µs. INTx and MSI only
 * @param rxAbsIntDelay RADV in units of 1.024 µs
 * @param rxRing descriptors, a multiple of 8 from 64 to 4096
 * @param txRing descriptors, a multiple of 8 from 64 to 4096
 */
public record E1000eOptions(
        IntMode intMode,
        boolean napi,
        int copybreak,
        int interruptThrottleRate,
        int txIntDelay,
        int txAbsIntDelay,
        int rxIntDelay,
        int rxAbsIntDelay,
        int rxRing,
        int txRing) {
    public static final int THROTTLE_OFF = 0, THROTTLE_DYNAMIC = 1, THROTTLE_CONSERVATIVE = 3, THROTTLE_SIMPLIFIED = 4;
    public static final int MIN_RING = 64, MAX_RING = 4096, DEFAULT_RING = 256;
    public static final int MAX_THROTTLE_RATE = 100_000, MIN_THROTTLE_RATE = 100;

    /** Linux's defaults. */
    public static final E1000eOptions DEFAULT = new E1000eOptions(
            IntMode.MSIX, true, 256, THROTTLE_CONSERVATIVE, 8, 32, 0x20, 0x20, DEFAULT_RING, DEFAULT_RING);

    /** Linux's IntMode parameter. */
    public enum IntMode {
        LEGACY,
        MSI,
        MSIX
    }

    public E1000eOptions {
        checkRing("rx", rxRing);
        checkRing("tx", txRing);
        boolean special = interruptThrottleRate >= 0 && interruptThrottleRate <= 4 && interruptThrottleRate != 2;
        if (!special && (interruptThrottleRate < MIN_THROTTLE_RATE || interruptThrottleRate > MAX_THROTTLE_RATE)) {
            throw new IllegalArgumentException(
                    "interrupt throttle rate " + interruptThrottleRate + ": must be 0, 1, 3, 4 or 100 to 100000");
        }
        checkDelay("txIntDelay", txIntDelay);
        checkDelay("txAbsIntDelay", txAbsIntDelay);
        checkDelay("rxIntDelay", rxIntDelay);
        checkDelay("rxAbsIntDelay", rxAbsIntDelay);
    }

    public E1000eOptions withIntMode(IntMode mode) {
        return new E1000eOptions(
                mode,
                napi,
                copybreak,
                interruptThrottleRate,
                txIntDelay,
                txAbsIntDelay,
                rxIntDelay,
                rxAbsIntDelay,
                rxRing,
                txRing);
    }

    public E1000eOptions withNapi(boolean on) {
        return new E1000eOptions(
                intMode,
                on,
                copybreak,
                interruptThrottleRate,
                txIntDelay,
                txAbsIntDelay,
                rxIntDelay,
                rxAbsIntDelay,
                rxRing,
                txRing);
    }

    public E1000eOptions withThrottle(int rate) {
        return new E1000eOptions(
                intMode, napi, copybreak, rate, txIntDelay, txAbsIntDelay, rxIntDelay, rxAbsIntDelay, rxRing, txRing);
    }

    /** Every cause becomes an interrupt at once: no throttling, no delay timers. */
    public E1000eOptions withoutModeration() {
        return new E1000eOptions(intMode, napi, copybreak, THROTTLE_OFF, 0, 0, 0, 0, rxRing, txRing);
    }

    public E1000eOptions withCopybreak(int bytes) {
        return new E1000eOptions(
                intMode,
                napi,
                bytes,
                interruptThrottleRate,
                txIntDelay,
                txAbsIntDelay,
                rxIntDelay,
                rxAbsIntDelay,
                rxRing,
                txRing);
    }

    public E1000eOptions withRings(int rx, int tx) {
        return new E1000eOptions(
                intMode,
                napi,
                copybreak,
                interruptThrottleRate,
                txIntDelay,
                txAbsIntDelay,
                rxIntDelay,
                rxAbsIntDelay,
                rx,
                tx);
    }

    private static void checkRing(String name, int descriptors) {
        if (descriptors < MIN_RING || descriptors > MAX_RING || descriptors % 8 != 0) {
            throw new IllegalArgumentException(
                    name + " ring of " + descriptors + " descriptors: must be a multiple of 8 from 64 to 4096");
        }
    }

    private static void checkDelay(String name, int units) {
        if (units < 0 || units > 0xFFFF) {
            throw new IllegalArgumentException(name + " " + units + ": must be 0 to 65535 units of 1.024 µs");
        }
    }
}
