package dev.doorbell.kernel.net;

import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.IntSupplier;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/** One setting of the kernel as text, as a file under /proc/sys shows it. */
interface Sysctl {
    /** The value, without a line end. */
    String get();

    /**
     * Changes the value.
     *
     * @return false: not a value this setting takes (EINVAL); nothing has changed
     */
    boolean set(String value);

    /** What {@link #set} takes, for people: "a number from 0 to 255". */
    String allowed();

    /** A switch; any number from 1 to 255 means on. */
    static Sysctl flag(BooleanSupplier getter, Consumer<Boolean> setter) {
        return number(0, 255, () -> getter.getAsBoolean() ? 1 : 0, value -> setter.accept(value != 0));
    }

    /** A number, {@code min} to {@code max}. */
    static Sysctl number(int min, int max, IntSupplier getter, IntConsumer setter) {
        return scaled(min, max, 1, getter::getAsInt, value -> setter.accept((int) value));
    }

    /** A 32-bit number without sign, which the kernel keeps in an int. */
    static Sysctl unsigned(IntSupplier getter, IntConsumer setter) {
        return scaled(
                0,
                0xFFFF_FFFFL,
                1,
                () -> Integer.toUnsignedLong(getter.getAsInt()),
                value -> setter.accept((int) value));
    }

    /**
     * A duration.
     *
     * @param min in units
     * @param max in units
     * @param unitNs nanoseconds of the unit that the text is in
     */
    static Sysctl duration(int min, int max, long unitNs, LongSupplier getterNs, LongConsumer setterNs) {
        return scaled(min, max, unitNs, getterNs, setterNs);
    }

    private static Sysctl scaled(long min, long max, long unit, LongSupplier getter, LongConsumer setter) {
        return new Sysctl() {
            @Override
            public String get() {
                return Long.toString(getter.getAsLong() / unit);
            }

            @Override
            public boolean set(String value) {
                long[] parsed = SysctlNumbers.parse(value, 1);
                if (parsed.length != 1 || parsed[0] < min || parsed[0] > max) {
                    return false;
                }
                setter.accept(parsed[0] * unit);
                return true;
            }

            @Override
            public String allowed() {
                return "a number from " + min + " to " + max;
            }
        };
    }
}
